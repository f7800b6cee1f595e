/*
 * writeback.c - inodes that have changed are written to their places.
 *
 * Invariant (dirty_lock): a dirty inode is in its superblock's list, which holds no reference to
 * it: who frees it calls inode_clean first.
 */
#include "block/device.h"
#include "block/io.h"
#include "fs/cache.h"

static struct spinlock dirty_lock = SPINLOCK_INIT;
static struct wait_queue written = WAIT_QUEUE_INIT(written);

void inode_dirty(struct inode *inode)
{
	if (!inode->sb->disk)
		return;
	/*
	 * What was changed is seen before `dirty` is looked at: the task that is writing it clears
	 * that first, and reads the fields then.
	 */
	dmb(ish);
	if (READ_ONCE(inode->dirty))
		return;
	spin_lock(&dirty_lock);
	if (!inode->dirty) {
		inode->dirty = true;
		list_add_tail(&inode->sb->dirty_inodes, &inode->dirty_link);
	}
	spin_unlock(&dirty_lock);
}

/* @inode, dirty and not being written, is the caller's to write; dirty_lock held. */
static void take_dirty(struct inode *inode)
{
	inode->dirty = false;
	list_del(&inode->dirty_link);
	inode->being_written = true;
}

/* Writes what take_dirty has taken. */
static int write_taken(struct inode *inode)
{
	const struct disk_ops *disk = inode->sb->disk;
	int err;

	dmb(ish); /* see inode_dirty */
	err = disk->write ? disk->write(inode) : 0;
	if (err == -ENOMEM)
		inode_dirty(inode);
	spin_lock(&dirty_lock);
	inode->being_written = false;
	spin_unlock(&dirty_lock);
	wake_up(&written);
	return err;
}

/* dirty_lock held, and again when it returns. */
static void wait_until_written(struct inode *inode)
{
	while (inode->being_written) {
		spin_unlock(&dirty_lock);
		wait_event(&written, !READ_ONCE(inode->being_written));
		spin_lock(&dirty_lock);
	}
}

int inode_write_now(struct inode *inode)
{
	bool dirty;

	if (!inode->sb->disk)
		return 0;
	spin_lock(&dirty_lock);
	wait_until_written(inode);
	dirty = inode->dirty;
	if (dirty)
		take_dirty(inode);
	spin_unlock(&dirty_lock);
	return dirty ? write_taken(inode) : 0;
}

void inode_clean(struct inode *inode, bool write)
{
	int err = 0;

	if (inode->cache)
		cache_end(inode->cache, write);
	if (write)
		err = inode_write_now(inode);
	if (err)
		pr_err("%s: inode %lu could not be written: %d\n", inode->sb->type,
		       (unsigned long)inode->ino, err);
	spin_lock(&dirty_lock);
	wait_until_written(inode);
	if (inode->dirty)
		list_del(&inode->dirty_link);
	inode->dirty = false;
	spin_unlock(&dirty_lock);
}

__attribute__((weak)) int cache_sync(struct superblock *sb, bool wait)
{
	struct list_node *dirty = &sb->dirty_inodes;
	int err = 0;

	spin_lock(&dirty_lock);
	while (!list_empty(dirty)) {
		struct inode *inode = list_first(dirty, struct inode, dirty_link);

		wait_until_written(inode);
		if (!inode->dirty)
			continue;
		take_dirty(inode);
		spin_unlock(&dirty_lock);
		err = write_taken(inode) ?: err;
		spin_lock(&dirty_lock);
		if (err == -ENOMEM)
			break;
	}
	spin_unlock(&dirty_lock);
	if (sb->disk->sync)
		err = sb->disk->sync(sb) ?: err;
	if (sb->meta)
		err = cache_write_range(sb->meta, 0, UINT64_MAX, wait) ?: err;
	return err ?: block_flush(sb->dev_block);
}
