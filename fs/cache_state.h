/*
 * cache_state.h - locks of pages, counts, and the list of all caches, for the files of the page
 * cache.
 */
#pragma once

#include "fs/cache.h"

/*
 * page_lock; page_lock_killable - 0, or -EINTR: current is to die; page_trylock, page_unlock - any
 * context.  page_wait_written - until no request writes it; its lock is held, so that none begins.
 */
void page_lock(struct page *p);
int page_lock_killable(struct page *p) __must_check;
bool page_trylock(struct page *p);
void page_unlock(struct page *p);
void page_wait_written(struct page *p);
/* page_end_read, page_end_write - all its parts have come, or gone.  Any context. */
void page_end_read(struct page *p);
void page_end_write(struct page *p);
/* page_is_uptodate - with what was read before. */
static inline bool page_is_uptodate(const struct page *p)
{
	return load_acquire(&p->state) & CACHED_UPTODATE;
}
extern uint64_t cache_nr_pages, cache_nr_dirty, cache_nr_writing; /* atomic */

void page_queues_init(void);
/* page_queue - where one waits for the page, or another thing, at @p. */
struct wait_queue *page_queue(const void *p);
/* cache_count - @n pages more (less) are in @c.  cache_buffers - how many those of devices have. */
void cache_count(const struct file_cache *c, int64_t n);
uint64_t cache_buffers(void);
/* For /proc/meminfo: pages of all. */
uint64_t cache_pages(void);
uint64_t cache_dirty_pages(void);
uint64_t cache_writeback_pages(void);

/*
 * caches_next - the next of all caches, one after the other and round again, in use by the caller;
 * or NULL.  cache_use, cache_not_in_use - in between cache_end waits.
 */
struct file_cache *caches_next(void);
unsigned int caches_count(void);
void cache_use(struct file_cache *c);
void cache_not_in_use(struct file_cache *c);
/* caches_add - @c is one from now on; caches_remove - nobody has it any more, nor gets it. */
void caches_add(struct file_cache *c);
void caches_remove(struct file_cache *c);
