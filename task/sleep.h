/*
 * sleep.h - sleeping until something is true, or a signal comes first.
 */
#pragma once

#include <stdbool.h>

#include "task/process.h"

/* signal_pending - whether current has a signal to act on: a sleep that may be interrupted ends. */
static inline bool signal_pending(void)
{
	return READ_ONCE(current->work) & WORK_SIGNAL;
}

/* signal_pending_fatal - whether current is to die. */
static inline bool signal_pending_fatal(void)
{
	if (current->kernel)
		return false;
	return READ_ONCE(current->process->end.exiting) || READ_ONCE(current->dying);
}

/*
 * wait_event - sleep until @cond is true; wait_event_interruptible - the same, or -ERESTARTSYS
 * (task/signal.h) when a signal comes first: a call that is not restarted after a handler answers
 * -EINTR instead.
 * wait_event_killable - only a signal that ends the task comes first. @cond is evaluated many times
 * and must not sleep.
 */
#define wait_event_state(q, cond, st, stop)                  \
	({                                                   \
		struct waiter wait_w_;                       \
		bool wait_done_ = false;                     \
		int wait_r_ = 0;                             \
		while (!wait_done_ && !wait_r_ && !(cond)) { \
			wait_prepare((q), &wait_w_, (st));   \
			wait_done_ = (cond);                 \
			if (wait_done_)                      \
				;                            \
			else if (stop)                       \
				wait_r_ = -ERESTARTSYS;      \
			else                                 \
				schedule();                  \
			wait_finish((q), &wait_w_);          \
		}                                            \
		wait_r_;                                     \
	})
#define wait_event(q, cond)		  ((void)wait_event_state(q, cond, TASK_BLOCKED, false))
#define wait_event_interruptible(q, cond) wait_event_state(q, cond, TASK_SLEEPING, signal_pending())
#define wait_event_killable(q, cond) \
	wait_event_state(q, cond, TASK_KILLABLE, signal_pending_fatal())
