/*
 * timer.c - timer_create(2), timerfd_create(2) and their kin: types their arguments;
 * task/time/posix_timer.c and fs/anon/timerfd.c do the work.
 */
#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/timer.h"
#include "fs/anon/timerfd.h"
#include "fs/fdtable.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/task.h"
#include "task/time/posix_timer.h"

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

long sys_timer_create(int clock, uptr event_at, uptr id_at)
{
	struct timer_event event;
	int err = get_event(event_at, &event), id, ignored;

	if (err)
		return err;
	id = posix_timer_create(clock, &event);
	if (id < 0)
		return id;
	if (put_user(id, id_at)) {
		ignored = posix_timer_delete(id);
		(void)ignored; /* another thread was first */
		return -EFAULT;
	}
	return 0;
}

long sys_timer_settime(int id, uint32_t flags, uptr value, uptr old)
{
	struct timer_setting now, former;
	int err = uptr_is_null(value) ? -EINVAL : get_itimerspec(value, &now);

	if (!err)
		err = posix_timer_set(id, flags & TIMER_ABSTIME, &now, &former);
	return err || uptr_is_null(old) ? err : put_itimerspec(old, &former);
}

long sys_timer_gettime(int id, uptr value)
{
	struct timer_setting left;
	int err = posix_timer_get(id, &left);

	return err ? err : put_itimerspec(value, &left);
}

long sys_timer_getoverrun(int id)
{
	return posix_timer_overrun(id);
}

long sys_timer_delete(int id)
{
	return posix_timer_delete(id);
}

/* ---- by descriptor ---- */

long sys_timerfd_create(int id, uint32_t flags)
{
	return flags & ~(uint32_t)(TFD_CLOEXEC | TFD_NONBLOCK) ? -EINVAL
							       : timerfd_create(id, flags);
}

long sys_timerfd_settime(int fd, uint32_t flags, uptr value, uptr old)
{
	struct timer_setting now, former;
	struct fd_ref r;
	int err = get_itimerspec(value, &now);

	if (err == -EFAULT)
		return err;
	if (err || (flags & ~(uint32_t)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)))
		return -EINVAL;
	r = fd_get(fd);
	err = r.file ? timerfd_set(r.file, flags, &now, &former) : -EBADF;
	fd_put(r);
	return err || uptr_is_null(old) ? err : put_itimerspec(old, &former);
}

long sys_timerfd_gettime(int fd, uptr value)
{
	struct timer_setting left;
	struct fd_ref r = fd_get(fd);
	int err = r.file ? timerfd_get(r.file, &left) : -EBADF;

	fd_put(r);
	return err ? err : put_itimerspec(value, &left);
}
