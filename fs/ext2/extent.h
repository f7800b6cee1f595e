/*
 * extent.h - where the blocks of an ext4 file are.
 */
#pragma once

#include "fs/ext2/ext2.h"

/* ext2_find_extent - the run that holds block @at of a file with extents; ei->lock is held. */
int ext2_find_extent(struct ext2_inode *ei, uint64_t at, struct ext2_run *r) __must_check;
