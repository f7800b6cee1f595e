/*
 * meta.c - a file system's own blocks, in the cache of their device (see meta.h).
 *
 * Invariant: a struct meta holds a reference to its page, which keeps it in the cache: what is
 * changed through it cannot be thrown away before it was said to be dirty.
 */
#include "fs/meta.h"

#include "block/io.h"
#include "fs/cache_page.h"
#include "fs/dirty.h"
#include "lib/string.h"

static struct meta *fill_meta(struct meta *m, struct superblock *sb, uint64_t block, struct page *p)
{
	size_t off = (block * sb->block_size) & ~PAGE_MASK;

	*m = (struct meta){ .sb = sb, .block = block };
	if (!is_err(p)) {
		m->page = p;
		m->data = (char *)page_to_virt(p) + off;
	}
	return m;
}

/* Is block @block one of the device's?  Its number may come from a damaged disk. */
static bool has_block(const struct superblock *sb, uint64_t block)
{
	return block < READ_ONCE(sb->meta->object.size) / sb->block_size;
}

static uint64_t index_of(const struct superblock *sb, uint64_t block)
{
	return block * sb->block_size >> PAGE_SHIFT;
}

/* @block, of which @pages from its own on are read where it is not there. */
static int read_block(struct superblock *sb, uint64_t block, uint64_t pages, struct meta *m)
{
	struct page *p = err_ptr(-EIO);

	if (has_block(sb, block))
		p = cache_page(sb->meta, index_of(sb, block), pages, NULL);
	(void)fill_meta(m, sb, block, p);
	if (!is_err(p))
		return 0;
	return ptr_err(p) == -ENXIO ? -EIO : (int)ptr_err(p);
}

int meta_read(struct superblock *sb, uint64_t block, struct meta *m)
{
	return read_block(sb, block, 1, m);
}

int meta_read_onward(struct superblock *sb, uint64_t block, uint32_t n, struct meta *m)
{
	/* Whole pages of them: what lies behind the last block may be a file's. */
	return read_block(sb, block, max((uint64_t)n * sb->block_size >> PAGE_SHIFT, UINT64_C(1)),
			  m);
}

/* The page for a block that takes all of it, unread. */
static struct page *new_whole_page(struct superblock *sb, uint64_t index)
{
	struct page *fresh = cache_alloc(false), *p;

	if (!fresh)
		return err_ptr(-ENOMEM);
	clear_page(page_to_virt(fresh));
	page_get(fresh);
	p = object_insert(&sb->meta->object, index, fresh, false);
	if (p != fresh) {
		page_put(fresh);
		page_put(fresh);
		return p;
	}
	cache_count(sb->meta, 1);
	page_end_read(fresh);
	return fresh;
}

int meta_new(struct superblock *sb, uint64_t block, struct meta *m)
{
	struct page *p = NULL;
	int err;

	if (sb->block_size == PAGE_SIZE && has_block(sb, block)) {
		p = new_whole_page(sb, index_of(sb, block));
		if (!is_err(p) && !(load_acquire(&p->state) & CACHED_UPTODATE)) {
			page_put(p); /* somebody reads it just now */
			p = NULL;
		}
	}
	if (p && !is_err(p)) {
		(void)fill_meta(m, sb, block, p);
	} else {
		err = meta_read(sb, block, m);
		if (err)
			return err;
	}
	memset(m->data, 0, sb->block_size);
	meta_dirty(m);
	return 0;
}

void meta_read_ahead(struct superblock *sb, uint64_t block, uint32_t n)
{
	if (n && has_block(sb, block))
		cache_read_ahead(sb->meta, index_of(sb, block), index_of(sb, block + n - 1) + 1);
}

void meta_dirty(struct meta *m)
{
	cache_dirty(m->sb->meta, index_of(m->sb, m->block), m->page,
		    (m->block * m->sb->block_size) & ~PAGE_MASK, m->sb->block_size);
}

void meta_put(struct meta *m)
{
	if (m->data)
		page_put(m->page);
	m->data = NULL;
}

void meta_forget(struct superblock *sb, uint64_t block, uint64_t n)
{
	uint64_t end = block + n;

	while (block < end) {
		uint64_t index = index_of(sb, block);
		uint64_t stop = min(end, ((index + 1) << PAGE_SHIFT) / sb->block_size);
		struct page *p;

		object_peek(&sb->meta->object, index, 1, &p);
		if (p) {
			page_lock(p);
			page_wait_written(p);
			if (object_forget(&sb->meta->object, index, p,
					  cache_sectors((block * sb->block_size) & ~PAGE_MASK,
							(stop - block) * sb->block_size,
							SECTOR_SIZE)))
				cache_count_dirty(sb->meta, -1);
			page_unlock(p);
			page_put(p);
		}
		block = stop;
	}
}

int meta_sync(struct meta *m)
{
	uint64_t at = m->block * m->sb->block_size;
	int err = cache_write_range(m->sb->meta, at, at + m->sb->block_size, true);

	return err ?: block_flush(m->sb->dev_block);
}
