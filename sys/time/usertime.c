/*
 * usertime.c - see sys/time/usertime.h.  Invariant: what is returned fits; a time too far away to
 * be counted becomes the last one that can be.
 */
#include "sys/time/usertime.h"

#include "abi/timer.h"
#include "drivers/timer/timer.h"
#include "task/time/periodic.h"

int get_timespec(uptr at, uint64_t *ns)
{
	struct timespec t;

	if (copy_from_user(&t, at, sizeof(t)))
		return -EFAULT;
	if (!timespec_ok(&t))
		return -EINVAL;
	*ns = ns_from_timespec(&t);
	return 0;
}

int get_itimerspec(uptr at, struct timer_setting *s)
{
	struct itimerspec v;

	if (copy_from_user(&v, at, sizeof(v)))
		return -EFAULT;
	/*
	 * Both, also where the timer is switched off and the interval does not count: as on Linux.
	 */
	if (!timespec_ok(&v.it_value) || !timespec_ok(&v.it_interval))
		return -EINVAL;
	s->value_ns = ns_from_timespec(&v.it_value);
	s->interval_ns = ns_from_timespec(&v.it_interval);
	return 0;
}

int put_itimerspec(uptr at, const struct timer_setting *s)
{
	struct itimerspec v = { timespec_from_ns(s->interval_ns), timespec_from_ns(s->value_ns) };

	return copy_to_user(at, &v, sizeof(v)) ? -EFAULT : 0;
}

int deadline_from_user(uptr at, uint64_t *deadline_ns)
{
	uint64_t ns;
	int err;

	/* Also where there is an error: the caller's variable is set in any case. */
	*deadline_ns = UINT64_MAX;
	if (uptr_is_null(at))
		return 0;
	err = get_timespec(at, &ns);
	if (!err && ns < TIME_MAX_NS)
		/* 0 is no time at all: the caller looks once and does not wait. */
		*deadline_ns = ns ? timer_now_ns() + ns : 0;
	return err;
}
