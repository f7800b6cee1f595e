/*
 * extent.c - where the blocks of an ext4 file are that has a tree of extents.  It is only read.
 */
#include "fs/ext2/csum.h"
#include "fs/ext2/extent.h"

_Static_assert(sizeof(struct ext4_extent) == 12 && sizeof(struct ext4_extent_idx) == 12,
	       "a node is an array of twelve bytes");

static int bad_extents(const struct ext2_inode *ei)
{
	return sb_error(ei->inode.sb, "inode %llu: its tree of extents", ei->inode.ino + 0ULL);
}

/*
 * The entry of a node whose first block is the last one at or below @at: its index, -1: there is
 * none.  *@end: the first block of the next entry, where there is one.
 */
static int entry_at(const struct ext4_extent *e, int n, uint64_t at, uint64_t *end)
{
	int i = 0;

	while (i < n && READ_ONCE(e[i].ee_block) <= at)
		i++;
	if (i < n)
		*end = min(*end, (uint64_t)READ_ONCE(e[i].ee_block));
	return i - 1;
}

static int leaf_run(struct ext2_inode *ei, const struct ext4_extent *e, uint64_t at, uint64_t end,
		    struct ext2_run *r)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint64_t first = e->ee_block, len = e->ee_len;
	uint64_t disk = e->ee_start_lo | (uint64_t)e->ee_start_hi << 32;
	bool written = len <= EXT4_EXTENT_INIT_MAX;

	if (!written)
		len -= EXT4_EXTENT_INIT_MAX;
	if (!len || !ext2_is_block(fs, disk) || len > fs->blocks - disk)
		return bad_extents(ei);
	if (at - first >= len) { /* between two extents */
		*r = (struct ext2_run){ .at = at, .len = end > at ? end - at : 1 };
		return 0;
	}
	*r = (struct ext2_run){ .at = first, .disk = written ? disk : 0, .len = len };
	return 0;
}

int ext2_find_extent(struct ext2_inode *ei, uint64_t at, struct ext2_run *r)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	const struct ext4_extent_header *eh = (const void *)ei->block;
	uint64_t end = UINT32_MAX, room = sizeof(ei->block);
	struct meta m = { 0 };
	int depth = -1, err = 0;

	for (;;) {
		struct ext4_extent_header h = *eh;
		const struct ext4_extent *e = (const void *)(eh + 1);
		struct ext4_extent found;
		int i;

		err = -EUCLEAN;
		if (h.eh_magic != EXT4_EXTENT_MAGIC || h.eh_entries > h.eh_max ||
		    h.eh_max > (room - sizeof(h)) / sizeof(*e) || h.eh_depth > EXT4_EXTENT_DEPTH ||
		    (depth >= 0 && h.eh_depth != depth - 1))
			break;
		if (m.data && fs->csum && !ext2_extent_csum_good(ei, eh, h.eh_max))
			break;
		depth = h.eh_depth;
		i = entry_at(e, h.eh_entries, at, &end);
		if (i < 0) { /* before the first: a hole */
			*r = (struct ext2_run){ .at = at, .len = end > at ? end - at : 1 };
			err = 0;
			break;
		}
		found = e[i];
		meta_put(&m);
		if (!depth)
			return leaf_run(ei, &found, at, end, r);
		/* An index has its block's number where an extent has its length and the rest. */
		room = fs->sb->block_size - 4 * fs->csum;
		err = meta_read(fs->sb,
				((struct ext4_extent_idx *)&found)->ei_leaf_lo |
					(uint64_t)((struct ext4_extent_idx *)&found)->ei_leaf_hi
						<< 32,
				&m);
		if (err)
			return err;
		eh = m.data;
	}
	meta_put(&m);
	return err ? bad_extents(ei) : 0;
}
