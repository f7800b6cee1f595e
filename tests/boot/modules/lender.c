/*
 * lender.c - exports something, and has a parameter of each kind.
 */
#include "kmod/module.h"

#include "log/printk.h"
#include "tests/boot/modules/lender.h"

static int number = 7;
static bool flag;
static unsigned long large;
static char *text = "nothing";
static char room[8];
static int list[3];
static uint32_t listed;
static uint8_t secret;

module_param(number, int, 0644);
module_param(flag, bool, 0444);
module_param(large, ulong, 0444);
module_param(text, charp, 0644);
module_param_string(room, room, 0600);
module_param_array(list, int, &listed, 0444);
module_param(secret, byte, 0);

int lender_number(void)
{
	return READ_ONCE(number);
}
EXPORT(lender_number);

static int __init lender_init(void)
{
	pr_info("lender: %d %d %lu %s %s %d,%d,%d of %u, %u\n", number, flag, large, text, room,
		list[0], list[1], list[2], listed, secret);
	return 0;
}

static void __exit lender_exit(void)
{
	pr_info("lender: gone\n");
}

module_init(lender_init);
module_exit(lender_exit);
MODULE_LICENSE("GPL");
MODULE_VERSION("1.5");
