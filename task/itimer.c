/*
 * itimer.c - a process's alarm clock: SIGALRM when the time has come, and again each interval
 * (setitimer(2)).
 *
 * The timer is part of the process: process_put() takes it back (itimer_end) before it frees both.
 */
#include "abi/errno.h"
#include "abi/itimer.h"
#include "abi/signal.h"
#include "drivers/timer/timer.h"
#include "task/internal.h"
#include "task/timer.h"

static struct mutex lock = MUTEX_INIT(lock); /* of all alarms: setting one */

static void ring(struct timer *t)
{
	struct process *p = container_of(t, struct process, alarm);
	struct signal_info info = signal_kernel(SIGALRM);
	uint64_t interval = READ_ONCE(p->alarm_interval_ns), next = t->deadline_ns + interval;

	if (interval && !READ_ONCE(p->zombie))
		timer_start(t, max(next, timer_now_ns()), ring); /* what was missed is missed */
	signal_send_process(p, &info);
}

static int check(int which)
{
	if (which == ITIMER_VIRTUAL || which == ITIMER_PROF)
		return -EOPNOTSUPP;
	return which == ITIMER_REAL ? 0 : -EINVAL;
}

int itimer_get(int which, uint64_t *left_ns, uint64_t *interval_ns)
{
	struct process *p = current->process;
	uint64_t now = timer_now_ns();
	int err = check(which);

	if (err)
		return err;
	mutex_lock(&lock);
	*left_ns = 0;
	if (READ_ONCE(p->alarm.queued))
		*left_ns = p->alarm.deadline_ns > now ? p->alarm.deadline_ns - now : 1;
	*interval_ns = p->alarm_interval_ns;
	mutex_unlock(&lock);
	return 0;
}

int itimer_set(int which, uint64_t value_ns, uint64_t interval_ns)
{
	struct process *p = current->process;
	int err = check(which);

	if (err)
		return err;
	mutex_lock(&lock);
	WRITE_ONCE(p->alarm_interval_ns, 0);
	timer_cancel(&p->alarm);
	WRITE_ONCE(p->alarm_interval_ns, interval_ns);
	if (value_ns)
		timer_start(&p->alarm, timer_now_ns() + value_ns, ring);
	mutex_unlock(&lock);
	return 0;
}

void itimer_end(struct process *p)
{
	WRITE_ONCE(p->alarm_interval_ns, 0);
	timer_cancel(&p->alarm);
}
