/*
 * rival.c - exports what lender does, too.
 */
#include "kmod/module.h"

#include "tests/boot/modules/lender.h"

int lender_number(void)
{
	return 0;
}
EXPORT(lender_number);

MODULE_LICENSE("GPL");
