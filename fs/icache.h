/*
 * icache.h - inodes of file systems on a disk, found by their number.
 *
 * An inode that nobody uses stays here with its pages until memory is short (fs/reclaim.c), the
 * file system is unmounted, or it has lost its last name: then it is evicted (disk_ops).
 * Lock: icache_lock (a spin lock): the table, the list of unused ones, icache_state.
 */
#pragma once

#include <stdint.h>

#include "fs/inode.h"

/*
 * inode_obtain - the inode @ino of @sb, with a reference; read from the disk if it is not here.
 * err_ptr(-EIO, -ENOMEM, -ESTALE, -EUCLEAN).  May sleep: of several tasks that ask, one reads.
 */
struct inode *inode_obtain(struct superblock *sb, uint64_t ino) __must_check;
/*
 * inode_enter - @inode, new on the disk, with its number in inode->ino and all fields filled in, is
 * found from now on; the caller's reference stays the caller's.
 */
void inode_enter(struct inode *inode);
/*
 * icache_shrink - up to @n unused inodes go; how many did.  icache_empty - at unmount: all unused
 * ones of @sb; how many are still used.  Both may sleep.
 */
size_t icache_shrink(size_t n);
size_t icache_empty(struct superblock *sb);
