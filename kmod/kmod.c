/*
 * kmod.c - the loader as a whole: who may use it, and its start.
 */
#include "kmod/kmod.h"

#include "fs/request.h"
#include "kmod/show.h"
#include "kmod/sysfs.h"
#include "mm/modarea.h"
#include "task/cap.h"

bool module_may_change(void)
{
	return capable(CAP_SYS_MODULE) && !READ_ONCE(modules_disabled);
}

size_t module_file_max(void)
{
	return modarea_size() * MODULE_FILE_ARENAS;
}

void kmod_init(void)
{
	if (!modarea_size())
		modules_disabled = 1; /* newel.modules=0 */
	kmod_show_init();
	kmod_sysfs_init();
}
