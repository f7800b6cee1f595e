/* table.h - the FAT.  fs->lock is held; all may sleep. */
#pragma once

#include "fs/fat/fat.h"

void fat_lock(struct fat_fs *fs);
/* fat_unlock - what was changed goes to the other FATs, too. */
void fat_unlock(struct fat_fs *fs);
/* fat_close - at unmount: lets go of what table.c holds. */
void fat_close(struct fat_fs *fs);
/* fat_count - fs->free is known.  0, -EIO, -EINTR. */
int fat_count(struct fat_fs *fs) __must_check;
/*
 * fat_find_cluster - the @n-th cluster of @fi's chain, and how many side by side from there on, at
 * most about @want: *@cluster, *@len.  0, -ENODATA: the chain is shorter, -EUCLEAN, -EIO.
 */
int fat_find_cluster(struct fat_inode *fi, uint32_t n, uint32_t want, uint32_t *cluster,
		     uint32_t *len) __must_check;
/* fat_length - how many clusters its chain has. */
int fat_length(struct fat_inode *fi, uint32_t *n) __must_check;
/* fat_extend - its chain has at least @n clusters from now on: -ENOSPC, -EIO: as it was. */
int fat_extend(struct fat_inode *fi, uint32_t n) __must_check;
/*
 * fat_cut - it has at most @n; the rest is free.  Of a long one fs->lock is given back in between,
 * when the chain has been cut.
 */
int fat_cut(struct fat_inode *fi, uint32_t n) __must_check;
