/*
 * giveway.c - a point to give way (mm/giveway.h), for the folders below the scheduler too.
 */
#include "mm/giveway.h"

#include "arm/stretch.h"
#include "lib/export.h"
#include "log/panic.h"

static int nobody_else(void)
{
	return 0;
}

int (*give_way_hook)(void) = nobody_else;

int give_way(void)
{
	CHECK(stretch_no_lock() && stretch_not_masked());
	stretch_point((uintptr_t)__builtin_return_address(0));
	return give_way_hook();
}
EXPORT(give_way);
