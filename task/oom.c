/*
 * oom.c - the one rule for the end of memory, and the one who applies it.
 *
 * Comes from el1/trap.c, for faults of EL0 and for the kernel's user accesses.  Invariant: a process that
 * only holds what it has is not killed for what another one takes, unless it holds the most.  /proc/PID/oom_score_adj shifts that.
 */
#include "task/oom.h"

#include "abi/signal.h"
#include "drivers/timer/timer.h"
#include "log/printk.h"
#include "task/fail.h"
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
 * What counts against @p: its pages, and what was set in /proc/PID/oom_score_adj, in thousandths of all memory.
 * 0: it is never killed.
 */
static int64_t badness(const struct process *p)
{
	int64_t pages = (int64_t)pages_of(p), adj = READ_ONCE(p->oom_score_adj);

	if (p == init_process || !pages || adj == OOM_SCORE_ADJ_MIN)
		return 0;
	return max(pages + adj * (int64_t)(page_total_count() / 1000), INT64_C(1));
}

int oom_score(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int64_t bad = (int64_t)pages_of(p), adj = READ_ONCE(p->oom_score_adj);
	int64_t total = (int64_t)page_total_count();

	spin_unlock_irqrestore(&proc_lock, flags);
	if (!bad || adj == OOM_SCORE_ADJ_MIN)
		return 0;
	bad += adj * (total / 1000);
	return (int)max((1000 + bad * 1000 / total) * 2 / 3, INT64_C(0));
}

/*
 * Kills the process with the most pages, unless one is dying already.  All under proc_lock, so that two
 * cores do not choose at once.  Return: 0 none, or its pid; *@dying: somebody is on the way out.
 */
static pid_t kill_biggest(size_t *most, bool *dying)
{
	const struct signal_info kill = { .signo = SIGKILL, .code = SI_KERNEL };
	struct process *p, *victim = NULL;
	int64_t worst = 0;
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	pid_t pid = 0;

	*most = 0;
	*dying = false;
	pid_for_each_process(p) {
		int64_t bad = badness(p);

		*dying |= p->exiting && bad;
		if (!p->exiting && bad > worst) {
			worst = bad;
			*most = pages_of(p);
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
	if (fail_take()) /* there is memory */
		return true;
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
