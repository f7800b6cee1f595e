/*
 * cache_file.c - read(2), write(2) and their kin of files in the page cache.
 *
 * Comes from file.c by file_ops, goes to cache.c for pages.  Invariants: bytes are in the page
 * before the size says so; a page that others can find has blocks for what is written to it before
 * it is dirty (so that no space is an error of write(2)); inode->lock is held by who writes, so
 * that size and blocks stand still for him.
 */

#include "abi/stat.h"
#include "block/io.h"
#include "fs/cache_page.h"
#include "fs/dirty.h"
#include "fs/writeback.h"
#include "lib/string.h"

/* ---- reading ---- */

/* Is what O_DIRECT asks for whole sectors, and so in memory? */
static bool may_be_direct(const struct file_cache *c, const struct iter *it, uint64_t pos)
{
	uint64_t unit = c->dev ? c->dev->disk->limits.logical : SECTOR_SIZE;

	return IS_ALIGNED(pos | it->left, unit) && IS_ALIGNED(iter_bits(it), (uint64_t)SECTOR_SIZE);
}

/*
 * O_DIRECT moves by the cache, too, but what the disk holds: what is dirty goes there first, and
 * pages that nobody uses do not stay.
 */
static int begin_direct(struct file_cache *c, const struct iter *it, uint64_t pos)
{
	uint64_t end = pos + it->left;
	int err;

	if (!may_be_direct(c, it, pos))
		return -EINVAL;
	err = cache_write_range(c, pos, end, true);
	cache_drop_range(c, pos >> PAGE_SHIFT, DIV_ROUND_UP(end, PAGE_SIZE));
	return err;
}

/* As much of one page as @to takes, at @at.  Bytes, or -errno. */
static long read_page_piece(struct file *f, struct file_cache *c, struct iter *to, uint64_t at)
{
	size_t off = at & ~PAGE_MASK, n = min((size_t)(PAGE_SIZE - off), to->left), done;
	uint64_t index = at >> PAGE_SHIFT, size;
	struct page *p;

	p = cache_page(c, index, DIV_ROUND_UP(off + to->left, PAGE_SIZE), &f->ahead);
	if (is_err(p))
		return ptr_err(p) == -ENXIO ? 0 : ptr_err(p);
	f->ahead.next = index + 1;
	/* After the page was found: what a truncate has cut off since is not read. */
	size = load_acquire(&c->object.size);
	n = at < size ? min((uint64_t)n, size - at) : 0;
	done = iter_put(to, (char *)page_to_virt(p) + off, n);
	/* The page's own reference kept it over the copy, which may fault. */
	page_put(p);
	return done || !n ? (long)done : -EFAULT;
}

long cache_file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct file_cache *c = file_cache(f);
	uint64_t at = *pos;
	long piece = 0;

	if (!to->left)
		return 0;
	if (unlikely(READ_ONCE(f->flags) & O_DIRECT))
		piece = begin_direct(c, to, at);
	/* Without inode->lock: a reader does not wait for a writer. */
	while (!piece && to->left && at < load_acquire(&c->object.size)) {
		piece = read_page_piece(f, c, to, at);
		if (piece <= 0)
			break;
		at += (uint64_t)piece;
		piece = file_may_continue() ? 0 : -EINTR;
	}
	if (at != *pos)
		piece = (long)(at - *pos);
	*pos = at;
	if (unlikely(READ_ONCE(f->flags) & O_DIRECT))
		cache_drop_range(c, (at - max(piece, 0L)) >> PAGE_SHIFT,
				 DIV_ROUND_UP(at, PAGE_SIZE));
	if (f->path.mnt && !(f->flags & O_NOATIME))
		path_touch(&f->path);
	return piece;
}

/* ---- writing ---- */

/* One write(2) under way; inode->lock is held. */
struct cache_write {
	struct file_cache *cache;
	struct iter *from;
	uint64_t end;	       /* where it is to end */
	struct cache_extent e; /* the last that was made or found: there are blocks */
	struct file_ahead *ahead;
};

/* There are blocks for bytes [@at, @end), all in @p.  0 or -errno. */
static int need_blocks(struct cache_write *w, struct page *p, uint64_t at, uint64_t end)
{
	struct file_cache *c = w->cache;
	uint64_t index = at >> PAGE_SHIFT;
	int err = 0;

	while (at < end && !err && c->ops->map) {
		/*
		 * Behind the end of the file all at once, as nobody can read there what lies on the
		 * disk; before it only where the page is there to be read instead.
		 */
		uint64_t ask = at >= ALIGN_UP(c->object.size, PAGE_SIZE) ? w->end : end;

		if (at - w->e.at >= w->e.len) {
			err = cache_ask(c, at, ask - at, MAP_WRITE, &w->e);
			/* At once, as the next block may be one too many for the disk. */
			if (!err)
				cache_new(c, index, p, &w->e);
		}
		at = w->e.at + w->e.len;
	}
	return err;
}

/* Are there blocks for bytes [@at, @end), all in one page, or will one block hold them? */
static bool has_blocks(struct cache_write *w, uint64_t at, uint64_t end)
{
	struct file_cache *c = w->cache;
	bool hole = false;

	if (!c->ops->map || cache_block(c) >= PAGE_SIZE)
		return true;
	while (at < end && !hole) {
		if (at - w->e.at >= w->e.len)
			hole = cache_ask(c, at, w->end - at, MAP_READ, &w->e) ||
			       w->e.flags & EXTENT_HOLE;
		at = w->e.at + w->e.len;
	}
	if (hole)
		w->e.len = 0;
	return !hole;
}

/* @p, page @index, has got bytes [@off, @off + @n), of which @done were wanted. */
static void piece_written(struct cache_write *w, uint64_t index, struct page *p, size_t off,
			  size_t n, size_t done)
{
	uint64_t end = (index << PAGE_SHIFT) + off + done;

	/*
	 * All that has blocks now, even where the copy came to its end: else it would be garbage.
	 */
	cache_dirty(w->cache, index, p, off, n);
	/* After the bytes: a reader that sees the new size is to find them there. */
	if (done && end > w->cache->object.size && !S_ISBLK(w->cache->inode->mode))
		cache_set_size(w->cache, end);
}

/* Into a page that others have, too.  Not under its lock: it may come from that very page. */
static long write_there(struct cache_write *w, struct page *p, uint64_t at, size_t n)
{
	size_t off = at & ~PAGE_MASK, done;
	int err = need_blocks(w, p, at, at + n);

	if (err)
		return err;
	page_write_begin(p);
	done = iter_take(w->from, (char *)page_to_virt(p) + off, n);
	page_written(p);
	piece_written(w, at >> PAGE_SHIFT, p, off, n, done);
	return done ? (long)done : -EFAULT;
}

/* What write(2) wrote to @fresh goes to the page that is there.  Bytes, or -errno. */
static long write_copy(struct cache_write *w, const struct page *fresh, uint64_t at, size_t n)
{
	struct page *p = cache_page(w->cache, at >> PAGE_SHIFT, 1, NULL);
	struct iter *from = w->from, kernel;
	long done;

	if (is_err(p))
		return ptr_err(p);
	iter_kernel(&kernel, (char *)page_to_virt(fresh) + (at & ~PAGE_MASK), n);
	w->from = &kernel;
	done = write_there(w, p, at, n);
	w->from = from;
	page_put(p);
	return done;
}

/*
 * @fresh, which nobody knows, has the bytes [@at, @at + @n), and zeros: it becomes the page, or
 * they go into that which has come meanwhile.  Bytes, or -errno.
 */
static long enter_fresh(struct cache_write *w, struct page *fresh, uint64_t at, size_t n)
{
	uint64_t index = at >> PAGE_SHIFT;
	struct page *p;
	int err;

	page_get(fresh); /* the tree's */
	p = object_insert(&w->cache->object, index, fresh, !S_ISBLK(w->cache->inode->mode));
	if (p != fresh) {
		page_put(fresh);
		if (is_err(p))
			return ptr_err(p);
		page_put(p);
		return write_copy(w, fresh, at, n);
	}
	cache_count(w->cache, 1);
	/* It is locked, so that nobody reads from the disk what is there before it is written. */
	err = need_blocks(w, fresh, at, at + n);
	if (err) {
		/* No block has come, or all lie behind the end, and are given back. */
		cache_remove(w->cache, index, p);
		page_unlock(p);
		return err;
	}
	piece_written(w, index, p, at & ~PAGE_MASK, n, n);
	page_end_read(p);
	return (long)n;
}

/* A page that is not there, and need not be read: it is written before anybody knows it. */
static long write_fresh(struct cache_write *w, uint64_t at, size_t n)
{
	size_t off = at & ~PAGE_MASK, taken;
	struct page *fresh = cache_alloc(true);
	long done = -EFAULT;
	char *data;

	if (!fresh)
		return -ENOMEM;
	data = page_to_virt(fresh);
	taken = iter_take(w->from, data + off, n);
	memset(data, 0, off);
	memset(data + off + taken, 0, PAGE_SIZE - off - taken);
	if (taken == n || (taken && ALIGN_DOWN(at, PAGE_SIZE) >= w->cache->object.size))
		done = enter_fresh(w, fresh, at, taken);
	else if (taken)
		/* The rest of the page is what the file holds: it is read after all. */
		done = write_copy(w, fresh, at, taken);
	page_put(fresh);
	return done;
}

/* @n bytes, all in one page, at @at.  Bytes, or -errno. */
static long write_piece(struct cache_write *w, uint64_t at, size_t n)
{
	uint64_t size = w->cache->object.size, page = ALIGN_DOWN(at, PAGE_SIZE);
	struct page *p;
	long done;

	/* A device may have become smaller since the caller looked. */
	if (at + n > size && S_ISBLK(w->cache->inode->mode))
		return -ENOSPC;
	object_peek(&w->cache->object, at >> PAGE_SHIFT, 1, &p);
	/*
	 * Nor into a hole by blocks that are smaller: if there is no room for all of them, some
	 * are there, and the page must be what the file holds.
	 */
	if (!p && (page >= size ||
		   (page == at && (n == PAGE_SIZE || at + n >= size) && has_blocks(w, at, at + n))))
		return write_fresh(w, at, n);
	if (!p || !(load_acquire(&p->state) & CACHED_UPTODATE)) {
		if (p)
			page_put(p);
		p = cache_page(w->cache, at >> PAGE_SHIFT, 1, NULL);
		if (is_err(p))
			return ptr_err(p);
	}
	done = write_there(w, p, at, n);
	page_put(p);
	return done;
}

static long write_pieces_of(struct cache_write *w, uint64_t at)
{
	const uint64_t start = at;
	long piece = 0;

	while (at < w->end) {
		size_t n = min(w->end - at, PAGE_SIZE - (at & ~PAGE_MASK));

		piece = write_piece(w, at, n);
		if (piece < 0)
			break;
		at += (uint64_t)piece;
		if ((size_t)piece < n || !file_may_continue())
			break;
		if (!(at & (64 * PAGE_SIZE - 1)))
			cache_throttle(w->cache);
	}
	return at > start ? (long)(at - start) : piece;
}

#define BACK_TRIES 10
#define BACK_WAIT  10 /* ms */

/*
 * Blocks behind the end, @size, go, which were made for what has not come.  If they cannot, that is
 * kept in mind: were they there when the file grows, it would show what was on the disk.
 */
static int cut_behind(struct file_cache *c, uint64_t size)
{
	int err = c->inode->ops->truncate(c->inode, size);

	for (unsigned int i = 0; err == -ENOMEM && i < BACK_TRIES; i++) {
		sleep_ms(BACK_WAIT);
		err = c->inode->ops->truncate(c->inode, size);
	}
	c->behind = err != 0;
	return err;
}

/* [@at, @at + @n) of @c; inode->lock is held. */
static long write_locked(struct file *f, struct file_cache *c, struct iter *from, uint64_t at,
			 size_t n)
{
	struct cache_write w = { .cache = c, .from = from, .end = at + n, .ahead = &f->ahead };
	uint64_t size = c->object.size;
	long done;
	int err = 0;

	if (S_ISBLK(c->inode->mode)) {
		if (at >= size)
			return -ENOSPC;
		n = min((uint64_t)n, size - at);
		w.end = at + n;
	} else if (at > size) {
		if (c->behind)
			err = cut_behind(c, size);
		err = err ?: cache_resize(c, at);
		if (err)
			return err;
	}
	done = write_pieces_of(&w, at);
	if (done != (long)n && w.end > c->object.size && c->inode->ops)
		(void)!cut_behind(c, done > 0 ? c->object.size : size);
	return done;
}

/* O_SYNC, O_DSYNC, and the same of one call: what was written is on stable storage. */
static long written_sync(struct file *f, const struct iter *it, uint64_t at, long done)
{
	uint32_t flags = READ_ONCE(f->flags);
	bool data_only = !((flags & O_SYNC) == O_SYNC || it->rwf & RWF_SYNC);
	int err;

	if (done <= 0 || !(flags & (O_DSYNC | O_DIRECT) || it->rwf & (RWF_SYNC | RWF_DSYNC) ||
			   f->inode->sb->sync || f->inode->sflags & S_SYNC))
		return done;
	if (flags & O_DSYNC || !(flags & O_DIRECT) || it->rwf & (RWF_SYNC | RWF_DSYNC))
		err = f->ops->fsync(f, data_only);
	else
		err = cache_write_range(file_cache(f), at, at + (uint64_t)done, true);
	return err ?: done;
}

/* file_room, and what the file system can hold. */
static size_t room_of(const struct inode *inode, uint64_t at, size_t n, int *err)
{
	uint64_t most = inode->sb->max_size;

	n = file_room(at, n, err);
	if (!*err && most && at >= most)
		*err = -EFBIG;
	return most && !*err ? min((uint64_t)n, most - at) : n;
}

long cache_file_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct file_cache *c = file_cache(f);
	struct inode *inode = c->inode;
	bool regular = !S_ISBLK(inode->mode);
	size_t n = from->left;
	uint64_t at;
	long done;
	int err = 0;

	if (!n)
		return 0;
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	/* Under inode->lock: two tasks that append do not get the same place. */
	at = *pos;
	if (regular && file_appends(f, from))
		at = c->object.size;
	if (regular)
		n = room_of(inode, at, n, &err);
	if (!err && READ_ONCE(f->flags) & O_DIRECT && !may_be_direct(c, from, at))
		err = -EINVAL;
	if (unlikely(inode->sflags & S_SWAPFILE))
		err = -ETXTBSY;
	if (!err && regular)
		err = inode_drop_setid(inode);
	if (unlikely(at > c->object.size) && !err && c->ops->fill_gap)
		err = c->ops->fill_gap(inode, at);
	done = err;
	if (!err) {
		if (regular)
			inode->mtime = inode->ctime = sb_time(inode->sb, vfs_now());
		done = write_locked(f, c, from, at, n);
		if (regular)
			inode_dirty(inode);
	}
	mutex_unlock(&inode->lock);
	if (done > 0)
		*pos = at + (uint64_t)done;
	cache_throttle(c);
	return written_sync(f, from, at, done);
}

/* ---- the rest of file_ops ---- */

/* The first byte from @at on, below @size, that is data, or a hole; @size: there is none. */
static int64_t find_kind(struct file_cache *c, uint64_t at, uint64_t size, bool data)
{
	struct cache_extent e;
	int err = 0;

	while (at < size && !err) {
		err = cache_ask(c, at, size - at, MAP_READ, &e);
		if (!err && data == !(e.flags & EXTENT_HOLE))
			return (int64_t)at;
		if (!err)
			at = e.at + e.len;
		if (give_way())
			err = -EINTR;
	}
	return err ?: (int64_t)min(at, size);
}

int64_t cache_file_seek(struct file *f, int64_t offset, int whence)
{
	struct file_cache *c = file_cache(f);
	uint64_t size = READ_ONCE(c->object.size);
	int64_t at;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_seek_size(f, offset, whence, size);
	if (offset < 0 || (uint64_t)offset >= size)
		return -ENXIO;
	if (c->ops->map)
		at = find_kind(c, (uint64_t)offset, size, whence == SEEK_DATA);
	else
		at = whence == SEEK_DATA ? offset : (int64_t)size;
	if (at < 0 || (whence == SEEK_DATA && (uint64_t)at >= size))
		return at < 0 ? at : -ENXIO;
	return file_seek_size(f, at, SEEK_SET, size);
}

struct vm_object *cache_file_mmap(struct file *f, uint64_t len, bool shared)
{
	struct file_cache *c = file_cache(f);

	if (f->path.mnt && !(f->flags & O_NOATIME))
		path_touch(&f->path);
	object_get(&c->object);
	return &c->object;
}

int cache_file_fsync(struct file *f, bool data_only)
{
	struct file_cache *c = file_cache(f);
	int err = cache_write_range(c, 0, UINT64_MAX, true), bad, seen;

	/* Even after an error: what can be written is. */
	bad = S_ISBLK(c->inode->mode) ? block_flush(c->dev) : cache_sync_meta(c->inode->sb);
	/* What a write-back found before is told here, once. */
	seen = cache_error_since(c, &f->error_seen);
	return err ?: bad ?: seen;
}

int cache_dir_fsync(struct file *f, bool data_only)
{
	return cache_sync_meta(f->inode->sb);
}

/* ---- what a program says about its use of a file ---- */

static struct file_cache *cache_of_file(const struct file *f)
{
	if (S_ISREG(f->inode->mode))
		return f->inode->cache;
	return S_ISBLK(f->inode->mode) && f->private ? cache_of_block_file(f) : NULL;
}

int cache_file_sync_range(struct file *f, uint64_t from, uint64_t end, uint32_t flags)
{
	struct file_cache *c = cache_of_file(f);

	if (!c || !flags)
		return 0;
	return cache_write_range(
		c, from, end, flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER));
}

void cache_file_advise(struct file *f, uint64_t from, uint64_t end, int advice)
{
	struct file_cache *c = cache_of_file(f);

	if (!c)
		return;
	switch (advice) {
	case POSIX_FADV_NORMAL: f->ahead.random = f->ahead.twice = false; break;
	case POSIX_FADV_RANDOM: f->ahead.random = true; break;
	case POSIX_FADV_SEQUENTIAL:
		f->ahead.random = false;
		f->ahead.twice = true;
		break;
	case POSIX_FADV_WILLNEED:
		cache_read_ahead(c, from >> PAGE_SHIFT, DIV_ROUND_UP(end, PAGE_SIZE));
		break;
	case POSIX_FADV_DONTNEED:
		/* Whole pages; dirty ones are written, and go another time. */
		if (!cache_write_range(c, from, end, false))
			cache_drop_range(c, DIV_ROUND_UP(from, PAGE_SIZE), end >> PAGE_SHIFT);
		break;
	default: break;
	}
}
