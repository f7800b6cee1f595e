/*
 * fiemap.h - where on its device a file's bytes are, for ioctl(2)'s FIEMAP.
 */
#pragma once

#include "abi/fs.h"
#include "fs/file.h"

/* A look through a file's extents. */
struct fiemap_look {
	struct inode *inode;
	uint64_t at, end; /* bytes still to look at */
	struct fiemap_extent next;
	bool has_next;
};

/*
 * fiemap_begin - @look at the bytes of @f that @map asks for; unknown flags are left in
 * map->fm_flags.  0, -EOPNOTSUPP (its blocks are not to be known), -EINVAL, -EFBIG, -EBADR, or
 * what writing it out first says.
 * fiemap_next - the next extent into *@e: 1; 0: there is none; -EIO, -EINTR.  Both may sleep.
 */
int fiemap_begin(struct fiemap_look *look, struct file *f, struct fiemap *map) __must_check;
int fiemap_next(struct fiemap_look *look, struct fiemap_extent *e) __must_check;
