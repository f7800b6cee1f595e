/*
 * watch.h - a core that keeps to itself is told of in the log: kernel code is never preempted, so a
 * task that does not reach a point to give way (EL0, schedule(), give_way(), the idle loop) shuts
 * all others of its core out.
 *
 * What counts is the core's own ticks, not the clock on the wall: a host that stops the machine, or
 * a debugger, makes nobody late.  So a core that masks interrupts is not seen here.
 */
#pragma once

#include <stdint.h>

struct task;

/*
 * watch_configure - what the command line says: newel.watch=SECONDS, 0 for never; Linux's words for
 * the same, watchdog_thresh=SECONDS, nowatchdog and nosoftlockup.  10 s if it says nothing.
 */
void watch_configure(const char *cmdline);

/*
 * watch_seconds, watch_set_seconds - after how much it is told, 0: never; up to WATCH_SECONDS_MAX
 * (/proc/sys/kernel/watchdog_thresh).  Any context.
 */
#define WATCH_SECONDS_MAX 60
unsigned int watch_seconds(void);
void watch_set_seconds(unsigned int seconds);

/*
 * watch_tick - the tick of this core has interrupted @t, which is not the idle task.  @now_ns: the
 * time.  Interrupts masked, no lock held; once a tick (task/sched.c).
 */
void watch_tick(struct task *t, uint64_t now_ns);

/*
 * watch_report - what says so, set at boot (el1/watch.c): this core's current has not given way for
 * @seconds.  From the tick's interrupt, once a stretch.
 */
extern void (*watch_report)(unsigned int seconds);
