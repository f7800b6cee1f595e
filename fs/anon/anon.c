/*
 * anon.c - the inode that files without a name share.
 *
 * Comes from eventfd.c, epoll.c, signalfd.c.  Invariant: the inode is made at its first use and
 * never goes.
 */
#include "fs/anon/anon.h"
#include "fs/fdtable.h"

#include "mm/slab.h"

#define ANON_INODE_FS_MAGIC 0x09041934

static const struct inode_ops anon_inode_ops = { .readlink = NULL };

static struct inode *anon_inode(void)
{
	static struct superblock sb = { .type = "anon_inodefs", .magic = ANON_INODE_FS_MAGIC };
	static struct mutex lock = MUTEX_INIT(lock);
	static struct inode inode;

	if (unlikely(!load_acquire(&inode.ops))) {
		mutex_lock(&lock);
		if (!inode.ops) {
			inode_init(&inode, &sb, NULL, 0600);
			inode.uid = inode.gid = 0;
			/* Last: a task that sees ops without the lock uses the whole inode. */
			store_release(&inode.ops, &anon_inode_ops);
		}
		mutex_unlock(&lock);
	}
	inode_get(&inode);
	return &inode;
}

struct file *anon_file(const struct file_ops *ops, void *private, uint32_t flags)
{
	struct inode *inode = anon_inode();
	struct file *f = file_new(ops, inode, file_mode(flags), flags);

	if (is_err(f))
		inode_put(inode);
	else
		f->private = private;
	return f;
}

int anon_add(const struct file_ops *ops, void *private, uint32_t flags)
{
	int fd = fd_reserve(0, flags & O_CLOEXEC);

	return fd < 0 ? fd : fd_finish(fd, anon_file(ops, private, flags & ~(uint32_t)O_CLOEXEC));
}

void anon_release(struct file *f)
{
	kfree(f->private);
}
