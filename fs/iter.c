/*
 * iter.c - moving bytes between the kernel and an iterator's memory.
 *
 * Comes from a file's read and write, goes to mm/uaccess.  Invariant: left is the sum of what is
 * yet to come, and after a fault the iterator stands on the exact byte that could not be moved.
 */
#include "fs/iter.h"

#include "lib/export.h"
#include "lib/string.h"
#include "mm/page.h"

void iter_user_spans(struct iter *it, const struct iovec *spans, size_t total)
{
	*it = (struct iter){ .left = total, .next = spans };
}

/* How many of the next @n bytes lie in one piece; n <= it->left. */
static size_t next_iter_piece(struct iter *it, size_t n)
{
	while (!it->span_left) {
		/*
		 * From the kernel's copy of the spans (sys/spans.c): the program cannot change them
		 * now.
		 */
		it->base = it->next->iov_base;
		it->span_left = it->next->iov_len;
		it->next++;
	}
	return min(n, it->span_left);
}

uint32_t iter_page_left(struct iter *it)
{
	size_t n = next_iter_piece(it, it->left);

	return (uint32_t)min(n, (size_t)PAGE_SIZE - (it->base & (PAGE_SIZE - 1)));
}

uint64_t iter_bits(const struct iter *it)
{
	/* A span may be longer than what is to be moved: a write is cut at a disk's end. */
	size_t here = min(it->left, it->span_left), left = it->left - here;
	uint64_t bits = it->base | here;

	for (const struct iovec *v = it->next; left; left -= min(left, (size_t)v++->iov_len))
		bits |= v->iov_base | v->iov_len;
	return bits;
}

/* Returns @n. */
static inline size_t advance(struct iter *it, size_t n)
{
	it->base += n;
	it->span_left -= n;
	it->left -= n;
	return n;
}

/* The common case: all @n bytes lie in one piece of user memory. */
static inline bool is_simple(const struct iter *it, size_t n)
{
	return likely(n <= it->span_left && !it->kernel);
}

static void copy(void *dst, const void *src, size_t n)
{
	if (n == PAGE_SIZE)
		copy_page(dst, src);
	else
		memcpy(dst, src, n);
}

size_t iter_put(struct iter *it, const void *src, size_t n)
{
	size_t done = 0, missed = 0;

	n = min(n, it->left);
	if (is_simple(it, n))
		return advance(it, n - copy_to_user(uptr_of(it->base), src, n));
	while (done < n && !missed) {
		size_t piece = next_iter_piece(it, n - done);

		if (it->kernel)
			copy((void *)it->base, (const char *)src + done, piece);
		else
			missed = copy_to_user(uptr_of(it->base), (const char *)src + done, piece);
		/* By what was moved: the iterator stands on the byte that could not be. */
		advance(it, piece - missed);
		done += piece - missed;
	}
	return done;
}
EXPORT(iter_put);

size_t iter_take(struct iter *it, void *dst, size_t n)
{
	size_t done = 0, missed = 0;

	n = min(n, it->left);
	if (is_simple(it, n))
		return advance(it, n - copy_from_user(dst, uptr_of(it->base), n));
	while (done < n && !missed) {
		size_t piece = next_iter_piece(it, n - done);

		if (it->kernel)
			copy((char *)dst + done, (const void *)it->base, piece);
		else
			missed = copy_from_user((char *)dst + done, uptr_of(it->base), piece);
		advance(it, piece - missed);
		done += piece - missed;
	}
	return done;
}
EXPORT(iter_take);

size_t iter_zero(struct iter *it, size_t n)
{
	size_t done = 0, missed = 0;

	n = min(n, it->left);
	if (is_simple(it, n))
		return advance(it, n - clear_user(uptr_of(it->base), n));
	while (done < n && !missed) {
		size_t piece = next_iter_piece(it, n - done);

		if (it->kernel)
			memset((void *)it->base, 0, piece);
		else
			missed = clear_user(uptr_of(it->base), piece);
		advance(it, piece - missed);
		done += piece - missed;
	}
	return done;
}
EXPORT(iter_zero);

void iter_skip(struct iter *it, size_t n)
{
	n = min(n, it->left);
	while (n) {
		/* No byte is touched: what is skipped need not be there. */
		size_t piece = next_iter_piece(it, n);

		advance(it, piece);
		n -= piece;
	}
}
