/*
 * device.c - /dev/unit: reads as one byte, and keeps the module loaded while it is open.  It is
 * what is asked for where the number 10:230 or the file system "unit" is missing.
 */
#include "kmod/module.h"

#include "fs/dev.h"

static long unit_read(struct file *f, struct iter *to, uint64_t *pos)
{
	size_t n = to->left ? iter_put(to, "u", 1) : 0;

	return n || !to->left ? (long)n : -EFAULT;
}

static const struct file_ops unit_ops = { .read = unit_read };

static struct device unit = {
	.name = "unit", .number = DEV(10, 230), .mode = 0666, .ops = &unit_ops, .owner = THIS_OWNER
};

static int __init unit_init(void)
{
	return dev_register(&unit);
}

static void __exit unit_exit(void)
{
	dev_unregister(&unit);
}

module_init(unit_init);
module_exit(unit_exit);
MODULE_LICENSE("GPL");
MODULE_ALIAS("char-major-10-230");
MODULE_ALIAS("fs-unit");
