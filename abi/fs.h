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
