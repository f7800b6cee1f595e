/*
 * init.h - from the kernel to PID 1.
 */
#pragma once

#include "el1/memory.h"

/*
 * init_start - make the task that becomes PID 1: it unpacks the initrd and executes /init (init=
 * overrides), with the words of the command line that the kernel does not use.  It runs once the
 * caller becomes the idle task.
 */
void init_start(const char *cmdline, const struct initrd *initrd);
