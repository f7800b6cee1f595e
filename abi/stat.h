/*
 * stat.h - what newfstatat(2), fstat(2), statx(2) and statfs(2) write, and the bits of a file's
 * mode.
 */
#pragma once

#include <stdint.h>

#define S_IFMT	    00170000
#define S_IFSOCK    0140000
#define S_IFLNK	    0120000
#define S_IFREG	    0100000
#define S_IFBLK	    0060000
#define S_IFDIR	    0040000
#define S_IFCHR	    0020000
#define S_IFIFO	    0010000
#define S_ISUID	    0004000
#define S_ISGID	    0002000
#define S_ISVTX	    0001000
#define S_IRWXU	    00700
#define S_IRUSR	    00400
#define S_IWUSR	    00200
#define S_IXUSR	    00100
#define S_IRWXG	    00070
#define S_IRGRP	    00040
#define S_IWGRP	    00020
#define S_IXGRP	    00010
#define S_IRWXO	    00007
#define S_IROTH	    00004
#define S_IWOTH	    00002
#define S_IXOTH	    00001

#define S_ISLNK(m)  (((m)&S_IFMT) == S_IFLNK)
#define S_ISREG(m)  (((m)&S_IFMT) == S_IFREG)
#define S_ISDIR(m)  (((m)&S_IFMT) == S_IFDIR)
#define S_ISCHR(m)  (((m)&S_IFMT) == S_IFCHR)
#define S_ISBLK(m)  (((m)&S_IFMT) == S_IFBLK)
#define S_ISFIFO(m) (((m)&S_IFMT) == S_IFIFO)

/* faccessat(2) */
#define F_OK	    0
#define X_OK	    1
#define W_OK	    2
#define R_OK	    4

/* stat(2).  The pads are written too, as zero: no stale byte of the kernel leaves it. */
struct stat {
	uint64_t st_dev;
	uint64_t st_ino;
	uint32_t st_mode;
	uint32_t st_nlink;
	uint32_t st_uid;
	uint32_t st_gid;
	uint64_t st_rdev;
	uint64_t pad1;
	int64_t st_size;
	int32_t st_blksize;
	int32_t pad2;
	int64_t st_blocks; /* of 512 bytes */
	int64_t st_atime;
	uint64_t st_atime_nsec;
	int64_t st_mtime;
	uint64_t st_mtime_nsec;
	int64_t st_ctime;
	uint64_t st_ctime_nsec;
	uint32_t pad3[2];
};

struct statx_timestamp {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t pad;
};

/* statx(2) */
struct statx {
	uint32_t stx_mask; /* STATX_*: which of the fields below were filled in */
	uint32_t stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink;
	uint32_t stx_uid;
	uint32_t stx_gid;
	uint16_t stx_mode;
	uint16_t pad1;
	uint64_t stx_ino;
	uint64_t stx_size;
	uint64_t stx_blocks;
	uint64_t stx_attributes_mask;
	struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor;
	uint32_t stx_dev_major, stx_dev_minor;
	uint64_t stx_mnt_id;
	uint32_t stx_dio_mem_align, stx_dio_offset_align;
	uint64_t pad2[12];
};

#define STATX_TYPE	  0x0001U
#define STATX_MODE	  0x0002U
#define STATX_NLINK	  0x0004U
#define STATX_UID	  0x0008U
#define STATX_GID	  0x0010U
#define STATX_ATIME	  0x0020U
#define STATX_MTIME	  0x0040U
#define STATX_CTIME	  0x0080U
#define STATX_INO	  0x0100U
#define STATX_SIZE	  0x0200U
#define STATX_BLOCKS	  0x0400U
#define STATX_BASIC_STATS 0x07ffU
#define STATX_BTIME	  0x0800U
#define STATX_MNT_ID	  0x1000U
#define STATX__RESERVED	  0x80000000U

/* statfs(2) */
struct statfs {
	int64_t f_type; /* *_MAGIC */
	int64_t f_bsize;
	int64_t f_blocks, f_bfree, f_bavail; /* of f_bsize */
	int64_t f_files, f_ffree;
	int32_t f_fsid[2];
	int64_t f_namelen, f_frsize, f_flags;
	int64_t pad[4];
};

#define TMPFS_MAGIC	 0x01021994
#define RAMFS_MAGIC	 0x858458f6
#define PIPEFS_MAGIC	 0x50495045
#define SOCKFS_MAGIC	 0x534f434b
#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC	 0x62656572
#define EXT2_SUPER_MAGIC 0xEF53

/* A device number as it stands in st_rdev: 12 bits of major, 20 bits of minor, interleaved. */
static inline uint64_t dev_make(uint32_t major, uint32_t minor)
{
	return (minor & 0xff) | (major & 0xfff) << 8 | (uint64_t)(minor & 0xfff00) << 12;
}

static inline uint32_t dev_major(uint64_t dev)
{
	return (dev >> 8) & 0xfff;
}

static inline uint32_t dev_minor(uint64_t dev)
{
	return (dev & 0xff) | ((dev >> 12) & 0xfff00);
}

_Static_assert(sizeof(struct stat) == 128, "struct stat");
_Static_assert(sizeof(struct statx) == 256, "struct statx");
_Static_assert(sizeof(struct statfs) == 120, "struct statfs");
