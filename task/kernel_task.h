/*
 * kernel_task.h - tasks of the kernel's own.
 */
#pragma once

#include "lib/util.h"

struct task;

/*
 * task_create_kernel - a kernel task that runs @fn(@arg), which does not return but may
 * task_exit(), asleep until task_wake; NULL: no memory.
 */
struct task *task_create_kernel(const char *name, void (*fn)(void *), void *arg) __must_check;
