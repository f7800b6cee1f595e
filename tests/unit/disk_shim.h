/*
 * disk_shim.h - what a file system on a disk stands on, in a host test: a disk in memory under
 * fs/meta.h and block_io, an icache, the clock.  For tests and fuzzers alike.
 *
 * A block is a piece of memory of its own while it is held, so that the sanitizer sees any access
 * beside it.  A lock that is taken twice, a reference that is kept, ends the program.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/inode.h"
#include "fs/mount_ops.h"

/*
 * shim_disk_start - a disk of @bytes that begins with a copy of @image, and is zeros behind it.
 * shim_disk_end - it goes; nothing of it is held any more.
 */
void shim_disk_start(const void *image, size_t size, uint64_t bytes);
void shim_disk_end(void);
/* shim_disk_bytes - what is on it now. */
void shim_disk_bytes(uint64_t at, void *buf, size_t n);

/*
 * shim_mount - by @fs, with @options (copied): 0 and *@sb, or -errno.  The root is
 * inode_obtain(sb, sb->root_ino).  shim_unmount - as umount(2); all inodes have been put.
 */
int shim_mount(const struct disk_fs *fs, const char *options, uint32_t flags,
	       struct superblock **sb);
void shim_unmount(struct superblock *sb);

/* shim_readdir - the names of @dir, by its file_ops.readdir, each given to @each.  0 or -errno. */
int shim_readdir(struct inode *dir,
		 void (*each)(void *to, const char *name, size_t len, uint8_t type), void *to);
/* shim_name - a name for lookup and make; @s is kept. */
struct name shim_name(const char *s, size_t len);

extern int64_t shim_now_s;	  /* the wall clock */
extern uint64_t shim_disk_reads;  /* blocks that were asked for */
extern unsigned int shim_fail_in; /* not 0: the so manieth block or allocation cannot be had */
extern const char *shim_type;	  /* superblock.type of what is mounted */
extern char shim_log[256];	  /* the last line of the log */
