/*
 * sys.h - the files of /proc/sys.
 */
#pragma once

#include "fs/proc/entry.h"

extern struct proc_entry proc_sys_entries[];
