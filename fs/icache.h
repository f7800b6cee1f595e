/*
 * icache.h - inodes of file systems on a disk, found by their number.
 *
 * An inode that nobody uses stays here with its pages until memory is short (fs/reclaim.c), the
 * file system is unmounted, or it has lost its last name: then it is evicted (disk_ops).
 * Lock: icache_lock (a spin lock, icache.c): the table, the list of unused ones, icache_state, and
 * each count of references that reaches or leaves 0.
 */
#pragma once

#include <stdint.h>

#include "fs/inode.h"

/*
 * inode_obtain - the inode @key of @sb, with a reference; read from the disk if it is not here
 * (disk_ops.load, with inode->ino = @key, which may give it another ino).  err_ptr(-EIO, -ENOMEM,
 * -ESTALE: it has no name any more, -EUCLEAN).  May sleep: of several tasks that ask, one reads.
 */
struct inode *inode_obtain(struct superblock *sb, uint64_t key) __must_check;
/*
 * inode_enter - @inode, new on the disk, with all fields filled in, is found by inode->ino from now
 * on; the caller's reference stays the caller's.  0, or -EUCLEAN: another has the number, the disk
 * contradicts itself (sb_error has been called); the caller puts it, and nothing is evicted.  May
 * sleep: the last one that had the number may be going, which ends with disk_ops.evict, so that no
 * lock may be held here which evict takes after it has freed the number.
 * inode_rekey - it is found by @key from now on; INODE_NO_KEY: not at all.  As inode_enter.
 */
#define INODE_NO_KEY UINT64_MAX
int inode_enter(struct inode *inode) __must_check;
int inode_rekey(struct inode *inode, uint64_t key) __must_check;
/* icache_number - the st_ino of the inode @key, if it is here; else @key. */
uint64_t icache_number(struct superblock *sb, uint64_t key);
/*
 * icache_shrink - up to @n unused inodes that are clean go; how many did.  icache_empty - at
 * unmount, when no dentry of @sb is left: all of its inodes; those that other tasks are about to
 * put are waited for.  Both may sleep.
 */
size_t icache_shrink(size_t n);
void icache_empty(struct superblock *sb);
/* icache_put - superblock.put: inode_put of what is here. */
void icache_put(struct inode *inode);
/* icache_unused - how many unused ones there are. */
size_t icache_unused(void);
