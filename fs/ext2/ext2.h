/*
 * ext2.h - ext2's own: a mounted file system, its inodes, and what its files ask of each other.
 *
 * Locks: inode->lock (the VFS's: a directory's entries, a file's size) outside of ext2_inode.lock
 * (where its blocks are, its attributes) outside of ext2_fs.lock (what is free).
 */
#pragma once

#include "fs/cache.h"
#include "fs/ext2/disk.h"
#include "fs/icache.h"
#include "fs/meta.h"

/* What is read of a group's descriptor once, checked, and written back from here. */
struct ext2_group {
	uint64_t block_bitmap, inode_bitmap, inode_table;
	uint32_t free_blocks, free_inodes, dirs;
	uint32_t inode_hint; /* no inode before it is free */
	bool dirty;
};

/* Options of mount(2); those that are set if nothing is said. */
#define EXT2_ACL	0x1u
#define EXT2_USER_XATTR 0x2u
#define EXT2_GRPID	0x4u /* a new file has its directory's group */
#define EXT2_MINIXDF	0x8u
#define EXT2_LOAD	0x10u /* one whose journal was not replayed is refused */
#define EXT2_DEFAULTS	(EXT2_ACL | EXT2_USER_XATTR | EXT2_LOAD)

struct ext2_fs {
	struct superblock *sb;
	/* The tables of operations, which are above those who make inodes. */
	const struct inode_ops *ops;
	const struct file_ops *file_ops, *dir_ops;
	struct ext2_super super; /* as on the disk; written from here */
	uint64_t blocks, first_block;
	uint64_t free_blocks, reserved_blocks;
	uint64_t overhead; /* blocks that can never be a file's */
	uint32_t free_inodes;
	uint32_t nr_groups, blocks_per_group, inodes_per_group;
	uint32_t bits; /* log2 of a block's bytes */
	uint32_t inode_size, inodes_per_block, inode_table_blocks, first_ino;
	uint32_t desc_size, descs_per_block;
	uint32_t csum_seed;
	uint32_t hash_unsigned; /* 3 where names are hashed as unsigned bytes, else 0 */
	uint32_t next_dir_group;
	uint64_t last_block; /* where the last search ended */
	uint16_t state;	     /* s_state as it was before the mount */
	bool mounted;	     /* the disk says that it is in use */
	uint8_t errors;	     /* errors= as it was given, SB_ERROR_* + 1; 0: the superblock's */
	bool csum;	     /* metadata_csum: what is read is checked */
	uint32_t options;    /* EXT2_ACL ... */
	uint32_t resuid, resgid;
	bool super_dirty;
	struct mutex lock;	 /* of all that counts free things, bitmaps and group[] */
	struct mutex xattr_lock; /* outside of lock: how many have a block of attributes */
	struct ext2_group *group;
};

/* What of a file's blocks was found last: it is asked for the next again and again. */
struct ext2_run {
	uint64_t at, disk; /* blocks; disk 0: a hole */
	uint64_t len;	   /* 0: nothing is known */
};

struct ext2_inode {
	struct inode inode;
	struct file_cache cache;
	struct mutex lock;
	uint32_t block[EXT2_N_BLOCKS];
	uint32_t flags, generation, dtime;
	uint64_t blocks; /* of 512 bytes, as st_blocks */
	uint64_t acl;	 /* block of the attributes; 0: none */
	uint16_t extra;	 /* i_extra_isize */
	bool fresh;	 /* new: what is at its place is another's that was */
	struct ext2_run run;
	uint32_t group;	   /* where it lies */
	uint32_t dir_hint; /* of a directory: the first block in which there may be room */
};

static inline struct ext2_fs *ext2_fs_of(const struct inode *inode)
{
	return inode->sb->private;
}
static inline struct ext2_inode *ext2_of(const struct inode *inode)
{
	return container_of(inode, struct ext2_inode, inode);
}
static inline bool ext2_has(const struct ext2_fs *fs, uint32_t incompat)
{
	return fs->super.s_feature_incompat & incompat;
}
static inline bool ext2_has_ro(const struct ext2_fs *fs, uint32_t ro_compat)
{
	return fs->super.s_feature_ro_compat & ro_compat;
}
/* ext2_is_block - can @block be a file's, by its number?  (It may lie among the tables still.) */
static inline bool ext2_is_block(const struct ext2_fs *fs, uint64_t block)
{
	return block > fs->first_block && block < fs->blocks;
}
