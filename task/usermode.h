/*
 * usermode.h - a program that the kernel starts for itself: modprobe (call_usermodehelper, in
 * Linux's words).
 */
#pragma once

#include "lib/util.h"

/*
 * usermode_run - execute @path with @argv and @envp (NULL-terminated, copied) as root, in the first
 * process's root directory, with no files open, and wait until it has ended; a fatal signal to the
 * caller ends the wait, and the program goes on.  It is nobody's child.
 * Return: its wait status as wait4(2) gives it, or -ENOENT, -EACCES and what else execve(2) says;
 * -E2BIG; -ENOMEM; -EAGAIN: there are as many tasks as there may be; -ETIME: too many such programs
 * run, and none of them has ended for seconds; -EINTR.
 * May sleep, no lock held.
 */
int usermode_run(const char *path, const char *const argv[], const char *const envp[]) __must_check;

/* usermode_init - the task that starts them, asleep until it is woken; NULL: no memory.  Boot. */
struct task;
struct task *usermode_init(void) __must_check;
