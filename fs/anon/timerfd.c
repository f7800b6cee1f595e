/*
 * timerfd.c - timerfd_create(2): reading takes the number of times that the time has come.
 *
 * Invariant (lock): a timer with an interval that has gone off is not in a core's queue, and is put
 * there again by the read that takes it; so no interval is too short.
 */
#include "fs/anon/timerfd.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/timer.h"
#include "drivers/timer/timer.h"
#include "fs/anon/anon.h"
#include "fs/poll.h"
#include "mm/slab.h"
#include "task/time/clock.h"

struct timerfd {
	struct mutex setting;
	struct wait_queue wait;
	struct clock_watch watch;
	struct timer timer;
	int32_t clock;

	struct spinlock lock; /* irqsave, of the rest; outside wait's */
	enum timer_clock base;
	uint64_t expiry_ns, interval_ns;
	bool on, expired; /* in the queue; gone off since the last read */
	bool watching;	  /* TFD_TIMER_CANCEL_ON_SET, for a time of the wall clock */
	bool clock_was_set;
	uint64_t times;
};

/* ---- going off; the lock is held but in the two that are called from outside ---- */

static void timer_expired(struct timer *timer);

static void start(struct timerfd *t)
{
	t->on = true;
	timer_start_on(t->base, &t->timer, t->expiry_ns, timer_expired);
}

static void timer_expired(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);

	spin_lock(&t->lock);
	if (t->on) {
		t->on = false;
		t->expired = true;
		t->times++;
	}
	/*
	 * a read on another core starts it again as soon as the lock is free; then nothing waits
	 * here for its release
	 */
	wake_up(&t->wait);
	spin_unlock(&t->lock);
}

static void clock_set(struct clock_watch *w)
{
	struct timerfd *t = container_of(w, struct timerfd, watch);
	unsigned long flags = spin_lock_irqsave(&t->lock);
	bool tell = t->watching;

	t->clock_was_set |= tell;
	spin_unlock_irqrestore(&t->lock, flags);
	if (tell)
		wake_up(&t->wait);
}

/* It has gone off and has an interval: what was missed is counted, and it goes on. */
static void go_on(struct timerfd *t)
{
	uint64_t n;

	if (!t->expired || !t->interval_ns)
		return;
	n = timer_forward(&t->expiry_ns, t->interval_ns, clock_read_ns(t->base));
	t->times += n ? n - 1 : 0;
	t->expired = false;
	start(t);
}

static struct timer_setting left_of(struct timerfd *t)
{
	struct timer_setting left = { .interval_ns = t->interval_ns };
	uint64_t now = clock_read_ns(t->base);

	if (t->on && t->expiry_ns > now)
		left.value_ns = t->expiry_ns - now;
	return left;
}

/* ---- the file ---- */

/* What a read gets: a number, -ECANCELED, or 0: nothing yet. */
static int64_t take(struct timerfd *t)
{
	unsigned long flags = spin_lock_irqsave(&t->lock);
	int64_t got;

	if (t->clock_was_set) {
		t->clock_was_set = t->expired = false;
		got = -ECANCELED;
	} else {
		if (t->times)
			go_on(t);
		got = (int64_t)t->times;
	}
	t->times = 0;
	spin_unlock_irqrestore(&t->lock, flags);
	return got;
}

static bool readable(const struct timerfd *t)
{
	return READ_ONCE(t->times) || READ_ONCE(t->clock_was_set);
}

static long timerfd_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct timerfd *t = f->private;
	int64_t got;
	int err;

	if (to->left < sizeof(got))
		return -EINVAL;
	while (!(got = take(t))) {
		if (READ_ONCE(f->flags) & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(&t->wait, readable(t));
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
	return readable(t) ? POLLIN : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->private;

	clock_watch_remove(&t->watch);
	t->on = false;
	timer_cancel(&t->timer);
	kfree(t);
}

static const struct file_ops timerfd_fops = {
	.anon = "[timerfd]",
	.read = timerfd_read,
	.seek = anon_seek,
	.poll = timerfd_poll,
	.release = timerfd_release,
};

int timerfd_create(int32_t clock, uint32_t flags)
{
	struct timerfd *t = kzalloc(sizeof(*t));
	int fd;

	if (!t)
		return -ENOMEM;
	t->clock = clock;
	mutex_init(&t->setting);
	wait_init(&t->wait);
	clock_watch_add(&t->watch, clock_set);
	fd = anon_add(&timerfd_fops, t, O_RDWR | flags);
	if (fd < 0) {
		clock_watch_remove(&t->watch);
		kfree(t);
	}
	return fd;
}

/* ---- setting ---- */

/* Off: nothing of it runs any more.  Returns what was left. */
static struct timer_setting stop(struct timerfd *t)
{
	unsigned long flags = spin_lock_irqsave(&t->lock);
	struct timer_setting left;

	go_on(t);
	left = left_of(t);
	t->on = t->expired = false;
	t->interval_ns = 0;
	spin_unlock_irqrestore(&t->lock, flags);
	timer_cancel(&t->timer);
	return left;
}

/* 0, or -ECANCELED: the clock was set meanwhile. */
static int set(struct timerfd *t, int how, const struct timer_setting *now)
{
	bool absolute = how & TFD_TIMER_ABSTIME, wall, missed;
	unsigned long flags = spin_lock_irqsave(&t->lock);

	t->base = clock_deadline(t->clock, absolute, now->value_ns, &t->expiry_ns);
	wall = t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM;
	missed = t->watching && t->clock_was_set;
	t->watching = wall && absolute && (how & TFD_TIMER_CANCEL_ON_SET);
	t->clock_was_set = false;
	t->times = 0;
	t->interval_ns = now->interval_ns;
	if (now->value_ns)
		start(t);
	missed &= t->watching;
	spin_unlock_irqrestore(&t->lock, flags);
	return missed ? -ECANCELED : 0;
}

int timerfd_set(struct file *f, uint32_t flags, const struct timer_setting *now,
		struct timer_setting *old)
{
	struct timerfd *t = f->private;
	int err;

	if (f->ops != &timerfd_fops)
		return -EINVAL;
	mutex_lock(&t->setting);
	*old = stop(t);
	err = set(t, flags, now);
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
	go_on(t);
	*left = left_of(t);
	spin_unlock_irqrestore(&t->lock, flags);
	return 0;
}
