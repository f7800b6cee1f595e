/*
 * time.c - the clocks (task/time/clock.h), sleeping by them, and setitimer(2).
 *
 * Invariant: a time from user memory is copied and checked (usertime.h) before it is used; a sleep
 * that a signal ends goes on by restart_syscall(2) to the deadline that it had, not by a new time.
 */
#include "abi/itimer.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/process.h"
#include "task/time/adjust.h"
#include "task/time/clockid.h"

long sys_clock_gettime(int clock, uptr time)
{
	uint64_t ns;

	if (clock_now(clock, &ns))
		return -EINVAL;
	return put_timespec(time, ns);
}

long sys_clock_getres(int id, uptr res)
{
	uint64_t ns;
	int err = clock_resolution(id, &ns);

	return err || uptr_is_null(res) ? err : put_timespec(res, ns);
}

long sys_clock_settime(int id, uptr time)
{
	uint64_t ns;
	int err;

	/* The clock first, then the time, then the permission: Linux's order of errors. */
	if (id != CLOCK_REALTIME && id >= 0)
		return -EINVAL;
	err = get_timespec(time, &ns);
	if (id < 0) /* CPU time cannot be set */
		return err ?: clock_now(id, &ns) ?: -EPERM;
	return err ? err : clock_change(&ns, NULL);
}

long sys_gettimeofday(uptr tv_at, uptr tz_at)
{
	struct timeval tv = timeval_from_ns(clock_wall_ns());
	/* Both without a lock: each word is right by itself. */
	struct timezone zone = clock_zone();

	if (!uptr_is_null(tv_at) && copy_to_user(tv_at, &tv, sizeof(tv)))
		return -EFAULT;
	if (!uptr_is_null(tz_at) && copy_to_user(tz_at, &zone, sizeof(zone)))
		return -EFAULT;
	return 0;
}

long sys_settimeofday(uptr tv_at, uptr tz_at)
{
	struct timeval tv;
	struct timezone tz;
	uint64_t ns;

	/* Both are read before either is set: a bad address changes nothing. */
	if (!uptr_is_null(tv_at)) {
		if (copy_from_user(&tv, tv_at, sizeof(tv)))
			return -EFAULT;
		if (!timeval_ok(&tv))
			return -EINVAL;
		ns = ns_from_timeval(&tv);
	}
	if (!uptr_is_null(tz_at) && copy_from_user(&tz, tz_at, sizeof(tz)))
		return -EFAULT;
	return clock_change(uptr_is_null(tv_at) ? NULL : &ns, uptr_is_null(tz_at) ? NULL : &tz);
}

static int64_t ticks_of(uint64_t ns)
{
	return (int64_t)(ns / NS_PER_TICK);
}

long sys_times(uptr buf)
{
	struct process *p = current->process;
	/*
	 * The children's time without proc_lock: each word is whole, and a child that is being
	 * reaped may be in one and not yet in the other.
	 */
	struct cpu_time own = process_time(p), waited = p->usage.waited.time;
	struct tms t = { ticks_of(own.user_ns), ticks_of(own.kernel_ns), ticks_of(waited.user_ns),
			 ticks_of(waited.kernel_ns) };

	if (!uptr_is_null(buf) && copy_to_user(buf, &t, sizeof(t)))
		return -EFAULT;
	return ticks_of(timer_now_ns());
}

static long adjust_clock(uptr tx, bool even_if_refused)
{
	struct timex t;
	long r;

	if (copy_from_user(&t, tx, sizeof(t)))
		return -EFAULT;
	r = clock_adjust(&t);
	/*
	 * adjtimex(2) fills the structure in even when it refuses the change, clock_adjtime(2) does
	 * not.
	 */
	return (r >= 0 || even_if_refused) && copy_to_user(tx, &t, sizeof(t)) ? -EFAULT : r;
}

long sys_adjtimex(uptr tx)
{
	return adjust_clock(tx, true);
}

long sys_clock_adjtime(int clock, uptr tx)
{
	struct timex unused;
	uint64_t ns;

	if (clock == CLOCK_REALTIME)
		return adjust_clock(tx, false);
	/* Read for its error alone: EFAULT comes before that of the clock. */
	if (copy_from_user(&unused, tx, sizeof(unused)))
		return -EFAULT;
	return clock_now(clock, &ns) ?: -EOPNOTSUPP;
}

/* ---- sleeping ---- */

/* Sleeps on, or for the first time; what is left goes to restart.left, if that is not null. */
static long sleep_on(void)
{
	struct restart *r = &current->restart;
	uint64_t left;
	int err = sleep_until(r->clock, r->deadline_ns, &left);

	if (err != -ERESTARTSYS)
		return err;
	/*
	 * At each interruption anew: after a handler the call is not restarted, and the program
	 * goes by this.
	 */
	if (!uptr_is_null(r->left) && put_timespec(r->left, left))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_by_clock(int id, bool absolute, uptr time, uptr left)
{
	uint64_t ns;
	long r = get_timespec(time, &ns);

	if (!r)
		r = sleep_deadline(&id, absolute, &ns);
	if (r)
		return r;
	/*
	 * Current's own: no lock.  A relative time has become a point in time, so no restart makes
	 * the sleep longer.
	 */
	current->restart = (struct restart){ .again = sleep_on,
					     .deadline_ns = ns,
					     .clock = id,
					     .left = absolute ? uptr_of(0) : left };
	/*
	 * An absolute sleep needs no restart block: the same call made again has the same deadline.
	 */
	r = sleep_on();
	return r == -ERESTART_RESTARTBLOCK && absolute ? -ERESTARTNOHAND : r;
}

long sys_nanosleep(uptr time, uptr left)
{
	return sleep_by_clock(CLOCK_MONOTONIC, false, time, left);
}

long sys_clock_nanosleep(int id, uint32_t flags, uptr time, uptr left)
{
	/* the caller's own time does not go on while it sleeps */
	int err = id == CLOCK_THREAD_CPUTIME_ID ? -EOPNOTSUPP : clock_has_timers(id);

	return err ? err : sleep_by_clock(id, flags & TIMER_ABSTIME, time, left);
}

long sys_restart_syscall(void)
{
	long (*again)(void) = current->restart.again;

	/* A program may make this call by itself, and then there may have been no sleep. */
	return again ? again() : -EINTR;
}

/* ---- interval timers ---- */

static long put_itimerval(uptr at, const struct timer_setting *s)
{
	struct itimerval v = { timeval_from_ns(s->interval_ns), timeval_from_ns(s->value_ns) };

	if (s->value_ns && !v.it_value.tv_sec && !v.it_value.tv_usec)
		v.it_value.tv_usec = 1; /* still running: not 0 */
	return copy_to_user(at, &v, sizeof(v)) ? -EFAULT : 0;
}

long sys_getitimer(int which, uptr value)
{
	struct timer_setting left;
	int err = itimer_get(which, &left);

	return err ? err : put_itimerval(value, &left);
}

long sys_setitimer(int which, uptr new_value, uptr old_value)
{
	struct itimerval v = { .it_value = { 0, 0 } };
	struct timer_setting now, left;
	int err;

	if (!uptr_is_null(new_value) && copy_from_user(&v, new_value, sizeof(v)))
		return -EFAULT;
	if (!timeval_ok(&v.it_value) || !timeval_ok(&v.it_interval))
		return -EINVAL;
	now = (struct timer_setting){ ns_from_timeval(&v.it_value),
				      ns_from_timeval(&v.it_interval) };
	/*
	 * Between this and itimer_set another thread may set it: then it is that one's setting that
	 * ends unseen.
	 */
	err = itimer_get(which, &left);
	if (!err)
		err = itimer_set(which, &now);
	return err || uptr_is_null(old_value) ? err : put_itimerval(old_value, &left);
}
