/*
 * request.h - what is missing here, a module may bring: a device, a file system.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

/*
 * request_module - ask user space for what @fmt names (as MODULE_ALIAS does: "char-major-10-135",
 * "fs-ext2"): the program of the sysctl kernel.modprobe is run and waited for.
 * 0: it has ended with status 0, look again; above 0: with another, which it is (wait4(2)).
 * -ENOENT: there is no such program; -ENAMETOOLONG: no module has such a name; or another -errno:
 * nothing has changed.  May sleep; no lock held.
 */
int request_module(const char *fmt, ...) __printf(1, 2);

/*
 * modprobe_get_path, modprobe_set_path - kernel.modprobe: that program; "": none is asked.  @path
 * is cut if it is longer.  May sleep.
 */
#define MODPROBE_PATH_SIZE 256 /* with the NUL */
void modprobe_get_path(char path[MODPROBE_PATH_SIZE]);
void modprobe_set_path(const char *path);

/* kernel.modules_disabled - 1: no module is loaded or unloaded any more.  It never becomes 0. */
extern uint32_t modules_disabled;
