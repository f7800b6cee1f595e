/*
 * anon.h - files without a name: what eventfd2(2), epoll_create1(2) and their kin make.
 */
#pragma once

#include <stdint.h>

#include "fs/file.h"

/*
 * anon_file - an open file, for reading and writing, that is no inode's of any file system: all
 * such share one.
 * @flags: O_RDWR or O_RDONLY, O_NONBLOCK.  @private: of @ops.  Return: the file, one reference;
 * err_ptr(-ENFILE, -ENOMEM).
 */
struct file *anon_file(const struct file_ops *ops, void *private, uint32_t flags) __must_check;

/*
 * anon_add - the same, in the lowest free descriptor of current.  @flags: O_CLOEXEC too.
 * Return: the descriptor, or -ENOMEM, -EMFILE, -ENFILE: then @private is the caller's as before.
 */
int anon_add(const struct file_ops *ops, void *private, uint32_t flags) __must_check;

/* anon_release - for file_ops, where the file's private is one piece of memory and no more. */
void anon_release(struct file *f);
