/*
 * tmpfs_file.h - what a file in RAM holds, for tmpfs.c, which gives it its names.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/file.h"

/* What mount(2) may choose. */
struct tmpfs_options {
	uint64_t max_pages, max_inodes; /* UNLIMITED: they are not counted against anything */
	uint32_t mode, uid, gid;	/* of the root directory */
	bool sized, counted;		/* max_pages, max_inodes were asked for */
};

#define UNLIMITED UINT64_MAX

struct tmpfs {
	struct superblock sb;
	/* One for the mounts, one for each inode: a mapping may outlive the mount. */
	struct ref refs;
	struct tmpfs_options o;
	uint64_t pages, inodes; /* atomic */
	uint64_t xattr_bytes;	/* of user.* attributes; atomic */
	struct dentry *root;
};

struct tmpfs_inode {
	struct inode inode;
	struct vm_object object; /* of a regular file */
	uint64_t charged;	 /* pages of it that are in tmpfs->pages; object.lock */
	uint64_t entries;	 /* names in a directory */
	char *target;		 /* of a symbolic link */
	struct list_node xattrs; /* fs/ramxattr.h */
	uint64_t xattr_bytes;	 /* that are in tmpfs->xattr_bytes; inode.lock */
	struct charge *charge;	 /* of its maker; its pages are charged to the same */
};

/* What an inode costs with its name, about. */
#define TMPFS_CHARGE (sizeof(struct tmpfs_inode) + sizeof(struct dentry) + CHARGE_SMALL)

static inline struct tmpfs_inode *tmpfs_inode_of(struct inode *inode)
{
	return container_of(inode, struct tmpfs_inode, inode);
}

static inline struct tmpfs *tmpfs_of(const struct tmpfs_inode *ti)
{
	return container_of(ti->inode.sb, struct tmpfs, sb);
}

/* tmpfs_file_init - @ti, a new regular file, holds nothing yet. */
void tmpfs_file_init(struct tmpfs_inode *ti);

/* tmpfs_inode_free - it is not in use any more.  tmpfs_put - a reference to the file system. */
void tmpfs_inode_free(struct tmpfs_inode *ti);
void tmpfs_put(struct tmpfs *fs);

/* inode_ops.truncate and allocate. */
int tmpfs_truncate(struct inode *inode, uint64_t size);
int tmpfs_allocate(struct inode *inode, uint32_t mode, uint64_t from, uint64_t len);

/* tmpfs_pages - how many pages all files in RAM have (/proc/meminfo). */
uint64_t tmpfs_pages(void);
