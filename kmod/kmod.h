/*
 * kmod.h - the module loader as a whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* No module's file is larger: this many times the memory that there is for modules. */
#define MODULE_FILE_ARENAS 2

/*
 * module_may_change - may current load and unload modules?  CAP_SYS_MODULE, and the sysctl
 * kernel.modules_disabled is 0: it becomes 1 by root's word or with newel.modules=0, for good.
 * module_file_max - bytes of a module's file, unpacked.
 */
bool module_may_change(void);
size_t module_file_max(void);

/* kmod_init - /proc/modules, /proc/kallsyms, /sys/module.  Boot core, after fs_init. */
void kmod_init(void);
