/*
 * loop_bind.c - which file is behind a loop device, and how it is used.
 *
 * Comes from ioctl(2), and from the last close of a device.  Invariant: state, and which file is
 * behind a device, change under loops_lock; a file is put without it, since it may be the last of
 * another loop device.
 */
#include "fs/blockdev/loop_bind.h"

#include "abi/stat.h"
#include "block/device.h"
#include "block/partition.h"
#include "fs/bdev.h"
#include "fs/blockdev/loop.h"
#include "fs/blockdev/node.h"
#include "fs/blockdev/sysfs.h"
#include "fs/fdtable.h"
#include "fs/open.h"
#include "lib/string.h"
#include "task/cap.h"

#define LOOPS_SETTABLE	 (LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN)
#define LOOPS_CLEARABLE	 LO_FLAGS_AUTOCLEAR
#define LOOPS_CONFIGURED (LOOPS_SETTABLE | LO_FLAGS_READ_ONLY | LO_FLAGS_DIRECT_IO)

/*
 * May @f be behind @lo?  A file or a disk; of loop devices none that is behind itself.  0, -EINVAL,
 * -EBADF.  loops_lock held.
 */
static int check_file(const struct loop *lo, const struct file *f)
{
	mutex_assert_held(&loops_lock);
	if (!S_ISREG(f->inode->mode) && !S_ISBLK(f->inode->mode))
		return -EINVAL;
	while (S_ISBLK(f->inode->mode)) {
		const struct block_device *dev = f->private;
		const struct loop *below = loop_of(dev->disk);

		if (!loop_is(dev->disk))
			break;
		if (below == lo)
			return -EBADF;
		if (below->state != LOOP_BOUND)
			return -EINVAL;
		f = below->file;
	}
	return f->ops->read ? 0 : -EINVAL;
}

/* The same file, opened for the device alone, so that no flag of the caller's counts. */
static struct file *open_again(struct file *f, bool direct)
{
	uint32_t flags = f->mode & FILE_WRITE ? O_RDWR : O_RDONLY;
	struct file *own;

	if (!f->path.mnt || !f->path.dentry) {
		file_get(f); /* a memfd has no name */
		return f;
	}
	own = vfs_open_path(&f->path, flags | (direct ? (uint32_t)O_DIRECT : 0));
	/* Not every file takes O_DIRECT: then it goes by the cache, as on Linux. */
	return is_err(own) && direct ? vfs_open_path(&f->path, flags) : own;
}

/* In sectors, as far as offset and limit say. */
static uint64_t file_sectors(const struct loop *lo, const struct file *f)
{
	uint64_t size = S_ISBLK(f->inode->mode) ? bdev_bytes(f->private) : inode_size(f->inode);

	size -= min(size, lo->offset);
	return (lo->limit ? min(size, lo->limit) : size) >> SECTOR_SHIFT;
}

/* What the disk can do is what its file can.  Nothing is asked of the device meanwhile. */
static void set_limits(struct loop *lo, const struct file *f, uint32_t block)
{
	const struct block_device *dev = S_ISBLK(f->inode->mode) ? f->private : NULL;
	bool punch = !dev && S_ISREG(f->inode->mode) && f->inode->ops->allocate;
	struct block_limits *l = &lo->disk.limits;

	/* One by one: others ask for the block's size at any time, which is never 0. */
	WRITE_ONCE(l->logical, block);
	WRITE_ONCE(l->physical, block);
	l->cache = true;
	l->rotational = dev && dev->disk->limits.rotational;
	l->max_zero = punch ? UINT32_MAX >> SECTOR_SHIFT : 0;
	l->max_discard =
		punch || (dev && dev->disk->limits.max_discard) ? UINT32_MAX >> SECTOR_SHIFT : 0;
}

static bool is_block_size(uint64_t n)
{
	return n >= SECTOR_SIZE && n <= PAGE_SIZE && !(n & (n - 1));
}

/* Offset, limit and name; 0, -EINVAL, -EOVERFLOW. */
static int take_info(struct loop *lo, const struct loop_info64 *info)
{
	if (info->lo_encrypt_key_size > LO_KEY_SIZE || info->lo_encrypt_type)
		return -EINVAL;
	if (info->lo_offset > INT64_MAX || info->lo_sizelimit > INT64_MAX)
		return -EOVERFLOW;
	mutex_lock(&lo->serving);
	WRITE_ONCE(lo->offset, info->lo_offset);
	WRITE_ONCE(lo->limit, info->lo_sizelimit);
	memcpy(lo->name, info->lo_file_name, LO_NAME_SIZE);
	lo->name[LO_NAME_SIZE - 1] = '\0';
	mutex_unlock(&lo->serving);
	return 0;
}

static void set_read_only(struct loop *lo, bool read_only)
{
	lo->disk.read_only = read_only;
	WRITE_ONCE(lo->disk.whole->read_only, read_only);
}

static void scan_partitions(struct loop *lo)
{
	/* A table that cannot be read is none: the caller gets the disk all the same. */
	if (bdev_flush(lo->disk.whole) || block_scan(&lo->disk))
		pr_warn("%s: its partitions are not read\n", lo->disk.name);
}

/* @f, opened for the device alone, is behind it from now on; loops_lock held. */
static int bind_file(struct loop *lo, struct file *f, const struct file *given, struct file *at,
		     const struct loop_config *c)
{
	uint32_t flags = c->info.lo_flags;
	int err = check_file(lo, given);

	if (!err && (flags & ~(uint32_t)LOOPS_CONFIGURED ||
		     (c->block_size && !is_block_size(c->block_size))))
		err = -EINVAL;
	err = err ?: take_info(lo, &c->info) ?: loop_start(lo);
	if (err)
		return err;
	if (!(f->mode & FILE_WRITE) || !(at->mode & FILE_WRITE) || !f->ops->write)
		flags |= LO_FLAGS_READ_ONLY;
	if (!(f->flags & O_DIRECT))
		flags &= ~(uint32_t)LO_FLAGS_DIRECT_IO;
	WRITE_ONCE(lo->flags, flags);
	set_limits(lo, f, c->block_size ?: SECTOR_SIZE);
	set_read_only(lo, flags & LO_FLAGS_READ_ONLY);
	loop_set_file(lo, f);
	bdev_new_sequence(lo->disk.whole);
	lo->state = LOOP_BOUND;
	bdev_sysfs_bind(lo->disk.whole, true);
	/* Last: from here on it is asked for. */
	block_resize(&lo->disk, file_sectors(lo, f));
	if (flags & LO_FLAGS_PARTSCAN)
		scan_partitions(lo);
	return 0;
}

/* LOOP_CONFIGURE and LOOP_SET_FD, by @at, which is open on the device. */
static long configure(struct loop *lo, struct block_device *dev, struct file *at,
		      const struct loop_config *c)
{
	struct file *given = fd_file((int)c->fd), *f;
	long err;

	if (!given)
		return -EBADF;
	f = open_again(given, c->info.lo_flags & LO_FLAGS_DIRECT_IO);
	err = is_err(f) ? ptr_err(f) : 0;
	/* Nobody has it alone: neither a mount nor a task that is just doing this. */
	if (!err && !(at->mode & FILE_ALONE))
		err = bdev_claim(dev, at);
	if (!err) {
		mutex_lock(&loops_lock);
		err = lo->state == LOOP_UNBOUND ? bind_file(lo, f, given, at, c) : -EBUSY;
		mutex_unlock(&loops_lock);
		if (!(at->mode & FILE_ALONE))
			bdev_unclaim(dev, at);
	}
	if (err && !is_err(f))
		file_put(f);
	file_put(given);
	return err;
}

/* The file goes, and what has not been served ends; loops_lock held.  The file, for the caller. */
static struct file *unbind_file(struct loop *lo)
{
	struct file *f = lo->file;

	lo->state = LOOP_ENDING;
	bdev_sysfs_bind(lo->disk.whole, false);
	block_resize(&lo->disk, 0);
	/* Of a disk without sectors the partitions go. */
	if (lo->flags & LO_FLAGS_PARTSCAN)
		scan_partitions(lo);
	loop_stop(lo);
	loop_set_file(lo, NULL);
	WRITE_ONCE(lo->flags, 0);
	WRITE_ONCE(lo->offset, 0);
	WRITE_ONCE(lo->limit, 0);
	memset(lo->name, 0, sizeof(lo->name));
	/* Whether it is read-only is asked anew with the next file, as on Linux. */
	lo->disk.limits.cache = false;
	lo->state = LOOP_UNBOUND;
	return f;
}

void loop_idle(struct block_disk *d)
{
	struct loop *lo = loop_of(d);
	struct file *f = NULL;

	mutex_lock(&loops_lock);
	/* Somebody may have opened it again: then it goes with him. */
	if (lo->state == LOOP_BOUND && lo->flags & LO_FLAGS_AUTOCLEAR &&
	    !READ_ONCE(d->whole->openers))
		f = unbind_file(lo);
	mutex_unlock(&loops_lock);
	/* Without the lock: it may be the last of another loop device. */
	if (f)
		file_put(f);
}

/* ---- settings of one that has a file; loops_lock held ---- */

static long set_loop_status(struct loop *lo, const struct loop_info64 *info)
{
	bool moved = lo->offset != info->lo_offset || lo->limit != info->lo_sizelimit;
	uint32_t was = lo->flags, flags = info->lo_flags & LOOPS_SETTABLE;
	int err = moved ? bdev_flush(lo->disk.whole) : 0;

	err = err ?: take_info(lo, info);
	if (err)
		return err;
	flags |= was & ~(uint32_t)LOOPS_SETTABLE;
	flags |= was & ~(uint32_t)LOOPS_CLEARABLE;
	WRITE_ONCE(lo->flags, flags);
	if (moved)
		block_resize(&lo->disk, file_sectors(lo, lo->file));
	if (flags & ~was & LO_FLAGS_PARTSCAN)
		scan_partitions(lo);
	return 0;
}

static long get_loop_status(const struct loop *lo, struct loop_info64 *info)
{
	const struct inode *inode = lo->file->inode;

	*info = (struct loop_info64){ .lo_device = inode->sb ? inode->sb->dev : 0,
				      .lo_inode = inode->ino,
				      .lo_rdevice = inode->rdev,
				      .lo_offset = lo->offset,
				      .lo_sizelimit = lo->limit,
				      .lo_number = lo->number,
				      .lo_flags = lo->flags };
	memcpy(info->lo_file_name, lo->name, LO_NAME_SIZE);
	return 0;
}

static long set_block(struct loop *lo, uintptr_t size)
{
	int err;

	if (!is_block_size(size))
		return -EINVAL;
	if (lo->disk.limits.logical == size)
		return 0;
	err = bdev_flush(lo->disk.whole);
	if (err)
		return err;
	mutex_lock(&lo->serving);
	WRITE_ONCE(lo->disk.limits.logical, (uint32_t)size);
	WRITE_ONCE(lo->disk.limits.physical, (uint32_t)size);
	mutex_unlock(&lo->serving);
	return 0;
}

/* The file is opened once more, with O_DIRECT or without. */
static long set_direct(struct loop *lo, bool direct, struct file **old)
{
	struct file *f;

	if (!(lo->flags & LO_FLAGS_DIRECT_IO) == !direct)
		return 0;
	f = open_again(lo->file, direct);
	if (is_err(f) || f == lo->file || !(f->flags & O_DIRECT) == direct) {
		if (!is_err(f))
			file_put(f);
		return -EINVAL;
	}
	*old = lo->file;
	loop_set_file(lo, f);
	WRITE_ONCE(lo->flags, lo->flags ^ LO_FLAGS_DIRECT_IO);
	return 0;
}

static long change_bound(struct loop *lo, uint32_t cmd, void *arg, struct file **old)
{
	mutex_assert_held(&loops_lock);
	if (lo->state != LOOP_BOUND)
		return -ENXIO;
	switch (cmd) {
	case LOOP_CLR_FD:
		/* It goes when the last who has it open, the caller at the earliest, closes it. */
		WRITE_ONCE(lo->flags, lo->flags | LO_FLAGS_AUTOCLEAR);
		return 0;
	case LOOP_SET_STATUS64: return set_loop_status(lo, arg);
	case LOOP_GET_STATUS64: return get_loop_status(lo, arg);
	case LOOP_SET_CAPACITY: block_resize(&lo->disk, file_sectors(lo, lo->file)); return 0;
	case LOOP_SET_DIRECT_IO: return set_direct(lo, arg != NULL, old);
	case LOOP_SET_BLOCK_SIZE: return set_block(lo, (uintptr_t)arg);
	default: return -EINVAL;
	}
}

long loop_ioctl(struct block_device *dev, struct file *f, uint32_t cmd, void *arg)
{
	struct loop *lo = loop_of(dev->disk);
	struct loop_config c = { .fd = (uint32_t)(uintptr_t)arg };
	struct file *old = NULL;
	long ret;

	switch (cmd) {
	case LOOP_SET_FD: return configure(lo, dev, f, &c);
	case LOOP_CONFIGURE: return configure(lo, dev, f, arg);
	case LOOP_SET_STATUS64:
	case LOOP_SET_CAPACITY:
	case LOOP_SET_DIRECT_IO:
	case LOOP_SET_BLOCK_SIZE:
		if (!(f->mode & FILE_WRITE) && !capable(CAP_SYS_ADMIN))
			return -EPERM;
		break;
	case LOOP_CLR_FD:
	case LOOP_GET_STATUS64: break;
	default: return -EINVAL; /* and not -ENOTTY: as Linux's driver */
	}
	mutex_lock(&loops_lock);
	ret = change_bound(lo, cmd, arg, &old);
	mutex_unlock(&loops_lock);
	if (old)
		file_put(old);
	return ret;
}
