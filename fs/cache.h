/*
 * cache.h - the page cache: what a file on a disk (or on a server) holds, as far as it is in
 * memory; one copy for read(2), write(2), mmap(2) and exec.  A file_cache is a vm_object whose
 * pages are filled from the file system when they are asked for, and written back some time after
 * they were changed.  A file system says where on its device the bytes are (map), or moves pages
 * itself (read, write).  Locks: inode->lock (the size; who writes by write(2), truncates, makes
 * holes) outside of a page's own lock (a bit; held while it is read, and while it is cut off)
 * outside of the object's spin lock.  A fault never takes inode->lock: a task that writes to a file
 * may fault in a page of the same file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/file.h"

struct block_device;
struct file_cache;

/* How map is asked. */
enum cache_map {
	MAP_READ,  /* where they are */
	MAP_WRITE, /* where they shall be written: what is a hole gets blocks */
};

#define EXTENT_HOLE 0x1u /* nothing is there: zeros.  (not of MAP_WRITE) */
#define EXTENT_NEW  0x2u /* the blocks were just made: what is not written now must become zeros */

/* A run of bytes of a file that lie side by side on the device. */
struct cache_extent {
	uint64_t at;	/* byte of the file with which it begins: at most the one asked for */
	uint64_t len;	/* bytes; it holds at least the byte that was asked for */
	uint64_t disk;	/* byte of the device, a multiple of 512 */
	uint32_t flags; /* EXTENT_* */
};

/*
 * What a file system does for its files' pages.  All may sleep.  Either map, or read and write.
 */
struct cache_ops {
	/*
	 * map - the run of blocks that holds byte @at, at most about @len bytes more of it, into
	 * *@e.  0, -EIO, -ENOSPC, -EDQUOT, -ENOMEM.  inode->lock may be held or not (a fault, the
	 * write-back): the file system has a lock of its own for what it reads and changes here.
	 * For MAP_WRITE behind the end of the file (st_size), too: the size follows.
	 */
	int (*map)(struct file_cache *c, uint64_t at, uint64_t len, enum cache_map how,
		   struct cache_extent *e);
	/*
	 * read - pages @index .. @index + @n - 1, which are locked, are filled; what is behind the
	 * file's end with zeros.  0 or -errno, for all of them.
	 */
	int (*read)(struct file_cache *c, uint64_t index, struct page **pages, size_t n);
	/*
	 * fill_gap - a write is to begin at @to, behind the file's end: the file becomes that long,
	 * where it cannot have holes.  NULL: it can.  inode->lock held; limits have been checked.
	 */
	int (*fill_gap)(struct inode *inode, uint64_t to);
	/* write - the bytes [@from, @from + @len) of the file, all in @page, go to their place. */
	int (*write)(struct file_cache *c, uint64_t from, uint64_t len, struct page *page);
};

/*
 * Who writes what is dirty of a device, or of a server's mount (or, one for all, of what has
 * neither): a task, and two lists under its lock, a spin lock inside that of an object.
 */
struct writeback;

struct file_cache {
	struct vm_object object; /* inode->object points to it */
	struct inode *inode;
	const struct cache_ops *ops;
	struct block_device *dev; /* that map's extents are of; NULL: read and write */
	/* cache's own: */
	struct list_node link;	     /* in the list of all; caches_lock */
	struct writeback *writeback; /* its device's */
	struct list_node dirty_link; /* in its list; its lock */
	uint64_t dirty_since;	     /* ns: when the first page got dirty; its lock */
	bool dirty;		     /* in that list; its lock */
	uint32_t users;		     /* that have it from the list of all; caches_lock */
	bool behind;		     /* blocks behind the end did not go; inode->lock */
	bool dead;		     /* cache_end: nothing is read in any more */
	bool released;		     /* no mapping and no fault has the object any more */
	uint32_t shrunk;	     /* counts the times that blocks may have been given back */
	uint8_t epoch;		     /* which of the two requests are counted in; sync_lock */
	uint32_t writing[2];	     /* atomic: write requests under way */
	uint32_t error_seq;	     /* atomic: counts write-back errors (cache_error_since) */
	uint64_t hand;		     /* where reclaim looks on; its task's */
	uint64_t faulted;	     /* the index behind the last that a fault had to wait for */
	struct mutex sync_lock;	     /* one waits for its requests at a time */
};

struct file_cache *cache_of_block_file(const struct file *f);

/*
 * cache_init - @c, in a new inode of a regular file of @size bytes, has no pages yet.  The inode
 * is given to it: inode->cache, object.  fops are the file system's.
 */
void cache_init(struct file_cache *c, struct inode *inode, const struct cache_ops *ops,
		struct block_device *dev, uint64_t size);
/*
 * cache_end - the inode goes (it has no users any more): its pages go, what is dirty first is
 * written if @write.  A mapping's fault that is under way gets -EIO.  May sleep.
 */
void cache_end(struct file_cache *c, bool write);

/*
 * For the file_ops of regular files (a file system names those that it wants): read, write, seek
 * (with SEEK_DATA and SEEK_HOLE by map), mmap, fsync.  O_DIRECT, O_SYNC, O_DSYNC, RWF_* are served.
 */
long cache_file_read(struct file *f, struct iter *to, uint64_t *pos);
long cache_file_write(struct file *f, struct iter *from, uint64_t *pos);
int64_t cache_file_seek(struct file *f, int64_t offset, int whence);
struct vm_object *cache_file_mmap(struct file *f, uint64_t len, bool shared);
int cache_file_fsync(struct file *f, bool data_only);
/* cache_dir_fsync - of a directory: its inode and the device's own pages. */
int cache_dir_fsync(struct file *f, bool data_only);

/*
 * cache_file_sync_range - sync_file_range(2), cache_file_advise - posix_fadvise(2), readahead(2):
 * of any file; nothing for one that is not in the cache.  @flags: SYNC_FILE_RANGE_*.
 */
int cache_file_sync_range(struct file *f, uint64_t from, uint64_t end, uint32_t flags) __must_check;
void cache_file_advise(struct file *f, uint64_t from, uint64_t end, int advice);

/*
 * cache_resize - for inode_ops.truncate: the size becomes @size; pages behind it go from the cache
 * and from all mappings, and what is left of the last page is zeroed.  The file system frees its
 * blocks afterwards.  inode->lock is held.  0, -EIO, -ENOMEM (nothing has changed).
 * cache_punch - bytes [@from, @end) read as zeros: whole pages go, parts are zeroed; blocks are
 * freed afterwards by the file system.
 */
int cache_resize(struct file_cache *c, uint64_t size) __must_check;
int cache_punch(struct file_cache *c, uint64_t from, uint64_t end) __must_check;

/*
 * cache_write_range - what is dirty in [@from, @end) is written, and with @wait has ended.  0 or
 * -errno (the first error since the last look is kept for fsync, too).
 */
int cache_write_range(struct file_cache *c, uint64_t from, uint64_t end, bool wait) __must_check;

/*
 * cache_of_device - the cache of a block device itself, made when it is first asked for: what
 * /dev/vda shows, and where file systems have what is not in files (meta.h).  Or err_ptr(-ENOMEM).
 */
struct file_cache *cache_of_device(struct block_device *dev) __must_check;
/*
 * cache_resize_device - dev->sectors has changed: the cache's size follows, and what is behind it
 * goes.  cache_free_device - the device is gone, and nobody has it open: nothing is written any
 * more, dev->cache is NULL afterwards, and its task frees it, which may take a while.
 * blocks_lock is held.
 */
void cache_resize_device(struct block_device *dev);
void cache_free_device(struct block_device *dev);

/*
 * cache_sync - sync(2), syncfs(2), umount: all that is dirty of the file system @sb (NULL: of all),
 * inodes and the device's own pages, is written, and with @wait is on stable storage.  0 or the
 * first error.  May sleep.
 */
struct superblock;
int cache_sync(struct superblock *sb, bool wait) __must_check;
/*
 * inode_clean - an inode of a file system on a disk, of any kind, is about to go: it is written
 * first, or (not @write: it has no name any more) is not; its pages go (cache_end), and nothing
 * here knows it afterwards.  Nobody uses it.  May sleep.
 */
void inode_clean(struct inode *inode, bool write);

/* file_cache - of an open file: its own, or its block device's. */
static inline struct file_cache *file_cache(const struct file *f)
{
	return likely(f->inode->cache != NULL) ? f->inode->cache : cache_of_block_file(f);
}

/*
 * cache_error_now - what a file that is opened now has seen of the errors of @c's write-backs;
 * cache_error_since - the error since *@seen, which moves: 0, -EIO, -ENOSPC.  Each is told once to
 * each open file, and to one that is opened later only if nobody has been told.
 */
#define CACHE_ERROR_TOLD 0x1000u /* in file_cache.error_seq: somebody has been told */
static inline uint32_t cache_error_now(const struct file_cache *c)
{
	uint32_t now = READ_ONCE(c->error_seq);

	return now & CACHE_ERROR_TOLD ? now : 0;
}
int cache_error_since(struct file_cache *c, uint32_t *seen) __must_check;
/* cache_error_untold - a write-back has failed, and nobody knows. */
static inline bool cache_error_untold(const struct file_cache *c)
{
	uint32_t now = READ_ONCE(c->error_seq);

	return now && !(now & CACHE_ERROR_TOLD);
}

/*
 * cache_read_ahead - pages [@first, @end) will be needed soon: as many as is reasonable are asked
 * for. May sleep for what the file system reads, not for the pages.
 */
void cache_read_ahead(struct file_cache *c, uint64_t first, uint64_t end);

/* cache_drop - clean pages that nobody uses go (/proc/sys/vm/drop_caches, BLKFLSBUF). */
void cache_drop(struct file_cache *c);

/* cache_set_size - under the object's lock; pages and blocks are the caller's. */
void cache_set_size(struct file_cache *c, uint64_t size);
/* cache_drop_range - clean pages [@first, @end) that nobody uses go. */
void cache_drop_range(struct file_cache *c, uint64_t first, uint64_t end);

/* cache_start - the write-back tasks.  Boot core, once there are tasks. */
void cache_start(void);
