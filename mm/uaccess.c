/*
 * uaccess.c - the range checks in front of the instructions of uaccess_copy.S, and the table of where they go on.
 *
 * Invariant: no address at or above USER_TOP reaches those instructions; and if it did, LDTR and STTR would refuse it.
 */
#include "mm/uaccess.h"

#include "abi/errno.h"
#include "arm/sysreg.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/mminit.h"

size_t user_copy_in(void *dst, uint64_t src, size_t n);
size_t user_copy_out(uint64_t dst, const void *src, size_t n);
size_t user_clear(uint64_t dst, size_t n);
long user_strncpy(char *dst, uint64_t src, size_t n);
long user_strnlen(uint64_t src, size_t n);
long user_load(uint64_t src, size_t size, uint64_t *value);
long user_store(uint64_t dst, size_t size, uint64_t value);
long user_cmpxchg32(uint64_t p, uint32_t old, uint32_t new_value, uint32_t *seen, bool pan);

static bool has_pan; /* written once, before EL0 runs */

/*
 * The part of [p, p + n) that lies in the user's half: a copy that runs out of it does what is inside first, so that
 * the answer is the same partial result as for a hole.
 */
static size_t inside(uptr p, size_t n)
{
	if (p.va >= USER_TOP)
		return 0;
	return min((uint64_t)n, USER_TOP - p.va);
}

size_t copy_from_user(void *dst, uptr src, size_t n)
{
	size_t in = inside(src, n);
	size_t left = user_copy_in(dst, src.va, in);

	return left + (n - in);
}

size_t copy_to_user(uptr dst, const void *src, size_t n)
{
	size_t in = inside(dst, n);
	size_t left = user_copy_out(dst.va, src, in);

	return left + (n - in);
}

size_t clear_user(uptr dst, size_t n)
{
	size_t in = inside(dst, n);

	return user_clear(dst.va, in) + (n - in);
}

long strncpy_from_user(char *dst, uptr src, size_t size)
{
	size_t in = inside(src, size);
	long len = user_strncpy(dst, src.va, in);

	if (len < 0 || (in < size && (size_t)len == in))
		return -EFAULT;
	return len;
}

long strnlen_user(uptr src, size_t max_len)
{
	size_t in = inside(src, max_len);
	long len = user_strnlen(src.va, in);

	if (len < 0 || (in < max_len && (size_t)len == in))
		return -EFAULT;
	return len;
}

int get_user_n(void *x, uptr p, size_t size)
{
	uint64_t v;

	if (!uaccess_ok(p, size) || user_load(p.va, size, &v))
		return -EFAULT;
	memcpy(x, &v, size); /* little-endian: the low bytes first */
	return 0;
}

int put_user_n(uptr p, const void *x, size_t size)
{
	uint64_t v = 0;

	memcpy(&v, x, size);
	return uaccess_ok(p, size) && !user_store(p.va, size, v) ? 0 : -EFAULT;
}

int user_atomic_cmpxchg32(uptr p, uint32_t old, uint32_t new_value, uint32_t *seen)
{
	long r;

	if (!uaccess_ok(p, 4) || !IS_ALIGNED(p.va, 4))
		return -EFAULT;
	do
		r = user_cmpxchg32(p.va, old, new_value, seen, has_pan);
	while (r > 0);
	return r ? -EFAULT : 0;
}

/* ---- the exception table: sorted as it is built, in the order of uaccess_copy.S ---- */

struct ex_entry {
	int32_t insn, fixup; /* offsets from the field itself */
};
extern const struct ex_entry __ex_table_start[], __ex_table_end[];

static uintptr_t target(const int32_t *field)
{
	return (uintptr_t)field + (uintptr_t)(intptr_t)*field;
}

uintptr_t uaccess_fixup(uintptr_t pc)
{
	const struct ex_entry *low = __ex_table_start, *high = __ex_table_end;

	while (low < high) {
		const struct ex_entry *mid = low + (high - low) / 2;
		uintptr_t at = target(&mid->insn);

		if (at == pc)
			return target(&mid->fixup);
		if (at < pc)
			low = mid + 1;
		else
			high = mid;
	}
	return 0;
}

void uaccess_init(void)
{
	for (const struct ex_entry *e = __ex_table_start; e + 1 < __ex_table_end; e++)
		CHECK(target(&e[0].insn) < target(&e[1].insn));
	has_pan = READ_SYSREG(id_aa64mmfr1_el1) >> 20 & 0xf;
}

/*
 * PAN on, and on again at every exception (SPAN clear); with FEAT_PAN3 it covers execute-only pages too.  The register
 * and the bit are named by number: the image is built for ARMv8.0, where the assembler knows neither.
 */
void uaccess_init_cpu(void)
{
	uint64_t sctlr = READ_SYSREG(sctlr_el1) & ~SCTLR_SPAN;
	unsigned int pan = READ_SYSREG(id_aa64mmfr1_el1) >> 20 & 0xf;

	if (pan >= 3)
		sctlr |= SYSREG_BIT(57); /* EPAN */
	WRITE_SYSREG(sctlr_el1, sctlr);
	__asm__ volatile("isb" ::: "memory");
	if (pan)
		__asm__ volatile(".inst 0xd500419f" ::: "memory"); /* msr pan, #1 */
}
