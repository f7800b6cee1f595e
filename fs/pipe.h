/*
 * pipe.h - pipes and fifos.
 */
#pragma once

#include <stdint.h>

#include "fs/file.h"

/* pipe_create - pipe2(2): @ends[0] to read, @ends[1] to write, each one reference.  @flags: O_NONBLOCK, O_DIRECT.  0, -ENOMEM. */
int pipe_create(struct file *ends[2], uint32_t flags) __must_check;

/* pipe_resize, pipe_capacity - fcntl(2)'s F_SETPIPE_SZ and F_GETPIPE_SZ: bytes, or -EBADF (not a pipe), -EBUSY, -EPERM, -EINVAL, -ENOMEM. */
long pipe_resize(struct file *f, uint32_t size) __must_check;
long pipe_capacity(struct file *f) __must_check;

/* The operations of an open fifo; its open finds or makes the pipe. */
extern const struct file_ops fifo_fops;
