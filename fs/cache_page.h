/*
 * cache_page.h - what the files of the page cache share: a page's lock, the way of pages to and
 * from the device, what is dirty and who writes it.  For fs/cache*.c, meta.c, writeback.c,
 * reclaim.c.
 *
 * Locks, outermost first: file->pos_lock, inode->lock, a page's lock (CACHED_LOCKED; of several of
 * one file the lowest index first), a file system's own locks (in map, read, write), a page's lock
 * of the device's cache, object->cut_lock, mm->lock; then spin locks: object->lock, a writeback's,
 * caches_lock. sync_lock, and a writeback's mutex for inodes, are taken without a page's lock.
 *
 * User memory is never touched with a page's lock: it may be that very page.  write(2) copies into
 * the page as it lies there, and says afterwards that it is dirty; or into one that nobody knows
 * yet.
 *
 * A page with CACHED_UPTODATE in the tree is the file's contents; one without is filled by who has
 * its lock.  It leaves the tree under its lock and not while it is written (CACHED_WRITING), so
 * that requests need no reference, and the blocks behind it may be given away afterwards.  Dirty
 * sectors are taken (object_clean), then mappings made read-only, then the page written: what is
 * stored later makes it dirty again.
 */
#pragma once

#include "fs/cache.h"

/*
 * What one open file has told about how it reads (struct file's ahead).  cache_page - the page
 * @index of @c, uptodate, with a reference; read if it is not there, and what lies behind it as far
 * as @ahead (NULL: nobody's) says, but at least the @want pages that the caller will ask for.
 * err_ptr(-EIO, -ENOMEM, -EINTR, -ENXIO: behind the end).
 */
struct page *cache_page(struct file_cache *c, uint64_t index, uint64_t want,
			struct file_ahead *ahead);
/*
 * cache_ahead_most - how many pages are read ahead at most for who reads @c: its disk's
 * read_ahead_kb; 0: none.
 */
uint32_t cache_ahead_most(const struct file_cache *c);
/*
 * cache_room_hook - memory is low: it is made, with @wait for what must be written first; false:
 * the page cache must not take a frame.
 */
extern bool (*cache_room_hook)(bool wait);
/*
 * cache_alloc - a frame for a cache; clean pages go for it.  @wait: no lock is held that
 * write-back may need, so that it may be waited for.  NULL: none.  May sleep.
 */
struct page *cache_alloc(bool wait) __must_check;
/* cache_remove - @p, locked, leaves; it has been waited for. */
void cache_remove(struct file_cache *c, uint64_t index, struct page *p);
/*
 * cache_evict - @p, page @index, to which the caller's reference goes, leaves if nobody else has it
 * and it is clean: did it?  Does not sleep.
 */
bool cache_evict(struct file_cache *c, uint64_t index, struct page *p);
/* cache_block - the unit in which @c's sectors get dirty, bytes. */
uint32_t cache_block(const struct file_cache *c);
/*
 * cache_ask - map's answer for byte @at, which *@e holds then: what a file system says wrongly is
 * -EIO here, no endless loop and no byte of another file.  cache_new - what of page @index, @p,
 * lies in blocks that were just given to it is to be written, whatever comes of the caller: on the
 * disk is what somebody else has left there.  @p is uptodate, or locked.
 */
int cache_ask(struct file_cache *c, uint64_t at, uint64_t len, enum cache_map how,
	      struct cache_extent *e) __must_check;
void cache_new(struct file_cache *c, uint64_t index, struct page *p, const struct cache_extent *e);
/* cache_sectors - those of a page that [@off, @off + @len) touches, in units of @block bytes. */
uint8_t cache_sectors(size_t off, size_t len, uint32_t block);
/*
 * cache_dirty - bytes [@off, @off + @len) of @p, if it is there still, were changed.  Does not
 * sleep.
 */
void cache_dirty(struct file_cache *c, uint64_t index, struct page *p, size_t off, size_t len);
