/*
 * file.c - an open block special file: /dev/vda as a run of bytes.
 *
 * Comes from open.c with the node's inode, whose number says which device; goes to the device's
 * page cache.  Invariants: f->private is the device, open (bdev_open) for as long as the file is;
 * nothing is written behind the device's end.
 */
#include "abi/stat.h"
#include "block/device.h"
#include "fs/bdev.h"
#include "fs/blockdev/file.h"
#include "fs/blockdev/ioctl.h"
#include "fs/blockdev/loop.h"
#include "fs/blockdev/loop_control.h"
#include "fs/blockdev/node.h"
#include "fs/cache.h"
#include "fs/request.h"

/* The device with @number, with a reference, which may have to be made first; NULL: none. */
static struct block_device *find_or_make(uint32_t number)
{
	struct block_device *dev = block_find(number);

	if (dev)
		return dev;
	if (dev_major(number) == LOOP_MAJOR)
		loop_request(dev_minor(number));
	else if (request_module("block-major-%u-%u", dev_major(number), dev_minor(number)) > 0)
		(void)request_module("block-major-%u", dev_major(number));
	return block_find(number);
}

/* What the file claims the device for: itself, by O_EXCL. */
static void *holder_of(struct file *f)
{
	return f->mode & FILE_ALONE ? f : NULL;
}

static int block_open(struct file *f)
{
	struct block_device *dev = find_or_make(f->inode->rdev);
	int err;

	if (!dev)
		return -ENXIO;
	if (f->flags & O_EXCL)
		f->mode |= FILE_ALONE;
	err = bdev_open(dev, f->mode & FILE_WRITE, holder_of(f));
	if (err) {
		block_put(dev);
		return err;
	}
	f->private = dev;
	return 0;
}

static void block_release(struct file *f)
{
	struct block_device *dev = f->private;

	bdev_close(dev, f->mode & FILE_WRITE, holder_of(f));
	block_put(dev);
}

static long block_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct block_device *dev = f->private;
	uint64_t size = bdev_bytes(dev);
	size_t over = 0;
	long n;

	if (READ_ONCE(dev->read_only))
		return -EPERM;
	if (!from->left)
		return 0;
	if (*pos >= size)
		return -ENOSPC;
	if (from->left > size - *pos)
		over = from->left - (size - *pos);
	/* A device does not grow by a write: what does not fit is not offered. */
	from->left -= over;
	n = cache_file_write(f, from, pos);
	from->left += over;
	return n;
}

static int64_t block_seek(struct file *f, int64_t offset, int whence)
{
	uint64_t size = bdev_bytes(f->private), was = f->pos;
	int64_t at;

	at = file_seek_size(f, offset, whence, size);
	if (at >= 0 && (uint64_t)at > size) {
		f->pos = was;
		return -EINVAL;
	}
	return at;
}

static struct vm_object *block_mmap(struct file *f, uint64_t len, bool shared)
{
	const struct block_device *dev = f->private;

	if (shared && f->mode & FILE_WRITE && READ_ONCE(dev->read_only))
		return err_ptr(-EINVAL);
	return cache_file_mmap(f, len, shared);
}

/* fallocate(2): zeros, or what the disk need not keep any more, which reads as zeros, too. */
static int block_allocate(struct file *f, uint32_t mode, uint64_t from, uint64_t len)
{
	struct block_device *dev = f->private;
	uint64_t size = bdev_bytes(dev);

	if (from >= size || (len > size - from && !(mode & FALLOC_FL_KEEP_SIZE)))
		return -EINVAL;
	len = min(len, size - from);
	if ((from | len) & (dev->disk->limits.logical - 1))
		return -EINVAL;
	switch (mode) {
	case FALLOC_FL_ZERO_RANGE:
	case FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE: break;
	case FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE:
		/* It may not take the time that writing takes. */
		if (!dev->disk->limits.max_zero)
			return -EOPNOTSUPP;
		break;
	default: return -EOPNOTSUPP;
	}
	return READ_ONCE(dev->read_only) ? -EPERM
					 : bdev_discard(dev, BLOCK_ZERO, from, len, holder_of(f));
}

const struct file_ops bdev_file_ops = {
	.open = block_open,
	.release = block_release,
	.read = cache_file_read, /* what is behind the end is the cache's to know */
	.write = block_write,
	.seek = block_seek,
	.mmap = block_mmap,
	.fsync = cache_file_fsync,
	.allocate = block_allocate,
	.ioctl = bdev_ioctl,
	.commands = bdev_commands,
};
