/*
 * lock_ops.h - advisory locks as fcntl(2) and flock(2) ask for them; the locks are lock.h's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/fcntl.h"
#include "lib/util.h"

struct file;

/*
 * file_get_lock - F_GETLK, F_OFD_GETLK (@ofd): what stands in the way of @l becomes *@l.  0,
 * -EINVAL, -EOVERFLOW.
 * file_set_lock - F_SETLK and its kin by descriptor @fd; @wait: until it can be had.  0, -EBADF, or
 * what the two other functions say.
 */
int file_get_lock(struct file *f, struct flock *l, bool ofd) __must_check;
int file_set_lock(struct file *f, int fd, const struct flock *l, bool ofd, bool wait) __must_check;

/*
 * file_lock_whole - flock(2): @cmd is LOCK_*, which is looked at first; @f may be NULL.  0,
 * -EINVAL, -EBADF, or what lock_set() says.
 */
int file_lock_whole(struct file *f, uint32_t cmd) __must_check;
