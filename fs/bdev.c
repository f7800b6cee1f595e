/*
 * bdev.c - who has a block device open, and who has it alone.
 *
 * Comes from open(2) of a node, from mount(2), and from loop devices.  Invariants, under
 * blocks_lock: whoever has a partition has its disk, too, so that a disk's openers are those of all
 * of it; a cache is freed when its device is gone and has no openers, once.
 */
#include "block/device.h"
#include "block/io.h"
#include "fs/bdev.h"

#include "fs/cache.h"

/* What holds a whole disk of which a partition is claimed: nobody's, so nobody may claim it. */
static char a_partition;

static bool may_claim(const struct block_device *dev, const void *holder)
{
	const struct block_device *whole = dev->disk->whole;

	if (dev->holder)
		return dev->holder == holder;
	return whole == dev || !whole->holder || whole->holder == &a_partition;
}

/* Both: blocks_lock held. */
static int claim(struct block_device *dev, void *holder)
{
	struct block_device *whole = dev->disk->whole;

	if (!may_claim(dev, holder))
		return -EBUSY;
	if (whole != dev) {
		whole->holders++;
		whole->holder = &a_partition;
	}
	dev->holders++;
	dev->holder = holder;
	return 0;
}

static void unclaim(struct block_device *dev)
{
	struct block_device *whole = dev->disk->whole;

	if (!--dev->holders)
		dev->holder = NULL;
	if (whole != dev && !--whole->holders)
		whole->holder = NULL;
}

int bdev_claim(struct block_device *dev, void *holder)
{
	int err;

	blocks_hold();
	err = claim(dev, holder);
	blocks_release();
	return err;
}

void bdev_unclaim(struct block_device *dev, void *holder)
{
	blocks_hold();
	CHECK(dev->holder == holder);
	unclaim(dev);
	blocks_release();
}

/* One more, or one less (@n), of @dev and of its disk; blocks_lock held. */
static void count_opener(struct block_device *dev, bool write, uint32_t n)
{
	struct block_device *whole = dev->disk->whole;

	dev->openers += n;
	dev->writers += write ? n : 0;
	if (whole != dev) {
		whole->openers += n;
		whole->writers += write ? n : 0;
	}
}

int bdev_open(struct block_device *dev, bool write, void *holder)
{
	int err = 0;

	blocks_hold();
	if (READ_ONCE(dev->gone))
		err = -ENXIO;
	else if (holder)
		err = claim(dev, holder);
	if (!err)
		count_opener(dev, write, 1);
	blocks_release();
	/* Counted first: a cache that is made now is one that the last of us frees. */
	if (!err && is_err(cache_of_device(dev))) {
		bdev_close(dev, write, holder);
		err = -ENOMEM;
	}
	return err;
}

int bdev_retire(struct block_device *dev)
{
	bool busy;

	/* One step with bdev_open's: who comes later finds it gone. */
	blocks_hold();
	busy = dev->openers;
	if (!busy)
		WRITE_ONCE(dev->gone, true);
	blocks_release();
	return busy ? -EBUSY : 0;
}

/* Nobody will ask for its pages any more; blocks_lock held. */
static void free_cache(struct block_device *dev)
{
	if (READ_ONCE(dev->gone) && !dev->openers && dev->cache)
		cache_free_device(dev);
}

void bdev_removed(struct block_device *dev)
{
	free_cache(dev);
}

int bdev_flush(struct block_device *dev)
{
	struct file_cache *c = dev->cache;
	int err;

	if (!c)
		return 0;
	err = cache_write_range(c, 0, UINT64_MAX, true);
	cache_drop(c);
	return err;
}

void bdev_close(struct block_device *dev, bool write, void *holder)
{
	struct block_disk *disk = dev->disk;
	bool idle;

	/*
	 * While the count_opener still keeps the cache.  Whom an error concerns has asked by fsync.
	 * Another who comes meanwhile may leave dirty pages, which the write-back tasks write as
	 * any others.
	 */
	if (READ_ONCE(dev->openers) == 1 && bdev_flush(dev))
		pr_warn("%s: not all that was written has reached it\n", dev->name);
	blocks_hold();
	if (holder)
		unclaim(dev);
	count_opener(dev, write, -1u);
	free_cache(dev);
	idle = !disk->whole->openers;
	blocks_release();
	if (idle && disk->ops->idle)
		disk->ops->idle(disk);
}

#define DISCARD_PIECE (1ull << 30) /* between two of them a signal that kills is seen */

/* Before the discard: a dirty page that were written later would bring the old bytes back. */
static int drop_discarded(struct block_device *dev, uint64_t from, uint64_t end, void *holder)
{
	static char discarding; /* who has it alone meanwhile */
	int err;

	if (bdev_claim(dev, holder ?: &discarding)) {
		/* A mounted file system has pages in its hands: they stay in the cache. */
		err = cache_write_range(dev->cache, from, end, true);
		cache_drop_range(dev->cache, from >> PAGE_SHIFT, DIV_ROUND_UP(end, PAGE_SIZE));
		return err;
	}
	err = cache_punch(dev->cache, from, end);
	bdev_unclaim(dev, holder ?: &discarding);
	return err;
}

int bdev_discard(struct block_device *dev, enum block_op op, uint64_t from, uint64_t len,
		 void *holder)
{
	int err = drop_discarded(dev, from, from + len, holder);

	for (uint64_t n; !err && len; from += n, len -= n) {
		n = min(len, DISCARD_PIECE);
		err = block_io(dev, op, from, NULL, n, 0) ?: give_way();
	}
	return err;
}
