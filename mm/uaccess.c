/*
 * uaccess.c - the range checks in front of the instructions of uaccess_copy.S, and the table of
 * where they go on.
 *
 * Much takes another way: through the linear map, after the leaf that EL0 would use was found to
 * allow it, under the lock that keeps it true.  That is four times as fast as LDTR and STTR, and
 * for zeros DC ZVA does it in no time.
 *
 * Invariant: no address at or above USER_TOP reaches those instructions; and if it did, LDTR and
 * STTR would refuse it.
 */
#include "mm/uaccess.h"

#include "abi/errno.h"
#include "arm/id.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/fault.h"
#include "mm/giveway.h"
#include "mm/pgtable.h"

size_t user_copy_in(void *dst, uint64_t src, size_t n);
size_t user_copy_out(uint64_t dst, const void *src, size_t n);
size_t user_clear(uint64_t dst, size_t n);
long user_strncpy(char *dst, uint64_t src, size_t n);
long user_strnlen(uint64_t src, size_t n);
int user_load(uint64_t src, size_t size, uint64_t *value);
int user_store(uint64_t dst, size_t size, uint64_t value);
long user_cmpxchg32(uint64_t p, uint32_t old, uint32_t new_value, uint32_t *seen, bool pan);

extern char user_copy_out_bytes[];

static bool has_pan; /* written once, before EL0 runs */
void (*uaccess_refused_hook)(uint64_t va, uintptr_t pc, bool write);

/* -EFAULT, for @va, which has been looked at and no more. */
static __attribute__((noinline, cold)) int refuse_access(uint64_t va, uintptr_t pc, bool write)
{
	if (uaccess_refused_hook)
		uaccess_refused_hook(va, pc, write);
	return -EFAULT;
}

int uaccess_refuse(uptr p, bool write)
{
	return refuse_access(p.va, (uintptr_t)__builtin_return_address(0), write);
}

#define REFUSE(va, write) refuse_access((va), (uintptr_t)__builtin_return_address(0), (write))

/*
 * The part of [p, p + n) that lies in the user's half: a copy that runs out of it does what is
 * inside first, so that the answer is the same partial result as for a hole.
 */
static size_t inside(uptr p, size_t n)
{
	if (p.va >= USER_TOP)
		return 0;
	return min((uint64_t)n, USER_TOP - p.va);
}

/* ---- through the linear map ---- */

/*
 * Where the linear map has the byte that EL0 sees at @va, if EL0 may do @access to it right now;
 * else NULL.  One without PTE_AF too: mm/swapout.c wants to be told that it is used, which a fault
 * does.  mm->lock held.
 */
static char *place_for(struct mm *mm, uintptr_t va, enum vm_access access)
{
	uint64_t e = pgt_lookup(mm->pgd, va);

	mutex_assert_held(&mm->lock);
	if ((e & (PTE_VALID | PTE_USER | PTE_AF | PTE_SPECIAL)) != (PTE_VALID | PTE_USER | PTE_AF))
		return NULL;
	if (access == ACCESS_WRITE && (e & PTE_RDONLY))
		return NULL;
	return (char *)phys_to_virt(pte_phys(e)) + (va & ~PAGE_MASK);
}

#define WIDE_LEAST 1024		    /* fewer bytes are not worth the lock and the look */
#define AT_ONCE	   (16 * PAGE_SIZE) /* how much goes that way under one lock */

static size_t left_in_page(uintptr_t va)
{
	return PAGE_SIZE - (va & ~PAGE_MASK);
}

/* Copies @kernel to or from (by @access) @user, both in the linear map; NULL: fills with zeros. */
static void move_wide(char *user, char *kernel, size_t n, enum vm_access access)
{
	if (kernel)
		copy_wide(access == ACCESS_READ ? kernel : user,
			  access == ACCESS_READ ? user : kernel, n);
	else if (n == PAGE_SIZE)
		clear_page(user);
	else
		memset(user, 0, n);
}

/*
 * Copies page by page from @va on, up to @n bytes, until a page is not mapped for @access; returns
 * the bytes done.  mm->lock, held, keeps the leaves, and so the right to the pages, over the copy:
 * no reference to a page is needed.  It is given back.
 */
static size_t move_what_is_there(struct mm *mm, uintptr_t va, char *kernel, size_t n,
				 enum vm_access access)
{
	size_t done = 0;
	char *user;

	do {
		size_t piece = min(n - done, left_in_page(va + done));

		user = place_for(mm, va + done, access);
		if (!user)
			break;
		move_wide(user, kernel ? kernel + done : NULL, piece, access);
		done += piece;
	} while (done < n);
	vm_unlock(mm);
	return done;
}

/* The same, and the first page is brought in if need be.  0: not this way, try byte by byte. */
static size_t move_by_pages(uintptr_t va, char *kernel, size_t n, enum vm_access access)
{
	struct mm *mm = this_cpu(active_mm);
	size_t done;

	if (!mutex_trylock(&mm->lock))
		return 0; /* another thread changes the address space: a wait would be longer */
	n = min(n, (size_t)AT_ONCE);
	done = move_what_is_there(mm, va, kernel, n, access);
	/*
	 * The fault takes mm->lock itself, and may sleep.  Another thread may unmap the page again
	 * before the second try: then byte by byte, which faults as any access.
	 */
	if (unlikely(!done) && mm_fault(mm, va, access) == FAULT_OK && mutex_trylock(&mm->lock))
		done = move_what_is_there(mm, va, kernel, n, access);
	return done;
}

/* ---- any number of bytes ---- */

/* Needs no care: short, and not near the end of the user's half. */
static bool is_plain(uptr p, size_t n)
{
	return likely(n < WIDE_LEAST && p.va < USER_TOP - WIDE_LEAST);
}

/* As user_copy_in and its kin. */
static size_t move_user_bytes(uintptr_t va, char *kernel, size_t n, enum vm_access access)
{
	if (!kernel)
		return user_clear(va, n);
	return access == ACCESS_READ ? user_copy_in(kernel, va, n) : user_copy_out(va, kernel, n);
}

static size_t move_part(uptr user, char *kernel, size_t n, enum vm_access access, uintptr_t caller);

/* All other lengths, in steps that end where pages do. */
static size_t move_much(uptr user, char *kernel, size_t n, enum vm_access access)
{
	size_t done = 0;

	if (unlikely(!uaccess_ok(user, n)))
		return move_part(user, kernel, n, access, (uintptr_t)__builtin_return_address(0));
	while (done < n) {
		uintptr_t va = user.va + done;
		char *k = kernel ? kernel + done : NULL;
		size_t n_now = n - done, left;

		if (done && give_way()) /* a task that is to die never sees the copy */
			break;
		if (n_now >= WIDE_LEAST) {
			size_t wide = move_by_pages(va, k, n_now, access);

			done += wide;
			if (likely(wide))
				continue;
			n_now = min(n_now, left_in_page(va));
		}
		left = move_user_bytes(va, k, n_now, access);
		done += n_now - left;
		if (left)
			break;
	}
	return n - done;
}

/* What is inside first, so that the answer is the same partial result as for a hole. */
static __attribute__((noinline, cold)) size_t move_part(uptr user, char *kernel, size_t n,
							enum vm_access access, uintptr_t caller)
{
	size_t in = inside(user, n), left = in ? move_much(user, kernel, in, access) : 0;

	if (in < n && !left)
		(void)refuse_access(user.va + in, caller,
				    access == ACCESS_WRITE); /* the answer may be a part */
	return n - in + left;
}

size_t copy_from_user(void *dst, uptr src, size_t n)
{
	return is_plain(src, n) ? user_copy_in(dst, src.va, n)
				: move_much(src, dst, n, ACCESS_READ);
}

size_t copy_to_user(uptr dst, const void *src, size_t n)
{
	return is_plain(dst, n) ? user_copy_out(dst.va, src, n)
				: move_much(dst, (char *)src, n, ACCESS_WRITE);
}

size_t clear_user(uptr dst, size_t n)
{
	return is_plain(dst, n) ? user_clear(dst.va, n) : move_much(dst, NULL, n, ACCESS_WRITE);
}

int copy_struct_from_user(void *dst, size_t size, uptr src, uint64_t user_size)
{
	uint8_t more[64];

	if (user_size > PAGE_SIZE)
		return -E2BIG;
	for (uint64_t off = size, n; off < user_size; off += n) {
		n = min(user_size - off, (uint64_t)sizeof(more));
		if (copy_from_user(more, uptr_add(src, off), n))
			return -EFAULT;
		for (uint64_t i = 0; i < n; i++)
			if (more[i])
				return -E2BIG;
	}
	memset(dst, 0, size);
	return copy_from_user(dst, src, min(user_size, (uint64_t)size)) ? -EFAULT : 0;
}

/* A string goes on beyond the user's half; @frame: as below. */
static __attribute__((noinline, cold)) int refuse_rest(const void *frame)
{
	return refuse_access(USER_TOP, ((const uintptr_t *)frame)[1], false);
}

/*
 * What a string function answers for @size bytes at @src, of which it has read @in, all in the
 * user's half, with the result @len.  Who called it is read from its frame record @frame, and only
 * if it has to be told: at hand all the while it would cost each string a few steps.
 */
static inline __attribute__((always_inline)) long string_result(long len, size_t in, size_t size,
								const void *frame)
{
	if (unlikely(len < 0))
		return -EFAULT;
	if (unlikely(in < size && (size_t)len == in))
		return refuse_rest(frame);
	return len;
}

long strncpy_from_user(char *dst, uptr src, size_t size)
{
	size_t in;

	if (unlikely(src.va >= USER_TOP))
		return size ? REFUSE(src.va, false) : 0;
	in = min((uint64_t)size, USER_TOP - src.va);
	return string_result(user_strncpy(dst, src.va, in), in, size, __builtin_frame_address(0));
}

long strnlen_user(uptr src, size_t max_len)
{
	size_t in;

	if (unlikely(src.va >= USER_TOP))
		return max_len ? REFUSE(src.va, false) : 0;
	in = min((uint64_t)max_len, USER_TOP - src.va);
	return string_result(user_strnlen(src.va, in), in, max_len, __builtin_frame_address(0));
}

int get_user_n(uint64_t *x, uptr p, size_t size)
{
	return uaccess_ok(p, size) ? user_load(p.va, size, x) : REFUSE(p.va, false);
}

int put_user_n(uptr p, uint64_t x, size_t size)
{
	return uaccess_ok(p, size) ? user_store(p.va, size, x) : REFUSE(p.va, true);
}

int user_atomic_cmpxchg32(uptr p, uint32_t old, uint32_t new_value, uint32_t *seen)
{
	long r;

	if (!uaccess_ok(p, 4) || !IS_ALIGNED(p.va, 4))
		return REFUSE(p.va, true);
	/*
	 * r > 0: the exclusive store failed, as another core (or an interrupt) came between; try
	 * again.
	 */
	do
		r = user_cmpxchg32(p.va, old, new_value, seen, has_pan);
	while (r > 0);
	return r ? -EFAULT : 0;
}

/* ---- the exception table: sorted as it is built, in the order of uaccess_copy.S ---- */

extern const struct ex_entry __ex_table_start[], __ex_table_end[];

static uintptr_t target(const int32_t *field)
{
	return (uintptr_t)field + (uintptr_t)(intptr_t)*field;
}

static struct spinlock tables_lock = SPINLOCK_INIT; /* of writers alone; irqsave; a leaf */
static struct uaccess_table *tables;		    /* of modules */

void uaccess_add_table(struct uaccess_table *t)
{
	unsigned long flags = spin_lock_irqsave(&tables_lock);

	t->next = tables;
	/* After all of it: who finds it reads it without a lock. */
	store_release(&tables, t);
	spin_unlock_irqrestore(&tables_lock, flags);
}

void uaccess_remove_table(struct uaccess_table *t)
{
	unsigned long flags = spin_lock_irqsave(&tables_lock);
	struct uaccess_table **at = &tables;

	while (*at && *at != t)
		at = &(*at)->next;
	/* Its own next stays: who stands on it still finds the way. */
	if (*at)
		WRITE_ONCE(*at, t->next);
	spin_unlock_irqrestore(&tables_lock, flags);
}

/* A module's, unsorted: such instructions are few, and a fault there is rare. */
static uintptr_t module_fixup(uintptr_t pc)
{
	const struct uaccess_table *t = load_acquire(&tables);

	while (t && pc - t->text >= t->text_size)
		t = load_acquire(&t->next);
	for (size_t i = 0; t && i < t->nr; i++)
		if (target(&t->entries[i].insn) == pc)
			return target(&t->entries[i].fixup);
	return 0;
}

bool uaccess_is_over(uintptr_t pc)
{
	/* Behind user_copy_out's wider stores there is a load first, then the store by bytes. */
	return !uaccess_fixup(pc) && pc != (uintptr_t)user_copy_out_bytes;
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
	return module_fixup(pc);
}

void uaccess_init(void)
{
	for (const struct ex_entry *e = __ex_table_start; e + 1 < __ex_table_end; e++)
		CHECK(target(&e[0].insn) < target(&e[1].insn));
	has_pan = ID_FIELD(id_aa64mmfr1_el1, MMFR1_PAN);
}
