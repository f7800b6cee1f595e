/*
 * fail.c - /dev/fail: fault injection for tests (task/fail.h).  Root's alone.
 *
 * Writing a number N, in decimal, makes the N-th memory allocation from then on fail that the
 * writer and what it makes ask for; 0 ends that.  Reading gives what is left of N: 0 when the
 * allocation has failed.
 */
#include "fs/dev.h"
#include "lib/printf.h"
#include "task/fail.h"

#define NUMBER_MAX 11

static long fail_read(struct file *f, struct iter *to, uint64_t *pos)
{
	char buf[NUMBER_MAX + 1];
	size_t len = (size_t)snprintf(buf, sizeof(buf), "%u\n", fail_left()), n;

	if (*pos >= len || !to->left)
		return 0;
	n = iter_put(to, buf + *pos, min(len - (size_t)*pos, to->left));
	*pos += n;
	return n ? (long)n : -EFAULT;
}

static long fail_write(struct file *f, struct iter *from, uint64_t *pos)
{
	size_t len = from->left;
	char buf[NUMBER_MAX];
	uint32_t n = 0;

	if (!len || len > sizeof(buf))
		return -EINVAL;
	if (iter_take(from, buf, len) != len)
		return -EFAULT;
	for (size_t i = 0; i < len && !(i && i == len - 1 && buf[i] == '\n'); i++) {
		if (buf[i] < '0' || buf[i] > '9' || __builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint32_t)(buf[i] - '0'), &n))
			return -EINVAL;
	}
	fail_begin(n);
	return (long)len;
}

const struct file_ops fail_ops = {
	.read = fail_read,
	.write = fail_write,
	.seek = file_seek_unsized,
};
