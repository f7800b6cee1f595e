/*
 * giveway.c - a point to give way (mm/giveway.h), for the folders below the scheduler too.
 */
#include "mm/giveway.h"

#include "arm/stretch.h"
#include "lib/export.h"
#include "log/panic.h"

int (*give_way_hook)(void);

int give_way(void)
{
	CHECK(stretch_no_lock() && stretch_not_masked());
	stretch_point((uintptr_t)__builtin_return_address(0));
	return give_way_hook ? give_way_hook() : 0;
}
EXPORT(give_way);
