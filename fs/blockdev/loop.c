/*
 * loop.c - loop devices (loop(4)): a file, or another device, as a disk.
 *
 * Comes from the block layer with requests, from ioctl(2) with files.  A request is handed to the
 * device's task, since a file may be read and written only where one may sleep; it goes through the
 * file's own operations, so that whatever the file lies on stays one with what its other users see.
 *
 * Invariants: state, and which file is behind a device, change under loops_lock; what a request
 * needs of them changes under lo->serving alone, which the task holds for one request.  A request
 * is in the list only while there is a task that will take it out.
 */
#include "fs/blockdev/ioctl.h"
#include "fs/blockdev/sysfs.h"
#include "fs/blockdev/loop.h"

#include "abi/blkdev.h"
#include "abi/stat.h"
#include "block/device.h"
#include "block/partition.h"
#include "block/request.h"
#include "fs/bdev.h"
#include "fs/blockdev/node.h"
#include "fs/context.h"
#include "fs/fdtable.h"
#include "fs/open.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/kernel_task.h"

#define LOOPS_AT_FIRST	 8u /* as Debian's kernel has them */
#define LOOP_NUMBERS	 (1u << 20)
#define LOOP_MAX_BYTES	 (1280u << 10) /* of one request, as Linux's */
#define LOOP_CONTROL	 DEV(10, 237)
#define LOOPS_SETTABLE	 (LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN)
#define LOOPS_CLEARABLE	 LO_FLAGS_AUTOCLEAR
#define LOOPS_CONFIGURED (LOOPS_SETTABLE | LO_FLAGS_READ_ONLY | LO_FLAGS_DIRECT_IO)

enum loop_state { LOOP_UNBOUND, LOOP_BOUND, LOOP_ENDING };

struct loop {
	struct block_disk disk;
	struct loop *next; /* by number; loops_lock */
	uint32_t number;
	uint8_t state; /* enum loop_state; loops_lock */
	uint32_t flags;
	uint64_t offset, limit; /* bytes of the file; limit 0: to its end */
	char name[LO_NAME_SIZE];
	struct mutex serving;
	/*
	 * file - what is behind it; changes under loops_lock, serving and lock: any of them will do
	 * to look.
	 */
	struct file *file;
	struct charge *charge;
	struct spinlock lock;		     /* irqsave; of what follows */
	struct block_request *first, **last; /* linked by rq->driver */
	bool stop, runs;		     /* the task is to end; there is one */
	struct wait_queue wait;
	struct completion ended;
};

static struct mutex loops_lock = MUTEX_INIT(loops_lock);
static struct loop *loops;
static const struct block_ops loop_ops;

static struct loop *loop_of(const struct block_disk *d)
{
	return container_of(d, struct loop, disk);
}

bool loop_is(const struct block_disk *d)
{
	return d->ops == &loop_ops;
}

/* ---- requests ---- */

/* block_ops.serve: a task will do it. */
static void loop_serve(struct block_disk *d, struct block_request *rq)
{
	struct loop *lo = loop_of(d);
	unsigned long flags;
	bool runs;

	rq->driver = NULL;
	flags = spin_lock_irqsave(&lo->lock);
	runs = lo->runs;
	if (runs) {
		*lo->last = rq;
		lo->last = (struct block_request **)&rq->driver;
	}
	spin_unlock_irqrestore(&lo->lock, flags);
	if (runs)
		wake_up(&lo->wait);
	else
		block_end(rq, -EIO);
}

/* What is to be done next; NULL: nothing now, or @*stop: nothing any more, there is no task. */
static struct block_request *take_request(struct loop *lo, bool *stop)
{
	unsigned long flags = spin_lock_irqsave(&lo->lock);
	struct block_request *rq = lo->first;

	if (rq) {
		lo->first = rq->driver;
		if (!lo->first)
			lo->last = &lo->first;
	}
	*stop = !rq && lo->stop;
	if (*stop)
		lo->runs = false;
	spin_unlock_irqrestore(&lo->lock, flags);
	return rq;
}

/* One segment from or to @pos of the file.  0, -ENOSPC, -EIO. */
static int move_segment(struct file *f, bool write, const struct block_segment *s, uint64_t pos)
{
	struct iter it;
	long n;

	iter_kernel(&it, phys_to_virt(s->at), s->len);
	while (it.left) {
		n = write ? f->ops->write(f, &it, &pos) : f->ops->read(f, &it, &pos);
		if (n < 0)
			return n == -ENOSPC ? -ENOSPC : -EIO;
		if (n)
			continue;
		/* The file has become shorter than the device is: as Linux's, zeros. */
		if (write || !iter_zero(&it, it.left))
			return -EIO;
	}
	return 0;
}

/* BLOCK_DISCARD and BLOCK_ZERO: the file gets a hole. */
static int punch_file(struct file *f, enum block_op op, uint64_t from, uint64_t len)
{
	if (S_ISBLK(f->inode->mode))
		return bdev_discard(f->private, op, from, len);
	return file_allocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (int64_t)from,
			     (int64_t)len);
}

static int sync_file(struct file *f)
{
	int err = file_sync(f, false);

	return err == -EINVAL ? 0 : err; /* no such operation */
}

/* lo->serving is held. */
static int serve_request(struct loop *lo, const struct block_request *rq)
{
	uint64_t pos = lo->offset + (rq->disk_sector << SECTOR_SHIFT);
	int err = lo->file ? 0 : -EIO;

	if (err || rq->op == BLOCK_FLUSH)
		return err ?: sync_file(lo->file);
	if (rq->op == BLOCK_DISCARD || rq->op == BLOCK_ZERO)
		return punch_file(lo->file, rq->op, pos, rq->bytes);
	for (unsigned int i = 0; i < rq->nr_segments && !err; i++) {
		err = move_segment(lo->file, rq->op == BLOCK_WRITE, &rq->segments[i], pos);
		pos += rq->segments[i].len;
		give_way();
	}
	return err ?: rq->flags & BLOCK_FUA ? sync_file(lo->file) : 0;
}

static bool loop_has_work(const struct loop *lo)
{
	return READ_ONCE(lo->first) || READ_ONCE(lo->stop);
}

/* The device's task: one request after the other, until it is stopped and none is left. */
static void loop_main(void *arg)
{
	struct loop *lo = arg;
	struct block_request *rq;
	bool stop;
	int err;

	while ((rq = take_request(lo, &stop)) || !stop) {
		if (!rq) {
			(void)wait_event_interruptible(&lo->wait, loop_has_work(lo));
			continue;
		}
		mutex_lock(&lo->serving);
		err = serve_request(lo, rq);
		mutex_unlock(&lo->serving);
		block_end(rq, err);
	}
	complete(&lo->ended); /* from here on @lo may be freed */
	task_exit(0);
}

static int start_task(struct loop *lo)
{
	struct task *t = task_create_kernel(lo->disk.name, loop_main, lo);

	if (!t)
		return -ENOMEM;
	completion_init(&lo->ended);
	lo->stop = false;
	lo->runs = true;
	task_wake(t);
	return 0;
}

static void stop_task(struct loop *lo)
{
	WRITE_ONCE(lo->stop, true);
	wake_up(&lo->wait);
	completion_wait(&lo->ended);
}

/* ---- the file behind a device ---- */

static void set_file(struct loop *lo, struct file *f)
{
	unsigned long flags;

	mutex_lock(&lo->serving);
	flags = spin_lock_irqsave(&lo->lock);
	lo->file = f;
	spin_unlock_irqrestore(&lo->lock, flags);
	mutex_unlock(&lo->serving);
}

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

	*l = (struct block_limits){ .logical = block,
				    .physical = block,
				    .max_bytes = LOOP_MAX_BYTES,
				    .max_segments = 256,
				    .max_segment = LOOP_MAX_BYTES,
				    .cache = true };
	if (dev)
		l->rotational = dev->disk->limits.rotational;
	if (dev && dev->disk->limits.max_discard)
		l->max_discard = UINT32_MAX >> SECTOR_SHIFT;
	if (punch)
		l->max_discard = l->max_zero = UINT32_MAX >> SECTOR_SHIFT;
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
	err = err ?: take_info(lo, &c->info) ?: start_task(lo);
	if (err)
		return err;
	if (!(f->mode & FILE_WRITE) || !(at->mode & FILE_WRITE) || !f->ops->write)
		flags |= LO_FLAGS_READ_ONLY;
	if (!(f->flags & O_DIRECT))
		flags &= ~(uint32_t)LO_FLAGS_DIRECT_IO;
	WRITE_ONCE(lo->flags, flags);
	set_limits(lo, f, c->block_size ?: SECTOR_SIZE);
	set_read_only(lo, flags & LO_FLAGS_READ_ONLY);
	set_file(lo, f);
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
	stop_task(lo);
	set_file(lo, NULL);
	WRITE_ONCE(lo->flags, 0);
	WRITE_ONCE(lo->offset, 0);
	WRITE_ONCE(lo->limit, 0);
	memset(lo->name, 0, sizeof(lo->name));
	set_read_only(lo, false);
	lo->state = LOOP_UNBOUND;
	return f;
}

/* block_ops.idle: nobody has it open any more. */
static void loop_idle(struct block_disk *d)
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

/* block_ops.release. */
static void loop_release(struct block_disk *d)
{
	struct loop *lo = loop_of(d);

	charge_drop(lo->charge, sizeof(*lo));
	kfree(lo);
}

static const struct block_ops loop_ops = {
	.serve = loop_serve,
	.release = loop_release,
	.idle = loop_idle,
};

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
	lo->disk.limits.logical = lo->disk.limits.physical = (uint32_t)size;
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
	set_file(lo, f);
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
	default: return -ENOTTY;
	}
}

static bool changes(uint32_t cmd)
{
	return cmd != LOOP_GET_STATUS64 && cmd != LOOP_CLR_FD;
}

long loop_ioctl(struct block_device *dev, struct file *f, uint32_t cmd, void *arg)
{
	struct loop *lo = loop_of(dev->disk);
	struct loop_config c = { .fd = (uint32_t)(uintptr_t)arg };
	struct file *old = NULL;
	long ret;

	if (dev->part || cmd < LOOP_SET_FD || cmd > LOOP_CONFIGURE)
		return -ENOTTY;
	if (cmd == LOOP_SET_FD || cmd == LOOP_CONFIGURE)
		return configure(lo, dev, f, cmd == LOOP_SET_FD ? &c : arg);
	if (changes(cmd) && !(f->mode & FILE_WRITE) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	mutex_lock(&loops_lock);
	ret = change_bound(lo, cmd, arg, &old);
	mutex_unlock(&loops_lock);
	if (old)
		file_put(old);
	return ret;
}

/* ---- devices ---- */

/* Where @number is, or belongs, in the list. */
static struct loop **place_of_loop(uint32_t number)
{
	struct loop **at = &loops;

	mutex_assert_held(&loops_lock);
	while (*at && (*at)->number < number)
		at = &(*at)->next;
	return at;
}

static struct loop *new_loop(uint32_t number)
{
	struct loop *lo = kzalloc(sizeof(*lo));

	if (!lo)
		return NULL;
	lo->charge = charge_mine(sizeof(*lo));
	lo->number = number;
	lo->last = &lo->first;
	mutex_init(&lo->serving);
	wait_init(&lo->wait);
	snprintf(lo->disk.name, sizeof(lo->disk.name), "loop%u", number);
	lo->disk.major = LOOP_MAJOR;
	lo->disk.minor = number;
	lo->disk.minors = 1;
	lo->disk.ops = &loop_ops;
	lo->disk.limits = (struct block_limits){ .logical = SECTOR_SIZE,
						 .physical = SECTOR_SIZE,
						 .max_bytes = LOOP_MAX_BYTES,
						 .max_segments = 256,
						 .max_segment = LOOP_MAX_BYTES };
	return lo;
}

/* The device @number is there; its number, -EEXIST, -EINVAL, -ENOMEM.  loops_lock held. */
static long add_loop(uint32_t number)
{
	struct loop **at = place_of_loop(number), *lo = *at;
	int err;

	if (number >= LOOP_NUMBERS)
		return -EINVAL;
	if (lo && lo->number == number)
		return -EEXIST;
	lo = new_loop(number);
	if (!lo)
		return -ENOMEM;
	err = block_add(&lo->disk);
	if (err) {
		loop_release(&lo->disk);
		return err;
	}
	lo->next = *at;
	*at = lo;
	return (long)number;
}

static long add_next_loop(void)
{
	uint32_t number = 0;

	for (struct loop *lo = loops; lo && lo->number == number; lo = lo->next)
		number++;
	return add_loop(number);
}

static long remove_loop(int number)
{
	struct loop **at, *lo;

	if (number < 0)
		return -EINVAL;
	at = place_of_loop((uint32_t)number);
	lo = *at;
	if (!lo || lo->number != (uint32_t)number)
		return -ENODEV;
	if (lo->state != LOOP_UNBOUND || READ_ONCE(lo->disk.whole->openers))
		return -EBUSY;
	*at = lo->next;
	/* Who is just opening it finds it gone; with the last of them it is freed. */
	block_remove(&lo->disk);
	return number;
}

static long free_loop(void)
{
	for (struct loop *lo = loops; lo; lo = lo->next)
		if (lo->state == LOOP_UNBOUND)
			return lo->number;
	return add_next_loop();
}

void loop_request(uint32_t minor)
{
	mutex_lock(&loops_lock);
	/* There may be one meanwhile: the caller looks again. */
	(void)add_loop(minor);
	mutex_unlock(&loops_lock);
}

/* ---- /dev/loop-control ---- */

/* The first who asks finds as many as Debian's kernel makes when it loads its module. */
static int open_control(struct file *f)
{
	static bool opened; /* loops_lock */
	long ret = 0;

	mutex_lock(&loops_lock);
	for (uint32_t n = 0; !opened && n < LOOPS_AT_FIRST && ret != -ENOMEM; n++)
		ret = add_loop(n);
	opened = true;
	mutex_unlock(&loops_lock);
	return 0;
}

static long control_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	long ret = -ENOSYS;
	int number = (int)(uintptr_t)arg;

	mutex_lock(&loops_lock);
	if (cmd == LOOP_CTL_ADD)
		ret = number < 0 ? add_next_loop() : add_loop((uint32_t)number);
	else if (cmd == LOOP_CTL_REMOVE)
		ret = remove_loop(number);
	else if (cmd == LOOP_CTL_GET_FREE)
		ret = free_loop();
	mutex_unlock(&loops_lock);
	return ret;
}

/* ---- what /sys shows ---- */

static long show_path(struct loop *lo, char *buf, size_t size)
{
	unsigned long flags = spin_lock_irqsave(&lo->lock);
	struct file *f = lo->file;
	bool reachable, removed = false;
	struct path root;
	char *s, *room;
	long n;

	if (f)
		file_get(f);
	spin_unlock_irqrestore(&lo->lock, flags);
	if (!f)
		return -ENXIO;
	room = kmalloc(PATH_MAX);
	fs_root(&root);
	s = !room	  ? err_ptr(-ENOMEM)
	    : f->path.mnt ? path_name_any(&f->path, &root, room, PATH_MAX, &reachable, &removed)
			  : err_ptr(-ENXIO);
	n = is_err(s) ? ptr_err(s) : scnprintf(buf, size, "%s%s\n", s, removed ? " (deleted)" : "");
	path_put(&root);
	kfree(room);
	file_put(f);
	return n;
}

bool loop_is_bound(const struct block_disk *d)
{
	return READ_ONCE(loop_of(d)->file);
}

long loop_show(const struct block_disk *d, enum loop_fact what, char *buf, size_t size)
{
	struct loop *lo = loop_of(d);
	uint32_t flags = READ_ONCE(lo->flags);
	uint64_t n = 0;

	/*
	 * Without loops_lock: who has it may be waiting for us to be done (a directory that goes).
	 */
	switch (what) {
	case LOOP_FILE: return show_path(lo, buf, size);
	case LOOP_OFFSET: n = READ_ONCE(lo->offset); break;
	case LOOP_LIMIT: n = READ_ONCE(lo->limit); break;
	case LOOP_AUTOCLEAR: n = flags / LO_FLAGS_AUTOCLEAR % 2; break;
	case LOOP_PARTSCAN: n = flags / LO_FLAGS_PARTSCAN % 2; break;
	case LOOP_DIRECT: n = flags / LO_FLAGS_DIRECT_IO % 2; break;
	}
	return loop_is_bound(d) ? scnprintf(buf, size, "%lu\n", n) : -ENXIO;
}

void loop_init(void)
{
	static const struct file_ops control_ops = { .open = open_control,
						     .ioctl = control_ioctl,
						     .seek = file_seek_nowhere };
	static struct device control = {
		.name = "loop-control", .number = LOOP_CONTROL, .mode = 0600, .ops = &control_ops
	};

	dev_register_boot(&control);
}
