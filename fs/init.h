/*
 * init.h - all that fs/ has.
 */
#pragma once

/*
 * fs_init - the root file system, empty; the tasks' part of it; the devices, terminals and file
 * systems.  Once, on the boot core, before any task is forked, after uart_init().  @cmdline: for
 * /proc/cmdline.
 */
void fs_init(const char *cmdline);
