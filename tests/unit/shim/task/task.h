/*
 * task.h - the host's stand-in: the kernel's own, but the running task is the one the test says.
 */
#pragma once

#include_next "task/task.h"

extern struct task *shim_current;

#undef current
#define current shim_current
