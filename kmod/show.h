/*
 * show.h - /proc/modules and /proc/kallsyms.
 */
#pragma once

/* kmod_show_init - both are there.  Boot core. */
void kmod_show_init(void);
