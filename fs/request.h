/*
 * request.h - what is missing here, a module may bring: a device, a file system.
 */
#pragma once

/*
 * request_module - ask user space for what @fmt names (as MODULE_ALIAS does: "char-major-10-135",
 * "fs-ext2"): /proc/sys/kernel/modprobe is run and waited for.  0: it has ended with status 0;
 * look again.  -ENOENT or another -errno: nothing has changed.  May sleep; no lock held.
 */
int request_module(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What does it: kmod/; NULL: there are no modules. */
extern int (*request_module_hook)(const char *name);
