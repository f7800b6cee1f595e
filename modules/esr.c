/*
 * esr.c - /dev/esr: numbers are written to it, and read back in words, as syndromes (ESR_ELx).
 *
 *	# echo 0x96000045 >/dev/esr; cat /dev/esr
 *	0x96000045: data abort from the same level: ...
 *
 * What is opened for writing begins anew.  A write takes hexadecimal numbers with something blank
 * between them; anything else, or more than there is room for, is an error, and what came before it
 * stays.  Invariant (lock): text[0 .. length) is whole lines.
 */
#include "trace/esr.h"

#include "abi/errno.h"
#include "fs/dev.h"
#include "fs/iter.h"
#include "kmod/module.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "task/wait.h"

#define ESR_MAJOR 10
#define ESR_MINOR 242
#define CHUNK	  128 /* bytes that are looked at in one go; no number is longer */

static struct mutex lock = MUTEX_INIT(lock);
static char text[16 * ESR_TEXT_MAX];
static size_t length;

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',';
}

/* One number in words, behind the others.  lock held. */
static int add_line(const char *word, size_t n)
{
	char words[ESR_TEXT_MAX];
	uint64_t esr;
	int len, err;

	if (n > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
		word += 2;
		n -= 2;
	}
	err = parse_whole_u64(word, n, 16, &esr);
	if (err)
		return -EINVAL;
	esr_describe(words, sizeof(words), esr);
	len = snprintf(text + length, sizeof(text) - length, "0x%llx: %s\n",
		       (unsigned long long)esr, words);
	if ((size_t)len >= sizeof(text) - length)
		return -ENOSPC;
	length += (size_t)len;
	return 0;
}

/*
 * The numbers in @s.  Returns how many bytes were taken: up to the last number that something
 * follows, or, if that was @all, to the end; or -errno, if there is none of them.  lock held.
 */
static long add_lines(const char *s, size_t n, bool all)
{
	size_t at = 0, taken = 0, begin;
	int err;

	while (at < n) {
		for (; at < n && is_blank(s[at]); at++)
			taken = at + 1;
		for (begin = at; at < n && !is_blank(s[at]);)
			at++;
		if (begin == at || (at == n && !all))
			break;
		err = add_line(s + begin, at - begin);
		if (err)
			return taken ? (long)taken : err;
		taken = at;
	}
	return taken ? (long)taken : -EINVAL;
}

static int esr_open(struct file *f)
{
	if (!(f->flags & O_ACCMODE))
		return 0;
	mutex_lock(&lock);
	length = 0;
	mutex_unlock(&lock);
	return 0;
}

static long esr_read(struct file *f, struct iter *to, uint64_t *pos)
{
	size_t done = 0;

	mutex_lock(&lock);
	if (*pos < length)
		done = iter_put(to, text + *pos, min(to->left, length - (size_t)*pos));
	mutex_unlock(&lock);
	*pos += done;
	return (long)done;
}

static long esr_write(struct file *f, struct iter *from, uint64_t *pos)
{
	char chunk[CHUNK];
	size_t n = min(from->left, sizeof(chunk));
	bool all = n == from->left;
	long taken;

	if (!n)
		return 0;
	if (iter_take(from, chunk, n) != n)
		return -EFAULT;
	mutex_lock(&lock);
	taken = add_lines(chunk, n, all);
	mutex_unlock(&lock);
	return taken;
}

static const struct file_ops esr_ops = {
	.open = esr_open,
	.read = esr_read,
	.write = esr_write,
};

static struct device esr_device = {
	.name = "esr",
	.number = DEV(ESR_MAJOR, ESR_MINOR),
	.mode = 0600,
	.ops = &esr_ops,
	.owner = THIS_OWNER,
};

static int __init esr_init(void)
{
	return dev_register(&esr_device);
}

static void __exit esr_exit(void)
{
	dev_unregister(&esr_device);
}

module_init(esr_init);
module_exit(esr_exit);
MODULE_LICENSE("MIT");
MODULE_DESCRIPTION("/dev/esr: syndromes in words");
MODULE_ALIAS("char-major-10-242");
