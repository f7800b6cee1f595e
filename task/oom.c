/*
 * oom.c - the one rule for the end of memory, and the one who applies it.
 *
 * Comes from el1/trap.c, for faults of EL0 and for the kernel's user accesses.  Invariant: a process that
 * only holds what it has is not killed for what another one takes, unless it holds the most.
 */
#include "task/oom.h"

#include "abi/signal.h"
#include "drivers/timer/timer.h"
#include "log/printk.h"
#include "task/internal.h"
#include "task/pid.h"
#include "task/sched.h"
#include "task/task.h"

#define PATIENCE_NS 10000000 /* for the dying to give back what they have */

/* What @p has mapped, in pages.  proc_lock held: it keeps a thread from letting go of the address space. */
static size_t pages_of(const struct process *p)
{
	const struct task *t;

	list_for_each(t, &p->threads, thread)
		if (t->mm)
			return READ_ONCE(t->mm->pages);
	return 0;
}

/*
 * Kills the process with the most pages, unless one is dying already.  All under proc_lock, so that two
 * cores do not choose at once.  Return: 0 none, or its pid; *@dying: somebody is on the way out.
 */
static pid_t kill_biggest(size_t *most, bool *dying)
{
	const struct signal_info kill = { .signo = SIGKILL, .code = SI_KERNEL };
	struct process *p, *victim = NULL;
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	pid_t pid = 0;

	*most = 0;
	*dying = false;
	pid_for_each_process(p) {
		size_t pages = pages_of(p);

		if (p == init_process || !pages)
			continue;
		*dying |= p->exiting;
		if (!p->exiting && pages > *most) {
			*most = pages;
			victim = p;
		}
	}
	if (victim && !*dying) {
		pid = victim->pid;
		(void)signal_send_process(victim, &kill); /* SIGKILL is never turned down */
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return pid;
}

bool oom_wait(void)
{
	size_t pages;
	bool dying;
	pid_t pid;

	if (signal_pending_fatal())
		return false;
	pid = kill_biggest(&pages, &dying);
	if (pid)
		pr_err("out of memory: process %d is killed, it has the most: %zu KiB\n", pid,
		       pages << 2);
	else if (!dying)
		return false;
	sched_set_state(TASK_KILLABLE);
	if (signal_pending_fatal())
		sched_set_state(TASK_RUNNING);
	else
		(void)sched_sleep_deadline(timer_now_ns() + PATIENCE_NS);
	return !signal_pending_fatal();
}
