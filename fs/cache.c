/*
 * cache.c - the page cache's files: as objects that are mapped, made and ended, cut off; and
 * devices.
 *
 * Comes from cache_file.c (read and write), mm/fault.c and meta.c; goes to the file system's map or
 * read, and cache_io.c.  The rules that keep it right on several cores are in cache_page.h.
 */
#include "block/device.h"
#include "fs/cache.h"

#include "abi/stat.h"
#include "fs/cache_io.h"
#include "fs/cache_page.h"
#include "fs/dirty.h"
#include "fs/writeback.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/zap.h"

/* ---- the object ---- */

#define FAULT_AROUND 16U /* pages that a fault reads, aligned: at most */

static struct page *cache_object_page(struct vm_object *o, uint64_t index, bool create)
{
	struct file_cache *c = container_of(o, struct file_cache, object);
	uint64_t next = READ_ONCE(c->faulted), first;
	uint32_t most = cache_ahead_most(c), around = min(most, FAULT_AROUND);
	struct file_ahead a = { .next = next, .end = next, .size = most };
	struct page *p;

	object_peek(o, index, 1, &p);
	if (p && page_is_uptodate(p))
		return p;
	if (p)
		page_put(p);
	/* Programs come to what lies around as well; who goes on where that ends gets more. */
	if (index != next && around) {
		first = index - index % around;
		cache_read_ahead(c, first, first + around);
		WRITE_ONCE(c->faulted, first + around);
	}
	p = cache_page(c, index, 1, index == next ? &a : NULL);
	if (index == next)
		WRITE_ONCE(c->faulted, a.end);
	return ptr_err(p) == -ENXIO ? err_ptr(-EIO) : p;
}

static void object_gone(struct vm_object *o)
{
	struct file_cache *c = container_of(o, struct file_cache, object);

	/* Its memory may go as soon as this is seen. */
	store_release(&c->released, true);
	wake_up(page_queue(c));
}

/* Bytes of page @index that belong to a file of @size, rounded up to its blocks. */
static size_t bytes_inside(const struct file_cache *c, uint64_t index, uint64_t size)
{
	uint64_t at = index << PAGE_SHIFT;

	if (at >= size)
		return 0;
	return min(ALIGN_UP(size - at, (uint64_t)cache_block(c)), (uint64_t)PAGE_SIZE);
}

/* There are blocks for what a mapping will write to @p, page @index, which is locked. */
static int make_blocks(struct file_cache *c, uint64_t index, struct page *p)
{
	uint64_t at = index << PAGE_SHIFT, end;
	struct cache_extent e;
	int err = 0;

	end = at + bytes_inside(c, index, READ_ONCE(c->object.size));
	while (at < end && !err && c->ops->map) {
		err = cache_ask(c, at, end - at, MAP_WRITE, &e);
		if (!err)
			/* At once: an error, or a mapping that has gone, may be next. */
			cache_new(c, index, p, &e);
		at = e.at + e.len;
	}
	return err;
}

static int make_writable(struct vm_object *o, uint64_t index, struct page *p)
{
	struct file_cache *c = container_of(o, struct file_cache, object);
	struct inode *inode = c->inode;
	int err;

	cache_throttle(c);
	err = page_lock_killable(p);
	if (err)
		return err;
	/*
	 * Under its lock: a truncate gives blocks back only after it has had it, with the new size
	 * set.  In a page that is dirty, too: the file may have been cut off since, and be longer.
	 */
	if (READ_ONCE(p->state) & CACHED_GONE)
		err = -EAGAIN;
	else if (inode->sflags & S_SWAPFILE)
		err = -ETXTBSY;
	else
		err = make_blocks(c, index, p);
	page_unlock(p);
	if (err)
		return err;
	/* Without inode->lock, as path_touch: a task that faults may hold that of any file. */
	if (!S_ISBLK(inode->mode)) {
		inode->mtime = inode->ctime = sb_time(inode->sb, vfs_now());
		inode_dirty(inode);
	}
	return 0;
}

static void page_dirtied(struct vm_object *o, uint64_t index, struct page *p)
{
	struct file_cache *c = container_of(o, struct file_cache, object);
	size_t inside = bytes_inside(c, index, READ_ONCE(o->size));

	if (inside)
		cache_dirty(c, index, p, 0, inside);
}

static int hole_by_advice(struct vm_object *o, uint64_t first, uint64_t end)
{
	return -EOPNOTSUPP;
}

static int sync_mapped(struct vm_object *o, struct vm_held *file, uint64_t first, uint64_t end)
{
	struct file_cache *c = container_of(o, struct file_cache, object);
	struct file *f = container_of(file, struct file, held);

	return file && f->ops->fsync
		       ? f->ops->fsync(f, true)
		       : cache_write_range(c, first << PAGE_SHIFT, end << PAGE_SHIFT, true);
}

static void read_mapped_ahead(struct vm_object *o, uint64_t first, uint64_t end)
{
	cache_read_ahead(container_of(o, struct file_cache, object), first, end);
}

/* As Linux's can_do_mincore: who may not write the file is told nothing of its other readers. */
static bool may_tell_pages(struct vm_object *o)
{
	const struct inode *inode = container_of(o, struct file_cache, object)->inode;
	const struct cred *cred = current_cred();

	return inode_owned(cred, inode) || !inode_permission(cred, inode, MAY_WRITE);
}

/* Who may not write the file does not make it slow for others, nor measure what they read. */
static void drop_mapped(struct vm_object *o, uint64_t first, uint64_t end)
{
	struct file_cache *c = container_of(o, struct file_cache, object);

	/* What is dirty is on its way, and goes another time. */
	if (may_tell_pages(o) &&
	    !cache_write_range(c, first << PAGE_SHIFT, end << PAGE_SHIFT, false))
		cache_drop_range(c, first, end);
}

static const struct vm_object_ops cache_object_ops = { .page = cache_object_page,
						       .release = object_gone,
						       .hole = hole_by_advice,
						       .make_writable = make_writable,
						       .dirtied = page_dirtied,
						       .sync = sync_mapped,
						       .ahead = read_mapped_ahead,
						       .drop = drop_mapped,
						       .may_tell = may_tell_pages };

void cache_init(struct file_cache *c, struct inode *inode, const struct cache_ops *ops,
		struct block_device *dev, uint64_t size)
{
	memset(c, 0, sizeof(*c));
	object_init(&c->object, &cache_object_ops);
	c->object.size = size;
	c->inode = inode;
	c->ops = ops;
	c->dev = dev;
	c->writeback = dev && dev->cache ? ((struct file_cache *)dev->cache)->writeback
					 : inode->sb->writeback ?: &writeback_other;
	mutex_init(&c->sync_lock);
	inode->cache = c;
	inode->object = &c->object;
	caches_add(c);
}

void cache_start(void)
{
	page_queues_init();
	writeback_start();
}

/* ---- pages that go ---- */

/* All pages [@first, @end) leave the tree; requests for them have ended. */
static void remove_pages(struct file_cache *c, uint64_t first, uint64_t end)
{
	uint64_t index = first;

	while (index < end) {
		struct page *p = object_next_page(&c->object, &index, end, false);

		if (p) {
			page_lock(p);
			page_wait_written(p);
			if (!(READ_ONCE(p->state) & CACHED_GONE))
				cache_remove(c, index, p);
			page_unlock(p);
			page_put(p);
			index++;
		}
		if (!(index & 511) || index >= end)
			object_trim(&c->object, index - 1);
		(void)give_way();
	}
}

#define LAST_TRIES 20
#define LAST_WAIT  50 /* ms */

/*
 * What is dirty is written for the last time: what there was no memory for, some times.  Nobody is
 * left to be told of an error; a device's is in the log.
 */
static void write_last(struct file_cache *c)
{
	int err = cache_write_range(c, 0, UINT64_MAX, true);

	for (unsigned int i = 0; err == -ENOMEM && i < LAST_TRIES; i++) {
		sleep_ms(LAST_WAIT);
		err = cache_write_range(c, 0, UINT64_MAX, true);
	}
	if (READ_ONCE(c->object.nr_dirty))
		pr_err("%s: inode %lu: %lu pages are lost: %d\n", c->inode->sb->type,
		       (unsigned long)c->inode->ino, (unsigned long)c->object.nr_dirty, err);
}

void cache_end(struct file_cache *c, bool write)
{
	if (write)
		write_last(c);
	WRITE_ONCE(c->dead, true);
	cache_undirty(c); /* and does not come back */
	caches_remove(c);
	/* The object's own reference: what is left are faults of mappings that are gone. */
	object_put(&c->object);
	wait_event(page_queue(c), load_acquire(&c->released));
	remove_pages(c, 0, UINT64_MAX >> PAGE_SHIFT);
	io_wait_written(c);
	io_wait_written(c); /* both counts */
	object_free_pages(&c->object, 0);
	/* Its size is still asked for: the inode is written, or evicted, after this. */
	c->inode->size = c->object.size;
	c->inode->cache = NULL;
	c->inode->object = NULL;
}

void cache_set_size(struct file_cache *c, uint64_t size)
{
	/* Under the object's lock, as object_insert asks for it there. */
	spin_lock(&c->object.lock);
	store_release(&c->object.size, size);
	spin_unlock(&c->object.lock);
}

void inode_clean(struct inode *inode, bool write)
{
	int err = 0;

	if (inode->cache)
		cache_end(inode->cache, write);
	if (write)
		err = inode_write_now(inode);
	for (unsigned int i = 0; err == -ENOMEM && i < LAST_TRIES; i++) {
		sleep_ms(LAST_WAIT);
		err = inode_write_now(inode);
	}
	if (err)
		pr_err("%s: inode %lu could not be written: %d\n", inode->sb->type,
		       (unsigned long)inode->ino, err);
	inode_undirty(inode);
}

/* Is byte @at a hole of the file?  On an error: no. */
static bool is_hole(struct file_cache *c, uint64_t at)
{
	struct cache_extent e;

	return c->ops->map && !cache_ask(c, at, 1, MAP_READ, &e) && e.flags & EXTENT_HOLE;
}

/* Bytes [@off, @end) of @p become zeros; no request that was under way writes what they were. */
static void zero_bytes(struct page *p, size_t off, size_t end)
{
	page_lock(p);
	page_wait_written(p);
	page_write_begin(p);
	memset((char *)page_to_virt(p) + off, 0, end - off);
	page_written(p);
	page_unlock(p);
}

/*
 * Blocks behind the end are about to be given back: who writes pages looks at this before the size,
 * and trusts no run of blocks that reaches beyond that, nor any that was found before.
 */
static void extents_are_old(struct file_cache *c)
{
	dmb(ish);
	WRITE_ONCE(c->shrunk, c->shrunk + 1);
}

/* What of @p, page @index, lies in blocks from byte @off on that go is not written any more. */
static void forget_tail(struct file_cache *c, uint64_t index, struct page *p, size_t off)
{
	size_t from = ALIGN_UP(off, (size_t)min(cache_block(c), (uint32_t)PAGE_SIZE));

	if (from < PAGE_SIZE &&
	    object_forget(&c->object, index, p, cache_sectors(from, PAGE_SIZE - from, SECTOR_SIZE)))
		cache_count_dirty(c, -1);
}

int cache_resize(struct file_cache *c, uint64_t size)
{
	uint64_t old = c->object.size, edge = min(old, size), index = edge >> PAGE_SHIFT;
	size_t off = edge & ~PAGE_MASK, block = cache_block(c);
	struct page *p = NULL;

	if (old == size) {
		extents_are_old(c); /* blocks behind the end may go all the same */
		return 0;
	}
	/* What lies behind the end in the last page becomes, or may become, visible as zeros. */
	if (off) {
		p = cache_page(c, index, 1, NULL);
		if (is_err(p))
			return (int)ptr_err(p);
	}
	if (size < old) {
		cache_set_size(c, size);
		extents_are_old(c);
	}
	if (p)
		zero_bytes(p, off, PAGE_SIZE);
	if (p && size < old)
		forget_tail(c, index, p, off);
	/* On the disk, too, as far as there is a block. */
	if (p && off % min(block, (size_t)PAGE_SIZE) && !is_hole(c, edge))
		cache_dirty(c, index, p, off, 1);
	if (size > old)
		cache_set_size(c, size);
	if (p)
		page_put(p);
	if (size < old) {
		remove_pages(c, DIV_ROUND_UP(size, PAGE_SIZE), DIV_ROUND_UP(old, PAGE_SIZE));
		mm_cut_object(&c->object, DIV_ROUND_UP(size, PAGE_SIZE), UINT64_MAX, true);
	} else if (READ_ONCE(c->object.writers) && off) {
		/* A mapping that may write to the last page asks for blocks behind the old end. */
		mm_clean_object(&c->object, index, index + 1);
	}
	return 0;
}

/* Bytes [@from, @end), all in one page, become zeros. */
static int punch_part(struct file_cache *c, uint64_t from, uint64_t end)
{
	struct page *p;

	if (from >= end)
		return 0;
	p = cache_page(c, from >> PAGE_SHIFT, 1, NULL);
	if (is_err(p))
		return (int)ptr_err(p);
	zero_bytes(p, from & ~PAGE_MASK, ((end - 1) & ~PAGE_MASK) + 1);
	cache_dirty(c, from >> PAGE_SHIFT, p, from & ~PAGE_MASK, end - from);
	page_put(p);
	return 0;
}

int cache_punch(struct file_cache *c, uint64_t from, uint64_t end)
{
	uint64_t first = DIV_ROUND_UP(from, PAGE_SIZE), last = end >> PAGE_SHIFT;
	int err = punch_part(c, from, min(end, first << PAGE_SHIFT));

	if (!err && last >= first)
		err = punch_part(c, max(from, last << PAGE_SHIFT), end);
	if (!err && first < last) {
		remove_pages(c, first, last);
		mm_cut_object(&c->object, first, last, false);
	}
	return err;
}

void cache_drop(struct file_cache *c)
{
	cache_drop_range(c, 0, UINT64_MAX >> PAGE_SHIFT);
}

void cache_drop_range(struct file_cache *c, uint64_t index, uint64_t end)
{
	while (index < end) {
		struct page *p = object_next_page(&c->object, &index, end, false);

		if (p)
			(void)cache_evict(c, index++, p);
		if (index && (!(index & 511) || index >= end))
			object_trim(&c->object, index - 1);
		if (give_way())
			break;
	}
}

/* ---- devices ---- */

/* A device as a file: what makes its cache one, in dev->cache. */
struct device_cache {
	struct file_cache cache; /* first: dev->cache */
	struct inode inode;
};

static struct mutex devices_lock = MUTEX_INIT(devices_lock); /* one makes dev->cache at a time */
static struct superblock device_sb = { .type = "bdev", .block_size = PAGE_SIZE };

static int map_device(struct file_cache *c, uint64_t at, uint64_t len, enum cache_map how,
		      struct cache_extent *e)
{
	*e = (struct cache_extent){ .len = UINT64_MAX };
	return 0;
}

static const struct cache_ops device_cache_ops = { .map = map_device };

static struct file_cache *make_device_cache(struct block_device *dev)
{
	struct device_cache *d = kzalloc(sizeof(*d));
	struct writeback *w = writeback_new();

	if (!d || !w) {
		kfree(d);
		if (w)
			writeback_end(w, NULL);
		return err_ptr(-ENOMEM);
	}
	d->inode.sb = &device_sb;
	d->inode.mode = S_IFBLK | 0600;
	d->inode.rdev = dev->number;
	d->inode.nlink = 1;
	ref_init(&d->inode.refs);
	mutex_init(&d->inode.lock);
	cache_init(&d->cache, &d->inode, &device_cache_ops, dev,
		   READ_ONCE(dev->sectors) << SECTOR_SHIFT);
	d->cache.writeback = w;
	writeback_add(w, &d->cache);
	return &d->cache;
}

struct file_cache *cache_of_device(struct block_device *dev)
{
	struct file_cache *c = load_acquire((struct file_cache **)&dev->cache);

	if (c)
		return c;
	mutex_lock(&devices_lock);
	c = dev->cache;
	if (!c) {
		c = make_device_cache(dev);
		if (!is_err(c))
			store_release((struct file_cache **)&dev->cache, c);
	}
	mutex_unlock(&devices_lock);
	return c;
}

struct file_cache *cache_of_block_file(const struct file *f)
{
	return ((struct block_device *)f->private)->cache;
}

void cache_resize_device(struct block_device *dev)
{
	uint64_t size = READ_ONCE(dev->sectors) << SECTOR_SHIFT;
	struct file_cache *c = dev->cache;
	uint64_t old = c ? c->object.size : 0;

	if (!c)
		return;
	cache_set_size(c, size);
	if (size < old) {
		remove_pages(c, DIV_ROUND_UP(size, PAGE_SIZE), DIV_ROUND_UP(old, PAGE_SIZE));
		mm_cut_object(&c->object, DIV_ROUND_UP(size, PAGE_SIZE), UINT64_MAX, true);
	}
}

/* By the task that wrote its pages. */
static void free_device_cache(struct file_cache *c)
{
	struct block_device *dev = c->dev;

	cache_end(c, false);
	kfree(container_of(c, struct device_cache, cache));
	block_put(dev);
}

void cache_free_device(struct block_device *dev)
{
	struct file_cache *c = dev->cache;

	if (!c)
		return;
	dev->cache = NULL;
	block_get(dev); /* until its pages have gone */
	writeback_end(c->writeback, free_device_cache);
}
