/*
 * memfd.h - files without a name whose pages are memory, and the seals that keep them as they are:
 * memfd_create(2).
 */
#pragma once

#include "fs/file.h"

#define MEMFD_NAME_MAX 249 /* bytes, without the NUL */

/*
 * memfd_file - an empty file known as "memfd:@name" (@len bytes), open for reading and writing;
 * @flags: MFD_*.  err_ptr(-ENOMEM, -ENOSPC).
 */
struct file *memfd_file(const char *name, size_t len, uint32_t flags) __must_check;

/*
 * memfd_seals - fcntl(2)'s F_GET_SEALS: F_SEAL_*, or -EINVAL: not a file in RAM.  memfd_seal -
 * F_ADD_SEALS: 0, -EPERM, -EINVAL, -EBUSY.
 */
int memfd_seals(const struct file *f) __must_check;
int memfd_seal(struct file *f, uint32_t seals) __must_check;
