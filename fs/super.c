/*
 * super.c - file systems on block devices: from mount(2) to the last umount(2).
 *
 * Comes from mount_ops.c and mount.c, goes to disk_fs.fill and disk_ops.  Invariants: a device has
 * one superblock of a kind, which has the device for itself; one that is alive has a mount (or a
 * call of mount(2) that is on its way); it is freed when nobody looks at it any more.
 */
#include "block/device.h"
#include "block/io.h"
#include "fs/super.h"

#include "abi/mount.h"
#include "abi/stat.h"
#include "fs/bdev.h"
#include "fs/cache.h"
#include "fs/icache.h"
#include "fs/walk.h"
#include "mm/slab.h"

static struct spinlock supers_lock = SPINLOCK_INIT;
static struct list_node supers = LIST_INIT(supers);

/* One look less at @sb. */
static void unlook(struct superblock *sb)
{
	bool last;

	spin_lock(&supers_lock);
	last = --sb->refs == 0;
	if (last)
		list_del(&sb->link);
	spin_unlock(&supers_lock);
	if (last)
		kfree(sb);
}

void super_release(struct superblock *sb)
{
	mutex_unlock(&sb->hold);
	unlook(sb);
}

/* The first from @at on that lies on @meta's device, if not NULL; supers_lock is held. */
static struct superblock *super_from(struct list_node *at, const struct file_cache *meta)
{
	for (; at != &supers; at = at->next) {
		struct superblock *sb = list_entry(at, struct superblock, link);

		if (!meta || READ_ONCE(sb->meta) == meta)
			return sb;
	}
	return NULL;
}

struct superblock *super_next(struct superblock *sb, const struct file_cache *meta)
{
	for (;;) {
		struct superblock *was = sb;

		spin_lock(&supers_lock);
		sb = super_from(was ? was->link.next : supers.next, meta);
		if (sb)
			sb->refs++;
		spin_unlock(&supers_lock);
		if (was)
			super_release(was);
		if (!sb)
			return NULL;
		mutex_lock(&sb->hold);
		if (sb->alive)
			return sb;
	}
}

/* ---- mount ---- */

/*
 * The superblock of kind @t on the device @number, looked at; or @fresh, which is that from now
 * on.
 */
static struct superblock *find_or_add(const struct fs_type *t, uint32_t number,
				      struct superblock *fresh)
{
	struct superblock *sb, *found = NULL;

	spin_lock(&supers_lock);
	list_for_each(sb, &supers, link)
		if (sb->fs == t && sb->dev == number)
			found = sb;
	if (found)
		found->refs++;
	else
		list_add_tail(&supers, &fresh->link);
	spin_unlock(&supers_lock);
	return found ? found : fresh;
}

static void end_super(struct superblock *sb);

/* A superblock that only its maker knows, and holds. */
static struct superblock *new_super(const struct fs_type *t, uint32_t number, uint32_t ms)
{
	struct superblock *sb = kzalloc(sizeof(*sb));

	if (!sb)
		return NULL;
	*sb = (struct superblock){ .type = t->name,
				   .flags = ms & MS_RDONLY ? SB_RDONLY : 0,
				   .dev = number,
				   .next_ino = 1,
				   .block_size = 1024,
				   .sync = ms & MS_SYNCHRONOUS,
				   .dirsync = ms & (MS_SYNCHRONOUS | MS_DIRSYNC),
				   .put = icache_put,
				   .kill = end_super,
				   .fs = t,
				   .refs = 1 };
	list_init(&sb->dirty_inodes);
	mutex_init(&sb->hold);
	mutex_lock(&sb->hold);
	return sb;
}

/*
 * Its device is @sb's alone.  It is opened for writing even if the mount is not: it may become
 * writable.
 */
static int open_device(struct superblock *sb)
{
	struct block_device *dev = block_find(sb->dev);
	bool read_only;
	int err;

	if (!dev)
		return -ENXIO;
	read_only = READ_ONCE(dev->read_only);
	err = read_only && !(sb->flags & SB_RDONLY) ? -EACCES : 0;
	if (!err)
		err = bdev_open(dev, !read_only, sb);
	if (err) {
		block_put(dev);
		return err;
	}
	sb->dev_block = dev;
	sb->dev_writes = !read_only;
	sb->meta = dev->cache;
	return 0;
}

static void close_device(struct superblock *sb)
{
	bdev_close(sb->dev_block, sb->dev_writes, sb);
	block_put(sb->dev_block);
	sb->dev_block = NULL;
}

/* What is on its way to the device arrives there. */
static int flush_device(struct superblock *sb)
{
	int err = cache_write_range(sb->meta, 0, UINT64_MAX, true);

	return block_flush(sb->dev_block) ?: err;
}

static int make_disk_root(struct superblock *sb)
{
	struct inode *inode = inode_obtain(sb, sb->root_ino);

	if (is_err(inode))
		return (int)ptr_err(inode);
	if (!S_ISDIR(inode->mode)) {
		inode_put(inode);
		return -EUCLEAN;
	}
	sb->root = dentry_new(NULL, inode);
	if (!sb->root)
		return -ENOMEM;
	inode->dentry = sb->root; /* so that it is not found below itself */
	return 0;
}

/* All of it that is in memory goes, to the disk where it was changed. */
static void empty_super(struct superblock *sb)
{
	int err, flushed;

	if (sb->root)
		dentry_kill_tree(sb->root);
	err = cache_sync(sb, true);
	icache_empty(sb);
	if (sb->disk->unmount)
		sb->disk->unmount(sb);
	flushed = flush_device(sb);
	if (flushed)
		err = flushed;
	if (err)
		pr_err("%s (%s): not all could be written: %d\n", sb->type, sb->dev_block->name,
		       err);
}

static int fill_super(struct superblock *sb, char *options, uint32_t ms)
{
	int err = open_device(sb);

	if (err)
		return err;
	err = sb->fs->disk->fill(sb, options, ms & MS_SILENT);
	if (!err) {
		err = make_disk_root(sb);
		if (err) /* is that of the root */
			empty_super(sb);
	}
	if (err)
		close_device(sb);
	return err;
}

/*
 * One mount more of @sb, which is alive, and held until here.  The first one keeps the look at @sb
 * that its caller has, for end_super; for the others that goes.
 */
static struct dentry *count_mount(struct superblock *sb)
{
	struct dentry *root = sb->root;
	bool first;

	spin_lock(&dcache_lock);
	first = !sb->mounts++;
	root->refs++;
	spin_unlock(&dcache_lock);
	mutex_unlock(&sb->hold);
	if (!first)
		unlook(sb);
	return root;
}

/* The superblock of kind @t on @number, held and filled, or not alive (*@err says why). */
static struct superblock *obtain_super(const struct fs_type *t, uint32_t number, uint32_t ms,
				       char *options, int *err)
{
	struct superblock *fresh = new_super(t, number, ms), *sb;

	*err = -ENOMEM;
	if (!fresh)
		return NULL;
	sb = find_or_add(t, number, fresh);
	if (sb == fresh) {
		*err = fill_super(sb, options, ms);
		sb->alive = !*err;
		return sb;
	}
	kfree(fresh);
	/* Who fills it, or unmounts it, has it until that is done. */
	mutex_lock(&sb->hold);
	*err = sb->alive ? 0 : -EAGAIN;
	if (sb->alive && !(ms & MS_RDONLY) != !(sb->flags & SB_RDONLY))
		*err = -EBUSY;
	return sb;
}

struct dentry *super_mount_device(const struct fs_type *t, uint32_t number, uint32_t ms,
				  char *options)
{
	struct superblock *sb;
	int err;

	do {
		sb = obtain_super(t, number, ms, options, &err);
		if (!err)
			return count_mount(sb);
		if (sb)
			super_release(sb);
	} while (err == -EAGAIN && file_may_continue());
	return err_ptr(err);
}

static int find_source(const char *source, uint32_t *number)
{
	struct path p;
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = path_lookup(AT_FDCWD, source, WALK_FOLLOW, NULL, &p);
	if (err)
		return err;
	if (!S_ISBLK(p.dentry->inode->mode))
		err = -ENOTBLK;
	else if (p.mnt->flags & MNT_NODEV)
		err = -EACCES;
	*number = p.dentry->inode->rdev;
	path_put(&p);
	return err;
}

struct dentry *super_mount(const struct fs_type *t, const char *source, uint32_t ms, char *options)
{
	uint32_t number;
	int err = find_source(source, &number);

	return err ? err_ptr(err) : super_mount_device(t, number, ms, options);
}

/* ---- the end, and the changes before it ---- */

/* superblock.kill: the last mount has gone, a moment ago. */
static void end_super(struct superblock *sb)
{
	bool last;

	mutex_lock(&sb->hold);
	spin_lock(&dcache_lock);
	last = !sb->mounts; /* mount(2) may have come first */
	spin_unlock(&dcache_lock);
	if (last && sb->alive) {
		sb->alive = false;
		empty_super(sb);
		close_device(sb);
	}
	mutex_unlock(&sb->hold);
	unlook(sb);
}

void super_unmount(struct superblock *sb)
{
	bool last;

	spin_lock(&dcache_lock);
	last = --sb->mounts == 0;
	spin_unlock(&dcache_lock);
	if (last)
		end_super(sb);
}

int super_set_read_only(struct superblock *sb, bool on)
{
	int err = 0;

	/*
	 * The test and the flag are one step: path_want_write counts a new writer under the same
	 * lock.
	 */
	spin_lock(&dcache_lock);
	if (on && !(sb->flags & SB_RDONLY) && (sb->writers || READ_ONCE(sb->nameless)))
		err = -EBUSY;
	else if (on)
		atomic_or(&sb->flags, SB_RDONLY);
	else
		atomic_and(&sb->flags, ~SB_RDONLY);
	spin_unlock(&dcache_lock);
	return err;
}

static int remount_locked(struct superblock *sb, uint32_t ms, char *options)
{
	bool was = sb->flags & SB_RDONLY, read_only = ms & MS_RDONLY;
	int err = 0;

	if (!read_only && (READ_ONCE(sb->dev_block->read_only) || !sb->dev_writes))
		return -EACCES;
	if (read_only && !was) {
		err = super_set_read_only(sb, true);
		if (!err)
			err = cache_sync(sb, true);
	}
	if (!err && sb->disk->remount)
		err = sb->disk->remount(sb, read_only ? SB_RDONLY : 0, options);
	if (!err && read_only)
		err = flush_device(sb);
	if (!err && !read_only)
		err = super_set_read_only(sb, false);
	if (err && read_only && !was)
		atomic_and(&sb->flags, ~SB_RDONLY);
	return err;
}

int super_remount(struct superblock *sb, uint32_t ms, char *options)
{
	int err;

	mutex_lock(&sb->hold);
	err = remount_locked(sb, ms, options);
	if (!err) {
		sb->sync = ms & MS_SYNCHRONOUS;
		sb->dirsync = ms & (MS_SYNCHRONOUS | MS_DIRSYNC);
	}
	mutex_unlock(&sb->hold);
	return err;
}
