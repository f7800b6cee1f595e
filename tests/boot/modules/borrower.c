/*
 * borrower.c - links to lender.
 */
#include "kmod/module.h"

#include "log/printk.h"
#include "tests/boot/modules/lender.h"

static int __init borrower_init(void)
{
	pr_info("borrower: %d\n", lender_number());
	return 0;
}

static void __exit borrower_exit(void)
{
}

module_init(borrower_init);
module_exit(borrower_exit);
MODULE_LICENSE("Dual MIT/GPL");
