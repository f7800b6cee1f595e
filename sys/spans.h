/*
 * spans.h - a vector of spans out of user memory, for the length of one system call (readv(2),
 * sendmsg(2) …).
 */
#pragma once

#include <stddef.h>

#include "abi/uio.h"
#include "mm/uaccess.h"

#define RW_MAX	  (INT32_MAX & ~0xfffUL) /* bytes that one call moves at most, as Linux */

#define FEW_SPANS 8

/* A vector of spans, copied in and checked. */
struct spans {
	struct iovec *v;
	size_t total; /* bytes, RW_MAX at the most: what is beyond is cut off */
	struct iovec few[FEW_SPANS];
};

/*
 * spans_get - copy @count of them in, @write: which are to be written to.  0, -EINVAL, -EFAULT,
 * -ENOMEM; spans_put is due in any case.
 */
int spans_get(struct spans *s, uptr from, uint64_t count, bool write) __must_check;
void spans_put(struct spans *s);
