/* mount_ops.h - what changes the tree of mounts; the callers have found current to be root. */
#pragma once

#include <stdint.h>

#include "fs/mount.h"

/* What mount(2) can mount. */
struct fs_type {
	const char *name;
	/*
	 * mount - a new file system, or the only one of its kind again.  @options: comma-separated,
	 * may be cut up.
	 * Return: its root's dentry with a reference, or err_ptr(-EINVAL, -ENOMEM).
	 */
	struct dentry *(*mount)(char *options);
	/*
	 * mount_from - the same for what is not on a block device and asks for its source (9p).
	 * @flags: SB_RDONLY.
	 */
	struct dentry *(*mount_from)(const char *source, uint32_t flags, char *options);
	const struct disk_fs *disk; /* of one on a block device; then the two above are NULL */
	struct fs_type *next;	    /* mount_ops.c's own */
};

/* What a file system on a block device gives to be mounted: the mount does the rest. */
struct disk_fs {
	/*
	 * fill - @sb (its device held and cached; flags: SB_RDONLY or not; block_size 1024 until
	 * fill sets it) is read: all that struct superblock asks for is filled in, or nothing is
	 * left behind. @options may be cut up.  @silent: no line in the log if it is another file
	 * system's. 0; -EINVAL: it is none of ours, or of a kind that is refused by a line that
	 * names the feature; -EIO, -ENOMEM; -EROFS: only read-only.  May sleep.
	 */
	int (*fill)(struct superblock *sb, char *options, bool silent);
};

/*
 * fs_register - @type can be mounted from now on; kept.  Boot core, before the first task.
 * fs_types - the first of them.
 */
void fs_register(struct fs_type *type);
const struct fs_type *fs_types(void);

/*
 * vfs_mount - mount(2).  @source, @type, @options may be NULL; @options is cut up.  0, or -EINVAL,
 * -ENODEV, -EBUSY, -ENOTDIR, -ELOOP, -ENOMEM, -ENOSPC and what path_lookup answers.
 */
int vfs_mount(const char *source, const struct path *on, const char *type, uint32_t flags,
	      char *options) __must_check;
/* vfs_umount - umount2(2): @p's reference is dropped in any case.  0, -EINVAL, -EBUSY, -EAGAIN. */
int vfs_umount(const struct path *p, uint32_t flags) __must_check;
/*
 * vfs_umount_from - the kernel has removed @d, which the caller holds: what is mounted on it goes
 * from the tree, as with MNT_DETACH.  May sleep.
 */
void vfs_umount_from(const struct dentry *d);
/* fs.mount-max: -ENOSPC beyond. */
extern uint32_t mounts_max;
/*
 * mounts_hold, mounts_release - between them no mount is attached, moved or taken away.  May sleep.
 */
void mounts_hold(void);
void mounts_release(void);
/* vfs_pivot_root - pivot_root(2).  0, -EBUSY, -EINVAL, -ENOENT. */
int vfs_pivot_root(const struct path *new_root, const struct path *put_old) __must_check;
