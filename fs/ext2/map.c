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

/* Where the number of a block is: in the inode, or in a table, which is held. */
struct place {
	struct meta m;	      /* m.data NULL: in the inode */
	uint32_t *slot;	      /* NULL: there is no table to hold it */
	uint32_t index, left; /* in its table; entries up to the table's end */
};

void ext2_count_blocks(struct ext2_inode *ei, int64_t n)
{
	int64_t units = n * (1 << (ext2_fs_of(&ei->inode)->bits - 9));

	ei->blocks = units < 0 && ei->blocks < (uint64_t)-units ? 0 : ei->blocks + (uint64_t)units;
	inode_dirty(&ei->inode);
}

/* The @n blocks from @block on are the file's from now on, their numbers at @p. */
static void put_numbers(struct ext2_inode *ei, struct place *p, uint64_t block, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		p->slot[i] = (uint32_t)block + i;
	if (p->m.data)
		meta_dirty(&p->m);
	ext2_count_blocks(ei, n);
}

/* Where block @at is wanted, whose number goes to @p: behind what is before it in its table. */
static uint64_t goal_of(const struct ext2_inode *ei, uint64_t at, const struct place *p)
{
	const struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint64_t start = fs->first_block + (uint64_t)ei->group * fs->blocks_per_group;
	uint64_t last = READ_ONCE(fs->last_block);

	if (p->index && p->slot[-1])
		return p->slot[-1] + 1ULL;
	if (at && ei->run.disk && ei->run.at + ei->run.len == at)
		return ei->run.disk + ei->run.len;
	if (p->m.data)
		return p->m.block + 1;
	/* The first of a file: in the group of its inode, behind what was given last. */
	return last - start < fs->blocks_per_group ? last : start;
}

/* A new table, of zeros, on the way to @at, its number at @p; held in *@m. */
static int make_table(struct ext2_inode *ei, uint64_t at, struct place *p, struct meta *m)
{
	uint32_t n = 1;
	int err;
	uint64_t block = ext2_alloc_blocks(ei->inode.sb, goal_of(ei, at, p), &n, &err);

	if (!block)
		return err;
	err = meta_new(ei->inode.sb, block, m);
	if (err) {
		(void)ext2_free_blocks(ei->inode.sb, block, 1, true);
		return err;
	}
	put_numbers(ei, p, block, 1);
	return 0;
}

/*
 * The place of block @at's number, into *@p; the caller puts p->m, after an error too.  Tables that
 * are missing on the way are made if @make: they are the file's from then on, and cut with it.
 */
static int walk_to_number(struct ext2_inode *ei, uint64_t at, bool make, struct place *p)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint32_t way[DEPTH_MAX + 1];
	int depth = way_to(fs, at, way), err = 0;

	*p = (struct place){ .slot = ei->block };
	if (depth < 0)
		return depth;
	p->left = (depth ? 1u << (fs->bits - 2) : EXT2_NDIR_BLOCKS) - way[depth];
	for (int i = 0;; i++) {
		struct meta next;
		uint32_t block;

		p->index = way[i];
		p->slot += way[i];
		if (i == depth)
			return 0;
		block = READ_ONCE(*p->slot);
		if (!block && !make) {
			p->slot = NULL;
			return 0;
		}
		if (!block)
			err = make_table(ei, at, p, &next);
		else
			err = ext2_is_block(fs, block) ? meta_read(ei->inode.sb, block, &next)
						       : bad_block(ei, block);
		if (err)
			return err;
		meta_put(&p->m);
		p->m = next;
		p->slot = next.data;
	}
}

/* What lies from @p on, of which at most @want blocks are looked at. */
static int run_of(struct ext2_inode *ei, const struct place *p, uint32_t want, struct ext2_run *r)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint32_t first = READ_ONCE(p->slot[0]), step = first != 0, n = 1;
	uint32_t most = min(p->left, max(want, (uint32_t)SCAN_LEAST));

	if (first && !ext2_is_block(fs, first))
		return bad_block(ei, first);
	while (n < most && READ_ONCE(p->slot[n]) == first + n * step)
		n++;
	r->disk = first;
	/* What comes behind the last block of the device is no run. */
	r->len = first ? min((uint64_t)n, fs->blocks - first) : n;
	return 0;
}

/* The run that begins at @at, into @r. */
static int find_in_tables(struct ext2_inode *ei, uint64_t at, uint32_t want, struct ext2_run *r)
{
	struct place p;
	int err = walk_to_number(ei, at, false, &p);

	*r = (struct ext2_run){ .at = at, .len = p.left };
	if (!err && p.slot)
		err = run_of(ei, &p, want, r);
	meta_put(&p.m);
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

/* Blocks for the hole at @at, up to @want of them: ei->run. */
static int make_run(struct ext2_inode *ei, uint64_t at, uint32_t want)
{
	uint32_t n = 1;
	struct place p;
	uint64_t block;
	int err;

	if (ei->flags & EXT2_EXTENTS_FL)
		return -EROFS;
	err = walk_to_number(ei, at, true, &p);
	if (!err) {
		while (n < p.left && n < want && !p.slot[n])
			n++;
		block = ext2_alloc_blocks(ei->inode.sb, goal_of(ei, at, &p), &n, &err);
	}
	if (!err) {
		put_numbers(ei, &p, block, n);
		ei->run = (struct ext2_run){ .at = at, .disk = block, .len = n };
	}
	meta_put(&p.m);
	return err;
}

/* ---- for the page cache, and for directories ---- */

static int ext2_map(struct file_cache *c, uint64_t at, uint64_t len, enum cache_map how,
		    struct cache_extent *e)
{
	struct ext2_inode *ei = container_of(c, struct ext2_inode, cache);
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint64_t block = at >> fs->bits, last, blocks;
	int err;

	e->flags = 0;
	last = at + max(min(len, (uint64_t)RUN_MOST << fs->bits), (uint64_t)1) - 1;
	blocks = (last >> fs->bits) - block + 1;
	mutex_lock(&ei->lock);
	err = find(ei, block, (uint32_t)blocks);
	if (!err && !ei->run.disk && how == MAP_WRITE) {
		err = make_run(ei, block, (uint32_t)blocks);
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
	uint64_t block = 0;
	int err;

	mutex_lock(&ei->lock);
	err = find(ei, at, 1);
	if (!err && ei->run.disk)
		err = sb_error(ei->inode.sb, "inode %llu: block %llu is there already",
			       ei->inode.ino + 0ULL, at + 0ULL);
	if (!err)
		err = make_run(ei, at, 1);
	if (!err)
		block = ei->run.disk;
	mutex_unlock(&ei->lock);
	return err ? err : meta_new(ei->inode.sb, block, m);
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
		ext2_count_blocks(f->ei, -(int64_t)f->n);
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
		ext2_count_blocks(f->ei, -1);
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
