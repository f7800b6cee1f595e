/*
 * giveway.h - the point that every long loop of the kernel has.
 *
 * Kernel code is never preempted, so a loop whose length EL0 chooses lets others in itself: every
 * so many rounds that 200,000 instructions do not go by without (make CHECKED=1 and /dev/stretches
 * show the longest stretches there are).
 */
#pragma once

/*
 * give_way - let others run if it is their turn.
 *
 * Where one may sleep: no spin lock held, interrupts let in.  What the caller knows of shared data
 * is old behind it.
 * Return 0, or -EINTR: a signal is pending that ends the task (SIGKILL, or another that is fatal),
 * and the caller stops its work where it is, as after any error; only what must be done to the end
 * (giving back what a task had) goes on all the same.
 */
int give_way(void);

/*
 * What does it: task/sched.c, from the first core's first task on; before, nobody is there to be
 * let in.
 */
extern int (*give_way_hook)(void);
