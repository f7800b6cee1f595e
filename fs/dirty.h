/*
 * dirty.h - what is to be written some time.
 */
#pragma once

#include "fs/cache_state.h"

/*
 * Who writes what is dirty of a device, or of a server's mount (or, one for all, of what has
 * neither): a task of writeback.c.
 */
struct writeback {
	struct spinlock lock;	 /* inside an object's, outside caches_lock: caches, idle */
	struct list_node caches; /* with dirty pages, the oldest first */
	struct file_cache *meta; /* the device's own; NULL: of none */
	struct list_node link;	 /* in all_writebacks; all_lock */
	uint64_t pages;		 /* atomic: of its caches, dirty or being written */
	unsigned int users;	 /* who writes its pages and is not its task; all_lock */
	void (*gone)(struct file_cache *meta); /* of one that is ending; its task calls it */
	struct wait_queue queue;	       /* its task's */
	struct mutex writing;	  /* one writes the inodes of its file system at a time */
	bool idle;		  /* its task sleeps until something is dirty */
	bool inodes_dirty;	  /* some are; dirty_lock */
	uint64_t inodes_since;	  /* ns: when the first of them got so; dirty_lock */
	bool kicked;		  /* atomic: it is to write all, not only what is old */
	bool ending;		  /* atomic: its task is to end */
	struct spinlock io_lock;  /* irqsave, a leaf: io_free */
	struct list_node io_free; /* requests (cache_io.c) that are not in use */
	unsigned int io_made;	  /* atomic: how many there are */
};

extern struct writeback writeback_other; /* of what has neither */

static inline struct writeback *writeback_of(const struct superblock *sb)
{
	return sb->meta ? sb->meta->writeback : sb->writeback ?: &writeback_other;
}

/* sleep_ms - less for a task that is to die. */
void sleep_ms(unsigned int ms);
/* cache_note_error - a write-back of @c has failed: fsync tells.  Any context. */
void cache_note_error(struct file_cache *c, int error);
#define CACHE_ERROR_NUMBER 0xfffu /* in file_cache.error_seq */
/*
 * cache_count_dirty - @n pages more (less) of @c are dirty.  writeback_written - @n of @w have
 * been written.  Any context.
 */
static inline void cache_count_dirty(struct file_cache *c, int64_t n)
{
	atomic_add(&cache_nr_dirty, (uint64_t)n);
	atomic_add(&c->writeback->pages, (uint64_t)n);
}
static inline void writeback_written(struct writeback *w, unsigned int n)
{
	atomic_sub(&cache_nr_writing, n);
	atomic_sub(&w->pages, n);
}
/*
 * cache_is_dirty - @c has got a dirty page.  cache_undirty - it is in no list of dirty ones any
 * more.  Neither sleeps.
 */
void cache_is_dirty(struct file_cache *c);
void cache_undirty(struct file_cache *c);
/*
 * inodes_write - all inodes of @sb that are dirty now are written to their places: 0 or the first
 * error.  inodes_older - some got so before @cutoff, and are to be written now by the caller.
 * inodes_dirty - how many are, of all file systems; any context.
 * inode_undirty - it is in no list, and nobody writes it.  May sleep.
 */
int inodes_write(struct superblock *sb) __must_check;
bool inodes_older(struct writeback *w, uint64_t cutoff);
size_t inodes_dirty(void);
void inode_undirty(struct inode *inode);
