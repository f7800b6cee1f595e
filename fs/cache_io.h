/*
 * cache_io.h - pages of the page cache on their way to and from a block device.
 */
#pragma once

#include "block/block.h"
#include "fs/cache.h"

struct cache_io;
/* Requests that are being put together. */
struct io_batch {
	struct file_cache *cache;
	enum block_op op;
	uint8_t flags;
	uint8_t epoch;
	uint32_t shrunk;	    /* the cache's, when extent was found */
	struct cache_extent extent; /* the last that was found */
	uint32_t onward;	    /* bytes of the file that it was looked for, of a write */
	struct list_node ready;	    /* whole ones, not yet submitted */
	struct cache_io *io;	    /* the one that grows, or NULL */
};
void io_begin(struct io_batch *b, struct file_cache *c, enum block_op op, unsigned int flags);
/*
 * io_add - bytes [@off, @off + @len) of @p, at byte @disk of the device.  @p has a count of its own
 * in ios while its parts are added, dropped by io_page_done.  May sleep.
 */
void io_add(struct io_batch *b, struct page *p, size_t off, size_t len, uint64_t disk);
/* io_tail - of the part added last: bytes of @p from @off on are zeros when it has been read. */
void io_tail(struct io_batch *b, struct page *p, size_t off);
void io_page_done(struct io_batch *b, struct page *p);
/*
 * io_start - requests that are whole go on their way; io_push - the one that grows, too: before
 * anything is waited for, as others may wait for its pages; io_submit - and that was all.  May
 * sleep.
 */
void io_start(struct io_batch *b);
void io_push(struct io_batch *b);
void io_submit(struct io_batch *b);
/* io_wait_written - all write requests of @c that were submitted before have ended. */
void io_wait_written(struct file_cache *c);
/*
 * io_prepare - there will be requests for @w's device: -ENOMEM.  io_end - all have ended, and are
 * freed.  May sleep.
 */
struct writeback;
int io_prepare(struct writeback *w) __must_check;
void io_end(struct writeback *w);
