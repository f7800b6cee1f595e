/*
 * sys_timer.c - timer_create(2), timerfd_create(2) and their kin: types their arguments;
 * task/posix_timer.c and fs/timerfd.c do the work.
 */
#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/timer.h"
#include "el1/syscall.h"
#include "el1/usertime.h"
#include "fs/file.h"
#include "fs/timerfd.h"
#include "task/cap.h"
#include "task/posix_timer.h"
#include "task/task.h"

static bool itimerspec_ok(const struct itimerspec *from, struct timer_setting *to)
{
	return ns_from_timespec(&from->it_value, &to->value_ns) &&
	       ns_from_timespec(&from->it_interval, &to->interval_ns);
}

static int put_itimerspec(uptr at, const struct timer_setting *s)
{
	struct itimerspec v = { timespec_from_ns(s->interval_ns), timespec_from_ns(s->value_ns) };

	return copy_to_user(at, &v, sizeof(v)) ? -EFAULT : 0;
}

static int get_event(uptr at, struct timer_event *e)
{
	struct sigevent se;

	*e = (struct timer_event){ .notify = SIGEV_SIGNAL, .signo = SIGALRM, .value_is_id = true };
	if (uptr_is_null(at))
		return 0;
	if (copy_from_user(&se, at, sizeof(se)))
		return -EFAULT;
	*e = (struct timer_event){ se.sigev_notify, se.sigev_signo, se.sigev_tid, se.sigev_value,
				   false };
	return 0;
}

SYS(timer_create)
{
	struct timer_event event;
	int err = get_event(uptr_of(a1), &event), id, ignored;

	if (err)
		return err;
	id = posix_timer_create((int)a0, &event);
	if (id < 0)
		return id;
	if (put_user(id, uptr_of(a2))) {
		ignored = posix_timer_delete(id);
		(void)ignored; /* another thread was first */
		return -EFAULT;
	}
	return 0;
}

SYS(timer_settime)
{
	uptr old = uptr_of(a3);
	struct itimerspec v;
	struct timer_setting now, former;
	int err;

	if (uptr_is_null(uptr_of(a2)))
		return -EINVAL;
	if (copy_from_user(&v, uptr_of(a2), sizeof(v)))
		return -EFAULT;
	if (!itimerspec_ok(&v, &now))
		return -EINVAL;
	err = posix_timer_set((int)a0, a1 & TIMER_ABSTIME, &now, &former);
	if (err || uptr_is_null(old))
		return err;
	return put_itimerspec(old, &former);
}

SYS(timer_gettime)
{
	struct timer_setting left;
	int err = posix_timer_get((int)a0, &left);

	return err ? err : put_itimerspec(uptr_of(a1), &left);
}

SYS(timer_getoverrun)
{
	return posix_timer_overrun((int)a0);
}

SYS(timer_delete)
{
	return posix_timer_delete((int)a0);
}

/* ---- by descriptor ---- */

SYS(timerfd_create)
{
	int id = (int)a0;
	uint32_t flags = (uint32_t)a1;
	bool alarm = id == CLOCK_REALTIME_ALARM || id == CLOCK_BOOTTIME_ALARM;

	if (flags & ~(uint32_t)(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (!alarm && id != CLOCK_REALTIME && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME)
		return -EINVAL;
	if (alarm && !capable(CAP_WAKE_ALARM))
		return -EPERM;
	return timerfd_create(id, flags);
}

SYS(timerfd_settime)
{
	int flags = (int)a1, err;
	struct itimerspec v;
	struct timer_setting now, former;
	struct fd_ref r;

	if (copy_from_user(&v, uptr_of(a2), sizeof(v)))
		return -EFAULT;
	if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) || !itimerspec_ok(&v, &now))
		return -EINVAL;
	r = fd_get((int)a0);
	if (!r.file)
		return -EBADF;
	err = timerfd_set(r.file, flags, &now, &former);
	fd_put(r);
	if (err || uptr_is_null(uptr_of(a3)))
		return err;
	return put_itimerspec(uptr_of(a3), &former);
}

SYS(timerfd_gettime)
{
	struct timer_setting left;
	struct fd_ref r = fd_get((int)a0);
	int err;

	if (!r.file)
		return -EBADF;
	err = timerfd_get(r.file, &left);
	fd_put(r);
	return err ? err : put_itimerspec(uptr_of(a1), &left);
}
