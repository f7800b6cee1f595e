/*
 * dirent.h - the records that getdents64(2) writes, one after another.
 */
#pragma once

#include <stdint.h>

/*
 * d_reclen covers the name with its NUL and the padding that aligns the next record to 8; the
 * padding is zero.
 */
struct dirent64 {
	uint64_t d_ino;
	int64_t d_off; /* where lseek(2) must go to read the record after this one */
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[];
};

#define DIRENT64_NAME 19 /* offset of d_name; sizeof counts the padding behind it */

#define DT_UNKNOWN    0
#define DT_FIFO	      1
#define DT_CHR	      2
#define DT_DIR	      4
#define DT_BLK	      6
#define DT_REG	      8
#define DT_LNK	      10
#define DT_SOCK	      12

_Static_assert(__builtin_offsetof(struct dirent64, d_name) == DIRENT64_NAME, "d_name");
