/*
 * disk.h - what ext2, ext3 and ext4 have on a disk, as far as ext2/ reads or writes it.
 *
 * All numbers are little-endian, as this machine's.  None is trusted: who reads one takes it once,
 * and checks what it has taken.  Names are those of Linux's documentation
 * (Documentation/filesystems/ext4).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define EXT2_MAGIC	 0xef53
#define EXT2_SUPER_AT	 1024u /* byte of the device */
#define EXT2_ROOT_INO	 2u
#define EXT2_OLD_FIRST	 11u /* of revision 0: the first inode that is a file's */
#define EXT2_OLD_SIZE	 128u
#define EXT2_LINK_MAX	 65000u /* what ext4's driver keeps to, also on ext2 */
#define EXT2_NAME_MAX	 255u
#define EXT2_NDIR_BLOCKS 12u
#define EXT2_N_BLOCKS	 15u

struct ext2_super {
	uint32_t s_inodes_count, s_blocks_count, s_r_blocks_count, s_free_blocks_count;
	uint32_t s_free_inodes_count, s_first_data_block, s_log_block_size, s_log_cluster_size;
	uint32_t s_blocks_per_group, s_clusters_per_group, s_inodes_per_group, s_mtime;
	uint32_t s_wtime;
	uint16_t s_mnt_count, s_max_mnt_count, s_magic, s_state, s_errors, s_minor_rev_level;
	uint32_t s_lastcheck, s_checkinterval, s_creator_os, s_rev_level;
	uint16_t s_def_resuid, s_def_resgid;
	uint32_t s_first_ino;
	uint16_t s_inode_size, s_block_group_nr;
	uint32_t s_feature_compat, s_feature_incompat, s_feature_ro_compat;
	uint8_t s_uuid[16];
	char s_volume_name[16], s_last_mounted[64];
	uint32_t s_algorithm_usage_bitmap;
	uint8_t s_prealloc_blocks, s_prealloc_dir_blocks;
	uint16_t s_reserved_gdt_blocks;
	uint8_t s_journal_uuid[16];
	uint32_t s_journal_inum, s_journal_dev, s_last_orphan;
	uint32_t s_hash_seed[4];
	uint8_t s_def_hash_version, s_jnl_backup_type;
	uint16_t s_desc_size;
	uint32_t s_default_mount_opts, s_first_meta_bg, s_mkfs_time, s_jnl_blocks[17];
	uint32_t s_blocks_count_hi, s_r_blocks_count_hi, s_free_blocks_count_hi;
	uint16_t s_min_extra_isize, s_want_extra_isize;
	uint32_t s_flags;
	uint16_t s_raid_stride, s_mmp_interval;
	uint64_t s_mmp_block;
	uint32_t s_raid_stripe_width;
	uint8_t s_log_groups_per_flex, s_checksum_type;
	uint16_t s_reserved_pad;
	uint64_t s_kbytes_written;
	uint8_t s_snapshots[20];
	uint32_t s_error_count, s_first_error_time;
	uint8_t s_error_records[100];
	char s_mount_opts[64];
	uint32_t s_usr_quota_inum, s_grp_quota_inum, s_overhead_clusters;
	uint8_t s_reserved1[36];
	uint32_t s_checksum_seed;
	uint8_t s_reserved2[392];
	uint32_t s_checksum;
};
_Static_assert(offsetof(struct ext2_super, s_magic) == 56, "s_magic");
_Static_assert(offsetof(struct ext2_super, s_hash_seed) == 236, "s_hash_seed");
_Static_assert(offsetof(struct ext2_super, s_want_extra_isize) == 0x15e, "s_want_extra_isize");
_Static_assert(offsetof(struct ext2_super, s_overhead_clusters) == 0x248, "s_overhead_clusters");
_Static_assert(offsetof(struct ext2_super, s_checksum_seed) == 0x270, "s_checksum_seed");
_Static_assert(sizeof(struct ext2_super) == 1024, "superblock");

/* s_state */
#define EXT2_VALID_FS		1u
#define EXT2_ERROR_FS		2u
/* s_errors */
#define EXT2_ERRORS_RO		2u
#define EXT2_ERRORS_PANIC	3u
/* s_default_mount_opts */
#define EXT2_DEFM_BSDGROUPS	0x2u
/* s_flags */
#define EXT2_SIGNED_HASH	0x1u

/* s_feature_compat */
#define COMPAT_HAS_JOURNAL	0x4u
#define COMPAT_EXT_ATTR		0x8u
#define COMPAT_DIR_INDEX	0x20u
/* s_feature_incompat */
#define INCOMPAT_FILETYPE	0x2u
#define INCOMPAT_RECOVER	0x4u
#define INCOMPAT_META_BG	0x10u
#define INCOMPAT_EXTENTS	0x40u
#define INCOMPAT_64BIT		0x80u
#define INCOMPAT_MMP		0x100u
#define INCOMPAT_FLEX_BG	0x200u
#define INCOMPAT_CSUM_SEED	0x2000u
#define INCOMPAT_LARGEDIR	0x4000u
/* s_feature_ro_compat */
#define RO_COMPAT_SPARSE_SUPER	0x1u
#define RO_COMPAT_LARGE_FILE	0x2u
#define RO_COMPAT_HUGE_FILE	0x8u
#define RO_COMPAT_EXTRA_ISIZE	0x40u
#define RO_COMPAT_BIGALLOC	0x200u
#define RO_COMPAT_METADATA_CSUM 0x400u

/* A group's descriptor: 32 bytes, or s_desc_size with 64bit. */
struct ext2_desc {
	uint32_t bg_block_bitmap, bg_inode_bitmap, bg_inode_table;
	uint16_t bg_free_blocks_count, bg_free_inodes_count, bg_used_dirs_count, bg_flags;
	uint32_t bg_exclude_bitmap;
	uint16_t bg_block_bitmap_csum, bg_inode_bitmap_csum, bg_itable_unused, bg_checksum;
	uint32_t bg_block_bitmap_hi, bg_inode_bitmap_hi, bg_inode_table_hi;
	uint32_t bg_more[5];
};
#define EXT2_DESC_SIZE 32u
_Static_assert(offsetof(struct ext2_desc, bg_checksum) == 30, "bg_checksum");
_Static_assert(sizeof(struct ext2_desc) == 64, "descriptor");

struct ext2_raw_inode {
	uint16_t i_mode, i_uid;
	uint32_t i_size, i_atime, i_ctime, i_mtime, i_dtime;
	uint16_t i_gid, i_links_count;
	uint32_t i_blocks, i_flags, i_osd1;
	uint32_t i_block[EXT2_N_BLOCKS];
	uint32_t i_generation, i_file_acl, i_size_high, i_faddr;
	uint16_t i_blocks_hi, i_file_acl_high, i_uid_high, i_gid_high, i_checksum_lo, i_reserved;
	/* of inodes of more than 128 bytes, as far as i_extra_isize reaches */
	uint16_t i_extra_isize, i_checksum_hi;
	uint32_t i_ctime_extra, i_mtime_extra, i_atime_extra, i_crtime, i_crtime_extra;
	uint32_t i_version_hi, i_projid;
};
_Static_assert(offsetof(struct ext2_raw_inode, i_generation) == 100, "i_generation");
_Static_assert(offsetof(struct ext2_raw_inode, i_extra_isize) == 128, "i_extra_isize");
_Static_assert(sizeof(struct ext2_raw_inode) == 160, "inode");

/* i_flags; those a user sees have the numbers of FS_IOC_GETFLAGS */
#define EXT2_SYNC_FL	    0x8u
#define EXT2_IMMUTABLE_FL   0x10u
#define EXT2_APPEND_FL	    0x20u
#define EXT2_NOATIME_FL	    0x80u
#define EXT2_INDEX_FL	    0x1000u
#define EXT2_DIRSYNC_FL	    0x10000u
#define EXT2_HUGE_FILE_FL   0x40000u
#define EXT2_EXTENTS_FL	    0x80000u
#define EXT2_EA_INODE_FL    0x200000u
#define EXT2_INLINE_DATA_FL 0x10000000u
#define EXT2_FL_VISIBLE	    0x204bdfffu
#define EXT2_FL_MODIFIABLE  0x204380ffu
#define EXT2_FL_INHERITED   0x2001c4cfu
#define EXT2_REG_FLMASK	    0xdffcffffu /* not of a regular file: DIRSYNC, TOPDIR, PROJINHERIT */
#define EXT2_OTHER_FLMASK   0x000000c0u /* all that a device or link can have: NODUMP, NOATIME */

/* A directory's entry; the next one begins rec_len bytes on. */
struct ext2_dirent {
	uint32_t inode; /* 0: unused */
	uint16_t rec_len;
	uint8_t name_len;
	uint8_t file_type; /* with filetype; else the name's length has 16 bits */
	char name[];
};
#define EXT2_DIRENT_HEAD   8u
#define EXT2_DIRENT_LEN(n) (((n) + EXT2_DIRENT_HEAD + 3u) & ~3u)

/* The index of a directory (dir_index): behind the dots of block 0, or in a block of its own. */
struct ext2_dx_info {
	uint32_t reserved_zero;
	uint8_t hash_version, info_length, indirect_levels, unused_flags;
};
struct ext2_dx_entry {
	uint32_t hash; /* of the first: limit (uint16_t), count (uint16_t) */
	uint32_t block;
};
#define EXT2_DX_INFO_AT 24u /* of block 0: behind the two entries' names */
#define EXT2_DX_NODE_AT 8u  /* of another: behind an entry that looks empty */

/* ext4's trees of extents, in i_block and in blocks. */
struct ext4_extent_header {
	uint16_t eh_magic, eh_entries, eh_max, eh_depth;
	uint32_t eh_generation;
};
struct ext4_extent {
	uint32_t ee_block;
	uint16_t ee_len, ee_start_hi; /* a length above 32768: it reads as zeros */
	uint32_t ee_start_lo;
};
struct ext4_extent_idx {
	uint32_t ei_block, ei_leaf_lo;
	uint16_t ei_leaf_hi, ei_unused;
};
#define EXT4_EXTENT_MAGIC    0xf30a
#define EXT4_EXTENT_INIT_MAX 32768u
#define EXT4_EXTENT_DEPTH    5u

/* Extended attributes: in a block of their own, or behind an inode's fields. */
struct ext2_xattr_header {
	uint32_t h_magic, h_refcount, h_blocks, h_hash, h_checksum, h_reserved[3];
};
struct ext2_xattr_entry {
	uint8_t e_name_len, e_name_index;
	uint16_t e_value_offs;
	uint32_t e_value_inum, e_value_size, e_hash;
	char e_name[];
};
#define EXT2_XATTR_MAGIC  0xea020000u
#define EXT2_XATTR_PAD(n) (((n) + 3u) & ~3u)
#define EXT2_XATTR_LEN(n) EXT2_XATTR_PAD((n) + (uint32_t)sizeof(struct ext2_xattr_entry))
