/*
 * cache_state.c - what all of the page cache stands on: locks of pages and who waits for them, how
 * many pages there are, and the list of all caches.
 *
 * Invariant: a page's state changes in one atomic step, and whoever takes LOCKED or WRITING away
 * wakes those who have said that they wait.
 */
#include "fs/cache_state.h"

#include "abi/stat.h"

uint64_t cache_nr_pages, cache_nr_dirty, cache_nr_writing;
static uint64_t nr_buffers; /* of the pages, those of devices themselves; atomic */

void cache_count(const struct file_cache *c, int64_t n)
{
	atomic_add(&cache_nr_pages, (uint64_t)n);
	if (S_ISBLK(c->inode->mode))
		atomic_add(&nr_buffers, (uint64_t)n);
}

uint64_t cache_buffers(void)
{
	return READ_ONCE(nr_buffers);
}

uint64_t cache_pages(void)
{
	return READ_ONCE(cache_nr_pages);
}

uint64_t cache_dirty_pages(void)
{
	return READ_ONCE(cache_nr_dirty);
}

uint64_t cache_writeback_pages(void)
{
	return READ_ONCE(cache_nr_writing);
}

/* ---- waiting for pages ---- */

#define PAGE_QUEUES 64

/* Tasks that wait for a page, by its address: few, and woken for the wrong one they look again. */
static struct wait_queue page_queues[PAGE_QUEUES];

struct wait_queue *page_queue(const void *p)
{
	return &page_queues[((uintptr_t)p >> 5) * 0x9e3779b97f4a7c15UL >> 58];
}

void page_queues_init(void)
{
	for (unsigned int i = 0; i < PAGE_QUEUES; i++)
		wait_init(&page_queues[i]);
}

bool page_trylock(struct page *p)
{
	return !(__atomic_fetch_or(&p->state, CACHED_LOCKED, __ATOMIC_ACQUIRE) & CACHED_LOCKED);
}

/* Takes @p's lock, or sees to it that the task that has it wakes us. */
static bool lock_or_ask(struct page *p)
{
	if (page_trylock(p))
		return true;
	/* A lock that was given back before this is free now. */
	return !(atomic_or(&p->state, CACHED_AWAITED) & CACHED_LOCKED) && page_trylock(p);
}

void page_lock(struct page *p)
{
	if (!page_trylock(p))
		wait_event(page_queue(p), lock_or_ask(p));
}

int page_lock_killable(struct page *p)
{
	if (likely(page_trylock(p)))
		return 0;
	return wait_event_killable(page_queue(p), lock_or_ask(p)) ? -EINTR : 0;
}

/* @gone of its state is no more: who waits looks again.  The last use of @p here. */
static void clear_state(struct page *p, uint32_t gone, uint32_t add)
{
	uint32_t was = READ_ONCE(p->state);

	while (!__atomic_compare_exchange_n(&p->state, &was, (was & ~(gone | CACHED_AWAITED)) | add,
					    false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	if (unlikely(was & CACHED_AWAITED))
		wake_up(page_queue(p));
}

void page_unlock(struct page *p)
{
	clear_state(p, CACHED_LOCKED, 0);
}

static bool written_or_ask(struct page *p)
{
	return !(atomic_or(&p->state, CACHED_AWAITED) & CACHED_WRITING);
}

void page_wait_written(struct page *p)
{
	if (READ_ONCE(p->state) & CACHED_WRITING)
		wait_event(page_queue(p), written_or_ask(p));
}

void page_end_read(struct page *p)
{
	/* What was read before the flag that says so: release, in clear_state. */
	clear_state(p, CACHED_LOCKED, READ_ONCE(p->state) & CACHED_FAILED ? 0 : CACHED_UPTODATE);
}

void page_end_write(struct page *p)
{
	clear_state(p, CACHED_WRITING, 0);
}

/* ---- the list of all ---- */

static struct spinlock caches_lock = SPINLOCK_INIT; /* a leaf: all_caches, users */
static struct list_node all_caches = LIST_INIT(all_caches);
static unsigned int nr_caches; /* caches_lock */

void caches_add(struct file_cache *c)
{
	spin_lock(&caches_lock);
	list_add_tail(&all_caches, &c->link);
	nr_caches++;
	spin_unlock(&caches_lock);
}

unsigned int caches_count(void)
{
	return READ_ONCE(nr_caches);
}

struct file_cache *caches_next(void)
{
	struct file_cache *c = NULL;

	spin_lock(&caches_lock);
	if (!list_empty(&all_caches)) {
		c = list_first(&all_caches, struct file_cache, link);
		list_del(&c->link);
		list_add_tail(&all_caches, &c->link);
		c->users++;
	}
	spin_unlock(&caches_lock);
	return c;
}

void cache_use(struct file_cache *c)
{
	spin_lock(&caches_lock);
	c->users++;
	spin_unlock(&caches_lock);
}

void cache_not_in_use(struct file_cache *c)
{
	bool last;

	spin_lock(&caches_lock);
	last = !--c->users;
	spin_unlock(&caches_lock);
	if (last)
		wake_up(page_queue(c));
}

void caches_remove(struct file_cache *c)
{
	spin_lock(&caches_lock);
	list_del(&c->link);
	nr_caches--;
	spin_unlock(&caches_lock);
	wait_event(page_queue(c), !READ_ONCE(c->users));
	/* Whoever made it 0 has let go of the lock: it is not touched after that. */
	spin_lock(&caches_lock);
	spin_unlock(&caches_lock);
}
