/* dir.h - the entries of directories.  fs->lock is held but for readdir; all may sleep. */
#pragma once

#include "fs/fat/fat.h"

/* An entry that was found. */
struct fat_found {
	struct fat_entry e;
	uint64_t place;
	uint32_t at, nr; /* as in struct fat_inode */
};

/* fat_find - @name in @dir: 0, -ENOENT, -EIO. */
int fat_find(struct inode *dir, const struct name *name, struct fat_found *f) __must_check;
/* fat_dir_scan - how many subdirectories, "." and ".." too, into nlink; is there anything else? */
int fat_dir_scan(struct inode *dir, uint32_t *subdirs, bool *empty) __must_check;
/*
 * fat_add - a new entry @f->e, whose name is filled in, with @name in @dir; the rest of *@f is set.
 * -EINVAL, -ENAMETOOLONG, -ENOSPC, -EIO.
 */
int fat_add(struct inode *dir, const struct name *name, struct fat_found *f) __must_check;
/* fat_remove - the entries that f->at, nr and place speak of go from @dir. */
int fat_remove(struct inode *dir, const struct fat_found *f) __must_check;
/* fat_entry_at - the one at @place of the disk, in @m, which the caller puts. */
int fat_entry_at(struct fat_fs *fs, uint64_t place, struct meta *m,
		 struct fat_entry **e) __must_check;
/* fat_dotdot - @dir's ".." leads to cluster @start. */
int fat_dotdot(struct inode *dir, uint32_t start) __must_check;
/*
 * fat_fill_dir - the new directory @dir gets a cluster: zeros, "." and "..", as @e with other
 * names.
 */
int fat_fill_dir(struct inode *dir, uint32_t parent, struct fat_entry e) __must_check;
extern const struct file_ops fat_dir_fops;
