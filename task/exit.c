/*
 * exit.c - a thread ends, and with the last one its process.
 *
 * In this order it gives up: what other threads are to find in its memory, the memory, what other
 * folders keep for it (all this as a task like any other, that may sleep); then under proc_lock it
 * leaves the tables and, as the last of its process, makes that a zombie and signals the parent;
 * then it leaves its core for good, and the task after it frees its stack.
 */
#include "task/exit.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/vmstat.h"
#include "task/fp.h"
#include "task/futex.h"
#include "task/parts.h"
#include "task/signal_take.h"
#include "task/sleep.h"
#include "trace/events.h"

/* ---- the address space ---- */

/* Current has given up the address space that it borrowed: its parent goes on. */
static void vfork_done(void)
{
	if (!current->vfork.borrows)
		return;
	/* After the address space was changed: the parent runs in it from here on. */
	WRITE_ONCE(current->vfork.borrows, false);
	wake_up(&current->vfork.wait);
}

void task_vfork_wait(struct task *child)
{
	/* a parent that is to die does so on its way out */
	(void)wait_event_killable(&child->vfork.wait, !READ_ONCE(child->vfork.borrows));
	task_put(child);
}

static void clear_tid(void)
{
	uint64_t at = current->clear_tid;

	current->clear_tid = 0;
	if (!at || READ_ONCE(current->mm->refs.n) == 1)
		return; /* no other task can see it */
	if (put_user((uint32_t)0, uptr_of(at)) == 0)
		futex_wake_address(uptr_of(at), 1);
}

void task_end_in_mm(void)
{
	futex_exit_robust();
	clear_tid();
}

/*
 * current has no address space any more: it goes to the end of the list of threads, as
 * process_mm_peek takes that of the first.
 */
static void go_behind(struct process *p)
{
	if (likely(current->thread.next == &p->threads))
		return;
	spin_lock(&p->signals.lock);
	list_del(&current->thread);
	list_add_tail(&p->threads, &current->thread);
	spin_unlock(&p->signals.lock);
}

struct mm *task_change_mm(struct mm *to)
{
	struct process *p = current->process;
	/*
	 * process_mm on another core takes its reference under it: to the old one, which the caller
	 * puts only afterwards, or to the new one.
	 */
	unsigned long flags = spin_lock_irqsave(&proc_lock); /* others look at it */
	struct mm *was = current->mm;

	if (was)
		p->usage.gone.peak_rss = max(p->usage.gone.peak_rss, mm_peak_rss(was));
	current->mm = to;
	if (!to)
		go_behind(p);
	mm_activate(to);
	spin_unlock_irqrestore(&proc_lock, flags);
	return was;
}

void task_put_old_mm(struct mm *mm)
{
	vfork_done();
	if (mm)
		mm_put(mm);
}

/*
 * current leaves its address space, which others may still have; a parent that waits in vfork(2)
 * goes on.
 */
static void leave_mm(void)
{
	if (!current->mm)
		return;
	task_end_in_mm();
	task_put_old_mm(task_change_mm(NULL));
}

/*
 * The last thread of @p is gone, and so are its children.  Returns true when its parent will not
 * wait for it: it has been reaped.
 */
static bool process_end(struct process *p)
{
	if (p == init_process)
		panic("Attempted to kill init! exitcode=0x%08x", (unsigned int)p->end.code);
	/* After its end status: who waits reads that once it sees this. */
	store_release(&p->end.zombie, true);
	wake_up(&p->end.wait);
	return family_tell_end(p);
}

/* ---- the thread ---- */

/*
 * current leaves its process, perhaps as the last one.  Returns the process if it has ended and
 * been reaped.
 */
static struct process *leave_process(int code, bool *was_last)
{
	struct task *t = current;
	struct process *p = t->process;
	bool last, stopped, reaped = false;
	/* Returns with proc_lock held: no child has come since the last was given away. */
	unsigned long flags = family_leave(p);

	sched_count_current(); /* a reader that has seen the sum must not see less */
	/*
	 * A signal to the process chooses among its threads under it: none is chosen that has left.
	 */
	spin_lock(&p->signals.lock);
	list_del(&t->thread);
	last = --p->nr_threads == 0;
	if (last && !p->end.exiting)
		p->end.code = code;
	/* a stop that waited for this thread only */
	stopped = unlikely(p->signals.stop.state == STOPPING) && !last && stop_completes(p);
	spin_unlock(&p->signals.lock);
	pid_remove_task(t);
	if (t->mourning.signo)
		list_del(&t->mourning.link);
	t->gone = true;
	t->sum = NULL; /* the time from here to its end is not counted */
	/* The leader's charge is the process's, until that is reaped; so is its name. */
	if (t->tid != p->pid)
		user_uncharge(t->cred->user, USER_TASKS, 1);
	else
		memcpy(p->comm, t->comm, sizeof(p->comm));
	/* Under proc_lock, with gone: a reader that sums up the threads counts each once. */
	usage_add(&p->usage.gone,
		  &(struct task_usage){ .time = cpu_time_read(&t->time), .faults = t->faults });
	if (unlikely(t->guest_ns))
		p->usage.gone.guest_ns += t->guest_ns;
	if (last) {
		reaped = process_end(p);
	} else {
		if (unlikely(stopped))
			signal_child(p, SIGCHLD, CLD_STOPPED, p->signals.stop.signo);
		wake_up(&p->thread_wait);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	*was_last = last;
	return reaped ? p : NULL;
}

/*
 * Off the core for good; interrupts stay masked, so that nothing finds the task dead and running.
 */
static __noreturn void leave_core(void)
{
	/* Interrupts are still open here: the state may be thrown away, as no task needs it. */
	fp_changed(); /* no switch stores what is in the registers */
	irq_disable();
	WRITE_ONCE(current->state, TASK_DEAD);
	schedule();
	panic("a dead task runs");
}

/* Nothing is sent to current any more, or if it is the last thread to its process. */
static void end_signals(bool last)
{
	if (last) {
		posix_timers_end(current->process);
		/* before the process goes: the timer's interrupt uses it */
		itimer_end(current->process);
	}
	signal_flush_task(last);
}

static __attribute__((noinline, cold)) void trace_end(int code)
{
	trace_task_exit(current->process->pid, code);
}

__noreturn void task_exit(int code)
{
	struct process *reaped;
	bool last, alone;

	if (!current->kernel) {
		if (trace_on(TRACE_TASK))
			trace_end(code);
		leave_mm();
		task_parts_exit(current);
		alone = signal_end_alone(code);
		/*
		 * before its parent can wait for it: then all that its user was charged is given
		 * back
		 */
		if (alone)
			end_signals(true);
		reaped = leave_process(code, &last);
		if (!alone)
			end_signals(last);
		if (last) {
			charge_end(current->process->charge, user_get(current_cred()->user));
			current->process->charge = NULL;
		}
		/* Without proc_lock: the last reference frees. */
		if (reaped)
			process_put(reaped);
	}
	leave_core();
}

__noreturn void task_exit_group(int code)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	signal_exit_group(p, code);
	spin_unlock_irqrestore(&p->signals.lock, flags);
	task_exit(code);
}

/* ---- execve(2) in a process of several threads ---- */

#define KILLS_MAX 16 /* threads that are signalled with the lock held */

/* 0 when current is now the one whose exec goes on; proc_lock held. */
static int claim_exec(struct process *p)
{
	int err = 0;

	spin_assert_held(&proc_lock);
	spin_lock(&p->signals.lock);
	/*
	 * Of two threads that exec at one moment the second ends: it is one of those that the first
	 * kills.
	 */
	if (p->end.exiting || p->program.successor) {
		err = -EAGAIN; /* which ends it anyway, whether it has got its signal yet or not */
		signal_kill_thread(current);
	} else {
		p->program.successor = current;
	}
	spin_unlock(&p->signals.lock);
	return err;
}

/*
 * Some of the other threads get the signal to end, from number *@next on; false: all have it.
 * There are no new ones: see heed_end.
 */
static bool kill_some(struct process *p, pid_t *next)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct task *t = NULL;

	/*
	 * The next thread is found by number each time: the one before may have left while others
	 * ran.
	 */
	spin_lock(&p->signals.lock);
	for (int i = 0; i < KILLS_MAX && (t = pid_next_thread(p, *next)); i++) {
		*next = t->tid + 1;
		if (t != current)
			signal_kill_thread(t);
	}
	spin_unlock(&p->signals.lock);
	spin_unlock_irqrestore(&proc_lock, flags);
	return t;
}

/*
 * The one thread that is left takes the number of its process, as its leader had it; the old
 * leader's task is no longer counted.  Returns the old leader's credentials, which the caller puts
 * without proc_lock.  proc_lock held.
 */
static const struct cred *become_leader(void)
{
	struct task *t = current;
	const struct cred *was;

	if (t->tid == t->process->pid)
		return NULL;
	pid_remove_task(t);
	t->tid = t->process->pid;
	pid_add_task(t);
	was = cred_lead();
	user_uncharge(was->user, USER_TASKS, 1);
	return was;
}

int task_exec_alone(void)
{
	struct process *p = current->process;
	const struct cred *leader = NULL;
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int err = claim_exec(p);
	pid_t next = 0;

	spin_unlock_irqrestore(&proc_lock, flags);
	if (err)
		return err;
	while (kill_some(p, &next))
		(void)give_way(); /* the wait below ends at once, if it is to die */
	if (wait_event_killable(&p->thread_wait, READ_ONCE(p->nr_threads) == 1))
		err = -EAGAIN; /* a deadly signal: the caller will not see this */
	flags = spin_lock_irqsave(&proc_lock);
	if (!err)
		leader = become_leader();
	p->program.successor = NULL;
	spin_unlock_irqrestore(&proc_lock, flags);
	cred_put(leader);
	return err;
}
