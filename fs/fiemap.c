/*
 * fiemap.c - see fiemap.h: the runs of a file's blocks, joined where they are neighbours.
 *
 * Comes from sys/file/ioctl.c, goes to the file system's map.  Invariant: one extent is held back,
 * so that the last of the file is known to be it.
 */
#include "fs/fiemap.h"

#include "fs/cache.h"

int fiemap_begin(struct fiemap_look *look, struct file *f, struct fiemap *map)
{
	struct inode *inode = f->inode;
	uint64_t size = inode_size(inode), block = inode->sb->block_size;

	if (!inode->cache || !inode->cache->ops->map)
		return -EOPNOTSUPP;
	if (!map->fm_length)
		return -EINVAL;
	if (map->fm_start > FILE_SIZE_MAX)
		return -EFBIG;
	if (map->fm_flags & ~FIEMAP_FLAG_SYNC) {
		map->fm_flags &= ~FIEMAP_FLAG_SYNC;
		return -EBADR;
	}
	size = ALIGN_UP(size, block);
	*look = (struct fiemap_look){ .inode = inode, .at = map->fm_start & ~(block - 1) };
	look->end = look->at;
	if (look->at < size && map->fm_length < size - map->fm_start)
		look->end = ALIGN_UP(map->fm_start + map->fm_length, block);
	else if (look->at < size)
		look->end = size;
	/* What has no place yet would not be seen: as Linux does for who asks, we do for all. */
	return cache_write_range(inode->cache, 0, UINT64_MAX, true);
}

/* The next run of blocks behind look->at into *@e, which moves behind it; false: none is left. */
static int next_run(struct fiemap_look *look, struct cache_extent *e)
{
	struct file_cache *c = look->inode->cache;
	int err;

	while (look->at < look->end) {
		err = c->ops->map(c, look->at, look->end - look->at, MAP_READ, e);
		if (err)
			return err;
		if (e->at > look->at || look->at - e->at >= e->len)
			return -EIO;
		if (e->at < look->at && !(e->flags & EXTENT_HOLE))
			e->disk += look->at - e->at;
		e->len = min(e->at + e->len, look->end) - look->at;
		e->at = look->at;
		look->at += e->len;
		/* The maps are cached: nothing here waits, and a file may have millions of runs. */
		if (give_way())
			return -EINTR;
		if (!(e->flags & EXTENT_HOLE))
			return 1;
	}
	return 0;
}

int fiemap_next(struct fiemap_look *look, struct fiemap_extent *e)
{
	struct cache_extent run;
	int more;

	for (;;) {
		more = next_run(look, &run);
		if (more < 0)
			return more;
		if (more && look->has_next &&
		    run.at == look->next.fe_logical + look->next.fe_length &&
		    run.disk == look->next.fe_physical + look->next.fe_length) {
			look->next.fe_length += run.len;
			continue;
		}
		*e = look->next;
		if (!more) {
			e->fe_flags |= FIEMAP_EXTENT_LAST;
			more = look->has_next;
			look->has_next = false;
			return more;
		}
		look->next = (struct fiemap_extent){ .fe_logical = run.at,
						     .fe_physical = run.disk,
						     .fe_length = run.len,
						     .fe_flags = FIEMAP_EXTENT_MERGED };
		more = look->has_next;
		look->has_next = true;
		if (more)
			return 1;
	}
}
