/*
 * pipe.h - pipes and fifos.
 */
#pragma once

#include <stdint.h>

#include "fs/file.h"

/*
 * What who has neither CAP_SYS_RESOURCE nor CAP_SYS_ADMIN may have, as in Linux: bytes that a pipe
 * may be made to hold; pages that the rings of all pipes of a user may have before new ones get
 * two, and before there are none.  0: no limit.  /proc/sys/fs/pipe-max-size, pipe-user-pages-soft,
 * -hard.
 */
struct pipe_limits {
	uint32_t size;
	uint64_t soft, hard;
};
extern struct pipe_limits pipe_limits;

/* pipe_set_max_size - @size, rounded up to a size that a pipe can have.  0, -EINVAL. */
int pipe_set_max_size(uint64_t size) __must_check;

/*
 * pipe_create - pipe2(2): @ends[0] to read, @ends[1] to write, each one reference.  @flags:
 * O_NONBLOCK, O_DIRECT.  0, -ENOMEM, -ENFILE.
 */
int pipe_create(struct file *ends[2], uint32_t flags) __must_check;

/*
 * pipe_resize, pipe_capacity - fcntl(2)'s F_SETPIPE_SZ and F_GETPIPE_SZ: bytes, or -EBADF (not a
 * pipe), -EBUSY, -EPERM, -EINVAL, -ENOMEM.
 */
long pipe_resize(struct file *f, uint32_t size) __must_check;
long pipe_capacity(struct file *f) __must_check;

/* The operations of an open fifo; its open finds or makes the pipe. */
extern const struct file_ops fifo_fops;
