/*
 * timerfd.c - timerfd_create(2): reading takes the number of times that the time has come, and lets
 * a timer with an interval go on (task/time/periodic.h).
 */
#include "fs/anon/timerfd.h"

#include "abi/timer.h"
#include "fs/anon/anon.h"
#include "fs/poll.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/time/clock.h"

struct timerfd {
	struct mutex setting; /* one task at a time sets the timer; outside lock */
	struct wait_queue wait;
	struct waiter watch; /* in clock_set_wait; its lock is outside the others */

	struct spinlock lock; /* irqsave, of the rest; outside wait's */
	struct periodic timer;
	bool watching; /* TFD_TIMER_CANCEL_ON_SET, for a time of the wall clock */
	bool clock_was_set;
};

/* lock held: so the reader that is woken waits for it, and nothing here is used after that. */
static void timerfd_expired(struct periodic *p)
{
	wake_up(&container_of(p, struct timerfd, timer)->wait);
}

static bool wall_clock_set(struct waiter *w)
{
	struct timerfd *t = container_of(w, struct timerfd, watch);
	bool tell;

	/* clock_set_wait's lock is held, with interrupts masked. */
	spin_lock(&t->lock);
	tell = t->watching;
	t->clock_was_set |= tell;
	spin_unlock(&t->lock);
	if (tell)
		wake_up(&t->wait);
	return tell;
}

/* ---- the file ---- */

/* What a read gets: a number, -ECANCELED, or 0: nothing yet. */
static int64_t take_times(struct timerfd *t)
{
	unsigned long flags = spin_lock_irqsave(&t->lock);
	int64_t got;

	/*
	 * Under the lock under which the timer goes off: no expiry is read twice, and none is lost.
	 */
	if (t->clock_was_set) {
		t->clock_was_set = false;
		periodic_forget(&t->timer);
		got = -ECANCELED;
	} else {
		got = (int64_t)periodic_take(&t->timer);
	}
	spin_unlock_irqrestore(&t->lock, flags);
	return got;
}

/* Without the lock: what makes it so wakes t->wait afterwards. */
static bool is_readable(const struct timerfd *t)
{
	return periodic_has_come(&t->timer) || READ_ONCE(t->clock_was_set);
}

static long timerfd_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct timerfd *t = f->private;
	int64_t got;
	int err;

	if (to->left < sizeof(got))
		return -EINVAL;
	while (!(got = take_times(t))) {
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(&t->wait, is_readable(t));
		if (err)
			return err;
	}
	if (got < 0)
		return got;
	return iter_put(to, &got, sizeof(got)) == sizeof(got) ? (long)sizeof(got) : -EFAULT;
}

static uint32_t timerfd_poll(struct file *f, struct poll_wait *w)
{
	struct timerfd *t = f->private;

	poll_on(w, &t->wait);
	return is_readable(t) ? POLLIN : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->private;

	/* both wait for a callback that runs: afterwards no other core uses t */
	wait_remove(&clock_set_wait, &t->watch);
	periodic_stop(&t->timer);
	kfree(t);
}

static const struct file_ops timerfd_fops = {
	.anon = "[timerfd]",
	.read = timerfd_read,
	.seek = file_seek_nowhere,
	.poll = timerfd_poll,
	.release = timerfd_release,
};

int timerfd_create(int32_t clock, uint32_t flags)
{
	bool alarm = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
	struct timerfd *t;
	int fd;

	if (!alarm && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
	    clock != CLOCK_BOOTTIME)
		return -EINVAL;
	if (alarm && !capable(CAP_WAKE_ALARM))
		return -EPERM;
	t = kzalloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	periodic_init(&t->timer, clock, NULL, &t->lock, timerfd_expired);
	mutex_init(&t->setting);
	wait_init(&t->wait);
	wait_add(&clock_set_wait, &t->watch, wall_clock_set);
	fd = anon_add(&timerfd_fops, t, O_RDWR | flags);
	if (fd < 0) {
		wait_remove(&clock_set_wait, &t->watch);
		kfree(t);
	}
	return fd;
}

/* ---- setting ---- */

/* 0, or -ECANCELED: the clock was set meanwhile. */
static int watch_clock(struct timerfd *t, bool watching)
{
	unsigned long flags = spin_lock_irqsave(&t->lock);
	bool missed = t->watching && t->clock_was_set;

	t->watching = watching;
	t->clock_was_set = false;
	spin_unlock_irqrestore(&t->lock, flags);
	return missed && watching ? -ECANCELED : 0;
}

int timerfd_set(struct file *f, uint32_t flags, const struct timer_setting *now,
		struct timer_setting *old)
{
	struct timerfd *t = f->private;
	bool absolute = flags & TFD_TIMER_ABSTIME, wall;
	int err;

	if (f->ops != &timerfd_fops)
		return -EINVAL;
	wall = t->timer.clock == CLOCK_REALTIME || t->timer.clock == CLOCK_REALTIME_ALARM;
	/*
	 * Other tasks read meanwhile, under lock alone, and find the old timer, one that is off, or
	 * the new one; another task that sets it waits.
	 */
	mutex_lock(&t->setting);
	err = timerfd_get(f, old);
	periodic_stop(&t->timer);
	if (!err)
		err = watch_clock(t, wall && absolute && (flags & TFD_TIMER_CANCEL_ON_SET));
	periodic_start(&t->timer, absolute, now);
	mutex_unlock(&t->setting);
	return err;
}

int timerfd_get(struct file *f, struct timer_setting *left)
{
	struct timerfd *t = f->private;
	unsigned long flags;

	if (f->ops != &timerfd_fops)
		return -EINVAL;
	flags = spin_lock_irqsave(&t->lock);
	periodic_go_on(&t->timer, 0);
	*left = periodic_left(&t->timer, periodic_now_ns(&t->timer), 0);
	spin_unlock_irqrestore(&t->lock, flags);
	return 0;
}
