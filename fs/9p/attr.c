/*
 * attr.c - the attributes of a 9P server's files, which it is asked for whenever they are told.
 *
 * Invariant: the type of an inode never changes, whatever the server says of the file later.
 */
#include "fs/9p/attr.h"

#include "abi/stat.h"
#include "fs/cache_page.h"

/*
 * May the size be another than the server's?  Of a file that is being written by way of the page
 * cache: what is dirty has not got there yet.
 */
static bool size_is_ours(const struct inode *inode)
{
	return p9_fs(inode)->cached && READ_ONCE(inode->writers) > 0;
}

int p9_set_size(struct inode *inode, uint64_t size)
{
	struct file_cache *c = inode->cache;
	uint64_t end = ALIGN_UP(size, (uint64_t)PAGE_SIZE);
	int err = 0;

	/* By whole pages: of one in part the cache would write zeros behind its end. */
	if (end < inode_size(inode))
		err = cache_resize(c, end);
	if (!err)
		cache_set_size(c, size);
	cache_drop(c);
	return err;
}

int p9_take_attr(struct inode *inode, const struct p9_attr *a)
{
	bool changed = a->mtime.sec != inode->mtime.sec || a->mtime.nsec != inode->mtime.nsec;
	int err = 0;

	if ((a->mode ^ inode->mode) & S_IFMT)
		return -ESTALE;
	WRITE_ONCE(inode->mode, a->mode);
	inode->uid = a->uid;
	inode->gid = a->gid;
	inode->nlink = (uint32_t)min(a->nlink, (uint64_t)UINT32_MAX);
	inode->rdev = a->rdev;
	inode->blocks = a->blocks;
	inode->ino = a->ino;
	inode->atime = a->atime;
	inode->mtime = a->mtime;
	inode->ctime = a->ctime;
	inode->btime = a->btime;
	if (!inode->object)
		WRITE_ONCE(inode->size, a->size);
	else if (!size_is_ours(inode) && (changed || a->size != inode_size(inode)))
		err = p9_set_size(inode, a->size);
	return err;
}

int p9_inode_refresh(struct inode *inode)
{
	struct p9_inode *p = p9_inode(inode);
	struct p9_fid *fid = load_acquire(&p->writer) ?: load_acquire(&p->reader);
	struct p9_attr a;
	int err = 0;

	/* What was written by files that are closed goes first, or the size is too small. */
	if (inode->cache && p9_fs(inode)->cached && !size_is_ours(inode))
		err = cache_write_range(&p->cache, 0, UINT64_MAX, true);
	/* By an open one, if there is: the file may have lost its name. */
	return err ?: p9_getattr(fid ? fid : p->fid, &a) ?: p9_take_attr(inode, &a);
}
