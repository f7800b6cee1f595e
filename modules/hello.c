/*
 * hello.c - a module that says where it is.
 */
#include "kmod/module.h"

#include "arm/sysreg.h"
#include "log/printk.h"

static int __init hello_init(void)
{
	pr_info("hello: CurrentEL %#llx\n", (unsigned long long)READ_SYSREG(CurrentEL));
	return 0;
}

static void __exit hello_exit(void)
{
	pr_info("hello: goodbye\n");
}

module_init(hello_init);
module_exit(hello_exit);
MODULE_LICENSE("MIT");
MODULE_DESCRIPTION("says where it is");
