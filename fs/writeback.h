/*
 * writeback.h - what is dirty in memory: who writes it, and when (/proc/sys/vm/dirty_*).
 */
#pragma once

#include <stdint.h>

#include "fs/cache.h"

/* Each a word that may be changed at any time. */
struct writeback_limits {
	/*
	 * How many pages may be dirty before who makes more waits, and before they are written: in
	 * percent of free memory and page cache, or, not 0, in bytes.
	 */
	uint32_t ratio, background_ratio;
	uint64_t bytes, background_bytes;
	/*
	 * In hundredths of a second: how old they get at most, and how often their age is looked
	 * at; 0: never.
	 */
	uint32_t expire_cs, interval_cs;
};
extern struct writeback_limits writeback_limits;

/*
 * writeback_start - that of what has no device.  writeback_new - of a device or a server's mount,
 * with a task; writeback_add - the device's cache is @meta (NULL: it has none), and it is found by
 * sync(2) from now on.  Both may sleep.
 * writeback_end - it has no users any more: its task calls @gone (NULL: there is no @meta), which
 * frees @meta and may sleep, and frees it, some time later.  The caller does not wait for it, as
 * the task may wait for what the caller has locked: it looks at all superblocks.
 */
void writeback_start(void);
struct writeback *writeback_new(void) __must_check;
void writeback_add(struct writeback *w, struct file_cache *meta);
void writeback_end(struct writeback *w, void (*gone)(struct file_cache *meta));
/* writeback_kick - all that is dirty is written now, as pages are needed; does not wait. */
void writeback_kick(void);
/* cache_throttle - current has made pages dirty: waits while there are too many. */
void cache_throttle(struct file_cache *c);
/* cache_sync_meta - for fsync: @sb's inodes and the device's own pages are on stable storage. */
int cache_sync_meta(struct superblock *sb) __must_check;
/* super_next_hook - fs/super.h's super_next, which is above. */
extern struct superblock *(*super_next_hook)(struct superblock *sb, const struct file_cache *meta);
