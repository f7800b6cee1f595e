/*
 * exec.h - execve(2) for the kernel itself.
 */
#pragma once

#include "lib/util.h"

/*
 * exec_kernel - current becomes the program @path (from the root, or relative to its working
 * directory), with NULL-terminated @argv and @envp.  0: the frame is the program's, the caller
 * returns to EL0; or -errno and nothing has changed.
 */
int exec_kernel(const char *path, const char *const argv[], const char *const envp[]) __must_check;
