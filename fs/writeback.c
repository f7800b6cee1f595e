/*
 * writeback.c - what was changed in memory goes to its device: some time later by a task of the
 * device's, or now for who asks (fsync, sync, umount).
 *
 * Comes from calls and the tasks with what dirty.c has in its lists; goes to the file system's map
 * and write, and cache_io.c.  Invariant: a page's dirty sectors are taken before its mappings are
 * made read-only, and that before it is read for the device: no store is missed.
 */
#include "fs/writeback.h"

#include "abi/stat.h"
#include "block/io.h"
#include "drivers/timer/timer.h"
#include "fs/cache_io.h"
#include "fs/cache_page.h"
#include "fs/dirty.h"
#include "mm/slab.h"
#include "mm/zap.h"
#include "task/kernel_task.h"

static struct mutex all_lock =
	MUTEX_INIT(all_lock); /* outside of all others here, of no sb's hold */
static struct list_node all_writebacks = LIST_INIT(all_writebacks);

struct writeback_limits writeback_limits = {
	.ratio = 20, .background_ratio = 10, .expire_cs = 3000, .interval_cs = 500
};

/* ---- pages ---- */

#define ONWARD_MOST (4u << 20)

/*
 * The run of blocks that begins with byte @from of the file, into b->extent; those up to @end are
 * made if they are not there.
 */
static int find_blocks(struct io_batch *b, uint64_t from, uint64_t end, uint64_t size)
{
	struct cache_extent *e = &b->extent;
	int err;

	/* A round that goes on where the last run ended will go on: each time twice as far. */
	b->onward = from == e->at + e->len ? min(2 * b->onward, ONWARD_MOST) : PAGE_SIZE;
	io_push(b); /* map may wait for others, who wait for what we hold back */
	err = cache_ask(b->cache, from, max((uint64_t)b->onward, end - from), MAP_READ, e);
	if (!err && e->flags & EXTENT_HOLE)
		err = cache_ask(b->cache, from, end - from, MAP_WRITE, e);
	/* What lies behind the end may be given back, and be made elsewhere. */
	e->len = err ? 0 : min(e->len, size - e->at);
	return err;
}

/* Bytes [@from, @end) of the file, all in @p, which is locked, go to their blocks. */
static int write_run(struct io_batch *b, struct page *p, uint64_t from, uint64_t end, uint64_t size)
{
	struct file_cache *c = b->cache;
	struct cache_extent *e = &b->extent;

	if (c->ops->write)
		return c->ops->write(c, from, end - from, p);
	while (from < end) {
		int err = from - e->at < e->len ? 0 : find_blocks(b, from, end, size);
		uint64_t n;

		if (err)
			return err;
		n = min(end - from, e->at + e->len - from);
		io_add(b, p, from & ~PAGE_MASK, n, e->disk + (from - e->at));
		from += n;
	}
	return 0;
}

/* The dirty sectors @dirty of @p, which is locked and marked as being written. */
static int write_sectors(struct io_batch *b, uint64_t index, struct page *p, unsigned int dirty)
{
	uint64_t at = index << PAGE_SHIFT, size, end;
	uint32_t shrunk = READ_ONCE(b->cache->shrunk);
	int err = 0;

	/* Cut off and written anew since the last page, this one may lie elsewhere. */
	if (shrunk != b->shrunk)
		b->extent.len = 0;
	b->shrunk = shrunk;
	dmb(ish); /* before the size, which was set first */
	size = READ_ONCE(b->cache->object.size);
	/* What is behind the end has no blocks, or soon has none; a server gets bytes. */
	if (!b->cache->ops->write)
		size = ALIGN_UP(size, (uint64_t)cache_block(b->cache));
	while (dirty && !err) {
		unsigned int first = (unsigned int)__builtin_ctz(dirty);
		unsigned int n = (unsigned int)__builtin_ctz(~(dirty >> first));

		dirty &= ~(((1u << n) - 1) << first);
		end = min(size, at + (first + n) * SECTOR_SIZE);
		if (at + first * SECTOR_SIZE < end)
			err = write_run(b, p, at + first * SECTOR_SIZE, end, size);
	}
	return err;
}

/* @c was written: it leaves the list, unless something has become dirty meanwhile. */
static void end_round(struct file_cache *c)
{
	cache_undirty(c);
	dmb(ish); /* who makes a page dirty from now on finds that it has left */
	if (READ_ONCE(c->object.nr_dirty))
		cache_is_dirty(c);
}

static void kick_writer(struct writeback *w)
{
	if (READ_ONCE(w->kicked))
		return;
	WRITE_ONCE(w->kicked, true);
	wake_up(&w->queue);
}

#define WINDOW 64

/* Pages whose dirty sectors were taken: locked, and marked as being written. */
struct window {
	struct page *pages[WINDOW];
	uint64_t index[WINDOW];
	uint8_t dirty[WINDOW];
	unsigned int n;
};

/*
 * Mappings show @win's pages read-only, so that the next store makes them dirty again.  All at
 * once, as each of the file's mappings is looked at, of which there may be many.
 */
static void clean_mappings(struct file_cache *c, const struct window *win)
{
	if (!win->n || !READ_ONCE(c->object.writers))
		return;
	mm_clean_object(&c->object, win->index[0], win->index[win->n - 1] + 1);
}

/*
 * @p, if it is dirty, is the next of @win: if it can be locked, or with @wait in any case.  Nothing
 * is held back while it is waited for: who has it may wait for that.
 */
static void take_page(struct io_batch *b, struct window *win, uint64_t index, struct page *p,
		      bool wait)
{
	struct file_cache *c = b->cache;
	uint8_t dirty;

	if (!page_trylock(p)) {
		if (!wait)
			return;
		io_push(b);
		page_lock(p);
	}
	if (READ_ONCE(p->state) & CACHED_WRITING && wait) {
		io_push(b);
		page_wait_written(p);
	}
	if (READ_ONCE(p->state) & (CACHED_GONE | CACHED_WRITING) ||
	    !(dirty = object_clean(&c->object, p))) {
		page_unlock(p);
		return;
	}
	p->ios = 1;
	atomic_or(&p->state, CACHED_WRITING);
	win->pages[win->n] = p; /* its lock keeps it */
	win->index[win->n] = index;
	win->dirty[win->n++] = dirty;
}

/* 0 or -ENOMEM. */
static int write_window(struct io_batch *b, const struct window *win)
{
	struct file_cache *c = b->cache;
	int err = 0;

	/* Once for all, and before the first can have been written. */
	atomic_add(&cache_nr_writing, win->n);
	atomic_sub(&cache_nr_dirty, win->n);
	clean_mappings(c, win);
	for (unsigned int i = 0; i < win->n; i++) {
		struct page *p = win->pages[i];
		int bad = write_sectors(b, win->index[i], p, win->dirty[i]);

		if (bad == -ENOMEM)
			cache_dirty(c, win->index[i], p, 0, PAGE_SIZE); /* another time */
		else if (bad)
			cache_note_error(c, bad);
		page_unlock(p);
		io_page_done(b, p);
		err = bad == -ENOMEM ? bad : err;
	}
	return err;
}

/* Dirty pages [@first, @end) are on their way; with @wait all of them.  0 or -ENOMEM, -EINTR. */
static int write_pages(struct file_cache *c, uint64_t first, uint64_t end, bool wait)
{
	struct io_batch b;
	int err = 0;

	io_begin(&b, c, BLOCK_WRITE, S_ISBLK(c->inode->mode) ? BLOCK_META : 0);
	while (first < end && READ_ONCE(c->object.nr_dirty)) {
		struct window win;
		int bad;

		win.n = 0;
		for (int looks = WINDOW; looks && first < end; looks--) {
			struct page *p = object_next_page(&c->object, &first, end, true);

			if (!p)
				continue;
			take_page(&b, &win, first++, p, wait);
			page_put(p);
		}
		bad = write_window(&b, &win);
		err = err ?: bad;
		io_start(&b);
		if (give_way() && !wait)
			break;
	}
	io_submit(&b);
	return err;
}

int cache_write_range(struct file_cache *c, uint64_t from, uint64_t end, bool wait)
{
	uint32_t seen = READ_ONCE(c->error_seq);
	int err = 0;

	end = min(end, (uint64_t)INT64_MAX);
	if (READ_ONCE(c->object.nr_dirty))
		err = write_pages(c, from >> PAGE_SHIFT, DIV_ROUND_UP(end, PAGE_SIZE), wait);
	if (wait)
		io_wait_written(c);
	seen ^= READ_ONCE(c->error_seq);
	return seen & ~CACHE_ERROR_TOLD ? -(int)(READ_ONCE(c->error_seq) & CACHE_ERROR_NUMBER)
					: err;
}

/* ---- now ---- */

int cache_sync_meta(struct superblock *sb)
{
	int err, bad;

	if (!sb->disk || !sb->meta)
		return 0;
	err = inodes_write(sb);
	bad = cache_write_range(sb->meta, 0, UINT64_MAX, true);
	err = err ?: bad;
	bad = block_flush(sb->dev_block);
	return err ?: bad;
}

/* The next dirty cache of @w that is older than @cutoff, for the caller until cache_not_in_use. */
static struct file_cache *next_dirty_cache(struct writeback *w, uint64_t cutoff)
{
	struct file_cache *c = NULL;

	spin_lock(&w->lock);
	if (!list_empty(&w->caches)) {
		c = list_first(&w->caches, struct file_cache, dirty_link);
		if (c->dirty_since > cutoff)
			c = NULL;
	}
	if (c) {
		/* To the end, as if new: so that a round comes to each once. */
		list_del(&c->dirty_link);
		list_add_tail(&w->caches, &c->dirty_link);
		c->dirty_since = timer_now_ns();
		cache_use(c);
	}
	spin_unlock(&w->lock);
	return c;
}

/* Pages that got dirty before @cutoff are written; with @wait they have been.  0 or an error. */
static int write_older(struct writeback *w, uint64_t cutoff, bool wait)
{
	struct file_cache *c;
	int err = 0, bad;

	while ((c = next_dirty_cache(w, cutoff))) {
		bad = wait ? cache_write_range(c, 0, UINT64_MAX, true)
			   : write_pages(c, 0, UINT64_MAX >> PAGE_SHIFT, false);
		err = err ?: bad;
		end_round(c);
		cache_not_in_use(c);
	}
	return err;
}

/* The next of all behind @w (NULL: the first); all_lock held. */
static struct writeback *next_writeback(struct writeback *w)
{
	struct list_node *next = w ? w->link.next : all_writebacks.next;

	return next == &all_writebacks ? NULL : container_of(next, struct writeback, link);
}

/* A device as such; or a mount of a server. */
static int sync_one(struct writeback *w, bool wait)
{
	int err, bad;

	if (!w->meta)
		return write_older(w, timer_now_ns(), wait);
	err = w->meta->object.nr_dirty ? cache_write_range(w->meta, 0, UINT64_MAX, wait) : 0;
	bad = wait ? block_flush(w->meta->dev) : 0;
	return err ?: bad;
}

/* What no file system's superblock leads to. */
static int sync_devices(bool wait)
{
	int err = write_older(&writeback_other, timer_now_ns(), wait), bad;

	/* A disk may take long: what is counted stays in the list without the lock. */
	mutex_lock(&all_lock);
	for (struct writeback *w = next_writeback(NULL); w; w = next_writeback(w)) {
		if (READ_ONCE(w->ending))
			continue;
		w->users++;
		mutex_unlock(&all_lock);
		bad = sync_one(w, wait);
		err = err ?: bad;
		mutex_lock(&all_lock);
		if (!--w->users)
			wake_up(&writeback_other.queue);
	}
	mutex_unlock(&all_lock);
	return err;
}

int cache_sync(struct superblock *sb, bool wait)
{
	struct superblock *each = NULL;
	int err = 0, bad;

	if (!sb) {
		while ((each = super_next_hook(each, NULL))) {
			bad = cache_sync(each, wait);
			err = err ?: bad;
		}
		return sync_devices(wait) ?: err;
	}
	if (!sb->disk)
		return 0;
	/* Files first: that may change inodes, and both the device's own pages. */
	err = write_older(writeback_of(sb), timer_now_ns(), wait);
	bad = inodes_write(sb);
	err = err ?: bad;
	bad = sb->disk->sync && !(READ_ONCE(sb->flags) & SB_RDONLY) ? sb->disk->sync(sb) : 0;
	err = err ?: bad;
	if (!sb->meta)
		return err;
	bad = cache_write_range(sb->meta, 0, UINT64_MAX, wait);
	err = err ?: bad;
	bad = wait ? block_flush(sb->dev_block) : 0;
	return err ?: bad;
}

/* ---- limits ---- */

static uint64_t background_pages = 1; /* the last that was counted; asked for without counting */

/* How many pages may be dirty: in all, and before they are written. */
static uint64_t count_limit(bool background)
{
	const struct writeback_limits *l = &writeback_limits;
	uint64_t bytes = background ? READ_ONCE(l->background_bytes) : READ_ONCE(l->bytes);
	uint64_t ratio = background ? READ_ONCE(l->background_ratio) : READ_ONCE(l->ratio);
	uint64_t all = page_free_count() + cache_pages();

	return max(bytes ? bytes >> PAGE_SHIFT : all * ratio / 100, UINT64_C(32));
}

static uint64_t dirty_now(void)
{
	return cache_dirty_pages() + cache_writeback_pages();
}

/* All write now: how many have something to write; 0: that cannot be said just now. */
static unsigned int kick_all(void)
{
	unsigned int busy = READ_ONCE(writeback_other.pages) != 0;

	if (!mutex_trylock(&all_lock))
		return 0; /* for a moment: whoever is short of pages asks again */
	for (struct writeback *w = next_writeback(NULL); w; w = next_writeback(w)) {
		busy += READ_ONCE(w->pages) != 0;
		kick_writer(w);
	}
	mutex_unlock(&all_lock);
	kick_writer(&writeback_other);
	return busy;
}

void writeback_kick(void)
{
	(void)kick_all();
}

#define THROTTLE_MS 4

/*
 * Must who writes to @w's device wait?  One slow device has all that may be dirty, perhaps: who
 * writes to another goes on until that has its share.  All shares together are half the limit, so
 * that what is beyond it has a bound.
 */
static bool is_over_limit(const struct writeback *w)
{
	uint64_t limit = count_limit(false);
	unsigned int busy;

	if (dirty_now() <= limit)
		return false;
	busy = kick_all();
	return !busy || READ_ONCE(w->pages) > limit / (2 * busy);
}

void cache_throttle(struct file_cache *c)
{
	if (likely(dirty_now() < READ_ONCE(background_pages)))
		return;
	WRITE_ONCE(background_pages, count_limit(true));
	if (dirty_now() < READ_ONCE(background_pages))
		return;
	kick_writer(c->writeback);
	/* A kernel task may be what the others wait for: a loop device's, whose file this is. */
	while (!current->kernel && is_over_limit(c->writeback) && !signal_pending_fatal())
		sleep_ms(THROTTLE_MS);
}

/* ---- tasks ---- */

/* Is nothing dirty?  Then whoever changes that wakes the task. */
static bool becomes_idle(struct writeback *w)
{
	WRITE_ONCE(w->idle, true);
	dmb(ish); /* cache_is_dirty and inode_dirty put in the list first, and look then */
	if (list_empty(&w->caches) && !w->inodes_dirty)
		return true;
	WRITE_ONCE(w->idle, false);
	return false;
}

/* When the age of what is dirty, or with an interval of 0 that interval, is looked at next. */
static uint64_t next_look(void)
{
	return timer_now_ns() +
	       (READ_ONCE(writeback_limits.interval_cs) ?: 100U) * (NS_PER_S / 100);
}

/* Sleeps until there is something to write, and then until it is old, or somebody is in a hurry. */
static void wait_for_dirty(struct writeback *w)
{
	uint64_t deadline;
	bool late = false;
	struct waiter me;

	if (becomes_idle(w))
		wait_event(&w->queue,
			   !READ_ONCE(w->idle) || READ_ONCE(w->kicked) || READ_ONCE(w->ending));
	deadline = next_look();
	while (!late && !READ_ONCE(w->kicked) && !READ_ONCE(w->ending)) {
		wait_prepare(&w->queue, &me, TASK_BLOCKED);
		if (!READ_ONCE(w->kicked) && !READ_ONCE(w->ending))
			late = sched_sleep_deadline(TIMER_MONOTONIC, deadline);
		wait_finish(&w->queue, &me);
		if (late && !READ_ONCE(writeback_limits.interval_cs)) {
			late = false; /* never, until it is set anew */
			deadline = next_look();
		}
	}
}

struct superblock *(*super_next_hook)(struct superblock *sb, const struct file_cache *meta);

/* The inodes of the file system that lies on @w's device, if they are older than @cutoff. */
static void write_old_inodes(struct writeback *w, uint64_t cutoff)
{
	struct superblock *sb = NULL;

	/* Only those are waited for that are being mounted or unmounted on this device. */
	if (w->meta && inodes_older(w, cutoff))
		while ((sb = super_next_hook(sb, w->meta)))
			(void)!inodes_write(sb); /* fsync tells of what does not fit */
}

/* Nobody has @w any more but this, its task: it goes, and its device's cache if it has one. */
static void free_writeback(struct writeback *w)
{
	mutex_lock(&all_lock);
	while (w->users) {
		mutex_unlock(&all_lock);
		wait_event(&writeback_other.queue, !READ_ONCE(w->users));
		mutex_lock(&all_lock);
	}
	list_del(&w->link);
	mutex_unlock(&all_lock);
	if (w->gone)
		w->gone(w->meta);
	io_end(w);
	kfree(w);
}

static void writeback_task(void *arg)
{
	struct writeback *w = arg;

	while (!READ_ONCE(w->ending)) {
		uint64_t expire = READ_ONCE(writeback_limits.expire_cs) * (NS_PER_S / 100), now;

		wait_for_dirty(w);
		now = timer_now_ns();
		if (!atomic_xchg(&w->kicked, false) && dirty_now() < count_limit(true))
			now -= min(expire, now);
		(void)write_older(w, now, false);
		write_old_inodes(w, now);
	}
	free_writeback(w);
	task_exit(0);
}

static int start_writer(struct writeback *w)
{
	struct task *t = task_create_kernel("writeback", writeback_task, w);

	if (!t)
		return -ENOMEM;
	task_wake(t);
	return 0;
}

struct writeback *writeback_new(void)
{
	struct writeback *w = kzalloc(sizeof(*w));

	if (!w)
		return NULL;
	list_init(&w->caches);
	list_init(&w->io_free);
	list_init(&w->link);
	wait_init(&w->queue);
	mutex_init(&w->writing);
	if (io_prepare(w) || start_writer(w)) {
		io_end(w);
		kfree(w);
		return NULL;
	}
	return w;
}

void writeback_add(struct writeback *w, struct file_cache *meta)
{
	w->meta = meta;
	mutex_lock(&all_lock);
	list_add_tail(&all_writebacks, &w->link);
	mutex_unlock(&all_lock);
}

void writeback_end(struct writeback *w, void (*gone)(struct file_cache *meta))
{
	w->gone = gone;
	store_release(&w->ending, true);
	wake_up(&w->queue);
}

void writeback_start(void)
{
	int err = start_writer(&writeback_other);

	CHECK(!err); /* at boot there is memory */
}
