/*
 * bdev.h - who has a block device open: files of its nodes (fs/blockdev/), mounts, loop devices.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "block/block.h"

/*
 * bdev_open - one user more of @dev, whose reference the caller keeps until bdev_close; @write: one
 * that may write.  @holder (NULL: anybody may have it beside): @dev is claimed for it, again and
 * again for the same; nobody else claims @dev, nor the whole disk of it, nor, of a whole disk, its
 * partitions (O_EXCL, a mount: the superblock).  From now on dev->cache is there.
 * 0, -ENXIO (it is gone), -EBUSY (somebody else's), -ENOMEM.  May sleep; no lock of fs/ is held but
 * mount_lock.
 * bdev_close - not any more, with the same @write and @holder.  When the last one goes, what is
 * dirty is written and the pages go.  May sleep.
 */
int bdev_open(struct block_device *dev, bool write, void *holder) __must_check;
void bdev_close(struct block_device *dev, bool write, void *holder);
/*
 * bdev_retire - nobody opens @dev, a whole disk, any more, which is about to be removed: 0, or
 * -EBUSY: somebody has it open.
 */
int bdev_retire(struct block_device *dev) __must_check;
/* bdev_claim, bdev_unclaim - the claim alone, of one that is open.  0, -EBUSY. */
int bdev_claim(struct block_device *dev, void *holder) __must_check;
void bdev_unclaim(struct block_device *dev, void *holder);

/* bdev_bytes - its size. */
static inline uint64_t bdev_bytes(const struct block_device *dev)
{
	return READ_ONCE(dev->sectors) << SECTOR_SHIFT;
}

/* bdev_flush - what is dirty of it is written, and clean pages that nobody uses go.  0, -EIO. */
int bdev_flush(struct block_device *dev) __must_check;
/*
 * bdev_discard - @len bytes from @from on of @dev are thrown away (BLOCK_DISCARD) or become zeros
 * (BLOCK_ZERO); its pages of them go, if it is @holder's (as bdev_open's), or nobody's.  Another's,
 * a file system's, stay, and what is dirty is written first.  0, -EOPNOTSUPP, -EIO, -EINTR.  May
 * sleep.
 */
int bdev_discard(struct block_device *dev, enum block_op op, uint64_t from, uint64_t len,
		 void *holder) __must_check;
/*
 * bdev_removed - the block layer has taken @dev out, blocks_lock is held: if nobody has it open its
 * cache goes.
 */
void bdev_removed(struct block_device *dev);
