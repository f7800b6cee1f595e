/*
 * spans.c - see spans.h.  Invariant: a span's address and length are copied in once, and checked on
 * the copy: what the program writes there meanwhile changes nothing.
 */
#include "sys/spans.h"

#include "abi/errno.h"
#include "mm/slab.h"

static int check_spans(struct spans *s, uint64_t count, bool write)
{
	for (uint64_t i = 0; i < count; i++)
		if ((int64_t)s->v[i].iov_len < 0)
			return -EINVAL;
	s->total = 0;
	for (uint64_t i = 0; i < count; i++) {
		if (!uaccess_ok(uptr_of(s->v[i].iov_base), s->v[i].iov_len))
			return uaccess_refuse(uptr_of(s->v[i].iov_base), write);
		/*
		 * The sum never wraps, and stays at RW_MAX: spans behind it are checked, but empty.
		 */
		s->v[i].iov_len = min(s->v[i].iov_len, RW_MAX - s->total);
		s->total += s->v[i].iov_len;
	}
	return 0;
}

int spans_get(struct spans *s, uptr from, uint64_t count, bool write)
{
	s->v = s->few;
	/* So what is allocated below is bounded. */
	if (count > UIO_MAXIOV)
		return -EINVAL;
	if (count > FEW_SPANS) {
		s->v = kmalloc(count * sizeof(*s->v));
		if (!s->v)
			return -ENOMEM;
	}
	if (copy_from_user(s->v, from, count * sizeof(*s->v)))
		return -EFAULT;
	return check_spans(s, count, write);
}

void spans_put(struct spans *s)
{
	if (s->v != s->few)
		kfree(s->v);
}
