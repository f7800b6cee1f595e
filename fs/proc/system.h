/*
 * system.h - the files of /proc about the machine as a whole.
 */
#pragma once

#include "fs/proc/entry.h"

extern struct proc_entry proc_system_entries[];
extern const char *proc_kernel_cmdline; /* what /proc/cmdline says; set once */
