/*
 * usermode.h - a program that the kernel starts for itself: modprobe (call_usermodehelper, in
 * Linux's words).
 */
#pragma once

#include "lib/util.h"

/*
 * usermode_run - execute @path with @argv and @envp (NULL-terminated) as root, in the first task's
 * root directory, with no files open, and wait until it has ended; a fatal signal to the caller
 * ends the wait.  It is nobody's child.
 * Return: its wait status as wait4(2) gives it, or -ENOENT, -EACCES, -ENOMEM, -EAGAIN, -EINTR, ...
 * May sleep.
 */
int usermode_run(const char *path, const char *const argv[], const char *const envp[]) __must_check;
