/*
 * fcntl.h - constants of openat(2), fcntl(2), the *at() calls, lseek(2), faccessat(2) and
 * renameat2(2), Linux/arm64's values.
 */
#pragma once

#include <stdint.h>

/* openat(2): the access mode is a number of two bits, not a set */
#define O_ACCMODE   00000003
#define O_RDONLY    00000000
#define O_WRONLY    00000001
#define O_RDWR	    00000002
#define O_CREAT	    00000100
#define O_EXCL	    00000200
#define O_NOCTTY    00000400
#define O_TRUNC	    00001000
#define O_APPEND    00002000
#define O_NONBLOCK  00004000
#define O_DSYNC	    00010000
#define FASYNC	    00020000 /* O_ASYNC */
#define O_DIRECTORY 00040000
#define O_NOFOLLOW  00100000
#define O_DIRECT    00200000
#define O_LARGEFILE 00400000
#define O_NOATIME   01000000
#define O_CLOEXEC   02000000
#define O_SYNC	    04010000
#define O_PATH	    010000000
#define O_TMPFILE   020040000

/* openat2(2) */
struct open_how {
	uint64_t flags;	  /* O_* */
	uint64_t mode;	  /* of a file that is made; else 0 */
	uint64_t resolve; /* RESOLVE_* */
};

#define RESOLVE_NO_XDEV	      0x01
#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_NO_SYMLINKS   0x04
#define RESOLVE_BENEATH	      0x08
#define RESOLVE_IN_ROOT	      0x10
#define RESOLVE_CACHED	      0x20

/* the *at() calls */
#define AT_FDCWD	      (-100)
#define AT_SYMLINK_NOFOLLOW   0x100
#define AT_EACCESS	      0x200
#define AT_REMOVEDIR	      0x200
#define AT_SYMLINK_FOLLOW     0x400
#define AT_NO_AUTOMOUNT	      0x800
#define AT_EMPTY_PATH	      0x1000
#define AT_STATX_SYNC_TYPE    0x6000

/* fcntl(2) */
#define F_DUPFD		      0
#define F_GETFD		      1
#define F_SETFD		      2
#define F_GETFL		      3
#define F_SETFL		      4
#define F_GETLK		      5
#define F_SETLK		      6
#define F_SETLKW	      7
#define F_SETOWN	      8
#define F_GETOWN	      9
#define F_SETSIG	      10
#define F_GETSIG	      11
#define F_SETOWN_EX	      15
#define F_GETOWN_EX	      16
#define F_GETOWNER_UIDS	      17
#define F_SETPIPE_SZ	      1031
#define F_GETPIPE_SZ	      1032
#define F_DUPFD_CLOEXEC	      1030
#define F_OFD_GETLK	      36
#define F_OFD_SETLK	      37
#define F_OFD_SETLKW	      38
#define F_SETLEASE	      1024
#define F_GETLEASE	      1025
#define FD_CLOEXEC	      1

/* who gets its signals */
#define F_OWNER_TID	      0
#define F_OWNER_PID	      1
#define F_OWNER_PGRP	      2

struct f_owner_ex {
	int32_t type; /* F_OWNER_* */
	int32_t pid;
};

/* record locks */
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

struct flock {
	int16_t l_type;	  /* F_*LCK */
	int16_t l_whence; /* SEEK_* */
	int64_t l_start, l_len;
	int32_t l_pid;
};

/* flock(2) */
#define LOCK_SH			    1
#define LOCK_EX			    2
#define LOCK_NB			    4
#define LOCK_UN			    8

/* close_range(2) */
#define CLOSE_RANGE_UNSHARE	    2
#define CLOSE_RANGE_CLOEXEC	    4

/* sync_file_range(2) */
#define SYNC_FILE_RANGE_WAIT_BEFORE 1
#define SYNC_FILE_RANGE_WRITE	    2
#define SYNC_FILE_RANGE_WAIT_AFTER  4

/* fadvise64(2); the greatest of six */
#define POSIX_FADV_NORMAL	    0
#define POSIX_FADV_RANDOM	    1
#define POSIX_FADV_SEQUENTIAL	    2
#define POSIX_FADV_WILLNEED	    3
#define POSIX_FADV_DONTNEED	    4
#define POSIX_FADV_NOREUSE	    5

/* fallocate(2) */
#define FALLOC_FL_KEEP_SIZE	    0x01
#define FALLOC_FL_PUNCH_HOLE	    0x02
#define FALLOC_FL_COLLAPSE_RANGE    0x08
#define FALLOC_FL_ZERO_RANGE	    0x10
#define FALLOC_FL_INSERT_RANGE	    0x20
#define FALLOC_FL_UNSHARE_RANGE	    0x40

/* renameat2(2) */
#define RENAME_NOREPLACE	    1
#define RENAME_EXCHANGE		    2
#define RENAME_WHITEOUT		    4

#define SEEK_SET		    0
#define SEEK_CUR		    1
#define SEEK_END		    2
#define SEEK_DATA		    3
#define SEEK_HOLE		    4
#define SEEK_MAX		    4

/* utimensat(2): tv_nsec that means "now" or "leave it" */
#define UTIME_NOW		    0x3fffffff
#define UTIME_OMIT		    0x3ffffffe

#define PATH_MAX		    4096 /* bytes of a path with its NUL */
#define NAME_MAX		    255	 /* bytes of one component */
/* a write to a pipe of up to this many bytes is not torn */
#define PIPE_BUF		    4096
