/*
 * info.h - what a module says of itself.
 */
#pragma once

#include "kmod/loading.h"

/* module_check_info - is @img for this kernel?  Says why not.  0, -ENOEXEC. */
int module_check_info(const struct image *img, uint32_t flags) __must_check;
/* module_set_taints - @m's and the kernel's, by what .modinfo says; @flags: as module_load's. */
void module_set_taints(const struct image *img, struct loaded *m, uint32_t flags);
