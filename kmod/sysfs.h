/*
 * sysfs.h - /sys/module.
 */
#pragma once

#include "kmod/loaded.h"

/* module_show - /sys/module/NAME.  0, -ENOMEM.  module_hide - it is gone, if it was there. */
int module_show(struct loaded *m) __must_check;
void module_hide(struct loaded *m);

/* kmod_sysfs_init - what is there of itself.  Boot core. */
void kmod_sysfs_init(void);
