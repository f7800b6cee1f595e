/*
 * splice.h - bytes between a pipe and a file, or two pipes, that no program's memory sees.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

struct file;
struct iter;

/*
 * Linux's flags, which no header of its own for programs has: all are allowed, one changes what
 * happens.
 */
#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_ALL	  15u

/*
 * splice_files - splice(2): at most @n bytes from @in to @out.  @in_pos, @out_pos: where, of a file
 * that is not a pipe; NULL: at its own position.  @nonblock: of the pipes.  Bytes (0: the end), or
 * -EBADF, -ESPIPE, -EINVAL, -EAGAIN, -EPIPE, -ERESTARTSYS, -ENOMEM, and what the file's read or
 * write says.  Sleeps.
 */
long splice_files(struct file *in, uint64_t *in_pos, struct file *out, uint64_t *out_pos, size_t n,
		  bool nonblock) __must_check;

/*
 * splice_from_user - vmsplice(2) into the pipe @out: as much as there is room for; it waits, unless
 * @nonblock, for there to be any. Bytes, or -EPIPE, -EAGAIN, -ERESTARTSYS, -EFAULT, -ENOMEM.
 */
long splice_from_user(struct file *out, struct iter *from, bool nonblock) __must_check;

/* splice_reads, splice_writes - is it a file that splice(2) and sendfile(2) take from, give to? */
bool splice_reads(const struct file *f);
bool splice_writes(const struct file *f);

/*
 * splice_stream - sendfile(2) from a file without positions: only into a pipe, which keeps what was
 * read.  As splice_files.
 */
long splice_stream(struct file *in, struct file *out, size_t n) __must_check;

/* splice_tee - tee(2): at most @n bytes of what is in pipe @in also into pipe @out. */
long splice_tee(struct file *in, struct file *out, size_t n, bool nonblock) __must_check;
