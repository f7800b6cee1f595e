/*
 * loop.c - a loop device's requests: a file, or another device, as a disk.
 *
 * Comes from the block layer.  A request is handed to the device's task, since a file may be read
 * and written only where one may sleep; it goes through the file's own operations, so that whatever
 * the file lies on stays one with what its other users see.
 *
 * Invariants: what a request needs of its device changes under lo->serving, which the task holds
 * for one request.  A request is in the list only while there is a task that will take it out.
 */
#include "fs/blockdev/loop.h"

#include "abi/stat.h"
#include "block/request.h"
#include "fs/bdev.h"
#include "fs/context.h"
#include "fs/file.h"
#include "lib/printf.h"
#include "mm/slab.h"
#include "task/kernel_task.h"

struct mutex loops_lock = MUTEX_INIT(loops_lock);

/* ---- requests ---- */

void loop_serve(struct block_disk *d, struct block_request *rq)
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
	it.rwf = ITER_AT_POS; /* a memfd's flags are its other users' */
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
		return bdev_discard(f->private, op, from, len, NULL);
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

int loop_start(struct loop *lo)
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

void loop_stop(struct loop *lo)
{
	WRITE_ONCE(lo->stop, true);
	wake_up(&lo->wait);
	completion_wait(&lo->ended);
}

/* ---- the file behind it ---- */

void loop_set_file(struct loop *lo, struct file *f)
{
	unsigned long flags;

	mutex_lock(&lo->serving);
	flags = spin_lock_irqsave(&lo->lock);
	lo->file = f;
	spin_unlock_irqrestore(&lo->lock, flags);
	mutex_unlock(&lo->serving);
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

bool loop_has_table(const struct block_disk *d)
{
	return READ_ONCE(loop_of(d)->flags) & LO_FLAGS_PARTSCAN;
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
