/*
 * ioctl.c - what a block device is asked by ioctl(2).
 *
 * Comes from sys/file/ioctl.c with the argument in kernel memory.  Answers, their order and their
 * errors are Linux's (block/ioctl.c of 6.12, and its manual pages), as tests/boot compares.
 */
#include "block/device.h"
#include "block/partition.h"
#include "fs/bdev.h"
#include "fs/blockdev/ioctl.h"
#include "fs/blockdev/loop.h"
#include "fs/blockdev/loop_bind.h"
#include "fs/blockdev/node.h"
#include "lib/string.h"
#include "task/cap.h"

#define IN  IOCTL_IN
#define OUT IOCTL_OUT

const struct ioctl_command bdev_commands[] = {
	{ BLKROSET, sizeof(int), IN },
	{ BLKROGET, sizeof(int), OUT },
	{ BLKGETSIZE, sizeof(uint64_t), OUT },
	{ BLKRAGET, sizeof(int64_t), OUT },
	{ BLKFRAGET, sizeof(int64_t), OUT },
	{ BLKSECTGET, sizeof(uint16_t), OUT },
	{ BLKSSZGET, sizeof(int), OUT },
	{ BLKPG, sizeof(struct blkpg_ioctl_arg), IN },
	{ BLKBSZGET, sizeof(int), OUT },
	{ BLKBSZSET, sizeof(int), IN },
	{ BLKGETSIZE64, sizeof(uint64_t), OUT },
	{ BLKDISCARD, 2 * sizeof(uint64_t), IN },
	{ BLKIOMIN, sizeof(uint32_t), OUT },
	{ BLKIOOPT, sizeof(uint32_t), OUT },
	{ BLKALIGNOFF, sizeof(int), OUT },
	{ BLKPBSZGET, sizeof(uint32_t), OUT },
	{ BLKDISCARDZEROES, sizeof(uint32_t), OUT },
	{ BLKSECDISCARD, 2 * sizeof(uint64_t), IN },
	{ BLKROTATIONAL, sizeof(uint16_t), OUT },
	{ BLKZEROOUT, 2 * sizeof(uint64_t), IN },
	{ BLKGETDISKSEQ, sizeof(uint64_t), OUT },
	{ HDIO_GETGEO, sizeof(struct hd_geometry), OUT },
	{ LOOP_SET_STATUS64, sizeof(struct loop_info64), IN },
	{ LOOP_GET_STATUS64, sizeof(struct loop_info64), OUT },
	{ LOOP_CONFIGURE, sizeof(struct loop_config), IN },
	{ 0, 0, 0 },
};

/* ---- answers ---- */

/* A number that the device says of itself, as wide as the table above says.  False: none. */
static bool answer_number(const struct block_device *dev, uint32_t cmd, uint64_t *n)
{
	const struct block_limits *l = &dev->disk->limits;

	switch (cmd) {
	case BLKGETSIZE: *n = READ_ONCE(dev->sectors); break;
	case BLKGETSIZE64: *n = bdev_bytes(dev); break;
	case BLKROGET: *n = READ_ONCE(dev->read_only); break;
	case BLKRAGET:
	case BLKFRAGET: *n = READ_ONCE(dev->disk->read_ahead); break;
	case BLKSECTGET: *n = min(l->max_bytes >> SECTOR_SHIFT, (uint32_t)UINT16_MAX); break;
	case BLKSSZGET: *n = l->logical; break;
	case BLKBSZGET: *n = bdev_block_size(dev); break;
	case BLKPBSZGET:
	case BLKIOMIN: *n = l->physical; break;
	case BLKIOOPT:
	case BLKALIGNOFF:
	case BLKDISCARDZEROES: *n = 0; break;
	case BLKROTATIONAL: *n = l->rotational; break;
	case BLKGETDISKSEQ: *n = READ_ONCE(dev->disk->whole->sequence); break;
	default: return false;
	}
	return true;
}

/* What the disk says of it, else what Linux makes up: nobody turns cylinders, but fdisk asks. */
static long get_geometry(const struct block_device *dev, struct hd_geometry *geo)
{
	const struct block_disk *d = dev->disk;

	if (!d->heads && !d->place) /* a disk that is none */
		return -ENOTTY;
	geo->heads = d->heads ?: 64;
	geo->sectors = d->heads ? d->track_sectors : 32;
	geo->cylinders = d->heads ? d->cylinders : (uint16_t)(READ_ONCE(d->whole->sectors) >> 11);
	geo->start = dev->start;
	return 0;
}

/* ---- settings ---- */

static long set_block_size(struct block_device *dev, struct file *f, int size)
{
	int err = 0;

	if (size < (int)SECTOR_SIZE || size > (int)PAGE_SIZE || (size & (size - 1)) ||
	    size < (int)dev->disk->limits.logical)
		return -EINVAL;
	/* Not under the feet of one who has it alone, unless that is the caller. */
	if (!(f->mode & FILE_ALONE))
		err = bdev_claim(dev, f);
	if (err)
		return err;
	if (!(f->mode & FILE_ALONE))
		bdev_unclaim(dev, f);
	WRITE_ONCE(dev->block_size, (uint32_t)size);
	return 0;
}

static long set_number(struct block_device *dev, struct file *f, uint32_t cmd, void *arg)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	switch (cmd) {
	case BLKROSET:
		/* A disk that cannot be written stays so. */
		WRITE_ONCE(dev->read_only, *(int *)arg || dev->disk->read_only);
		return 0;
	case BLKFLSBUF: return bdev_flush(dev);
	case BLKBSZSET: return set_block_size(dev, f, *(int *)arg);
	default:
		WRITE_ONCE(dev->disk->read_ahead,
			   (uint32_t)min((uintptr_t)arg, (uintptr_t)INT32_MAX) &
				   ~(uint32_t)(PAGE_SIZE / SECTOR_SIZE - 1));
		return 0;
	}
}

/* ---- discard and zeros ---- */

static long discard_range(struct block_device *dev, struct file *f, uint32_t cmd,
			  const uint64_t range[2])
{
	const struct block_limits *l = &dev->disk->limits;
	uint64_t mask = cmd == BLKZEROOUT ? SECTOR_SIZE - 1 : l->logical - 1,
		 size = bdev_bytes(dev);

	if (!(f->mode & FILE_WRITE))
		return -EBADF;
	if (cmd == BLKSECDISCARD || (cmd == BLKDISCARD && !l->max_discard))
		return -EOPNOTSUPP;
	if (READ_ONCE(dev->read_only))
		return -EPERM;
	if ((range[0] | range[1]) & mask || range[1] > size || range[0] > size - range[1] ||
	    !range[1])
		return -EINVAL;
	return bdev_discard(dev, cmd == BLKZEROOUT ? BLOCK_ZERO : BLOCK_DISCARD, range[0], range[1],
			    f->mode & FILE_ALONE ? f : NULL);
}

/* ---- partitions ---- */

static long change_partition(struct block_device *dev, const struct blkpg_ioctl_arg *a)
{
	struct blkpg_partition p;
	struct iter it;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	iter_user(&it, uptr_of(a->data), sizeof(p));
	if (iter_take(&it, &p, sizeof(p)) != sizeof(p))
		return -EFAULT;
	if (dev->part || p.pno <= 0)
		return -EINVAL;
	if (a->op == BLKPG_DEL_PARTITION)
		return partition_del(dev->disk, (uint32_t)p.pno);
	if (p.start < 0 || p.length <= 0 || p.start > INT64_MAX - p.length ||
	    (uint64_t)(p.start | p.length) & (dev->disk->limits.logical - 1))
		return -EINVAL;
	switch (a->op) {
	case BLKPG_ADD_PARTITION:
		return partition_add(dev->disk, (uint32_t)p.pno, (uint64_t)p.start >> SECTOR_SHIFT,
				     (uint64_t)p.length >> SECTOR_SHIFT);
	case BLKPG_RESIZE_PARTITION:
		return partition_resize(dev->disk, (uint32_t)p.pno,
					(uint64_t)p.start >> SECTOR_SHIFT,
					(uint64_t)p.length >> SECTOR_SHIFT);
	default: return -EINVAL;
	}
}

static long read_partitions(struct block_device *dev)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (dev->part || (loop_is(dev->disk) && !loop_has_table(dev->disk)))
		return -EINVAL;
	/* The table is read from the disk, past the cache. */
	return bdev_flush(dev) ?: block_scan(dev->disk);
}

long bdev_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	struct block_device *dev = f->private;
	uint64_t n;

	if (answer_number(dev, cmd, &n)) {
		/* Little-endian: the low bytes are first, whatever the width. */
		memcpy(arg, &n, file_ioctl_command(f, cmd)->size);
		return 0;
	}
	switch (cmd) {
	case BLKROSET:
	case BLKFLSBUF:
	case BLKBSZSET:
	case BLKRASET:
	case BLKFRASET: return set_number(dev, f, cmd, arg);
	case BLKDISCARD:
	case BLKSECDISCARD:
	case BLKZEROOUT: return discard_range(dev, f, cmd, arg);
	case BLKRRPART: return read_partitions(dev);
	case BLKPG: return change_partition(dev, arg);
	case HDIO_GETGEO: return get_geometry(dev, arg);
	default: return loop_is(dev->disk) ? loop_ioctl(dev, f, cmd, arg) : -ENOTTY;
	}
}
