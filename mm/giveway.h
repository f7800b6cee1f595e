/*
 * giveway.h - the point that every long loop of the kernel has.
 *
 * Kernel code is never preempted, so a loop whose length EL0 chooses calls this itself, so often
 * that no more than 200,000 instructions lie between two calls (make CHECKED=1 and /dev/stretches
 * show the longest stretches there are).
 */
#pragma once

#include "arm/might_sleep.h"

/*
 * give_way - let others run if it is their turn.
 *
 * Where one may sleep: no spin lock held, interrupts let in.  What the caller has read of shared
 * data may be out of date afterwards.
 * Return 0, or -EINTR: a signal is pending that ends the task (SIGKILL, or another that is fatal),
 * and the caller stops its work where it is, as after any error; only what must be done to the end
 * (giving back what a task had) goes on all the same.
 */
int give_way(void);
#ifdef MODULE
#define give_way() (might_sleep(), (give_way)())
#endif

/*
 * What does it: task/sched.c, from the boot core's first task on; before, there is no other task.
 */
extern int (*give_way_hook)(void);
