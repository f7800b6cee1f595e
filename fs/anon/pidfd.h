/*
 * pidfd.h - a process as a file: pidfd_open(2), CLONE_PIDFD.
 */
#pragma once

#include "fs/file.h"

struct process;

/*
 * pidfd_file - an open file, one reference, that is readable (POLLIN) once @p has ended; it holds a
 * reference of its own.  @p may be NULL and set later, by pidfd_set(), before another task can find
 * the file.  @flags: O_NONBLOCK or 0.  err_ptr(-ENFILE, -ENOMEM).
 */
struct file *pidfd_file(struct process *p, uint32_t flags) __must_check;
void pidfd_set(struct file *f, struct process *p);

/*
 * pidfd_process - the process that @f is, as long as @f is held; NULL: it is another sort of file.
 */
struct process *pidfd_process(const struct file *f);
