/*
 * posix_timer.c - see task/time/posix_timer.h.
 *
 * Locks: process->timers.lock (mutex) for the table and for setting a timer; inside it the
 * process's signals.lock for what a timer that goes off looks at (task/time/periodic.c).
 *
 * Invariant (signals.lock): the signal of a timer that is held is on its way, and when it is taken,
 * or dropped, the timer goes on.
 */
#include "task/time/posix_timer.h"

#include "abi/errno.h"
#include "abi/timer.h"
#include "arm/nospec.h"
#include "mm/giveway.h"
#include "task/signal_queue.h"
#include "task/time/clockid.h"

#define FIRST_SLOTS 8u
/* A timer whose signal is ignored goes off no more often than that: Linux's tick. */
#define IGNORED_NS  (4 * NS_PER_MS)

struct timer_signal {
	/* First: kfree'd by that name, if the timer goes before it is taken. */
	struct queued_signal q;
	struct posix_timer *timer;
};

struct posix_timer {
	struct process *process; /* whose timer it is; freed later than that */
	struct task *task;	 /* SIGEV_THREAD_ID: with a reference; else NULL */
	struct timer_signal *signal;
	struct periodic timer; /* its lock is signals.lock; held: its signal is on its way */
	int overrun_last;      /* of the signal that was taken last; signals.lock */
};

/* ---- going off; signals.lock held ---- */

/* No signal of @t, which is held, will be taken: it goes on by itself. */
static void go_on_unnoticed(struct periodic *t)
{
	periodic_go_on(t, t->interval_ns < IGNORED_NS ? IGNORED_NS : 0);
}

static void posix_timer_expired(struct periodic *p)
{
	struct posix_timer *t = container_of(p, struct posix_timer, timer);

	switch (signal_send_own(t->process, t->task, &t->signal->q)) {
	case OWN_IGNORED: go_on_unnoticed(p); break;
	case OWN_THERE: p->times++; break; /* of an earlier setting */
	case OWN_GONE: p->state = PERIODIC_OFF; break;
	case OWN_SENT: break;
	}
}

/* Its signal has left the queue: for a handler with *info, or for nothing (NULL). */
static void signal_taken(struct queued_signal *q, struct signal_info *info)
{
	struct posix_timer *t = container_of(q, struct timer_signal, q)->timer;
	uint64_t times;

	if (!info) {
		go_on_unnoticed(&t->timer);
		return;
	}
	times = periodic_take(&t->timer);
	t->overrun_last = times ? (int)min(times - 1, (uint64_t)INT32_MAX) : 0;
	info->uid = (uint32_t)t->overrun_last;
}

/* ---- the table; timers.lock held ---- */

static int find_timer_slot(struct posix_timers *all)
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

static int set_clock(struct posix_timer *t, int32_t id, bool silent)
{
	struct cpu_clock cpu;
	bool by_cpu = clock_is_cpu(id);
	int err = id < 0 && CLOCK_IS_OF_DESCRIPTOR(id) ? -EOPNOTSUPP : clock_has_timers(id);

	if (!err && by_cpu)
		err = cpu_clock_find(id, false, &cpu);
	if (!err)
		periodic_init(&t->timer, id, by_cpu ? &cpu : NULL, &t->process->signals.lock,
			      silent ? NULL : posix_timer_expired);
	return err;
}

static int set_event(struct posix_timer *t, const struct sigevent *e)
{
	if (e->sigev_notify == SIGEV_NONE)
		return 0;
	if (e->sigev_notify != SIGEV_SIGNAL && e->sigev_notify != SIGEV_THREAD &&
	    e->sigev_notify != SIGEV_THREAD_ID)
		return -EINVAL;
	if (e->sigev_notify == SIGEV_THREAD_ID) {
		t->task = task_find(e->sigev_tid);
		if (!t->task || t->task->process != t->process)
			return -EINVAL;
	}
	return e->sigev_signo < 1 || e->sigev_signo > _NSIG ? -EINVAL : 0;
}

/*
 * Made with the timer, so that sending it cannot fail.  From now on it is one of those that
 * RLIMIT_SIGPENDING counts.
 */
static int make_signal(struct posix_timer *t, const struct sigevent *e)
{
	t->signal = kzalloc(sizeof(*t->signal));
	if (!t->signal)
		return -EAGAIN;
	t->signal->timer = t;
	t->signal->q.taken = signal_taken;
	t->signal->q.info = (struct signal_info){ .signo = e->sigev_signo,
						  .code = SI_TIMER,
						  .value = e->sigev_value };
	queued_signal_init(&t->signal->q);
	if (queued_charge(&t->signal->q, user_get(current_cred()->user),
			  READ_ONCE(t->process->rlimit[RLIMIT_SIGPENDING].rlim_cur)))
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
		/*
		 * under signals.lock: a thread that takes it from here on frees it and calls no
		 * timer
		 */
		s->q.taken = NULL;
		s = NULL;
	} else {
		signal_unsend_own(p, t->task, &s->q);
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	if (!s)
		return;
	queued_uncharge(&s->q);
	kfree(s);
}

/* Off, and in no table.  Its signal goes first: a thread that takes that looks at the timer. */
static void free_timer(struct posix_timer *t, bool keep_signal)
{
	drop_signal(t, keep_signal);
	if (t->timer.base == TIMER_CPU)
		cpu_clock_put(&t->timer.alarm.clock);
	if (t->task)
		task_put(t->task);
	kfree(t);
}

static struct posix_timer *new_timer(int32_t clock, const struct sigevent *e)
{
	struct posix_timer *t = kzalloc(sizeof(*t));
	int err;

	if (!t)
		return err_ptr(-EAGAIN);
	t->process = current->process;
	err = set_clock(t, clock, e->sigev_notify == SIGEV_NONE);
	if (!err)
		err = set_event(t, e);
	if (!err)
		err = make_signal(t, e);
	if (!err)
		return t;
	free_timer(t, false);
	return err_ptr(err);
}

int posix_timer_create(int32_t clock, const struct sigevent *event)
{
	struct posix_timers *all = &current->process->timers;
	const struct sigevent alarm = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct posix_timer *t = new_timer(clock, event ? event : &alarm);
	int id;

	if (is_err(t))
		return (int)ptr_err(t);
	mutex_lock(&all->lock);
	id = find_timer_slot(all);
	if (id >= 0) {
		all->slot[id] = t; /* other threads can set it as soon as the lock is dropped */
		all->next = (uint32_t)id + 1;
		t->signal->q.info.pid = id; /* si_tid */
		if (!event)
			t->signal->q.info.value = (uint32_t)id;
	}
	mutex_unlock(&all->lock);
	if (id < 0)
		free_timer(t, false);
	return id; /* not t: another thread may have deleted it */
}

/* ---- setting ---- */

/* What timer_gettime(2) says.  timers.lock held. */
static struct timer_setting left_of_timer(struct posix_timer *t)
{
	struct periodic *p = &t->timer;
	uint64_t now = periodic_now_ns(p); /* before signals.lock: task/time/periodic.c */
	unsigned long flags = spin_lock_irqsave(p->lock);
	struct timer_setting left;

	if (p->state == PERIODIC_HELD || (p->state == PERIODIC_RUNNING && !p->expired))
		periodic_count(p, now);
	left = periodic_left(p, now, p->expired ? 1 : 0);
	spin_unlock_irqrestore(p->lock, flags);
	return left;
}

/* Timer @id of current's process, with timers.lock held; NULL: there is none, and it is not. */
static struct posix_timer *lock_timer(int id)
{
	struct posix_timers *all = &current->process->timers;
	struct posix_timer *t;

	mutex_lock(&all->lock);
	t = id >= 0 && (uint32_t)id < all->cap ? all->slot[index_nospec((uint32_t)id, all->cap)]
					       : NULL;
	if (!t)
		mutex_unlock(&all->lock);
	return t;
}

static void unlock_timers(void)
{
	mutex_unlock(&current->process->timers.lock);
}

int posix_timer_set(int id, bool absolute, const struct timer_setting *now,
		    struct timer_setting *old)
{
	struct posix_timer *t = lock_timer(id);

	if (!t)
		return -EINVAL;
	*old = left_of_timer(t);
	if (now)
		periodic_stop(&t->timer);
	if (now && now->value_ns) {
		WRITE_ONCE(t->overrun_last, 0);
		periodic_start(&t->timer, absolute, now);
	}
	unlock_timers();
	return 0;
}

int posix_timer_overrun(int id)
{
	struct posix_timer *t = lock_timer(id);
	int n;

	if (!t)
		return -EINVAL;
	n = READ_ONCE(t->overrun_last);
	unlock_timers();
	return n;
}

int posix_timer_delete(int id)
{
	struct posix_timer *t = lock_timer(id);

	if (!t)
		return -EINVAL;
	/* out of the table before the lock is dropped: from then on it is ours alone */
	current->process->timers.slot[id] = NULL;
	periodic_stop(&t->timer); /* its signal may still be on its way */
	unlock_timers();
	free_timer(t, true);
	return 0;
}

/* No lock: the process has no other thread any more. */
void posix_timers_end(struct process *p)
{
	struct posix_timers *all = &p->timers;

	for (uint32_t id = 0; id < all->cap; id++) {
		if (!all->slot[id])
			continue;
		periodic_stop(&all->slot[id]->timer);
		free_timer(all->slot[id], false);
		(void)give_way(); /* all of them go */
	}
	kfree(all->slot);
	all->slot = NULL;
	all->cap = all->next = 0;
}
