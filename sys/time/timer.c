/*
 * timer.c - timer_create(2), timerfd_create(2) and their kin: checks and copies their arguments;
 * task/time/posix_timer.c and fs/anon/timerfd.c do the work.
 *
 * Invariant: a setting is copied in whole before the timer changes, and the old one out after it.
 */
#include "abi/timer.h"
#include "fs/anon/timerfd.h"
#include "fs/fdtable.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"

long sys_timer_create(int clock, uptr event_at, uptr id_at)
{
	bool given = !uptr_is_null(event_at);
	struct sigevent event;
	int id, ignored;

	if (given && copy_from_user(&event, event_at, sizeof(event)))
		return -EFAULT;
	id = posix_timer_create(clock, given ? &event : NULL);
	if (id < 0)
		return id;
	/*
	 * The timer is there already, and another thread may use its number: it is deleted by
	 * number, not by a pointer.
	 */
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
	/* The timer is set: a bad address for the old value does not undo that. */
	return err || uptr_is_null(old) ? err : put_itimerspec(old, &former);
}

long sys_timer_gettime(int id, uptr value)
{
	struct timer_setting left;
	/* Without a new setting it only reads, under the same locks. */
	int err = posix_timer_set(id, false, NULL, &left);

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

	/* EFAULT, then EINVAL, then EBADF: Linux's order of errors. */
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
