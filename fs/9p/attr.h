/*
 * attr.h - files of a 9P server as fs/ sees them, and their attributes.
 *
 * An inode is made at each lookup of a name that nobody uses, and goes with its last user: nothing
 * is remembered of what the server may change.  Its fid is never opened; each file has its own.
 */
#pragma once

#include "fs/9p/calls.h"
#include "fs/cache.h"

struct p9_inode {
	struct inode inode;
	struct file_cache cache; /* of a regular file */
	struct p9_fid *fid;
	/* Open for reading, for writing: pages go by these.  Set once, by the first such file. */
	struct p9_fid *reader, *writer;
	struct p9_fid *fresh; /* open since the file was made, for the open that follows; atomic */
};

/* A mount. */
struct p9_fs {
	struct superblock sb;
	struct p9_session *session;
	struct p9_fid *root; /* the inode's */
	bool cached;	    /* read and write go by the page cache, and shared mappings may write */
	uint32_t uid;	    /* by which the server knows us */
	uint32_t only_uid;  /* the session's, once it is mounted */
	const char *access; /* NULL: only_uid's */
	char uname[32], aname[256];
};

static inline struct p9_inode *p9_inode(struct inode *inode)
{
	return container_of(inode, struct p9_inode, inode);
}

static inline struct p9_fs *p9_fs(const struct inode *inode)
{
	return container_of(inode->sb, struct p9_fs, sb);
}

/*
 * p9_take_attr - @inode's fields are @a's from now on: 0, or -ESTALE (another type), -ENOMEM.
 * inode->lock is held, or nobody knows it yet.
 */
int p9_take_attr(struct inode *inode, const struct p9_attr *a) __must_check;
/*
 * p9_set_size - the server's file has @size: what is cached of it is not so any more, but for what
 * is mapped.  inode->lock is held, or nobody knows it yet; nothing is dirty.
 */
int p9_set_size(struct inode *inode, uint64_t size) __must_check;
/* p9_inode_refresh - inode_ops.refresh, with inode->lock held. */
int p9_inode_refresh(struct inode *inode);
