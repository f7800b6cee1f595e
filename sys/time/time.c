/*
 * time.c - the clocks, and sleeping by them.
 *
 * There are two: the monotonic one (drivers/timer) and the wall clock, which is that and an offset
 * (task/time/timer.h).  The other numbers are these two under other names, or CPU time.
 */
#include "abi/errno.h"
#include "abi/itimer.h"
#include "abi/signal.h"
#include "abi/timer.h"
#include "drivers/timer/timer.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/cap.h"
#include "task/sched.h"
#include "task/task.h"
#include "task/time/clock.h"
#include "task/time/cpu_clock.h"
#include "task/time/timer.h"

#define COARSE_NS 4000000 /* what Linux's coarse clocks promise with 250 ticks a second */

bool ns_from_timespec(const struct timespec *t, uint64_t *ns)
{
	if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= (int64_t)NS_PER_S)
		return false;
	if ((uint64_t)t->tv_sec >= UINT64_MAX / 2 / NS_PER_S)
		*ns = UINT64_MAX / 2;
	else
		*ns = (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
	return true;
}

int get_timespec(uptr at, uint64_t *ns)
{
	struct timespec t;

	if (copy_from_user(&t, at, sizeof(t)))
		return -EFAULT;
	return ns_from_timespec(&t, ns) ? 0 : -EINVAL;
}

int put_timespec(uptr at, uint64_t ns)
{
	struct timespec t = timespec_from_ns(ns);

	return copy_to_user(at, &t, sizeof(t)) ? -EFAULT : 0;
}

int deadline_from_user(uptr at, uint64_t *deadline_ns)
{
	uint64_t ns;
	int err = get_timespec(at, &ns);

	if (!err)
		*deadline_ns = timer_now_ns() + ns;
	return err;
}

/* ---- reading and setting ---- */

static bool cpu_clock_now(int id, uint64_t *ns)
{
	struct cpu_clock c;

	if (cpu_clock_find(id, true, &c))
		return false;
	*ns = cpu_clock_ns(&c);
	cpu_clock_put(&c);
	return true;
}

/* What clock @id says now; false: there is no such clock. */
bool clock_now(int id, uint64_t *ns)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM: *ns = clock_wall_ns(); return true;
	case CLOCK_TAI: *ns = clock_tai_ns(); return true;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM: *ns = timer_now_ns(); return true;
	case CLOCK_THREAD_CPUTIME_ID: *ns = sched_runtime_ns(current); return true;
	default: return cpu_clock_now(id, ns);
	}
}

long sys_clock_gettime(int clock, uptr time)
{
	uint64_t ns;

	if (!clock_now(clock, &ns))
		return -EINVAL;
	return put_timespec(time, ns);
}

/* Those that go by ticks, in Linux: the coarse ones, and CPU time as getrusage(2) tells it. */
static bool is_coarse(int id)
{
	return id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE ||
	       (id < 0 && CPU_CLOCK_WHICH(id) != CPU_CLOCK_SCHED);
}

long sys_clock_getres(int id, uptr res)
{
	uint64_t ns;

	if (!clock_now(id, &ns))
		return -EINVAL;
	if (uptr_is_null(res))
		return 0;
	ns = is_coarse(id) ? COARSE_NS : 1;
	return put_timespec(res, ns);
}

long sys_clock_settime(int id, uptr time)
{
	uint64_t ns;
	int err;

	if (id != CLOCK_REALTIME && id >= 0)
		return -EINVAL;
	err = get_timespec(time, &ns);
	if (id < 0) /* nobody's CPU time can be set */
		return err ? err : clock_now(id, &ns) ? -EPERM : -EINVAL;
	if (err)
		return err;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	clock_set_wall(ns);
	return 0;
}

long sys_gettimeofday(uptr tv_at, uptr tz_at)
{
	struct timeval tv = timeval_from_ns(clock_wall_ns());
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
	struct timezone tz = clock_zone();

	if (!uptr_is_null(tv_at)) {
		if (copy_from_user(&tv, tv_at, sizeof(tv)))
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
			return -EINVAL;
	}
	if (!uptr_is_null(tz_at) && copy_from_user(&tz, tz_at, sizeof(tz)))
		return -EFAULT;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (tz.tz_minuteswest > 15 * 60 || tz.tz_minuteswest < -15 * 60)
		return -EINVAL;
	clock_set_zone(&tz);
	if (!uptr_is_null(tv_at))
		clock_set_wall((uint64_t)tv.tv_sec * NS_PER_S + (uint64_t)tv.tv_usec * 1000);
	return 0;
}

static int64_t ticks(uint64_t ns)
{
	return (int64_t)(ns / (NS_PER_S / USER_HZ));
}

long sys_times(uptr buf)
{
	struct process *p = current->process;
	struct cpu_time own = process_time(p);
	struct tms t = { ticks(own.user_ns), ticks(own.kernel_ns), ticks(p->waited.user_ns),
			 ticks(p->waited.kernel_ns) };

	if (!uptr_is_null(buf) && copy_to_user(buf, &t, sizeof(t)))
		return -EFAULT;
	return ticks(timer_now_ns());
}

/* ---- sleeping ---- */

/* Sleeps on, or for the first time; what is left goes to restart.left, if that is not null. */
static long sleep_on(void)
{
	struct restart *r = &current->restart;
	uint64_t now;
	int err = sched_sleep_until(r->deadline_ns);

	if (!err)
		return 0;
	now = timer_now_ns();
	if (now >= r->deadline_ns)
		return 0;
	if (!uptr_is_null(r->left) && put_timespec(r->left, r->deadline_ns - now))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_for(uint64_t ns, uptr left)
{
	current->restart = (struct restart){ .again = sleep_on,
					     .deadline_ns = timer_now_ns() + ns,
					     .left = left };
	return sleep_on();
}

long sys_nanosleep(uptr time, uptr left)
{
	uint64_t ns;
	int err = get_timespec(time, &ns);

	return err ? err : sleep_for(ns, left);
}

/* The same by a clock of CPU time; restart.clock is its number. */
static long cpu_sleep_on(void)
{
	struct restart *r = &current->restart;
	struct cpu_clock c;
	uint64_t now;
	int err = cpu_clock_find(r->clock, false, &c);

	if (err)
		return err;
	err = cpu_clock_sleep(&c, r->deadline_ns);
	now = cpu_clock_ns(&c);
	cpu_clock_put(&c);
	if (!err || now >= r->deadline_ns)
		return 0;
	if (!uptr_is_null(r->left) && put_timespec(r->left, r->deadline_ns - now))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long cpu_sleep(int id, bool absolute, uint64_t ns, uptr left)
{
	struct cpu_clock c;
	long r;
	bool own;

	if (cpu_clock_find(id, false, &c))
		return -EINVAL;
	own = c.task == current; /* a thread that sleeps uses no time */
	r = absolute ? 0 : (long)cpu_clock_ns(&c);
	cpu_clock_put(&c);
	if (own)
		return -EINVAL;
	current->restart = (struct restart){ .again = cpu_sleep_on,
					     .deadline_ns = (uint64_t)r + ns,
					     .clock = id,
					     .left = absolute ? uptr_of(0) : left };
	r = cpu_sleep_on();
	return r == -ERESTART_RESTARTBLOCK && absolute ? -ERESTARTNOHAND : r;
}

long sys_clock_nanosleep(int id, uint32_t flags, uptr time, uptr left)
{
	bool cpu = id < 0 || id == CLOCK_PROCESS_CPUTIME_ID;
	enum timer_clock clock;
	uint64_t ns, now;
	int err;

	if (!cpu && id != CLOCK_REALTIME && id != CLOCK_TAI && id != CLOCK_MONOTONIC &&
	    id != CLOCK_BOOTTIME)
		return clock_now(id, &now) ? -EOPNOTSUPP : -EINVAL;
	err = get_timespec(time, &ns);
	if (err)
		return err;
	if (cpu)
		return cpu_sleep(id, flags & TIMER_ABSTIME, ns, left);
	if (!(flags & TIMER_ABSTIME))
		return sleep_for(ns, left);
	clock = clock_deadline(id, true, ns, &ns);
	return sched_sleep_until_on(clock, ns) ? -ERESTARTNOHAND : 0;
}

long sys_restart_syscall(void)
{
	long (*again)(void) = current->restart.again;

	return again ? again() : -EINTR;
}

/* ---- interval timers ---- */

static uint64_t ns_from_timeval(const struct timeval *t)
{
	uint64_t s = min((uint64_t)t->tv_sec, UINT64_MAX / 4 / NS_PER_S);

	return s * NS_PER_S + (uint64_t)t->tv_usec * 1000;
}

static bool timeval_ok(const struct timeval *t)
{
	return t->tv_sec >= 0 && t->tv_usec >= 0 && t->tv_usec < 1000000;
}

static void fill_itimer(struct itimerval *v, uint64_t left_ns, uint64_t interval_ns)
{
	v->it_interval = timeval_from_ns(interval_ns);
	v->it_value = timeval_from_ns(left_ns);
	if (left_ns && !v->it_value.tv_sec && !v->it_value.tv_usec)
		v->it_value.tv_usec = 1; /* still running: not 0 */
}

long sys_getitimer(int which, uptr value)
{
	uint64_t left, interval;
	struct itimerval v;
	int err = itimer_get(which, &left, &interval);

	if (err)
		return err;
	fill_itimer(&v, left, interval);
	return copy_to_user(value, &v, sizeof(v)) ? -EFAULT : 0;
}

long sys_setitimer(int which, uptr new_value, uptr old_value)
{
	struct itimerval v = { .it_value = { 0, 0 } };
	uint64_t left, interval;
	int err;

	if (!uptr_is_null(new_value) && copy_from_user(&v, new_value, sizeof(v)))
		return -EFAULT;
	if (!timeval_ok(&v.it_value) || !timeval_ok(&v.it_interval))
		return -EINVAL;
	err = itimer_get(which, &left, &interval);
	if (!err)
		err = itimer_set(which, ns_from_timeval(&v.it_value),
				 ns_from_timeval(&v.it_interval));
	if (err || uptr_is_null(old_value))
		return err;
	fill_itimer(&v, left, interval);
	return copy_to_user(old_value, &v, sizeof(v)) ? -EFAULT : 0;
}
