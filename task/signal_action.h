/*
 * signal_action.h - what a process does on each signal, and the mask that a child gets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "task/process.h"

struct task;
struct task_signals;

/* What cannot be blocked; what stops by default, and is ignored by default. */
#define SIGS_UNBLOCKABLE (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define SIGS_STOP	 (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SIGS_IGNORED	 (SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH))

/*
 * What @p's signals do is whole and stands still from here on; signals.lock held.  True: other
 * processes share it, which the caller passes on to actions_unlock().
 */
static inline bool actions_lock(struct process *p)
{
	struct signal_actions *a = p->signals.actions;
	bool several = load_acquire(&a->refs.n) != 1; /* pairs with its drop by a sharer */

	if (unlikely(several))
		spin_lock(&a->lock);
	return several;
}

static inline void actions_unlock(struct process *p, bool several)
{
	if (unlikely(several))
		spin_unlock(&p->signals.actions->lock);
}

/*
 * signal_fork - @child (of a new process if that is not current's) starts with current's actions
 * (CLONE_SIGHAND in @flags: they stay the same for both) and mask, and nothing pending.
 */
void signal_fork(struct task *child, uint64_t flags);
/*
 * signal_unshare - current's process, of which it is the only thread, has its actions for itself.
 * 0, -ENOMEM.
 */
int signal_unshare(void) __must_check;
/* signal_exec - a new program: caught signals are default again, no alternate stack.  What is
 * ignored, blocked and pending stays. */
void signal_exec(struct task *t);

/*
 * signal_init - of a new process: false: no memory; signal_end - it goes.  signal_init_task - of a
 * new task: nothing pending, nothing blocked.
 */
bool signal_init(struct signals *s) __must_check;
void signal_end(struct signals *s);
void signal_init_task(struct task_signals *s);
