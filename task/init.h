/*
 * init.h - tasks at boot.
 */
#pragma once

#include "lib/util.h"

struct task;

/* task_init - the tables ready, the boot core in the scheduler.  Once, with kmalloc ready. */
void task_init(void);

/*
 * task_create_init - the first user task: pid 1, a process and a frame that nothing has filled yet,
 * asleep until task_wake.  It runs @fn(@arg) in the kernel, which calls exec_kernel() and returns:
 * then it goes to EL0.  NULL: no memory.
 */
struct task *task_create_init(void (*fn)(void *), void *arg) __must_check;
