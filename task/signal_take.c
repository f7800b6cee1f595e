/*
 * signal_take.c - what a task has to do about its signals: it stops, ends, or takes them.
 *
 * Invariant: a task for which has_work() is true has WORK_SIGNAL and has been woken from an
 * interruptible sleep, or is about to look before it sleeps; so no signal is slept through.
 */
#include "task/signal_take.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "drivers/timer/timer.h"
#include "task/jobs.h"
#include "task/signal_action.h"
#include "task/signal_queue.h"
#include "task/sleep.h"
#include "trace/events.h"

static inline __attribute__((always_inline)) bool has_work(const struct task *t)
{
	const struct process *p = t->process;
	const struct task_signals *s = &t->signals;

	return p->end.exiting || t->dying || s->forced.signo || p->signals.stop.cont_unsent ||
	       (p->signals.stop.state == STOPPING && s->stops != p->signals.stop.count) ||
	       p->signals.stop.state == STOPPED ||
	       ((signal_own_set(t) | p->signals.shared.set) & ~s->blocked);
}

/*
 * Sets or clears current's WORK_SIGNAL as there is something to do or not. signals.lock is held, so
 * that no sender sets it between the look and the store.
 */
static void settle_work(void)
{
	bool needed = has_work(current);

	if (needed == signal_pending())
		return;
	if (needed)
		atomic_or(&current->work, WORK_SIGNAL);
	else
		atomic_and(&current->work, ~WORK_SIGNAL);
}

void signal_check_new(struct task *t)
{
	t->signals.drops = t->process->signals.drops; /* it has none yet */
	if (has_work(t))
		atomic_or(&t->work, WORK_SIGNAL);
}

/* What an instruction of the task itself caused: acted on before anything else, while its cause is
 * still in the frame. */
#define SIGS_FAULT                                                                              \
	(SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGFPE) | \
	 SIGBIT(SIGSYS))

/* The number of the next signal in @set: a fault first, then the lowest; 0: none. */
static int next_own_signal(uint64_t set)
{
	if (set & SIGS_FAULT)
		set &= SIGS_FAULT;
	return set ? __builtin_ctzl(set) + 1 : 0;
}

/* Takes the next pending signal that @blocked lets through; false: none. */
static bool dequeue_signal(struct task *t, uint64_t blocked, struct signal_info *info)
{
	struct process *p = t->process;
	int signo = next_own_signal(signal_own_set(t) & ~blocked);

	if (unlikely(t->signals.forced.signo)) {
		signal_info_copy(info, &t->signals.forced);
		t->signals.forced.signo = 0;
		return true;
	}
	if (signo) {
		pending_take(&t->signals.own, signo, info);
		return true;
	}
	signo = next_own_signal(p->signals.shared.set & ~blocked);
	if (!signo)
		return false;
	pending_take(&p->signals.shared, signo, info);
	if (signo == SIGALRM)
		itimer_taken(p);
	return true;
}

/* Does the default action of @signo stop or end the process?  False: the task goes on. */
static bool default_acts(const struct process *p, int signo, bool forced)
{
	if (SIGS_IGNORED & SIGBIT(signo))
		return false;
	return forced || p != init_process;
}

/*
 * For the trace.  A handler's way, which is the one that is often gone, does not come by here: it
 * is el1/signal.c's to record.
 */
static __attribute__((noinline, cold)) void taken(const struct signal_info *info, uint32_t did)
{
	trace_signal_take(info->signo, info->code, did, 0);
}

/* Current ends with its process, with @status, which may be another thread's signal. */
static __attribute__((noinline, cold)) __noreturn void end_with_process(int status)
{
	if (WTERMSIG(status))
		trace_signal_take(WTERMSIG(status), 0, TRACE_TAKEN_ENDS, 0);
	task_exit(status);
}

void signal_take(struct signal_info *info, struct sigaction *action)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	for (;;) {
		struct sigaction *a;
		bool forced, several;

		if (unlikely(p->signals.stop.cont_unsent || p->signals.stop.state != NOT_STOPPED))
			stop_heed(p, &flags);
		if (unlikely(p->end.exiting || current->dying)) {
			spin_unlock_irqrestore(&p->signals.lock, flags);
			end_with_process(p->end.code);
		}
		forced = current->signals.forced.signo;
		info->signo = 0;
		if (!dequeue_signal(current, current->signals.blocked, info))
			break;
		a = &p->signals.actions->of[info->signo - 1];
		several = actions_lock(p);
		/*
		 * A copy: another thread may change the action as soon as the locks are released.
		 */
		*action = *a;
		if (action->sa_handler > SIG_HANDLER_IGN && (action->sa_flags & SA_RESETHAND))
			a->sa_handler = SIG_HANDLER_DFL;
		actions_unlock(p, several);
		if (action->sa_handler > SIG_HANDLER_IGN)
			break; /* el1/signal.c, which runs it, records it too */
		if (action->sa_handler == SIG_HANDLER_IGN ||
		    !default_acts(p, info->signo, forced)) {
			taken(info, TRACE_TAKEN_IGNORED);
			continue;
		}
		if (SIGS_STOP & SIGBIT(info->signo)) {
			taken(info, TRACE_TAKEN_STOPS);
			stop_by_signal(p, info->signo, &flags);
			continue;
		}
		spin_unlock_irqrestore(&p->signals.lock, flags);
		taken(info, TRACE_TAKEN_ENDS);
		task_exit_group(info->signo);
	}
	settle_work();
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

bool signal_take_from(uint64_t set, struct signal_info *info)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	bool others;

	info->signo = 0;
	if (!current->signals.forced.signo)
		dequeue_signal(current, ~set, info);
	settle_work();
	others = signal_pending();
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return others;
}

static void set_waiting(uint64_t set)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	current->signals.waiting = set;
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

int signal_wait_for(uint64_t set, uint64_t deadline_ns, struct signal_info *info)
{
	bool up = false, others;

	set &= ~SIGS_UNBLOCKABLE;
	/*
	 * a signal that is not blocked acts as without this call: it is ignored, or ends the
	 * process
	 */
	set_waiting(set & current->signals.blocked);
	for (;;) {
		/*
		 * The state first, then the look at the queue: a signal after that look wakes the
		 * task.
		 */
		sched_set_state(TASK_SLEEPING);
		others = signal_take_from(set, info);
		if (info->signo || up || others)
			break;
		up = timer_now_ns() >= deadline_ns ||
		     sched_sleep_deadline(TIMER_MONOTONIC, deadline_ns);
	}
	sched_set_state(TASK_RUNNING);
	set_waiting(0);
	if (info->signo)
		return 0;
	return up ? -EAGAIN : -EINTR;
}

/* A thread has to look at those of @set, which is pending for all of @p, that it does not block. */
static void offer_to_threads(struct process *p, uint64_t set)
{
	int left = SIGNAL_LOOKS_MAX;
	struct task *t;

	list_for_each(t, &p->threads, thread) {
		if (!left--) {
			signal_offer_later(p, set);
			break;
		}
		set &= ~signal_offer_to(t, set);
		if (!set)
			break;
	}
}

void signal_set_mask(uint64_t mask)
{
	struct process *p = current->process;
	unsigned long flags;
	uint64_t newly;

	mask &= ~SIGS_UNBLOCKABLE;
	if (mask == current->signals.blocked)
		return;
	flags = spin_lock_irqsave(&p->signals.lock);
	newly = mask & ~current->signals.blocked & p->signals.shared.set;
	current->signals.blocked = mask;
	/*
	 * a signal for which this thread was woken, and which it now blocks, another one may take
	 */
	if (unlikely(newly))
		offer_to_threads(p, newly);
	/* Only then can WORK_SIGNAL be wrong: most calls change nothing about it. */
	if (signal_pending() || ((current->signals.own.set | p->signals.shared.set) & ~mask))
		settle_work();
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

/*
 * @signo has @handler now, SIG_IGN or SIG_DFL: if that ignores it, what is pending of it is
 * dropped.  signals.lock is held, and given back.
 */
static void forget_ignored(struct process *p, int signo, uint64_t handler, unsigned long flags)
{
	bool dropped = false;

	if (handler == SIG_HANDLER_IGN || (SIGS_IGNORED & SIGBIT(signo))) {
		signal_discard(p, SIGBIT(signo));
		settle_work();
		dropped = !list_empty(&p->signals.dropped);
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	if (dropped)
		signal_let_go(p);
}

int signal_set_action(int signo, const struct sigaction *act, struct sigaction *old)
{
	struct process *p = current->process;
	unsigned int i = (unsigned int)signo - 1;
	struct sigaction *a;
	unsigned long flags;
	bool several;

	if (i >= _NSIG || (act && (signo == SIGKILL || signo == SIGSTOP)))
		return -EINVAL;
	flags = spin_lock_irqsave(&p->signals.lock);
	a = &p->signals.actions->of[i];
	several = actions_lock(p);
	if (old)
		*old = *a;
	if (act) {
		a->sa_handler = act->sa_handler;
		a->sa_flags = act->sa_flags;
		a->sa_restorer = act->sa_restorer;
		a->sa_mask = act->sa_mask & ~SIGS_UNBLOCKABLE;
	}
	actions_unlock(p, several);
	if (act && act->sa_handler <= SIG_HANDLER_IGN)
		forget_ignored(p, (int)i + 1, act->sa_handler, flags);
	else
		spin_unlock_irqrestore(&p->signals.lock, flags);
	return 0;
}

uint64_t signal_pending_set(void)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	uint64_t set = signal_own_set(current) | p->signals.shared.set;

	spin_unlock_irqrestore(&p->signals.lock, flags);
	return set;
}

bool signal_blocked_or_ignored(int signo)
{
	return (current->signals.blocked & SIGBIT(signo)) ||
	       current->process->signals.actions->of[signo - 1].sa_handler == SIG_HANDLER_IGN;
}
