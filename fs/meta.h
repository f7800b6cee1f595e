/*
 * meta.h - a file system's own blocks (bitmaps, tables of inodes, directories, FATs) in the cache
 * of their device.        struct meta m;  err = meta_read(sb, block, &m);         ... m.data,
 * sb->block_size bytes; who may change it is said by a lock of the file system's
 * meta_dirty(&m);         meta_put(&m);  A block is 512 to 4096 bytes; several may lie in one page,
 * each dirty by itself: what else lies in that page, a file's data it may be, is not written with
 * it.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

struct page;
struct superblock;

struct meta {
	void *data; /* sb->block_size bytes; NULL: nothing is held */
	struct page *page;
	struct superblock *sb;
	uint64_t block;
};

/*
 * meta_read - @block of @sb's device (in units of sb->block_size), with a reference.  0, -EIO (also
 * for one behind the device's end), -ENOMEM.  May sleep.  On an error m->data is NULL, and meta_put
 * does nothing.
 * meta_read_onward - the same; where it must be read, those behind it come by the same request, up
 * to @n in all (n > 0): they will soon be asked for.
 * meta_new - the same for a block that was just allocated: zeros, not read, dirty already.
 * meta_read_ahead - @n blocks from @block on will be read soon.
 */
int meta_read(struct superblock *sb, uint64_t block, struct meta *m) __must_check;
int meta_read_onward(struct superblock *sb, uint64_t block, uint32_t n,
		     struct meta *m) __must_check;
int meta_new(struct superblock *sb, uint64_t block, struct meta *m) __must_check;
void meta_read_ahead(struct superblock *sb, uint64_t block, uint32_t n);
/* meta_dirty - its bytes were changed, and are to be written.  Does not sleep. */
void meta_dirty(struct meta *m);
/* meta_put - drop the reference.  Does not sleep. */
void meta_put(struct meta *m);
/*
 * meta_forget - @n blocks from @block on are free: what is dirty of them is not written any more
 * (they may soon be a file's).  Waits for a write of them that is under way.
 */
void meta_forget(struct superblock *sb, uint64_t block, uint64_t n);
/* meta_sync - the block is on its way to stable storage, and has arrived: 0, -EIO. */
int meta_sync(struct meta *m) __must_check;
