/*
 * alloc.c - which blocks and inodes of an ext2 are free: bitmaps, counters, and where new ones are
 * put.
 *
 * Comes from map.c, inode.c and xattr.c.  All is done under fs->lock, the innermost of ext2's.
 * Invariant: whatever a bitmap says, no block is given that holds its group's own tables.
 */
#include "block/io.h"
#include "fs/ext2/alloc.h"
#include "lib/bitmap.h"
#include "task/cap.h"

#define GROUPS_STRETCH 4096 /* groups looked at between two give_way()s */

/* ---- bitmaps ---- */

/* The first bit at or behind @from, below @end, that is clear (@set: set); @end: there is none. */
static uint32_t next_bit_that(const uint64_t *map, uint32_t from, uint32_t end, bool set)
{
	uint64_t flip = set ? 0 : UINT64_MAX, word;

	if (from >= end)
		return end;
	word = (map[from / 64] ^ flip) & UINT64_MAX << from % 64;
	for (from = from / 64 * 64; !word;) {
		from += 64;
		if (from >= end)
			return end;
		word = map[from / 64] ^ flip;
	}
	return min(from + (uint32_t)__builtin_ctzll(word), end);
}

static bool bit_is_set(const uint64_t *map, uint32_t bit)
{
	return map[bit / 64] >> bit % 64 & 1;
}

/*
 * A run of clear bits below @end, of at most @want: its length, 0: there is none; *@at: its first.
 * At @from if that is clear.  Else where 16 are, so that files that grow side by side do so in runs
 * of 16; else the first behind @from.
 */
static uint32_t find_run(const uint64_t *map, uint32_t from, uint32_t end, uint32_t want,
			 uint32_t *at)
{
	const uint16_t *sixteen = (const void *)map;
	uint32_t bit = from;

	if (from < end && bit_is_set(map, from)) {
		for (bit = ALIGN_UP(from, 16u); bit + 16 <= end && sixteen[bit / 16]; bit += 16)
			;
		if (bit + 16 > end)
			bit = next_bit_that(map, from, end, false);
	}
	*at = bit;
	return next_bit_that(map, bit, min(end, bit + want), true) - bit;
}

/* ---- groups ---- */

/* The group behind @g; behind the last one is the first. */
static uint32_t next_group(const struct ext2_fs *fs, uint32_t g)
{
	if (g % GROUPS_STRETCH == GROUPS_STRETCH - 1)
		give_way();
	return g + 1 == fs->nr_groups ? 0 : g + 1;
}

/* The group of @block, and which one it is in that. */
static uint32_t group_of(const struct ext2_fs *fs, uint64_t block, uint32_t *bit)
{
	*bit = (uint32_t)((block - fs->first_block) % fs->blocks_per_group);
	return (uint32_t)((block - fs->first_block) / fs->blocks_per_group);
}

/* ---- blocks ---- */

static uint64_t group_start(const struct ext2_fs *fs, uint32_t g)
{
	return fs->first_block + (uint64_t)g * fs->blocks_per_group;
}

static uint32_t blocks_in(const struct ext2_fs *fs, uint32_t g)
{
	return (uint32_t)min((uint64_t)fs->blocks_per_group, fs->blocks - group_start(fs, g));
}

static bool runs_overlap(uint64_t a, uint64_t len, uint64_t b, uint64_t b_len)
{
	return a < b + b_len && b < a + len;
}

static bool holds_tables(const struct ext2_fs *fs, uint32_t g, uint64_t block, uint64_t n)
{
	const struct ext2_group *group = &fs->group[g];

	return block <= fs->first_block || runs_overlap(block, n, group->block_bitmap, 1) ||
	       runs_overlap(block, n, group->inode_bitmap, 1) ||
	       runs_overlap(block, n, group->inode_table, fs->inode_table_blocks);
}

/* The last blocks are for root, and who the superblock names. */
static bool may_use_reserved(const struct ext2_fs *fs)
{
	const struct cred *cred = current_cred();

	return cred->fsuid == fs->resuid || cred_capable(cred, CAP_SYS_RESOURCE) ||
	       (fs->resgid && (cred->fsgid == fs->resgid || groups_have(cred, fs->resgid)));
}

/* Up to @want blocks of group @g, from @from on: how many, in *@block the first. */
static int alloc_in(struct ext2_fs *fs, uint32_t g, uint32_t from, uint32_t want, uint64_t *block)
{
	struct ext2_group *group = &fs->group[g];
	uint32_t at, n;
	struct meta m;
	int err = meta_read(fs->sb, group->block_bitmap, &m);

	if (err)
		return err;
	n = find_run(m.data, from, blocks_in(fs, g), want, &at);
	if (!n && from)
		n = find_run(m.data, 0, blocks_in(fs, g), want, &at);
	if (n) {
		*block = group_start(fs, g) + at;
		bitmap_set(m.data, at, n);
		meta_dirty(&m);
		if (holds_tables(fs, g, *block, n))
			err = sb_error(fs->sb, "group %u: its own tables are free blocks", g);
	}
	meta_put(&m);
	if (err)
		return err;
	group->free_blocks -= min(n, group->free_blocks);
	fs->free_blocks -= min((uint64_t)n, fs->free_blocks);
	group->dirty = fs->super_dirty = true;
	return (int)n;
}

uint64_t ext2_alloc_blocks(struct superblock *sb, uint64_t goal, uint32_t *n, int *err)
{
	struct ext2_fs *fs = sb->private;
	uint32_t want = *n, from, g;
	uint64_t block = 0;
	int got = 0;

	mutex_lock(&fs->lock);
	if (!ext2_is_block(fs, goal))
		goal = fs->first_block;
	g = group_of(fs, goal, &from);
	if (fs->free_blocks <= fs->reserved_blocks && !may_use_reserved(fs))
		want = 0;
	for (uint32_t i = 0; i < fs->nr_groups && want && !got; i++, g = next_group(fs, g)) {
		if (fs->group[g].free_blocks)
			got = alloc_in(fs, g, from, want, &block);
		from = 0;
	}
	if (got > 0)
		fs->last_block = block + (uint32_t)got;
	mutex_unlock(&fs->lock);
	*err = got > 0 ? 0 : got ? got : -ENOSPC;
	*n = got > 0 ? (uint32_t)got : 0;
	return got > 0 ? block : 0;
}

static int free_in(struct ext2_fs *fs, uint64_t block, uint32_t n)
{
	uint32_t bit, g = group_of(fs, block, &bit);
	struct ext2_group *group = &fs->group[g];
	struct meta m;
	int err;

	if (holds_tables(fs, g, block, n))
		return sb_error(fs->sb, "freeing blocks %llu, %u of them, of tables", block + 0ULL,
				n);
	err = meta_read(fs->sb, group->block_bitmap, &m);
	if (err)
		return err;
	/* Checked as a whole: a block that is two files' is freed once, not given to a third. */
	if (next_bit_that(m.data, bit, bit + n, false) < bit + n) {
		err = sb_error(fs->sb, "freeing blocks %llu, %u of them, that are free",
			       block + 0ULL, n);
	} else {
		bitmap_clear(m.data, bit, n);
		meta_dirty(&m);
		group->free_blocks += n;
		fs->free_blocks += n;
		group->dirty = fs->super_dirty = true;
	}
	meta_put(&m);
	return err;
}

int ext2_free_blocks(struct superblock *sb, uint64_t block, uint64_t n, bool meta)
{
	struct ext2_fs *fs = sb->private;
	int err = 0;

	if (!ext2_is_block(fs, block) || n > fs->blocks - block)
		return sb_error(sb, "freeing blocks %llu, %llu of them", block + 0ULL, n + 0ULL);
	/* Before they are free: the next owner's bytes must not be overwritten by ours. */
	if (meta)
		meta_forget(sb, block, n);
	mutex_lock(&fs->lock);
	while (n && !err) {
		uint32_t bit, part;

		group_of(fs, block, &bit);
		part = (uint32_t)min(n, (uint64_t)fs->blocks_per_group - bit);
		err = free_in(fs, block, part);
		block += part;
		n -= part;
	}
	mutex_unlock(&fs->lock);
	return err;
}

/* ---- inodes ---- */

/*
 * A directory in the root goes where there is most room, so that what lies below one lies together;
 * others near their parent.
 */
static uint32_t group_for_dir(struct ext2_fs *fs, uint32_t parent, bool top)
{
	uint32_t avg_inodes = fs->free_inodes / fs->nr_groups, best = parent, best_free = 0;
	uint32_t g = top ? fs->next_dir_group % fs->nr_groups : parent;

	for (uint32_t i = 0; i < fs->nr_groups; i++, g = next_group(fs, g)) {
		const struct ext2_group *group = &fs->group[g];
		bool inodes = group->free_inodes && group->free_inodes >= avg_inodes;

		if (inodes && !top && group->free_blocks >= fs->blocks_per_group / 8)
			return g;
		if (inodes && group->free_blocks > best_free) {
			best_free = group->free_blocks;
			best = g;
		}
	}
	fs->next_dir_group = best + 1;
	return best;
}

/* A free inode of group @g, which is in use from now on; 0: there is none; or -errno. */
static int64_t alloc_inode_in(struct ext2_fs *fs, uint32_t g, bool is_dir)
{
	struct ext2_group *group = &fs->group[g];
	uint32_t from = g ? 0 : fs->first_ino - 1, bit;
	struct meta m;
	int err;

	if (from < group->inode_hint)
		from = group->inode_hint;
	err = meta_read(fs->sb, group->inode_bitmap, &m);
	if (err)
		return err;
	bit = next_bit_that(m.data, from, fs->inodes_per_group, false);
	if (bit < fs->inodes_per_group) {
		bitmap_set(m.data, bit, 1);
		meta_dirty(&m);
		group->inode_hint = bit + 1;
		group->free_inodes -= min(1u, group->free_inodes);
		group->dirs += is_dir;
		fs->free_inodes -= min(1u, fs->free_inodes);
		group->dirty = fs->super_dirty = true;
	} else {
		group->free_inodes = 0; /* whatever was said: nobody looks here again */
	}
	meta_put(&m);
	return bit < fs->inodes_per_group ? (int64_t)g * fs->inodes_per_group + bit + 1 : 0;
}

uint32_t ext2_alloc_inode(struct inode *dir, bool is_dir, int *err)
{
	struct ext2_fs *fs = ext2_fs_of(dir);
	uint32_t parent = (uint32_t)((dir->ino - 1) / fs->inodes_per_group), g = parent;
	int64_t ino = 0;

	mutex_lock(&fs->lock);
	if (is_dir)
		g = group_for_dir(fs, parent, dir->ino == EXT2_ROOT_INO);
	/* What shares a parent that is full shares the next group, too. */
	for (uint32_t i = 0; i < fs->nr_groups && !ino; i++, g = next_group(fs, g))
		if (fs->group[g].free_inodes)
			ino = alloc_inode_in(fs, g, is_dir);
	mutex_unlock(&fs->lock);
	*err = ino > 0 ? 0 : ino ? (int)ino : -ENOSPC;
	return ino > 0 ? (uint32_t)ino : 0;
}

void ext2_free_inode(struct superblock *sb, uint32_t ino, bool is_dir)
{
	struct ext2_fs *fs = sb->private;
	uint32_t g = (ino - 1) / fs->inodes_per_group, bit = (ino - 1) % fs->inodes_per_group;
	struct ext2_group *group = &fs->group[g];
	struct meta m;

	mutex_lock(&fs->lock);
	if (!meta_read(sb, group->inode_bitmap, &m)) {
		if (!bit_is_set(m.data, bit)) {
			sb_error(sb, "freeing inode %u, which is free", ino);
		} else {
			bitmap_clear(m.data, bit, 1);
			meta_dirty(&m);
			group->inode_hint = min(group->inode_hint, bit);
			group->free_inodes++;
			group->dirs -= is_dir && group->dirs;
			fs->free_inodes++;
			group->dirty = fs->super_dirty = true;
		}
		meta_put(&m);
	}
	mutex_unlock(&fs->lock);
}

/* ---- FITRIM ---- */

/* What is free among the bits [@from, @end) of group @g is discarded; blocks into *@done. */
static int trim_group(struct ext2_fs *fs, uint32_t g, uint32_t from, uint32_t end, uint64_t minlen,
		      uint64_t *done)
{
	struct meta m;
	int err = meta_read(fs->sb, fs->group[g].block_bitmap, &m);

	if (err)
		return err;
	while (!err && (from = next_bit_that(m.data, from, end, false)) < end) {
		uint32_t n = next_bit_that(m.data, from, end, true) - from;

		if (n >= minlen && !holds_tables(fs, g, group_start(fs, g) + from, n)) {
			err = block_io(fs->sb->dev_block, BLOCK_DISCARD,
				       (group_start(fs, g) + from) << fs->bits, NULL,
				       (uint64_t)n << fs->bits, 0);
			*done += n;
		}
		from += n;
	}
	meta_put(&m);
	return err;
}

int ext2_trim(struct superblock *sb, struct fstrim_range *range)
{
	struct ext2_fs *fs = sb->private;
	uint64_t from = range->start >> fs->bits, len = range->len >> fs->bits, end, done = 0;
	int err = 0;

	if (!sb->dev_block->disk->limits.max_discard)
		return -EOPNOTSUPP;
	if (range->minlen >> fs->bits > fs->blocks_per_group || from >= fs->blocks ||
	    range->len < sb->block_size)
		return -EINVAL;
	from = max(from, fs->first_block);
	end = len > fs->blocks - from ? fs->blocks : from + len;
	while (from < end && !err) {
		uint32_t bit, g = group_of(fs, from, &bit);
		uint32_t last = (uint32_t)min((uint64_t)blocks_in(fs, g), end - group_start(fs, g));

		/* Nobody may take what is being discarded. */
		mutex_lock(&fs->lock);
		err = trim_group(fs, g, bit, last, max(range->minlen >> fs->bits, (uint64_t)1),
				 &done);
		mutex_unlock(&fs->lock);
		from = group_start(fs, g) + last;
		if (!err)
			err = give_way();
	}
	range->len = done << fs->bits;
	return err;
}
