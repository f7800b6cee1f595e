/*
 * late.c - see late.h.
 *
 * By the task of fs/ that calls block_check_late.  Invariant: whatever it is to look after was
 * written before block_note_busy was called, so that it does not sleep over it.
 */
#include "block/late.h"

#include "block/device.h"
#include "block/request.h"
#include "log/printk.h"

void block_changed(struct block_disk *d)
{
	(void)atomic_xchg(&d->changed, true);
	dmb(ish); /* before the look whether anybody sees to it: block_wait_note */
	block_note_busy();
}

void block_die(struct block_disk *d)
{
	if (atomic_xchg(&d->dead, true))
		return;
	(void)atomic_xchg(&d->dying, true);
	dmb(ish);
	block_note_busy();
}

static void reset_late(struct block_disk *d)
{
	uint64_t now = block_now_ns();

	if (!d->ops->reset || READ_ONCE(d->dead) || !queues_are_late(d, now))
		return;
	pr_warn("%s: no answer in %u ms: reset\n", d->name,
		(unsigned int)(block_timeout_ns(d) / 1000000));
	queues_stop(d);
	if (d->ops->reset(d)) {
		pr_err("%s: does not work any more\n", d->name);
		WRITE_ONCE(d->dead, true);
		queues_end(d, true);
	} else {
		queues_restart(d, now);
	}
}

static void look_after(struct block_disk *d)
{
	if (atomic_xchg(&d->changed, false) && d->ops->changed)
		d->ops->changed(d);
	if (atomic_xchg(&d->dying, false)) {
		/*
		 * As for a late one: a handler may be on its way to block_end, and the device may
		 * still write to memory that is given back here.
		 */
		if (d->ops->reset)
			(void)d->ops->reset(d);
		queues_end(d, true);
	}
	reset_late(d);
}

void block_check_late(void)
{
	struct block_device *dev, *last = NULL;

	/*
	 * What is to be done may sleep, without blocks_lock: the list may change meanwhile, but
	 * from a device that is held and still in it, it goes on.  One that was taken out is linked
	 * to itself: the rest next time.
	 */
	blocks_hold();
	for (dev = blocks_first(); dev && !READ_ONCE(dev->gone); dev = blocks_next(dev)) {
		if (dev->part)
			continue;
		block_get(dev);
		blocks_release();
		look_after(dev->disk);
		if (last)
			block_put(last);
		last = dev;
		blocks_hold();
	}
	blocks_release();
	if (last)
		block_put(last);
}

#define CHECK_MOST_NS  UINT64_C(1000000000)
#define CHECK_LEAST_NS UINT64_C(10000000)

uint64_t block_check_ns(void)
{
	uint64_t ns = CHECK_MOST_NS;

	blocks_hold();
	for (struct block_device *dev = blocks_first(); dev; dev = blocks_next(dev))
		if (!dev->part && dev->disk->ops->reset)
			ns = min(ns, block_timeout_ns(dev->disk));
	blocks_release();
	return max(ns, CHECK_LEAST_NS);
}

static bool any_to_look_after(void)
{
	bool found = false;

	blocks_hold();
	for (struct block_device *dev = blocks_first(); dev && !found; dev = blocks_next(dev)) {
		struct block_disk *d = dev->disk;

		if (!dev->part)
			found = READ_ONCE(d->dying) || READ_ONCE(d->changed) || queues_are_busy(d);
	}
	blocks_release();
	return found;
}

void block_wait_busy(void)
{
	block_wait_note(any_to_look_after);
}
