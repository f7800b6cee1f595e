/*
 * cache_page.c - the pages of the page cache: locked and waited for, found, read in, changed.
 *
 * Comes from cache.c and cache_file.c, goes to the file system's map or read, and to cache_io.c.
 * The rules that keep it right on several cores are in cache_page.h.
 */
#include "fs/cache_page.h"

#include "abi/stat.h"
#include "fs/cache_io.h"
#include "fs/dirty.h"
#include "lib/string.h"

/* ---- reading in ---- */

uint32_t cache_block(const struct file_cache *c)
{
	if (!S_ISBLK(c->inode->mode))
		return c->inode->sb->block_size;
	return c->dev->disk->limits.logical;
}

int cache_ask(struct file_cache *c, uint64_t at, uint64_t len, enum cache_map how,
	      struct cache_extent *e)
{
	int err;

	e->len = 0;
	err = c->ops->map(c, at, len, how, e);
	if (!err && at - e->at >= e->len)
		err = -EIO;
	if (err)
		e->len = 0;
	return err;
}

/* The run that holds byte @at, in b->extent already or asked for. */
static int find_extent(struct io_batch *b, uint64_t at, uint64_t len)
{
	if (at - b->extent.at < b->extent.len)
		return 0;
	io_push(b); /* map may wait for others, who wait for what we hold back */
	return cache_ask(b->cache, at, len, MAP_READ, &b->extent);
}

/*
 * The parts of @p, locked, which is page @index, are asked for; it is unlocked when they have come.
 * @want: so many bytes more will be asked for.  0 or -errno of the file system.
 */
static int read_mapped_page(struct io_batch *b, uint64_t index, struct page *p, uint64_t want)
{
	struct file_cache *c = b->cache;
	struct cache_extent *e = &b->extent;
	uint64_t at = index << PAGE_SHIFT, size = load_acquire(&c->object.size);
	size_t inside = at < size ? min(size - at, (uint64_t)PAGE_SIZE) : 0;
	size_t end = min(ALIGN_UP(inside, (size_t)cache_block(c)), (size_t)PAGE_SIZE), off, n;
	char *data = page_to_virt(p);
	int err = 0;

	p->ios = 1;
	for (off = 0; off < end && !err; off += n) {
		n = end - off;
		err = find_extent(b, at + off, n + want);
		if (err)
			break;
		n = min((uint64_t)n, e->at + e->len - (at + off));
		if (e->flags & EXTENT_HOLE)
			memset(data + off, 0, n);
		else
			io_add(b, p, off, n, e->disk + (at + off - e->at));
	}
	if (end < PAGE_SIZE)
		memset(data + end, 0, PAGE_SIZE - end);
	/* On the disk anything may lie between the end of the file and that of its block. */
	if (!err && inside < end && !(e->flags & EXTENT_HOLE))
		io_tail(b, p, inside);
	if (err)
		atomic_or(&p->state, CACHED_FAILED);
	io_page_done(b, p);
	return err;
}

/* A locked page that was not read: who wants it tries again. */
static void fail_page(struct page *p)
{
	atomic_or(&p->state, CACHED_FAILED);
	page_end_read(p);
}

/* The same by ops->read, for @n pages. */
static int read_served_pages(struct file_cache *c, uint64_t index, struct page **pages, size_t n)
{
	int err = c->ops->read(c, index, pages, n);

	for (size_t i = 0; i < n; i++) {
		if (err)
			fail_page(pages[i]);
		else
			page_end_read(pages[i]);
	}
	return err;
}

#define READ_MOST 64 /* pages at once */

/* Reads @pages, locked, from @index on; they are unlocked when they have come.  0 or -errno. */
static int read_pages(struct file_cache *c, uint64_t index, struct page **pages, size_t n)
{
	struct io_batch b;
	int err = 0;

	if (c->ops->read)
		return read_served_pages(c, index, pages, n);
	io_begin(&b, c, BLOCK_READ, S_ISBLK(c->inode->mode) ? BLOCK_META : 0);
	for (size_t i = 0; i < n; i++) {
		/*
		 * Each try may take as long as a disk that does not answer: those behind one that
		 * could not be found on it are tried when somebody wants them.
		 */
		if (err)
			fail_page(pages[i]);
		else
			err = read_mapped_page(&b, index + i, pages[i], (n - 1 - i) << PAGE_SHIFT);
	}
	io_submit(&b);
	return err;
}

bool (*cache_room_hook)(bool wait);

struct page *cache_alloc(bool wait)
{
	struct page *p;

	/* Never of the reserve, nor near it: what lies on a disk is no reason to need it. */
	if (unlikely(page_is_low()) && !cache_room_hook(wait))
		return NULL;
	p = page_alloc(0);
	if (p) {
		p->state = CACHED_LOCKED | CACHED_RECENT;
		p->dirty = 0;
	}
	return p;
}

/*
 * Puts new pages at @index and behind it, at most @n, up to the first that is there; they are
 * locked, and in @pages.  How many; -errno: not even one for want of memory, or behind the end.
 * With one that is locked nothing is waited for, nor with a file system's locks, which who asks for
 * the device's own pages has: write-back may need either.
 */
static long insert_new_pages(struct file_cache *c, uint64_t index, size_t n, struct page **pages)
{
	bool meta = S_ISBLK(c->inode->mode);
	size_t made = 0;
	struct page *there = NULL;

	while (made < n && !there && !(made && page_is_scarce())) {
		struct page *p = cache_alloc(!made && !meta);

		there = p ? object_insert(&c->object, index + made, p, false) : err_ptr(-ENOMEM);
		if (there == p) {
			pages[made++] = p;
			there = NULL;
		} else if (p) {
			page_put(p);
		}
	}
	cache_count(c, (int64_t)made);
	if (there && !is_err(there))
		page_put(there);
	return made || !is_err(there) ? (long)made : ptr_err(there);
}

/* Reads up to @n pages from @index on, as far as they are not there.  0 or -errno. */
static int read_in(struct file_cache *c, uint64_t index, size_t n)
{
	struct page *pages[READ_MOST];
	long made;

	if (READ_ONCE(c->dead))
		return -EIO;
	made = insert_new_pages(c, index, min(n, (size_t)READ_MOST), pages);
	return made <= 0 ? (int)made : read_pages(c, index, pages, (size_t)made);
}

#define AHEAD_SERVED 32	 /* pages: of what no disk says it of */
#define ADVICE_MOST  512 /* pages: as Linux, not all that somebody says he will need */

uint32_t cache_ahead_most(const struct file_cache *c)
{
	if (!c->dev)
		return AHEAD_SERVED;
	return READ_ONCE(c->dev->disk->read_ahead) / (PAGE_SIZE / SECTOR_SIZE);
}

void cache_read_ahead(struct file_cache *c, uint64_t first, uint64_t end)
{
	end = min(end, DIV_ROUND_UP(READ_ONCE(c->object.size), PAGE_SIZE));
	end = min(end, first + max(cache_ahead_most(c), (uint32_t)ADVICE_MOST));
	while (first < end && !give_way()) {
		/* What is there is passed over; nothing is read ahead when memory is short. */
		uint64_t stop;

		first = object_next(&c->object, first, end, false);
		stop = object_next(&c->object, first, min(end, first + READ_MOST), true);
		if (first >= end || page_is_scarce() || read_in(c, first, stop - first))
			break;
		first = stop;
	}
}

#define AHEAD_LEAST 8 /* pages */

/* The window of @a that follows the last: more each time, up to what is allowed for @c. */
static uint32_t next_window(const struct file_cache *c, const struct file_ahead *a)
{
	uint32_t most = cache_ahead_most(c) << a->twice;

	return min(max(2 * a->size, (uint32_t)AHEAD_LEAST), most);
}

/*
 * How many pages are read when @index is not there, of which the caller needs @want: more each time
 * while a file is read from one end to the other.
 */
static size_t pages_to_read(const struct file_cache *c, struct file_ahead *a, uint64_t index,
			    uint64_t want)
{
	bool onward = a && !a->random && (index == a->next || index == a->end || !index);
	size_t n = min(max(want, UINT64_C(1)), (uint64_t)READ_MOST);

	if (!a)
		return n;
	a->size = onward ? next_window(c, a) : 0;
	n = max(n, (size_t)a->size);
	a->end = index + n;
	return n;
}

/* Who comes to page @index, if it is there, reads on. */
static void mark_ahead(struct file_cache *c, uint64_t index)
{
	struct page *p;

	object_peek(&c->object, index, 1, &p);
	if (!p)
		return;
	atomic_or(&p->state, CACHED_AHEAD);
	page_put(p);
}

/* Someone comes to a page that was marked: what lies behind @a's window is asked for now. */
static void read_on(struct file_cache *c, struct page *p, struct file_ahead *a)
{
	uint64_t first = a->end;

	atomic_and(&p->state, ~CACHED_AHEAD);
	if (a->random || !a->size)
		return;
	a->size = next_window(c, a);
	a->end = first + a->size;
	cache_read_ahead(c, first, a->end);
	mark_ahead(c, first);
}

/* @p, with a reference, is or becomes uptodate.  0; -EAGAIN: it has gone; -EIO, -EINTR. */
static int wait_uptodate(struct file_cache *c, uint64_t index, struct page *p, bool *tried)
{
	int err = page_lock_killable(p);

	if (err)
		return err;
	if (page_is_uptodate(p) || READ_ONCE(p->state) & CACHED_GONE || *tried) {
		err = page_is_uptodate(p) ? 0 : READ_ONCE(p->state) & CACHED_GONE ? -EAGAIN : -EIO;
		page_unlock(p);
		return err;
	}
	/* Another task's attempt to read it has failed: each makes one of its own. */
	*tried = true;
	atomic_and(&p->state, ~CACHED_FAILED);
	err = READ_ONCE(c->dead) ? -EIO : 0;
	if (err)
		page_unlock(p);
	else
		err = read_pages(c, index, &p, 1);
	return err ?: -EAGAIN;
}

struct page *cache_page(struct file_cache *c, uint64_t index, uint64_t want,
			struct file_ahead *ahead)
{
	bool tried = false;

	for (;;) {
		struct page *p;
		int err;

		object_peek(&c->object, index, 1, &p);
		if (likely(p && page_is_uptodate(p))) {
			uint32_t state = READ_ONCE(p->state);

			if (!(state & CACHED_RECENT))
				atomic_or(&p->state, CACHED_RECENT);
			if (ahead && state & CACHED_AHEAD)
				read_on(c, p, ahead);
			return p;
		}
		if (p) {
			err = wait_uptodate(c, index, p, &tried);
			page_put(p);
		} else {
			size_t n = pages_to_read(c, ahead, index, want);

			err = read_in(c, index, n);
			if (!err && n > READ_MOST)
				cache_read_ahead(c, index + READ_MOST, index + n);
			/* Of a larger request another page's sectors may be the bad ones. */
			tried = n == 1;
			if (!err && ahead && ahead->size)
				mark_ahead(c, ahead->end - ahead->size / 2);
		}
		if (err && err != -EAGAIN)
			return err_ptr(err);
	}
}

/* ---- dirty ---- */

uint8_t cache_sectors(size_t off, size_t len, uint32_t block)
{
	size_t first = ALIGN_DOWN(off, (size_t)block) / SECTOR_SIZE;
	size_t end = min(ALIGN_UP(off + len, (size_t)block), (size_t)PAGE_SIZE) / SECTOR_SIZE;

	return (uint8_t)(((1u << (end - first)) - 1) << first);
}

void cache_dirty(struct file_cache *c, uint64_t index, struct page *p, size_t off, size_t len)
{
	uint8_t mask = cache_sectors(off, len, min(cache_block(c), (uint32_t)PAGE_SIZE));

	if (!object_dirty(&c->object, index, p, mask))
		return;
	cache_count_dirty(c, 1);
	cache_is_dirty(c);
}

void cache_new(struct file_cache *c, uint64_t index, struct page *p, const struct cache_extent *e)
{
	uint64_t page = index << PAGE_SHIFT, from = max(e->at, page);
	uint64_t end = min(e->at + e->len, page + PAGE_SIZE);

	if (e->flags & EXTENT_NEW && from < end)
		cache_dirty(c, index, p, from - page, end - from);
}

/* ---- leaving ---- */

void cache_remove(struct file_cache *c, uint64_t index, struct page *p)
{
	enum object_took took;

	/* Before it leaves: who waits for its lock with a reference finds that it has. */
	atomic_or(&p->state, CACHED_GONE);
	took = object_take(&c->object, index, p, false);
	if (took != OBJECT_TOOK_NONE)
		cache_count(c, -1);
	if (took == OBJECT_TOOK_DIRTY)
		cache_count_dirty(c, -1);
}

bool cache_evict(struct file_cache *c, uint64_t index, struct page *p)
{
	bool free = page_trylock(p);

	/*
	 * The lock keeps it, as the reference did; who waits for the lock has a reference, so that
	 * nobody waits when it leaves, and it is not unlocked.
	 */
	page_put(p);
	if (!free)
		return false;
	if (!(READ_ONCE(p->state) & CACHED_WRITING) && object_take(&c->object, index, p, true)) {
		cache_count(c, -1);
		return true;
	}
	page_unlock(p);
	return false;
}
