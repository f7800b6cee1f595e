/*
 * open.h - from a path to an open file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/file.h"

/* Of block special files: fs/blockdev/ sets it at boot.  open finds the device by inode->rdev. */
extern const struct file_ops *block_file_ops;

/*
 * Settings of proc_sys_fs(5): files and fifos of others in a directory such as /tmp are not opened
 * with O_CREAT.  1: where everybody may write; 2: where a group may, too.
 */
extern uint32_t protected_regular, protected_fifos;

/* vfs_open_flags_ok - may these O_* go together?  else -EINVAL. */
bool vfs_open_flags_ok(uint32_t flags);
/*
 * vfs_open - open(2): an open file with one reference, or err_ptr(-errno).  @flags: O_*, checked;
 * @mode: before the umask. May sleep (a fifo waits for its other end).
 */
struct file *vfs_open(int dirfd, const char *name, uint32_t flags, uint32_t mode) __must_check;
/* vfs_open_within - the same, with @resolve: RESOLVE_*; also -EXDEV, -EAGAIN. */
struct file *vfs_open_within(int dirfd, const char *name, uint32_t flags, uint32_t mode,
			     uint32_t resolve) __must_check;
/* vfs_open_path - open what was found, without asking for permission; err_ptr(-errno). */
struct file *vfs_open_path(const struct path *path, uint32_t flags) __must_check;
/* vfs_open_exec - open a program: a regular file that current may execute; err_ptr(-EACCES …). */
struct file *vfs_open_exec(int dirfd, const char *name, unsigned int walk_flags) __must_check;

/*
 * vfs_open_console - current, the first user task, gets a table whose 0, 1 and 2 are /dev/console,
 * and the root and working directory "/".  0 or -errno: without a console the table is there, but
 * empty.
 */
int vfs_open_console(void) __must_check;
