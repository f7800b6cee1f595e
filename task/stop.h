/*
 * stop.h - job control: a process stops, with all its threads, and goes on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct process;
struct task;

enum stop_state { NOT_STOPPED, STOPPING, STOPPED };

/* Of a process; its signals.lock. */
struct job_stop {
	enum stop_state state;
	int signo;
	uint64_t count;		       /* stops begun and undone: task_signals.stops */
	uint32_t nr_threads;	       /* that have stopped */
	bool stop_untold, cont_untold; /* wait4(2) has not reported it yet */
	bool cont_unsent;	       /* the parent has not been sent SIGCHLD for it yet */
	uint32_t conts;		       /* SIGCONTs sent: a stop that is being decided sees one */
};

/*
 * stop_by_signal - @signo's default action, which is to stop; the terminal's do nothing to a group
 * that nobody could continue.
 * stop_heed - current stops with its process, @p, and reports a stop or a continuing to the parent.
 * Both: signals.lock is held, may be given up meanwhile, and is held again.
 */
void stop_by_signal(struct process *p, int signo, unsigned long *flags);
void stop_heed(struct process *p, unsigned long *flags);

/*
 * stop_completes - whether all threads of @p have stopped that were to: true once, and the caller
 * reports it to the parent.  signals.lock held.
 */
bool stop_completes(struct process *p);
