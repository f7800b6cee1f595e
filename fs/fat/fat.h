/*
 * fat.h - FAT12, FAT16 and FAT32 as vfat and msdos show them: what the files of fs/fat/ share.
 *
 * Layout: boot sector, FATs (one number a cluster: the next of its chain), the root's entries
 * (FAT12, FAT16), clusters from number 2 on.  An inode is an entry of a directory, known by the
 * entry's place on the disk.  Nothing on the disk is believed: an entry is copied, then checked.
 *
 * Lock: fat_fs.lock (mutex), inside of inode->lock and of a page's lock: the FAT, the entries of
 * all directories, each inode's chain.  Below it are the locks of fs/meta.h and block/ alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/cache.h"
#include "fs/meta.h"

#define FAT_NAME      11  /* bytes of a short name */
#define FAT_UNITS     255 /* UTF-16 units of a long one */
#define FAT_SLOT      13  /* of them in one entry */
#define FAT_SLOTS     20
#define FAT_SIZE_MAX  0xffffffffu   /* bytes of a file */
#define FAT_DIR_MAX   (65536u * 32) /* bytes of a directory, as Linux and Windows have it */
#define FAT_ROOT_INO  1
#define FAT_NUMBERS   (1ULL << 40) /* above all places */
#define FAT_FIRST     2u	   /* cluster */
#define FAT_END	      0x0fffffffu  /* what fat_next says behind the last, for each width */
#define FAT_NOT_SAID  UINT32_MAX

#define FAT_READ_ONLY 0x01u
#define FAT_HIDDEN    0x02u
#define FAT_SYSTEM    0x04u
#define FAT_VOLUME    0x08u
#define FAT_DIR	      0x10u
#define FAT_ARCHIVE   0x20u
#define FAT_LONG      0x0fu /* not a file: a piece of a long name */
#define FAT_DELETED   0xe5u

/* An entry of a directory, as it lies on the disk. */
struct fat_entry {
	uint8_t name[FAT_NAME];
	uint8_t attrs;
	uint8_t lower;	  /* FAT_LOWER_*: NT shows the short name in lower case */
	uint8_t ctime_cs; /* hundredths of a second, to be added */
	uint16_t ctime, cdate, adate;
	uint16_t start_high;
	uint16_t time, date;
	uint16_t start;
	uint32_t size;
} __attribute__((packed, aligned(2)));
#define FAT_LOWER_BASE 0x08u
#define FAT_LOWER_EXT  0x10u

/* The same bytes, when they are 13 units of a long name. */
struct fat_slot {
	uint8_t id; /* 1 .. 20, FAT_SLOT_LAST added to the last one, which lies first */
	uint16_t units0[5];
	uint8_t attrs, type, checksum;
	uint16_t units5[6];
	uint16_t start;
	uint16_t units11[2];
} __attribute__((packed));
#define FAT_SLOT_LAST 0x40u
_Static_assert(sizeof(struct fat_entry) == 32 && sizeof(struct fat_slot) == 32, "an entry");

enum fat_shortname { SHORT_LOWER, SHORT_WIN95, SHORT_WINNT, SHORT_MIXED };
enum fat_check { CHECK_NORMAL, CHECK_RELAXED, CHECK_STRICT };
enum fat_charset { CHARSET_ASCII, CHARSET_LATIN1, CHARSET_CP437, CHARSET_UTF8 };

struct fat_options {
	uint32_t uid, gid;
	uint32_t fmask, dmask;
	int32_t allow_utime; /* -1: by dmask */
	uint8_t shortname;   /* enum fat_shortname; vfat's */
	uint8_t iocharset;   /* enum fat_charset of what programs say; short names are of CP437 */
	uint8_t check;	     /* enum fat_check; msdos' */
	uint8_t on_error;    /* SB_ERRORS_* */
	bool utf8, uni_xlate, numtail, rodir, quiet, showexec, flush, usefree, discard, nocase;
	bool dots, zone_set;
	int32_t zone; /* minutes that local time is behind UTC */
};

struct fat_fs {
	struct superblock *sb;
	struct mutex lock;
	bool vfat;
	uint8_t bits; /* of a FAT's number: 12, 16, 32 */
	uint8_t cluster_bits;
	bool marked;	/* as in use, by us */
	bool was_dirty; /* nobody has unmounted it: it stays marked */
	uint32_t fats, fat_at, fat_blocks;
	uint32_t root_at, root_size; /* block and bytes of FAT12's and FAT16's root */
	uint32_t root_cluster;	     /* FAT32's */
	uint32_t info_at;	     /* FAT32's block with figures; 0: none */
	uint32_t data_at;	     /* block of cluster 2 */
	uint32_t end;		     /* cluster numbers are below it */
	uint32_t free, next_free;    /* clusters; FAT_NOT_SAID */
	bool free_known;	     /* they were counted, or usefree says so */
	struct meta fat;	     /* the block of the first FAT that was used last */
	uint32_t fat_block;
	bool fat_changed;   /* and is not in the other FATs yet */
	uint32_t strangers; /* inodes whose st_ino is the place of an entry that is not theirs */
	uint64_t numbers;   /* given to inodes instead of their place */
	struct fat_options o;
};

#define FAT_MARKS 32u

struct fat_inode {
	struct inode inode;
	struct file_cache cache; /* of a regular file */
	uint8_t attrs;		 /* those that mode does not say */
	bool stranger;		 /* one of fs->strangers */
	bool beyond;		 /* there may be clusters behind the end */
	uint32_t start;		 /* first cluster; 0: none */
	uint32_t size_said;	 /* bytes, as its entry has it */
	/*
	 * Bytes that hold what belongs to the file, a multiple of the block: what is behind them in
	 * its clusters is somebody's old data, and is zeroed before the size goes over it.
	 */
	uint64_t valid;
	uint64_t place; /* of its entry: byte of the device / 32; 0: the root, or it has no name */
	uint32_t at;	/* byte in its directory where its entries begin, the long name's first */
	uint32_t nr;	/* of them */
	/* What is known of the chain: a run; and each (1 << mark_bits)th cluster, 0: not yet. */
	uint32_t run_at, run_cluster, run_len;
	uint32_t mark_bits, marks[FAT_MARKS];
	uint32_t last_at, last; /* the end of the chain; last 0: not known */
};

static inline bool fat_is_free(const struct fat_entry *e)
{
	return !e->name[0] || e->name[0] == FAT_DELETED;
}

/* fat_is_file - is it a file's or directory's own entry? */
static inline bool fat_is_file(const struct fat_entry *e)
{
	return !fat_is_free(e) && !(e->attrs & FAT_VOLUME);
}

/* fat_set_start - the first cluster, of which FAT12 and FAT16 have no upper half. */
static inline void fat_set_start(struct fat_entry *e, uint32_t start)
{
	e->start = (uint16_t)start;
	e->start_high = (uint16_t)(start >> 16);
}

static inline struct fat_inode *fat_inode_of(struct inode *inode)
{
	return container_of(inode, struct fat_inode, inode);
}

static inline struct fat_fs *fat_of(const struct inode *inode)
{
	return inode->sb->private;
}

static inline uint32_t fat_cluster_size(const struct fat_fs *fs)
{
	return 1u << fs->cluster_bits;
}

/* fat_block - the block with which @cluster begins. */
static inline uint64_t fat_block(const struct fat_fs *fs, uint32_t cluster)
{
	return fs->data_at +
	       ((uint64_t)(cluster - FAT_FIRST) << fs->cluster_bits) / fs->sb->block_size;
}

static inline uint32_t fat_clusters(const struct fat_fs *fs, uint64_t bytes)
{
	return (uint32_t)((bytes + fat_cluster_size(fs) - 1) >> fs->cluster_bits);
}
