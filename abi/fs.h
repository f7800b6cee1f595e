/*
 * fs.h - ioctl(2) of files on disks: Linux's header fs.h.
 */
#pragma once

#include <stdint.h>

#define FS_IOC_GETFLAGS	  0x80086601u
#define FS_IOC_SETFLAGS	  0x40086602u
#define FS_IOC_GETVERSION 0x80087601u
#define FS_IOC_SETVERSION 0x40087602u
#define FITRIM		  0xc0185879u

struct fstrim_range {
	uint64_t start, len, minlen; /* bytes */
};

/* Where a file's blocks are (filefrag(8)). */
#define FS_IOC_FIEMAP	     0xc020660bu
#define FIGETBSZ	     2u
#define FIEMAP_FLAG_SYNC     0x1u
#define FIEMAP_EXTENT_LAST   0x1u    /* of the file */
#define FIEMAP_EXTENT_MERGED 0x1000u /* the file system keeps blocks one by one */

struct fiemap {
	uint64_t fm_start, fm_length; /* bytes */
	uint32_t fm_flags, fm_mapped_extents, fm_extent_count, fm_reserved;
	/* struct fiemap_extent fm_extents[fm_extent_count] */
};

struct fiemap_extent {
	uint64_t fe_logical, fe_physical, fe_length; /* bytes */
	uint64_t fe_reserved64[2];
	uint32_t fe_flags, fe_reserved[3];
};
