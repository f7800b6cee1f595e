/*
 * ioctl.c - what chattr(1), lsattr(1) and fstrim(8) ask of an ext2.
 *
 * Comes from sys/file/ioctl.c, the argument is kernel memory.
 */
#include "abi/stat.h"
#include "fs/ext2/alloc.h"
#include "fs/ext2/inode.h"
#include "fs/ext2/ioctl.h"
#include "task/cap.h"

const struct ioctl_command ext2_commands[] = {
	{ FS_IOC_GETFLAGS, sizeof(uint32_t), IOCTL_OUT },
	{ FS_IOC_SETFLAGS, sizeof(uint32_t), IOCTL_IN },
	{ FS_IOC_GETVERSION, sizeof(uint32_t), IOCTL_OUT },
	{ FS_IOC_SETVERSION, sizeof(uint32_t), IOCTL_IN },
	{ FITRIM, sizeof(struct fstrim_range), IOCTL_INOUT },
	{ 0 },
};

/* May current change what only the owner may? */
static int check_owner(const struct file *f)
{
	if (inode_read_only(f->inode, f->path.mnt))
		return -EROFS;
	return inode_owned(current_cred(), f->inode) ? 0 : -EPERM;
}

static int set_inode_flags(struct inode *inode, uint32_t flags)
{
	struct ext2_inode *ei = ext2_of(inode);
	uint32_t old = ei->flags;

	if (flags & ~EXT2_FL_VISIBLE || flags != ext2_mask_flags(inode->mode, flags))
		return -EOPNOTSUPP;
	if ((flags ^ old) & (EXT2_APPEND_FL | EXT2_IMMUTABLE_FL) && !capable(CAP_LINUX_IMMUTABLE))
		return -EPERM;
	/* Blocks are not turned into extents: where it can be written, there are none. */
	if ((flags ^ old) & EXT2_EXTENTS_FL)
		return -EINVAL;
	mutex_lock(&ei->lock);
	ei->flags = (flags & EXT2_FL_MODIFIABLE) | (old & ~EXT2_FL_MODIFIABLE);
	ext2_flags_changed(ei);
	mutex_unlock(&ei->lock);
	inode->ctime = vfs_now();
	inode_dirty(inode);
	return 0;
}

static int change(struct file *f, uint32_t cmd, uint32_t value)
{
	struct inode *inode = f->inode;
	int err = check_owner(f);

	if (err)
		return err;
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	if (cmd == FS_IOC_SETFLAGS) {
		err = set_inode_flags(inode, value);
	} else {
		ext2_of(inode)->generation = value;
		inode->ctime = vfs_now();
		inode_dirty(inode);
	}
	mutex_unlock(&inode->lock);
	return err;
}

static int trim(struct file *f, struct fstrim_range *range)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (inode_read_only(f->inode, f->path.mnt))
		return -EROFS;
	return ext2_trim(f->inode->sb, range);
}

long ext2_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	struct ext2_inode *ei = ext2_of(f->inode);

	switch (cmd) {
	case FS_IOC_GETFLAGS: *(uint32_t *)arg = ei->flags & EXT2_FL_VISIBLE; return 0;
	case FS_IOC_GETVERSION: *(uint32_t *)arg = ei->generation; return 0;
	case FS_IOC_SETFLAGS:
	case FS_IOC_SETVERSION: return change(f, cmd, *(uint32_t *)arg);
	case FITRIM: return trim(f, arg);
	default: return -ENOTTY;
	}
}
