/*
 * map.c - where a file's blocks are: the tables of ext2 (twelve blocks, then up to three levels),
 * and what is added to them and cut off.
 *
 * Comes from the page cache (fs/cache.h's map), which reads and writes a file's bytes itself, and
 * from dir.c.  ei->lock is held over all of it.  Invariant: a number of a block that was read is
 * one of the file system's (ext2_is_block) before anything is done with it.
 */
#include "abi/stat.h"
#include "fs/ext2/alloc.h"
#include "fs/ext2/extent.h"
#include "fs/ext2/map.h"
#include "lib/string.h"

#define DEPTH_MAX  3
#define AHEAD	   16	/* blocks taken beyond what is asked for, of a file that grows */
#define SCAN_LEAST 16	/* entries looked at for a run, whatever is asked for */
#define RUN_MOST   4096 /* blocks taken at once */

/* ---- the way to a block ---- */

/* How many tables lead to block @at, and the place in each: 0 .. 3, -EFBIG: none is that far. */
static int way_to(const struct ext2_fs *fs, uint64_t at, uint32_t place[DEPTH_MAX + 1])
{
	uint32_t shift = fs->bits - 2, mask = (1u << shift) - 1;

	if (at < EXT2_NDIR_BLOCKS) {
		place[0] = (uint32_t)at;
		return 0;
	}
	at -= EXT2_NDIR_BLOCKS;
	for (int depth = 1; depth <= DEPTH_MAX; depth++) {
		if (at >> shift * depth == 0) {
			place[0] = EXT2_NDIR_BLOCKS + (uint32_t)depth - 1;
			for (int i = 1; i <= depth; i++)
				place[i] = (uint32_t)(at >> shift * (depth - i)) & mask;
			return depth;
		}
		at -= 1ULL << shift * depth;
	}
	return -EFBIG;
}

uint64_t ext2_max_size(const struct ext2_fs *fs)
{
	uint64_t n = 1ULL << (fs->bits - 2), per_block = 1ULL << (fs->bits - 9);
	uint64_t blocks = EXT2_NDIR_BLOCKS + n + n * n + n * n * n;
	uint64_t tables = 1 + (1 + n) + (1 + n + n * n);

	if (ext2_has(fs, INCOMPAT_EXTENTS))
		return (uint64_t)UINT32_MAX << fs->bits;
	/* i_blocks has 32 bits, in units of 512 bytes, and counts the tables. */
	if ((blocks + tables) * per_block > UINT32_MAX)
		blocks = UINT32_MAX / per_block - tables;
	return min(blocks << fs->bits, (uint64_t)INT64_MAX);
}

static int bad_block(struct ext2_inode *ei, uint64_t block)
{
	return sb_error(ei->inode.sb, "inode %llu: block %llu", ei->inode.ino + 0ULL, block + 0ULL);
}

/* What lies from @slot on, of @left entries, of which at most @want are looked at. */
static int run_of(struct ext2_inode *ei, const uint32_t *slot, uint32_t left, uint32_t want,
		  struct ext2_run *r)
{
	uint32_t first = READ_ONCE(slot[0]), step = first != 0, n = 1;

	left = min(left, max(want, (uint32_t)SCAN_LEAST));
	if (first && !ext2_is_block(ext2_fs_of(&ei->inode), first))
		return bad_block(ei, first);
	while (n < left && READ_ONCE(slot[n]) == first + n * step)
		n++;
	r->disk = first;
	/* What comes behind the last block of the device is no run. */
	r->len = first ? min((uint64_t)n, ext2_fs_of(&ei->inode)->blocks - first) : n;
	return 0;
}

/* The run that begins at @at, into @r. */
static int find_in_tables(struct ext2_inode *ei, uint64_t at, uint32_t want, struct ext2_run *r)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint32_t place[DEPTH_MAX + 1], per = 1u << (fs->bits - 2);
	const uint32_t *table = ei->block;
	int depth = way_to(fs, at, place), err = 0;
	struct meta m = { 0 };

	r->at = at;
	if (depth < 0)
		return depth;
	if (depth == 0)
		return run_of(ei, &table[at], EXT2_NDIR_BLOCKS - (uint32_t)at, want, r);
	for (int i = 0; i < depth && !err; i++) {
		uint32_t block = READ_ONCE(table[place[i]]);

		meta_put(&m);
		if (!block) { /* the whole table is not there */
			r->disk = 0;
			r->len = per - place[depth];
			return 0;
		}
		err = ext2_is_block(fs, block) ? meta_read(ei->inode.sb, block, &m)
					       : bad_block(ei, block);
		table = m.data;
	}
	if (!err)
		err = run_of(ei, &table[place[depth]], per - place[depth], want, r);
	meta_put(&m);
	return err;
}

/* ei->run holds @at from now on. */
static int find(struct ext2_inode *ei, uint64_t at, uint32_t want)
{
	struct ext2_run r;
	int err;

	if (at - ei->run.at < ei->run.len)
		return 0;
	if (ei->flags & EXT2_EXTENTS_FL)
		err = ext2_find_extent(ei, at, &r);
	else
		err = find_in_tables(ei, at, want, &r);
	if (!err)
		ei->run = r;
	return err;
}

/* ---- new blocks ---- */

static void count_blocks(struct ext2_inode *ei, int64_t n)
{
	int64_t units = n * (1 << (ext2_fs_of(&ei->inode)->bits - 9));

	ei->blocks = units < 0 && ei->blocks < (uint64_t)-units ? 0 : ei->blocks + (uint64_t)units;
	inode_dirty(&ei->inode);
}

/* Where block @at is wanted: behind what is before it in @slot's table, at @index of it. */
static uint64_t goal_of(const struct ext2_inode *ei, uint64_t at, const uint32_t *slot,
			uint32_t index, uint64_t table)
{
	const struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint64_t start = fs->first_block + (uint64_t)ei->group * fs->blocks_per_group;
	uint64_t last = READ_ONCE(fs->last_block);

	if (index && slot[-1])
		return slot[-1] + 1ULL;
	if (at && ei->run.disk && ei->run.at + ei->run.len == at)
		return ei->run.disk + ei->run.len;
	if (table)
		return table + 1;
	/* The first of a file: in the group of its inode, behind what was given last. */
	return last - start < fs->blocks_per_group ? last : start;
}

void ext2_drop_ahead(struct ext2_inode *ei)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);

	mutex_assert_held(&ei->lock);
	if (!ei->ahead_len)
		return;
	(void)ext2_free_blocks(ei->inode.sb, ei->ahead_block, ei->ahead_len, false);
	WRITE_ONCE(fs->last_block, ei->ahead_block);
	ei->ahead_len = 0;
}

/* Up to *@n blocks for @at: from those taken ahead, or new ones, of which some are taken ahead. */
static uint64_t take_blocks(struct ext2_inode *ei, uint64_t at, uint64_t goal, uint32_t *n,
			    int *err)
{
	bool grows = S_ISREG(ei->inode.mode) && at &&
		     at >= inode_size(&ei->inode) >> ext2_fs_of(&ei->inode)->bits;
	uint32_t want = *n, got;
	uint64_t block;

	if (ei->ahead_len && ei->ahead_at == at) {
		*n = min(want, ei->ahead_len);
		block = ei->ahead_block;
		ei->ahead_len -= *n;
		ei->ahead_block += *n;
		ei->ahead_at += *n;
		return block;
	}
	ext2_drop_ahead(ei);
	got = want + (grows ? AHEAD : 0);
	block = ext2_alloc_blocks(ei->inode.sb, goal, &got, err);
	*n = min(want, got);
	if (got > want) {
		ei->ahead_at = (uint32_t)at + want;
		ei->ahead_block = (uint32_t)block + want;
		ei->ahead_len = got - want;
	}
	return block;
}

/* A new table, of zeros, in *@slot; held in *@m. */
static int make_table(struct ext2_inode *ei, uint32_t *slot, uint64_t goal, struct meta *m)
{
	uint32_t n = 1;
	int err;
	uint64_t block = ext2_alloc_blocks(ei->inode.sb, goal, &n, &err);

	if (!block)
		return err;
	err = meta_new(ei->inode.sb, block, m);
	if (err) {
		(void)ext2_free_blocks(ei->inode.sb, block, 1, true);
		return err;
	}
	*slot = (uint32_t)block;
	count_blocks(ei, 1);
	return 0;
}

/*
 * Blocks for the hole at @at, up to @want of them, into @r.  What was made of tables stays when
 * there is no room for the blocks themselves: it is the file's, and cut with it.
 */
static int make_run(struct ext2_inode *ei, uint64_t at, uint32_t want, struct ext2_run *r)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint32_t place[DEPTH_MAX + 1], left, n = 1, *slot;
	int depth = way_to(fs, at, place), err = 0;
	struct meta m = { 0 }, next;

	if (depth < 0)
		return depth;
	if (ei->flags & EXT2_EXTENTS_FL)
		return -EROFS;
	slot = &ei->block[place[0]];
	for (int i = 0; i < depth; i++) {
		uint32_t block = READ_ONCE(*slot);

		if (!block)
			err = make_table(ei, slot, goal_of(ei, at, slot, place[i], m.block), &next);
		else
			err = ext2_is_block(fs, block) ? meta_read(ei->inode.sb, block, &next)
						       : bad_block(ei, block);
		if (!block && !err && m.data)
			meta_dirty(&m);
		meta_put(&m);
		if (err)
			return err;
		m = next;
		slot = (uint32_t *)m.data + place[i + 1];
	}
	left = (depth ? 1u << (fs->bits - 2) : EXT2_NDIR_BLOCKS) - place[depth];
	while (n < left && n < want && !slot[n])
		n++;
	r->at = at;
	r->disk = take_blocks(ei, at, goal_of(ei, at, slot, place[depth], m.block), &n, &err);
	if (r->disk) {
		r->len = n;
		for (uint32_t i = 0; i < n; i++)
			slot[i] = (uint32_t)r->disk + i;
		if (m.data)
			meta_dirty(&m);
		count_blocks(ei, n);
	}
	meta_put(&m);
	return err;
}

/* ---- for the page cache, and for directories ---- */

static int ext2_map(struct file_cache *c, uint64_t at, uint64_t len, enum cache_map how,
		    struct cache_extent *e)
{
	struct ext2_inode *ei = container_of(c, struct ext2_inode, cache);
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint64_t block = at >> fs->bits, last, blocks;
	struct ext2_run r;
	int err;

	e->flags = 0;
	last = at + max(min(len, (uint64_t)RUN_MOST << fs->bits), (uint64_t)1) - 1;
	blocks = (last >> fs->bits) - block + 1;
	mutex_lock(&ei->lock);
	err = find(ei, block, (uint32_t)blocks);
	if (!err && !ei->run.disk && how == MAP_WRITE) {
		err = make_run(ei, block, (uint32_t)blocks, &r);
		if (!err)
			ei->run = r;
		e->flags = EXTENT_NEW;
	} else if (!err && !ei->run.disk) {
		e->flags = EXTENT_HOLE;
	}
	e->at = ei->run.at << fs->bits;
	e->len = ei->run.len << fs->bits;
	e->disk = ei->run.disk << fs->bits;
	mutex_unlock(&ei->lock);
	return err;
}

const struct cache_ops ext2_cache_ops = { .map = ext2_map };

int ext2_block(struct ext2_inode *ei, uint64_t at, uint64_t *block)
{
	int err;

	mutex_lock(&ei->lock);
	err = find(ei, at, 1);
	if (!err)
		*block = ei->run.disk ? ei->run.disk + (at - ei->run.at) : 0;
	mutex_unlock(&ei->lock);
	return err;
}

int ext2_block_make(struct ext2_inode *ei, uint64_t at, struct meta *m)
{
	struct ext2_run r = { 0 };
	int err;

	mutex_lock(&ei->lock);
	err = find(ei, at, 1);
	if (!err && ei->run.disk)
		err = sb_error(ei->inode.sb, "inode %llu: block %llu is there already",
			       ei->inode.ino + 0ULL, at + 0ULL);
	if (!err)
		err = make_run(ei, at, 1, &r);
	if (!err)
		ei->run = r;
	mutex_unlock(&ei->lock);
	return err ? err : meta_new(ei->inode.sb, r.disk, m);
}

/* ---- cutting off ---- */

/* Blocks that are freed at once, because they lie side by side. */
struct freeing {
	struct ext2_inode *ei;
	uint64_t from; /* the first block of the file that goes */
	uint64_t block, n;
	bool meta; /* a directory's, or a link's */
	int err;   /* the first: no table is looked at after it */
};

static void free_gathered(struct freeing *f)
{
	int err = f->n ? ext2_free_blocks(f->ei->inode.sb, f->block, f->n, f->meta) : 0;

	/* After an error, too: nothing leads to them any more. */
	if (!err)
		count_blocks(f->ei, -(int64_t)f->n);
	else if (!f->err)
		f->err = err;
	f->n = 0;
}

static void gather_block(struct freeing *f, uint64_t block)
{
	if (f->n && block != f->block + f->n)
		free_gathered(f);
	if (!f->n)
		f->block = block;
	f->n++;
}

/*
 * What *@slot, which stands for the file's blocks from @base on, leads to over @depth tables goes,
 * from f->from on.  True: all of it has gone, and *@slot is 0.  Of nothing that is free a number
 * stays in the tables, whatever fails: who got the block would write what is a table here.
 */
static bool cut_slot(struct freeing *f, uint32_t *slot, int depth, uint64_t base)
{
	struct superblock *sb = f->ei->inode.sb;
	struct ext2_fs *fs = sb->private;
	uint32_t shift = fs->bits - 2, per = 1u << shift, *table, block = READ_ONCE(*slot);
	uint64_t sub = depth ? 1ULL << shift * (depth - 1) : 0;
	bool whole = f->from <= base, changed = false;
	struct meta m;

	if (!ext2_is_block(fs, block)) {
		f->err = bad_block(f->ei, block);
		return false;
	}
	if (!depth) {
		*slot = 0;
		gather_block(f, block);
		return true;
	}
	f->err = meta_read(sb, block, &m);
	if (f->err)
		return false;
	table = m.data;
	for (uint64_t i = whole ? 0 : (f->from - base) / sub; i < per && !f->err; i++)
		if (READ_ONCE(table[i]))
			changed |= cut_slot(f, &table[i], depth - 1, base + i * sub);
	if (changed)
		meta_dirty(&m);
	meta_put(&m);
	give_way();
	if (!whole || f->err)
		return false;
	*slot = 0;
	free_gathered(f);
	if (!f->err)
		f->err = ext2_free_blocks(sb, block, 1, true);
	if (!f->err)
		count_blocks(f->ei, -1);
	return true;
}

int ext2_cut(struct ext2_inode *ei, uint64_t from)
{
	uint32_t shift = ext2_fs_of(&ei->inode)->bits - 2;
	struct freeing f = { .ei = ei, .from = from, .meta = !S_ISREG(ei->inode.mode) };
	uint64_t base = 0;

	mutex_assert_held(&ei->lock);
	if (ei->flags & EXT2_EXTENTS_FL)
		return -EROFS;
	ext2_drop_ahead(ei);
	ei->run.len = 0;
	for (uint32_t i = 0; i < EXT2_N_BLOCKS && !f.err; i++) {
		int depth = i < EXT2_NDIR_BLOCKS ? 0 : (int)(i - EXT2_NDIR_BLOCKS + 1);
		uint64_t span = 1ULL << shift * depth;

		if (ei->block[i] && from < base + span)
			(void)cut_slot(&f, &ei->block[i], depth, base);
		base += span;
	}
	free_gathered(&f);
	inode_dirty(&ei->inode);
	return f.err;
}
