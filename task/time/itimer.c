/*
 * itimer.c - see task/time/itimer.h.
 *
 * ITIMER_REAL is part of the process, so its last thread takes it back (itimer_end) before both are
 * freed.  With an interval it goes on when its SIGALRM is taken from the queue, as Linux's does:
 * however short that is, no more than one comes for one that is acted on, and none while it is
 * ignored.  The others go by CPU time, which ticks look at: they are as fine as the ticks are, and
 * go on at once.  They are among the process's own alarms, so they end with it and hold no
 * reference to it.
 */
#include "task/time/itimer.h"

#include "abi/errno.h"
#include "abi/itimer.h"
#include "abi/timer.h"
#include "lib/time.h"
#include "task/process.h"

static void itimer_expired(struct periodic *t)
{
	static const int signos[] = { SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU };
	struct process *p = container_of(t->lock, struct process, signals.lock);
	long which = t - p->itimers.timer;
	struct signal_info info = signal_kernel(signos[which]);

	if (which == ITIMER_LIMIT && t->seen_ns / NS_PER_S >= p->rlimit[RLIMIT_CPU].rlim_max)
		info.signo = SIGKILL;
	signal_send_locked(p, NULL, &info);
	if (which != ITIMER_REAL)
		periodic_go_on(t, 0);
}

void itimer_end(struct process *p)
{
	if (p->itimers.timer[ITIMER_REAL].lock) /* it has been set */
		periodic_stop(&p->itimers.timer[ITIMER_REAL]);
}

void itimer_taken(struct process *p)
{
	spin_assert_held(&p->signals.lock);
	/* Times that were missed are not made up for. */
	periodic_go_on(&p->itimers.timer[ITIMER_REAL], 0);
}

int itimer_get(int which, struct timer_setting *left)
{
	struct process *p = current->process;
	struct periodic *t;
	unsigned long flags;
	uint64_t now;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	t = &p->itimers.timer[which];
	/* Before signals.lock: a CPU clock takes proc_lock, which is the outer one. */
	now = periodic_now_ns(t);
	flags = spin_lock_irqsave(&p->signals.lock);
	*left = periodic_left(t, now, 1);
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return 0;
}

/* timers.lock held. */
static void set_timer(struct process *p, int which, bool absolute, const struct timer_setting *s)
{
	struct periodic *t = &p->itimers.timer[which];
	struct cpu_clock cpu = { .process = p,
				 .which = which == ITIMER_VIRTUAL ? CPU_CLOCK_VIRT
								  : CPU_CLOCK_PROF };

	if (!t->lock)
		periodic_init(t, CLOCK_MONOTONIC, which == ITIMER_REAL ? NULL : &cpu,
			      &p->signals.lock, itimer_expired);
	periodic_stop(t);
	periodic_start(t, absolute, s);
}

int itimer_set(int which, const struct timer_setting *now)
{
	struct process *p = current->process;
	struct timer_setting set = *now;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL && !set.value_ns)
		set.interval_ns = 0;
	/* Against another thread that sets the same timer: stop and start are one step. */
	mutex_lock(&p->timers.lock);
	set_timer(p, which, false, &set);
	mutex_unlock(&p->timers.lock);
	return 0;
}

/* SIGXCPU each second from the soft limit on, SIGKILL at the hard one. */
void itimer_limit(struct process *p)
{
	struct timer_setting set = { .interval_ns = NS_PER_S };
	uint64_t seconds;

	mutex_lock(&p->timers.lock);
	seconds = READ_ONCE(p->rlimit[RLIMIT_CPU].rlim_cur);
	if (seconds < TIME_MAX_NS / NS_PER_S)
		set.value_ns = max(seconds, (uint64_t)1) * NS_PER_S;
	set_timer(p, ITIMER_LIMIT, true, &set);
	mutex_unlock(&p->timers.lock);
}
