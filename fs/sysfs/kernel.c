/*
 * kernel.c - the files of /sys that say what the kernel is, and the one setting that the kernel
 * shares with modules' parameters.
 *
 * Comes from sysfs.c with a buffer.  Names and texts are Linux's (Documentation/ABI).
 */
#include "fs/sysfs/kernel.h"

#include "abi/errno.h"
#include "fs/sysfs/sysfs.h"
#include "lib/export.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "log/panic.h"

static struct sysfs_node *kernel_dir, *module_dir, *newel_dir;

struct sysfs_node *sysfs_kernel_dir(void)
{
	return kernel_dir;
}
EXPORT(sysfs_kernel_dir);

struct sysfs_node *sysfs_module_dir(void)
{
	return module_dir;
}
EXPORT(sysfs_module_dir);

struct sysfs_node *sysfs_newel_dir(void)
{
	/* One caller at a time, and the first one makes it. */
	if (!newel_dir)
		newel_dir = sysfs_dir(kernel_dir, "newel");
	return newel_dir;
}

/* A file that always says the same: its text is its argument. */
static long show_text(void *arg, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%s\n", (const char *)arg);
}

static long show_panic(void *arg, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%d\n", panic_seconds());
}

/* An int as Linux's parameters take it: any base, a sign, a newline behind it. */
static int store_panic(void *arg, char *text, size_t len)
{
	bool minus = *text == '-';
	size_t sign = minus || *text == '+';
	uint64_t n;
	int err;

	len -= len > sign && text[len - 1] == '\n';
	err = parse_whole_u64(text + sign, len - sign, 0, &n);
	if (!err && n > (uint64_t)INT32_MAX + minus)
		err = -ERANGE;
	if (!err)
		panic_set_seconds((int)(minus ? -(int64_t)n : (int64_t)n));
	return err;
}

static const struct sysfs_file_ops text_ops = { .show = show_text };
static const struct sysfs_file_ops panic_ops = { .show = show_panic, .store = store_panic };

/* All of it, or a panic: there is memory, this early. */
static struct sysfs_node *must_have(struct sysfs_node *n)
{
	if (!n)
		panic("no memory for /sys");
	return n;
}

void sysfs_kernel_init(void)
{
	struct sysfs_node *dir;

	kernel_dir = must_have(sysfs_dir(sysfs_root(), "kernel"));
	must_have(sysfs_file(kernel_dir, "address_bits", 0444, &text_ops, (void *)"64", NULL));
	must_have(sysfs_file(kernel_dir, "cpu_byteorder", 0444, &text_ops, (void *)"little", NULL));
	module_dir = must_have(sysfs_dir(sysfs_root(), "module"));
	dir = must_have(sysfs_dir(module_dir, "kernel"));
	dir = must_have(sysfs_dir(dir, "parameters"));
	must_have(sysfs_file(dir, "panic", 0644, &panic_ops, NULL, NULL));
}
