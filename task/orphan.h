/*
 * orphan.h - a process that the kernel itself makes.
 */
#pragma once

#include "lib/util.h"

struct task;

/*
 * task_create_orphan - a process without a parent and its first task, in group and session 0,
 *  with a number, asleep until task_wake.  It runs @fn(@arg) in the kernel, which calls
 * exec_kernel() and returns: then it goes to EL0.  For current, a kernel task, whose credentials,
 * root's, it bears.  When it ends it is reaped at once, and orphan_ended_hook called; but for pid
 * 1, which does not.  err_ptr(-ENOMEM; -EAGAIN: there are as many tasks as there may be).
 */
struct task *task_create_orphan(const char *name, void (*fn)(void *), void *arg) __must_check;
