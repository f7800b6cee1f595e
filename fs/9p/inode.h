/* inode.h - inodes of a 9P server's files are made. */
#pragma once

#include "fs/9p/attr.h"

/* p9_inode_new - what @fid, which it takes over, names.  err_ptr.  May sleep. */
struct inode *p9_inode_new(struct superblock *sb, struct p9_fid *fid) __must_check;
