/*
 * csum.c - metadata_csum: what an ext4 file system says of its own blocks is checked when it is
 * read.  (One with checksums is mounted read-only: none is made here.)
 */
#include "fs/ext2/csum.h"

#include "lib/crc32c.h"
#include "lib/string.h"

/* All but the superblock's own begin with the file system's UUID, and the seed of an inode. */
static uint32_t inode_seed(const struct ext2_fs *fs, uint64_t ino, uint32_t generation)
{
	uint32_t n = (uint32_t)ino, crc = crc32c_update(fs->csum_seed, &n, sizeof(n));

	return crc32c_update(crc, &generation, sizeof(generation));
}

/* Of @size bytes, of which the @n at @at count as zeros: there the sum itself stands. */
static uint32_t crc_around(uint32_t crc, const void *data, uint32_t size, uint32_t at, uint32_t n)
{
	static const uint32_t none;

	crc = crc32c_update(crc, data, at);
	crc = crc32c_update(crc, &none, n);
	return crc32c_update(crc, (const char *)data + at + n, size - at - n);
}

bool ext2_super_csum_good(const struct ext2_super *s)
{
	return crc32c_update(UINT32_MAX, s, offsetof(struct ext2_super, s_checksum)) ==
	       s->s_checksum;
}

bool ext2_desc_csum_good(const struct ext2_fs *fs, uint32_t group, const struct ext2_desc *d)
{
	uint32_t at = offsetof(struct ext2_desc, bg_checksum), crc;

	crc = crc32c_update(fs->csum_seed, &group, sizeof(group));
	crc = crc_around(crc, d, fs->desc_size, at, sizeof(d->bg_checksum));
	return (uint16_t)crc == d->bg_checksum;
}

bool ext2_inode_csum_good(const struct ext2_fs *fs, uint64_t ino, const struct ext2_raw_inode *raw)
{
	uint32_t lo = offsetof(struct ext2_raw_inode, i_checksum_lo);
	uint32_t hi = offsetof(struct ext2_raw_inode, i_checksum_hi) - EXT2_OLD_SIZE;
	uint32_t more = fs->inode_size - EXT2_OLD_SIZE, crc;
	bool has_hi = more && raw->i_extra_isize >= 4;

	crc = crc_around(inode_seed(fs, ino, raw->i_generation), raw, EXT2_OLD_SIZE, lo, 2);
	if (more)
		crc = crc_around(crc, (const char *)raw + EXT2_OLD_SIZE, more, hi, has_hi ? 2 : 0);
	return raw->i_checksum_lo == (uint16_t)crc &&
	       (!has_hi || raw->i_checksum_hi == (uint16_t)(crc >> 16));
}

/* A directory's block ends in an entry without a name that holds its checksum; so does an index. */
bool ext2_dir_csum_good(const struct ext2_inode *ei, const void *data)
{
	const struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	uint32_t size = fs->sb->block_size, at = size - 12;
	const struct ext2_dirent *tail = (const void *)((const char *)data + at);
	uint32_t seed = inode_seed(fs, ei->inode.ino, ei->generation), sum;

	memcpy(&sum, (const char *)data + size - 4, sizeof(sum));
	if (!tail->inode && tail->rec_len == 12 && !tail->name_len && tail->file_type == 0xde)
		return crc32c_update(seed, data, at) == sum;
	return ei->flags & EXT2_INDEX_FL; /* the index is not used where nothing is written */
}

bool ext2_extent_csum_good(const struct ext2_inode *ei, const struct ext4_extent_header *eh,
			   uint32_t max)
{
	uint32_t at = (uint32_t)sizeof(*eh) + max * (uint32_t)sizeof(struct ext4_extent), sum;
	uint32_t seed = inode_seed(ext2_fs_of(&ei->inode), ei->inode.ino, ei->generation);

	memcpy(&sum, (const char *)eh + at, sizeof(sum));
	return crc32c_update(seed, eh, at) == sum;
}

bool ext2_xattr_csum_good(const struct ext2_fs *fs, uint64_t block, const void *data)
{
	const struct ext2_xattr_header *h = data;
	uint32_t at = offsetof(struct ext2_xattr_header, h_checksum);
	uint32_t crc = crc32c_update(fs->csum_seed, &block, sizeof(block));

	return crc_around(crc, data, fs->sb->block_size, at, sizeof(h->h_checksum)) ==
	       h->h_checksum;
}
