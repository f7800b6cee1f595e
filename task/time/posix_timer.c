/*
 * posix_timer.c - see task/time/posix_timer.h.
 *
 * Locks: process->timers.lock (mutex) for the table and for setting a timer; inside it the
 * process's signals.lock for what a timer that goes off looks at, and inside that the queues and
 * the alarms.  The clocks of CPU time need proc_lock, so they are read before signals.lock is
 * taken.
 *
 * Invariant (signals.lock): a timer that is RUNNING is in a core's queue (or among a process's
 * alarms), one that is TOLD is not: its signal is on its way, and sets it going again.
 */
#include "task/time/posix_timer.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/timer.h"
#include "arm/nospec.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/task.h"
#include "task/time/clock.h"
#include "task/time/cpu_clock.h"

#define FIRST_SLOTS 8u
/* A timer whose signal is ignored goes off no more often than that: Linux's tick. */
#define IGNORED_NS  UINT64_C(4000000)

struct timer_signal {
	/* First: kfree'd by that name, if the timer goes before it is taken. */
	struct queued_signal q;
	struct posix_timer *timer;
};

struct posix_timer {
	struct process *process; /* whose it is; that goes later */
	struct task *task;	 /* SIGEV_THREAD_ID: with a reference; else NULL */
	int32_t clock;
	bool by_cpu, silent; /* SIGEV_NONE */
	struct timer_signal *signal;
	struct timer timer;
	struct cpu_alarm alarm;

	/* signals.lock */
	enum { OFF, RUNNING, TOLD } state;
	enum timer_clock base; /* of expiry_ns, if not by_cpu */
	uint64_t expiry_ns, interval_ns;
	uint64_t seen_ns; /* by_cpu: what the clock said when it went off */
	uint64_t overrun; /* since the last signal was taken */
	int overrun_last;
};

/* ---- going off ---- */

static struct spinlock *lock_of(const struct posix_timer *t)
{
	return &t->process->signals.lock;
}

/* Moves the expiry by whole intervals to behind @now; how many. */
static uint64_t forward(struct posix_timer *t, uint64_t now)
{
	return t->interval_ns ? timer_forward(&t->expiry_ns, t->interval_ns, now) : 0;
}

static void timer_expired(struct timer *timer);

/* signals.lock held. */
static void run(struct posix_timer *t)
{
	t->state = RUNNING;
	if (t->silent)
		return;
	if (t->by_cpu)
		cpu_alarm_set(&t->alarm, t->expiry_ns);
	else
		timer_start_on(t->base, &t->timer, t->expiry_ns, timer_expired);
}

/* Nobody takes its signal: it goes on by itself. */
static void run_unheard(struct posix_timer *t, uint64_t now)
{
	t->overrun += forward(t, now + (t->interval_ns < IGNORED_NS ? IGNORED_NS : 0));
	run(t);
}

/* @now: of its clock.  Interrupts masked. */
static void expired(struct posix_timer *t, uint64_t now)
{
	spin_lock(lock_of(t));
	if (t->state == RUNNING) {
		t->state = t->interval_ns ? TOLD : OFF;
		t->seen_ns = now;
		switch (signal_send_own(t->process, t->task, &t->signal->q)) {
		case OWN_IGNORED:
			if (t->interval_ns)
				run_unheard(t, now);
			break;
		case OWN_THERE: t->overrun++; break; /* of an earlier setting */
		case OWN_GONE: t->state = OFF; break;
		case OWN_SENT: break;
		}
	}
	spin_unlock(lock_of(t));
}

static void timer_expired(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer);

	expired(t, clock_read_ns(t->base));
}

static void alarm_expired(struct cpu_alarm *a)
{
	expired(container_of(a, struct posix_timer, alarm), cpu_alarm_now_ns(a));
}

/*
 * Its signal has left the queue: for a handler with *info, or for nothing (NULL).  signals.lock
 * held.
 */
static void taken(struct queued_signal *q, struct signal_info *info)
{
	struct posix_timer *t = container_of(q, struct timer_signal, q)->timer;
	uint64_t now = t->by_cpu ? t->seen_ns : clock_read_ns(t->base), n;

	if (!info) {
		if (t->state == TOLD)
			run_unheard(t, now);
		return;
	}
	if (t->state == TOLD) {
		n = forward(t, now);
		t->overrun += n ? n - 1 : 0; /* none: the clock was set back */
		run(t);
	}
	t->overrun_last = (int)min(t->overrun, (uint64_t)INT32_MAX);
	t->overrun = 0;
	info->uid = (uint32_t)t->overrun_last;
}

/* ---- the table; timers.lock held ---- */

static struct posix_timer *find(const struct process *p, int id)
{
	const struct posix_timers *all = &p->timers;

	return id >= 0 && (uint32_t)id < all->cap ? all->slot[index_nospec((uint32_t)id, all->cap)]
						  : NULL;
}

static int find_slot(struct posix_timers *all)
{
	uint32_t cap = all->cap ? 2 * all->cap : FIRST_SLOTS;
	struct posix_timer **slot;

	for (uint32_t i = 0; i < all->cap; i++) {
		uint32_t id = (all->next + i) % all->cap;

		if (!all->slot[id])
			return (int)id;
	}
	slot = krealloc(all->slot, all->cap * sizeof(*slot), cap * sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	for (uint32_t i = all->cap; i < cap; i++)
		slot[i] = NULL;
	all->slot = slot;
	all->cap = cap;
	return (int)(cap == FIRST_SLOTS ? 0 : cap / 2);
}

/* ---- making one ---- */

/* Whether timers go by clock @id; a CPU clock's timer gets hold of it. */
static int take_clock(struct posix_timer *t, int32_t id)
{
	t->clock = id;
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI: return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_ALARM: /* there is no clock that could wake a machine that is off */
	case CLOCK_BOOTTIME_ALARM: return -EOPNOTSUPP;
	default:
		if (id < 0 && CLOCK_IS_OF_DESCRIPTOR(id))
			return -EOPNOTSUPP;
	}
	t->by_cpu = true;
	t->alarm.fn = alarm_expired;
	return cpu_clock_find(id, false, &t->alarm.clock);
}

static int take_event(struct posix_timer *t, const struct timer_event *e)
{
	t->silent = e->notify == SIGEV_NONE;
	if (t->silent)
		return 0;
	if (e->notify != SIGEV_SIGNAL && e->notify != SIGEV_THREAD && e->notify != SIGEV_THREAD_ID)
		return -EINVAL;
	if (e->notify == SIGEV_THREAD_ID) {
		t->task = task_find(e->tid);
		if (!t->task || t->task->process != t->process)
			return -EINVAL;
	}
	return e->signo < 1 || e->signo > NSIG ? -EINVAL : 0;
}

/* The signal is one of those that RLIMIT_SIGPENDING counts, from now on. */
static int take_signal(struct posix_timer *t, const struct timer_event *e)
{
	t->signal = kzalloc(sizeof(*t->signal));
	if (!t->signal)
		return -EAGAIN;
	t->signal->timer = t;
	t->signal->q.taken = taken;
	t->signal->q.info =
		(struct signal_info){ .signo = e->signo, .code = SI_TIMER, .value = e->value };
	queued_signal_init(&t->signal->q);
	if (signal_charge_own(&t->signal->q))
		return 0;
	kfree(t->signal);
	t->signal = NULL;
	return -EAGAIN;
}

/* Its signal goes with it, unless it is in the queue and @keep: then it goes when it is taken. */
static void drop_signal(struct posix_timer *t, bool keep)
{
	struct process *p = t->process;
	struct timer_signal *s = t->signal;
	unsigned long flags;

	if (!s)
		return;
	flags = spin_lock_irqsave(&p->signals.lock);
	if (queued_signal_is_in_line(&s->q) && keep) {
		s->q.taken = NULL;
		s = NULL;
	} else {
		signal_unsend_own(p, t->task, &s->q);
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	if (!s)
		return;
	signal_uncharge_own(&s->q);
	kfree(s);
}

static void free_timer(struct posix_timer *t, bool keep_signal)
{
	drop_signal(t, keep_signal);
	if (t->alarm.clock.process)
		cpu_clock_put(&t->alarm.clock);
	if (t->task)
		task_put(t->task);
	kfree(t);
}

static struct posix_timer *new_timer(int32_t clock, const struct timer_event *e)
{
	struct posix_timer *t = kzalloc(sizeof(*t));
	int err;

	if (!t)
		return err_ptr(-EAGAIN);
	t->process = current->process;
	err = take_clock(t, clock);
	if (!err)
		err = take_event(t, e);
	if (!err)
		err = take_signal(t, e);
	if (!err)
		return t;
	free_timer(t, false);
	return err_ptr(err);
}

int posix_timer_create(int32_t clock, const struct timer_event *event)
{
	struct posix_timers *all = &current->process->timers;
	struct posix_timer *t = new_timer(clock, event);
	int id;

	if (is_err(t))
		return (int)ptr_err(t);
	mutex_lock(&all->lock);
	id = find_slot(all);
	if (id >= 0) {
		all->slot[id] = t;
		all->next = (uint32_t)id + 1;
		t->signal->q.info.pid = id; /* si_tid */
		if (event->value_is_id)
			t->signal->q.info.value = (uint32_t)id;
	}
	mutex_unlock(&all->lock);
	if (id < 0)
		free_timer(t, false);
	return id;
}

/* ---- setting ---- */

static uint64_t now_of(const struct posix_timer *t)
{
	return t->by_cpu ? cpu_clock_ns(&t->alarm.clock) : clock_read_ns(t->base);
}

/* What timer_gettime(2) says.  timers.lock held. */
static struct timer_setting left_of(struct posix_timer *t)
{
	uint64_t now = now_of(t);
	unsigned long flags = spin_lock_irqsave(lock_of(t));
	struct timer_setting left = { .interval_ns = t->interval_ns };

	if (t->state == TOLD || (t->silent && t->state == RUNNING))
		t->overrun += forward(t, now);
	if (t->state != OFF && t->expiry_ns > now)
		left.value_ns = t->expiry_ns - now;
	else if (t->state != OFF && !t->silent)
		left.value_ns = 1; /* it is just about to go off */
	spin_unlock_irqrestore(lock_of(t), flags);
	return left;
}

/* Off, for good: nothing of it runs any more, but its signal may be on its way. */
static void stop(struct posix_timer *t)
{
	unsigned long flags = spin_lock_irqsave(lock_of(t));

	t->state = OFF;
	t->interval_ns = 0;
	spin_unlock_irqrestore(lock_of(t), flags);
	if (t->by_cpu)
		cpu_alarm_cancel(&t->alarm);
	else if (!t->silent)
		timer_cancel(&t->timer);
}

/* The point of its clock at which it is to go off; also decides which clock that is. */
static uint64_t expiry_for(struct posix_timer *t, bool absolute, uint64_t value)
{
	uint64_t expiry;

	if (t->by_cpu)
		return absolute ? value : cpu_clock_ns(&t->alarm.clock) + value;
	t->base = clock_deadline(t->clock, absolute, value, &expiry);
	return expiry;
}

static void set(struct posix_timer *t, bool absolute, const struct timer_setting *now)
{
	unsigned long flags;

	stop(t);
	if (!now->value_ns)
		return;
	t->expiry_ns = expiry_for(t, absolute, now->value_ns);
	flags = spin_lock_irqsave(lock_of(t));
	t->interval_ns = now->interval_ns;
	t->overrun = 0;
	t->overrun_last = 0;
	run(t);
	spin_unlock_irqrestore(lock_of(t), flags);
}

int posix_timer_set(int id, bool absolute, const struct timer_setting *now,
		    struct timer_setting *old)
{
	struct process *p = current->process;
	struct posix_timer *t;

	mutex_lock(&p->timers.lock);
	t = find(p, id);
	if (t) {
		*old = left_of(t);
		set(t, absolute, now);
	}
	mutex_unlock(&p->timers.lock);
	return t ? 0 : -EINVAL;
}

int posix_timer_get(int id, struct timer_setting *left)
{
	struct process *p = current->process;
	struct posix_timer *t;

	mutex_lock(&p->timers.lock);
	t = find(p, id);
	if (t)
		*left = left_of(t);
	mutex_unlock(&p->timers.lock);
	return t ? 0 : -EINVAL;
}

int posix_timer_overrun(int id)
{
	struct process *p = current->process;
	struct posix_timer *t;
	int n = -EINVAL;

	mutex_lock(&p->timers.lock);
	t = find(p, id);
	if (t)
		n = READ_ONCE(t->overrun_last);
	mutex_unlock(&p->timers.lock);
	return n;
}

int posix_timer_delete(int id)
{
	struct process *p = current->process;
	struct posix_timer *t;

	mutex_lock(&p->timers.lock);
	t = find(p, id);
	if (t) {
		p->timers.slot[id] = NULL;
		stop(t);
	}
	mutex_unlock(&p->timers.lock);
	if (!t)
		return -EINVAL;
	free_timer(t, true);
	return 0;
}

void posix_timers_end(struct process *p)
{
	struct posix_timers *all = &p->timers;

	for (uint32_t id = 0; id < all->cap; id++) {
		if (!all->slot[id])
			continue;
		stop(all->slot[id]);
		free_timer(all->slot[id], false);
		(void)give_way(); /* all of them go */
	}
	kfree(all->slot);
	all->slot = NULL;
	all->cap = all->next = 0;
}
