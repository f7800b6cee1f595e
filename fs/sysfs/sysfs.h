/*
 * sysfs.h - /sys: directories, small text files and links that the kernel makes and takes away.
 *
 *	static long show(void *arg, char *buf)
 *	{
 *		return scnprintf(buf, SYSFS_TEXT_MAX, "%u\n", READ_ONCE(*(uint32_t *)arg));
 *	}
 *	static const struct sysfs_file_ops ops = { .show = show };
 *	dir = sysfs_dir(sysfs_root(), "module");
 *	file = dir ? sysfs_file(dir, "count", 0444, &ops, &count, NULL) : NULL;
 *
 * A file's text is made when it is read from its beginning, and is read on from that copy; a write
 * hands one text to the kernel.  All may sleep.  Memory is charged to the process that asked.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arm/might_sleep.h"
#include "fs/owner.h"

#define SYSFS_TEXT_MAX 4096 /* bytes of a text, or piece; more is written by more than one write */

struct sysfs_node;

/* What a file says and takes.  @arg: as given to sysfs_file.  NULL: -EIO. */
struct sysfs_file_ops {
	/* show - the text into @buf of SYSFS_TEXT_MAX bytes; how many bytes, or -errno. */
	long (*show)(void *arg, char *buf);
	/*
	 * piece - in place of show, of a text of any length: the piece at *@at, which is 0 at its
	 * beginning, and becomes what the next is at.  0: there is no more.
	 */
	long (*piece)(void *arg, uint64_t *at, char *buf);
	/* store - @text, terminated, @len bytes.  0: all taken, or -errno. */
	int (*store)(void *arg, char *text, size_t len);
};

/*
 * sysfs_root, sysfs_dir, sysfs_file - /sys itself; a new directory, a new file in @parent.  @name
 * is copied, 1 to 255 bytes without a slash; @mode: permissions alone; @ops is kept; @owner: whose
 * code it is (NULL: the kernel's), held while it runs.  NULL: no memory, or the name is there.
 * sysfs_link - a symbolic link to @target, which is relative, and stays when @target goes.
 */
struct sysfs_node *sysfs_root(void);
struct sysfs_node *sysfs_dir(struct sysfs_node *parent, const char *name) __must_check;
struct sysfs_node *sysfs_file(struct sysfs_node *parent, const char *name, uint32_t mode,
			      const struct sysfs_file_ops *ops, void *arg,
			      struct owner *owner) __must_check;
struct sysfs_node *sysfs_link(struct sysfs_node *parent, const char *name,
			      struct sysfs_node *target) __must_check;
/*
 * sysfs_dirs - the directory @path ("devices/virtual/block") below @parent; those of it that are
 * missing are made.  For what several parts share, and nobody removes.  NULL: no memory.
 */
struct sysfs_node *sysfs_dirs(struct sysfs_node *parent, const char *path) __must_check;
/*
 * sysfs_remove - @node (NULL is fine) and all below it are gone: no show or store runs any more
 * when this returns, and none will; an open file of it answers -ENODEV; what is mounted on it is
 * unmounted.  Pointers to what was below it mean nothing any more.  Not from a show or store of it;
 * nobody makes anything in it meanwhile.
 */
void sysfs_remove(struct sysfs_node *node);
#ifdef MODULE
#define sysfs_dir(parent, name)		 (might_sleep(), (sysfs_dir)(parent, name))
#define sysfs_link(parent, name, target) (might_sleep(), (sysfs_link)(parent, name, target))
#define sysfs_file(parent, name, mode, ops, arg, owner) \
	(might_sleep(), (sysfs_file)(parent, name, mode, ops, arg, owner))
#define sysfs_remove(node) (might_sleep(), (sysfs_remove)(node))
#endif

/*
 * sysfs_on_mount - @fill is called when sysfs is mounted for the first time: it makes what nobody
 * can look at before, and the boot need not wait for.  One at a time, in the order in which they
 * were named; may sleep.  0; or -errno, which mount(2) answers: @fill has left nothing behind then,
 * and is called again by the next mount.  Boot core.
 */
#define SYSFS_FILLS 4
void sysfs_on_mount(int (*fill)(void));

/* sysfs_init - mount(2) knows "sysfs".  Boot core. */
void sysfs_init(void);
