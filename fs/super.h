/*
 * super.h - file systems on block devices, one superblock a device: how they are made for mount(2),
 * found by those who write them back, and end with the last mount.
 *
 * sb->hold (mutex) is outside of all locks of inodes: who has it and sees sb->alive may use the
 * superblock, which is not unmounted meanwhile.  It is not needed by those who have a path to it.
 */
#pragma once

#include <stdint.h>

#include "fs/mount_ops.h"

/*
 * super_mount - the root of the file system of type @t on the block device @source, with a
 * reference to the dentry and one mount counted for the caller, who gives it up by super_unmount.
 * @ms: MS_*.  err_ptr(-EINVAL: no source, or not such a file system; -ENOTBLK, -ENXIO, -EACCES,
 * -EBUSY, -EIO, -ENOMEM and what path_lookup answers).  May sleep, without mount_lock.
 */
struct dentry *super_mount(const struct fs_type *t, const char *source, uint32_t ms,
			   char *options) __must_check;
/* super_mount_device - the same by the device's number. */
struct dentry *super_mount_device(const struct fs_type *t, uint32_t number, uint32_t ms,
				  char *options) __must_check;
/*
 * super_unmount - one mount less of any superblock; with the last the file system goes, after all
 * has been written.  May sleep.
 */
void super_unmount(struct superblock *sb);
/*
 * super_remount - MS_REMOUNT of one on a disk: read-only or not by @ms, with @options.  0, -EBUSY,
 * -EACCES (the device is read-only), and what the file system says.
 */
int super_remount(struct superblock *sb, uint32_t ms, char *options) __must_check;
/*
 * super_set_read_only - any superblock is, or is not.  0, -EBUSY: a file is open for writing.  Does
 * not sleep.
 */
int super_set_read_only(struct superblock *sb, bool on) __must_check;
/*
 * super_next - the one behind @sb (NULL: the first) among all on disks, or (@meta not NULL) on that
 * device, held: it is not unmounted until super_next or super_release of it; NULL: there are no
 * more.  @sb is released.  May sleep, but of other devices' mounts nothing is waited for.
 */
struct superblock *super_next(struct superblock *sb, const struct file_cache *meta);
void super_release(struct superblock *sb);
