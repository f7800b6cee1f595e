/*
 * uaccess.h - the only way from the kernel to user memory.
 *
 * A user pointer is a claim, not a pointer: uptr cannot be dereferenced, and the compiler refuses
 * to mix it with one.  The copies use LDTR and STTR, which the hardware checks with EL0's own
 * permissions, so that a kernel address is refused even on a core without PAN; long ones look up
 * what EL0 may do, and go through the linear map (uaccess.c).  A page that is only not there yet
 * (demand, copy on write, stack growth) is faulted in on the way; a fault that cannot be resolved
 * ends the copy at the exact byte (el1/trap.c, with the exception table entries of
 * mm/uaccess_copy.S).
 *
 * Context: may sleep (a file's page may have to be read): no spinlock held, not in an interrupt
 * handler. Acts on current's address space.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"
#include "mm/layout.h"

typedef struct {
	uint64_t va;
} uptr;

static inline uptr uptr_of(uint64_t va)
{
	return (uptr){ va };
}

/* uptr_add - @n bytes further; may leave the user's range: the accessor that uses it checks. */
static inline uptr uptr_add(uptr p, uint64_t n)
{
	return (uptr){ p.va + n };
}

static inline bool uptr_is_null(uptr p)
{
	return p.va == 0;
}

/*
 * uaccess_ok - whether [@p, @p + @n) lies in the user's half.  A tagged address does not (Linux's
 * Documentation/arch/arm64/tagged-address-abi.rst: without the prctl a tag is refused).
 */
static inline bool uaccess_ok(uptr p, uint64_t n)
{
	return n <= USER_TOP && p.va <= USER_TOP - n;
}

/*
 * uaccess_refuse - -EFAULT, for who has asked uaccess_ok() about a range from @p on, to @write
 * there or to read, and was told no.
 */
int uaccess_refuse(uptr p, bool write) __must_check;

/*
 * copy_from_user, copy_to_user, clear_user - copy or zero @n bytes, any alignment.
 * Return: the number of bytes NOT done, at the end of the range; 0 is success.  All that was done
 * before it was done in ascending order, and nothing beyond.  The caller answers -EFAULT, or the
 * partial count where POSIX has one.
 */
size_t copy_from_user(void *dst, uptr src, size_t n) __must_check;
size_t copy_to_user(uptr dst, const void *src, size_t n) __must_check;
size_t clear_user(uptr dst, size_t n) __must_check;

/*
 * copy_struct_from_user - a structure that may grow in later versions: @dst has @size bytes, the
 * user's has @user_size.  What the user's lacks becomes zero; what it has more must be zero.
 * Return: 0, -E2BIG (it is not, or more than a page), -EFAULT.
 */
int copy_struct_from_user(void *dst, size_t size, uptr src, uint64_t user_size) __must_check;

/*
 * strncpy_from_user - copy a NUL-terminated string of at most @size bytes, the NUL included.
 * Return: its length without the NUL; @size when no NUL came within @size bytes (@dst is then not
 * terminated); -EFAULT.
 */
long strncpy_from_user(char *dst, uptr src, size_t size) __must_check;

/*
 * strnlen_user - length of the string at @src without its NUL, looking at no more than @max bytes.
 * Return: the length; @max when no NUL came; -EFAULT.
 */
long strnlen_user(uptr src, size_t max) __must_check;

/*
 * get_user, put_user - one value of 1, 2, 4 or 8 bytes, naturally typed.  Return 0 or -EFAULT, and
 * then @x is 0.
 */
#define get_user(x, p)                                            \
	({                                                        \
		uint64_t get_v_ = 0;                              \
		int get_e_ = get_user_n(&get_v_, (p), sizeof(x)); \
		(x) = (__typeof__(x))get_v_;                      \
		get_e_;                                           \
	})
#define put_user(x, p) put_user_n((p), (uint64_t)(x), sizeof(x))
/* get_user_n, put_user_n - the low @size bytes of @x. */
int get_user_n(uint64_t *x, uptr p, size_t size) __must_check;
int put_user_n(uptr p, uint64_t x, size_t size) __must_check;

/*
 * user_atomic_cmpxchg32 - if *@p == @old, store @new_value; *@seen is what was there.  @p is
 * 4-byte aligned.
 * Return 0, or -EFAULT.  (futex(2) and robust lists.)
 */
int user_atomic_cmpxchg32(uptr p, uint32_t old, uint32_t new_value, uint32_t *seen) __must_check;

struct ex_entry {
	int32_t insn, fixup; /* offsets from the field itself */
};

/*
 * uaccess_fixup - for el1/trap.c: where to go on when the instruction at @pc faulted on a user
 * address; 0 = nowhere.  Interrupts masked.
 */
uintptr_t uaccess_fixup(uintptr_t pc);

/*
 * uaccess_is_over - whether the access of an instruction that faulted has been given up, now that
 * its task goes on at @pc; false: it is made once more, there or byte by byte.  Any context.
 */
bool uaccess_is_over(uintptr_t pc);

/*
 * uaccess_refused_hook - called by what answers -EFAULT, or a part, for address @va alone, which is
 * not in the user's half: no instruction has touched it.  @pc: who wanted to read, or @write, it.
 * NULL at first.  In the caller's context.
 */
extern void (*uaccess_refused_hook)(uint64_t va, uintptr_t pc, bool write);

/*
 * A module's own instructions that may fault on a user address: Linux's records, two 32-bit offsets
 * from themselves each, in any order.  Only instructions in [@text, @text + @text_size) count.
 */
struct uaccess_table {
	const struct ex_entry *entries;
	size_t nr;
	uintptr_t text;
	size_t text_size;
	struct uaccess_table *next;
};
/*
 * uaccess_add_table - from now on uaccess_fixup knows them.  Any context.
 * uaccess_remove_table - no longer; the caller passes cores_call(NULL, NULL) before it frees @t or
 * the entries.
 */
void uaccess_add_table(struct uaccess_table *t);
void uaccess_remove_table(struct uaccess_table *t);

/* uaccess_init - boot core, once.  PAN is on already, on every core (start/mmu.S). */
void uaccess_init(void);
