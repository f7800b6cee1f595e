/*
 * sysfs.h - /sys: directories, small text files and links that the kernel makes and takes away.
 *
 * Reading a file makes its text anew (at most a page); writing hands a text of at most a page to
 * the kernel.  Lock: one of its own.  All may sleep.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/owner.h"

#define SYSFS_TEXT_MAX 4096

struct sysfs_node;

/* What a file says and takes.  @arg: as given to sysfs_file.  NULL: not readable, not writable. */
struct sysfs_file_ops {
	/* show - the text into @buf of SYSFS_TEXT_MAX bytes; how many bytes, or -errno. */
	long (*show)(void *arg, char *buf);
	/* store - @text, terminated, @len bytes.  0: all taken, or -errno. */
	int (*store)(void *arg, char *text, size_t len);
};

/*
 * sysfs_root, sysfs_dir, sysfs_file - /sys itself; a new directory, a new file in @parent.  @name
 * is copied, 1 to 255 bytes without a slash; @mode: permissions alone; @owner: whose code @ops is
 * (NULL: the kernel's).  NULL: no memory, or the name is there.
 */
struct sysfs_node *sysfs_root(void);
struct sysfs_node *sysfs_dir(struct sysfs_node *parent, const char *name) __must_check;
struct sysfs_node *sysfs_file(struct sysfs_node *parent, const char *name, uint32_t mode,
			      const struct sysfs_file_ops *ops, void *arg,
			      struct owner *owner) __must_check;
/*
 * sysfs_remove - @node (NULL is fine) and all below it are gone: no show or store runs any more
 * when this returns, and none will; an open file of it answers -ENODEV.
 */
void sysfs_remove(struct sysfs_node *node);

/* sysfs_init - mount(2) knows "sysfs".  Boot core. */
void sysfs_init(void);
