/*
 * file.c - what a regular file has in its clusters: where the page cache finds its bytes, how it
 * becomes longer and shorter.
 *
 * A FAT has no holes: each byte below the size has a cluster.  What a cluster holds of somebody's
 * old data never comes into view: before the size goes over it, it is zeroed on the disk, or the
 * cache is told that the blocks are new.  Invariant (fs->lock): bytes below fi->valid are the
 * file's own.
 */
#include "fs/fat/file.h"

#include "fs/fat/table.h"

#include "block/io.h"

#define GROW_STRETCH (4u << 20) /* bytes that a file gets before others have the lock */

static uint64_t end_of_block(const struct fat_inode *fi, uint64_t at)
{
	return ALIGN_UP(at, (uint64_t)fi->inode.sb->block_size);
}

/* The run of clusters that holds byte @at, into *@e: at most about @len more bytes of it. */
static int chain_extent(struct fat_inode *fi, uint64_t at, uint64_t len, struct cache_extent *e)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	uint32_t n = (uint32_t)(at >> fs->cluster_bits), want, cluster, run;
	int err;

	want = (uint32_t)(min(at + len, FAT_SIZE_MAX + 0ULL) >> fs->cluster_bits) - n + 1;
	err = fat_find_cluster(fi, n, want, &cluster, &run);
	if (err == -ENODATA) {
		sb_error(fs->sb, "the chain of cluster %u ends before its file", fi->start);
		return -EIO;
	}
	if (err)
		return err == -EUCLEAN ? -EIO : err;
	e->at = (uint64_t)n << fs->cluster_bits;
	e->len = (uint64_t)run << fs->cluster_bits;
	e->disk = fat_block(fs, cluster) * fs->sb->block_size;
	e->flags = 0;
	return 0;
}

/* The file's bytes [@from, @to), which have clusters, are zeros on the disk. */
static int zero_on_disk(struct fat_inode *fi, uint64_t from, uint64_t to)
{
	struct cache_extent e;

	while (from < to) {
		int err = chain_extent(fi, from, to - from, &e);
		uint64_t n;

		if (err)
			return err;
		n = min(e.at + e.len, to) - from;
		err = block_io(fi->inode.sb->dev_block, BLOCK_ZERO, e.disk + (from - e.at), NULL, n,
			       0);
		if (err)
			return err;
		from += n;
	}
	return 0;
}

/*
 * Byte @at, behind what is valid, is to be written, and about @len more, but not more than a
 * stretch: the clusters up to there, of which those that nobody writes are zeroed.  (They are few:
 * fill_gap was asked before, where @at is not in the page in which the file ends.)
 */
static int extend_to(struct fat_inode *fi, uint64_t at, uint64_t len, struct cache_extent *e)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	uint64_t from = ALIGN_DOWN(at, (uint64_t)fs->sb->block_size), end;
	int err;

	if (at >= FAT_SIZE_MAX)
		return -EFBIG;
	len = min(max(len, (uint64_t)1), (uint64_t)GROW_STRETCH);
	end = end_of_block(fi, min(at + len, FAT_SIZE_MAX + 0ULL));
	fi->beyond = true;
	err = fat_extend(fi, fat_clusters(fs, end));
	if (err == -ENOSPC) /* as much as there is */
		err = fat_extend(fi, fat_clusters(fs, at + 1));
	if (!err)
		err = zero_on_disk(fi, fi->valid, from);
	if (!err)
		err = chain_extent(fi, at, end - at, e);
	if (err)
		return err;
	end = min(end, e->at + e->len);
	e->disk += from - e->at;
	e->at = from;
	e->len = end - from;
	e->flags = EXTENT_NEW;
	fi->valid = end;
	return 0;
}

static int fat_map(struct file_cache *c, uint64_t at, uint64_t len, enum cache_map how,
		   struct cache_extent *e)
{
	struct fat_inode *fi = fat_inode_of(c->inode);
	struct fat_fs *fs = fat_of(c->inode);
	int err = 0;

	fat_lock(fs);
	if (at < fi->valid) {
		err = chain_extent(fi, at, min(len, fi->valid - at), e);
		if (!err)
			e->len = min(e->len, fi->valid - e->at);
	} else if (how == MAP_WRITE) {
		err = extend_to(fi, at, len, e);
	} else {
		/* Not written since the file was made longer. */
		e->at = at;
		e->len = max(len, (uint64_t)1);
		e->disk = 0;
		e->flags = EXTENT_HOLE;
	}
	fat_unlock(fs);
	return err;
}

/* No more than @size bytes have clusters. */
static int shorten(struct fat_inode *fi, uint64_t size)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	int err;

	fat_lock(fs);
	fi->valid = min(fi->valid, end_of_block(fi, size));
	err = fat_cut(fi, fat_clusters(fs, size));
	fat_unlock(fs);
	return err;
}

/*
 * There are clusters for bytes up to @end; with @zero all up to there is valid, and what was not is
 * zeros.  On an error some stay: shorten gives them back, or the last user does.
 */
static int lengthen(struct fat_inode *fi, uint64_t end, bool zero)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	int err = 0;

	for (uint64_t at = end_of_block(fi, inode_size(&fi->inode)); at < end && !err;) {
		at = min(end, at + GROW_STRETCH);
		fat_lock(fs);
		fi->beyond |= !zero;
		err = fat_extend(fi, fat_clusters(fs, at));
		if (!err && zero)
			err = zero_on_disk(fi, fi->valid, at);
		if (!err && zero)
			fi->valid = max(fi->valid, at);
		fat_unlock(fs);
		if (!err && give_way())
			err = -EINTR;
	}
	return err;
}

static int grow_file(struct inode *inode, uint64_t size)
{
	struct fat_inode *fi = fat_inode_of(inode);
	struct fat_fs *fs = fat_of(inode);
	uint64_t had = inode_size(inode);
	int err = 0;

	if (size > FAT_SIZE_MAX)
		return -EFBIG;
	/* Nothing is begun that cannot end. */
	if (READ_ONCE(fs->free_known) &&
	    fat_clusters(fs, size) - fat_clusters(fs, had) > READ_ONCE(fs->free))
		return -ENOSPC;
	/* The rest of the last page is zeros in memory; on the disk it may be anything. */
	if (had % PAGE_SIZE)
		err = cache_punch(&fi->cache, had, min(ALIGN_UP(had, PAGE_SIZE), size));
	if (!err)
		err = lengthen(fi, end_of_block(fi, size), true);
	if (!err)
		err = cache_resize(&fi->cache, size);
	if (err && shorten(fi, had))
		fi->beyond = true;
	return err;
}

int fat_truncate(struct inode *inode, uint64_t size)
{
	struct fat_inode *fi = fat_inode_of(inode);
	uint64_t had = inode_size(inode);
	int err;

	if (size > had) {
		err = grow_file(inode, size);
	} else {
		err = size < had ? cache_resize(&fi->cache, size) : 0;
		if (!err)
			err = shorten(fi, size);
	}
	if (!err && size != had) {
		inode->mtime = inode->ctime = vfs_now();
		inode_dirty(inode);
	}
	return err;
}

const struct cache_ops fat_cache_ops = { .map = fat_map, .fill_gap = fat_truncate };

int fat_allocate(struct inode *inode, uint32_t mode, uint64_t from, uint64_t len)
{
	if (mode & ~(uint32_t)FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	if (from + len > FAT_SIZE_MAX)
		return -EFBIG;
	if (from + len <= inode_size(inode))
		return 0;
	if (!(mode & FALLOC_FL_KEEP_SIZE))
		return fat_truncate(inode, from + len);
	/* As on Linux, those that could be had stay where there are not enough. */
	return lengthen(fat_inode_of(inode), from + len, false);
}

const struct file_ops fat_file_fops = {
	.read = cache_file_read,
	.write = cache_file_write,
	.seek = cache_file_seek,
	.mmap = cache_file_mmap,
	.fsync = cache_file_fsync,
};
