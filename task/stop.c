/*
 * stop.c - see stop.h.  signal_send's side of it, SIGCONT, is in task/signal.c.
 */
#include "task/stop.h"

#include "task/jobs.h"
#include "task/sleep.h"

/* All threads of current's process are to stop. */
static void begin_stop(struct process *p, int signo)
{
	struct job_stop *s = &p->signals.stop;

	if (s->state != NOT_STOPPED)
		return;
	s->state = STOPPING;
	s->signo = signo;
	s->nr_threads = 0;
	s->cont_untold = false;
	s->count++;
	signal_alert_all(p, TASK_SLEEPING);
}

bool stop_completes(struct process *p)
{
	/*
	 * Under signals.lock, with which threads leave too: exactly one thread sees the number
	 * reached.
	 */
	if (likely(p->signals.stop.state != STOPPING) || p->signals.stop.nr_threads < p->nr_threads)
		return false;
	p->signals.stop.state = STOPPED;
	p->signals.stop.stop_untold = true;
	return true;
}

/*
 * proc_lock comes before signals.lock: that is dropped to signal the parent, and then all that it
 * guards may be different.
 */
static void tell_parent(struct process *p, int code, int status, unsigned long *flags)
{
	spin_unlock_irqrestore(&p->signals.lock, *flags);
	*flags = spin_lock_irqsave(&proc_lock);
	signal_child(p, SIGCHLD, code, status);
	spin_unlock_irqrestore(&proc_lock, *flags);
	*flags = spin_lock_irqsave(&p->signals.lock);
}

/* current stops with its process, until SIGCONT or death. */
static void stop_current(struct process *p, unsigned long *flags)
{
	struct job_stop *s = &p->signals.stop;

	current->signals.stops = s->count;
	s->nr_threads++;
	if (stop_completes(p))
		tell_parent(p, CLD_STOPPED, s->signo, flags);
	/* SIGCONT, and a stop after it, count on: then this one is over, whatever the state */
	while (s->state != NOT_STOPPED && current->signals.stops == s->count &&
	       !signal_pending_fatal()) {
		/*
		 * Before the lock goes: SIGCONT, which takes it, finds this task stopped and wakes
		 * it.
		 */
		sched_set_state(TASK_STOPPED);
		spin_unlock_irqrestore(&p->signals.lock, *flags);
		schedule();
		*flags = spin_lock_irqsave(&p->signals.lock);
	}
}

void stop_by_signal(struct process *p, int signo, unsigned long *flags)
{
	uint32_t conts = p->signals.stop.conts;
	bool orphaned = false;

	if (signo != SIGSTOP) {
		spin_unlock_irqrestore(&p->signals.lock, *flags);
		orphaned = job_is_orphaned(p->job.pgid); /* takes proc_lock */
		*flags = spin_lock_irqsave(&p->signals.lock);
		if (p->signals.stop.conts != conts)
			return; /* SIGCONT came meanwhile and undid it */
	}
	if (!orphaned && !signal_pending_fatal())
		begin_stop(p, signo);
}

void stop_heed(struct process *p, unsigned long *flags)
{
	struct job_stop *s = &p->signals.stop;

	if (s->cont_unsent) {
		s->cont_unsent = false;
		tell_parent(p, CLD_CONTINUED, SIGCONT, flags);
	}
	while (s->state != NOT_STOPPED && !signal_pending_fatal())
		stop_current(p, flags);
}
