/*
 * inode.c - names of a 9P server's files, and what is set of them.
 *
 * Invariant: a name is the server's before it is in the cache.
 */
#include "fs/9p/inode.h"

#include "abi/stat.h"
#include "abi/xattr.h"
#include "fs/9p/file.h"
#include "lib/string.h"
#include "mm/slab.h"

static const struct inode_ops p9_inode_ops;

/* Tsetattr's valid. */
#define P9_SET_MODE	0x1u
#define P9_SET_UID	0x2u
#define P9_SET_GID	0x4u
#define P9_SET_SIZE	0x8u
#define P9_SET_ATIME	0x10u /* to the present, but for P9_SET_ATIME_TO */
#define P9_SET_MTIME	0x20u
#define P9_SET_ATIME_TO 0x80u
#define P9_SET_MTIME_TO 0x100u

/* ---- attributes ---- */

static int p9_refresh(struct inode *inode)
{
	int err;

	if (!p9_may_use(p9_fs(inode)->session))
		return -EPERM; /* by an open fid, too */
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	err = p9_inode_refresh(inode);
	mutex_unlock(&inode->lock);
	return err;
}

static int set_attr(struct p9_fid *f, uint32_t valid, const struct inode_attr *a, uint64_t size)
{
	return p9_rpc(f, P9_TSETATTR, "ddddqqqqq", valid, a->mode, a->uid, a->gid, size,
		      a->atime.sec, (uint64_t)a->atime.nsec, a->mtime.sec, (uint64_t)a->mtime.nsec);
}

static int p9_set_attr(struct inode *inode, struct inode_attr *a)
{
	/* These are the same. */
	uint32_t valid = a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_ATIME | ATTR_MTIME);

	valid |= valid & ATTR_ATIME ? P9_SET_ATIME_TO : 0;
	valid |= valid & ATTR_MTIME ? P9_SET_MTIME_TO : 0;
	return valid ? set_attr(p9_inode(inode)->fid, valid, a, 0) : 0;
}

static int p9_truncate(struct inode *inode, uint64_t size)
{
	struct p9_fid *fid = load_acquire(&p9_inode(inode)->writer) ?: p9_inode(inode)->fid;
	static const struct inode_attr none;
	int err;

	if (!p9_fs(inode)->cached)
		return set_attr(fid, P9_SET_SIZE, &none, size) ?: p9_set_size(inode, size);
	/* First here: else a page behind the new end could be written back, and make it longer. */
	err = cache_resize(inode->cache, size) ?: set_attr(fid, P9_SET_SIZE, &none, size);
	if (err)
		(void)p9_inode_refresh(inode); /* the size is the server's again */
	return err;
}

/* ---- inodes ---- */

static void p9_inode_free(struct inode *inode)
{
	struct p9_inode *p = p9_inode(inode);

	if (inode->cache)
		cache_end(&p->cache, inode->nlink != 0);
	p9_fid_put(p->reader);
	p9_fid_put(p->writer);
	p9_fid_put(p->fresh);
	p9_fid_put(p->fid);
	kfree(p);
}

struct inode *p9_inode_new(struct superblock *sb, struct p9_fid *fid)
{
	struct p9_inode *p = kzalloc(sizeof(*p));
	struct p9_attr a;
	int err = p ? p9_getattr(fid, &a) : -ENOMEM;

	if (err) {
		p9_fid_put(fid);
		kfree(p);
		return err_ptr(err);
	}
	inode_init(&p->inode, sb, NULL, a.mode);
	p->inode.ops = &p9_inode_ops;
	p->fid = fid;
	p->inode.mtime = a.mtime;
	if (S_ISREG(a.mode)) {
		cache_init(&p->cache, &p->inode, &p9_cache_ops, NULL, a.size);
		p->inode.fops =
			container_of(sb, struct p9_fs, sb)->cached ? &p9_cached_fops : &p9_fops;
	} else if (S_ISDIR(a.mode)) {
		p->inode.fops = &p9_dir_fops;
	}
	err = p9_take_attr(&p->inode, &a);
	if (!err)
		return &p->inode;
	inode_put(&p->inode);
	return err_ptr(err);
}

static struct inode *p9_find(struct inode *dir, const struct name *name)
{
	struct p9_fid *fid = p9_walk(p9_inode(dir)->fid, name);

	return is_err(fid) ? (struct inode *)fid : p9_inode_new(dir->sb, fid);
}

static struct inode *p9_lookup(struct inode *dir, const struct name *name)
{
	struct inode *inode = p9_find(dir, name);

	return inode == err_ptr(-ENOENT) ? NULL : inode;
}

/* ---- names ---- */

/* A regular file is open when it has been made: that is for the open(2) which makes it. */
static struct p9_fid *create_open(struct inode *dir, const struct name *name, uint32_t mode,
				  uint32_t gid)
{
	struct p9_fid *f = p9_clone(p9_inode(dir)->fid);
	int err;

	if (is_err(f))
		return f;
	err = p9_rpc(f, P9_TLCREATE, "nddd", name,
		     P9_O_RDWR | P9_O_CREATE | P9_O_EXCL | P9_O_LARGEFILE, mode, gid);
	if (!err) {
		f->mode = P9_O_RDWR;
		return f;
	}
	p9_fid_put(f);
	return err_ptr(err);
}

/* All but regular files. */
static int make_special(struct inode *dir, const struct name *n, const struct inode_new *what,
			uint32_t gid)
{
	struct p9_fid *d = p9_inode(dir)->fid;

	switch (what->mode & S_IFMT) {
	case S_IFDIR: return p9_rpc(d, P9_TMKDIR, "ndd", n, what->mode & 07777, gid);
	case S_IFLNK: return p9_rpc(d, P9_TSYMLINK, "nsd", n, what->target, gid);
	default:
		return p9_rpc(d, P9_TMKNOD, "ndddd", n, what->mode, dev_major(what->rdev),
			      dev_minor(what->rdev), gid);
	}
}

/*
 * The server has made it as its own user's; it shall be current's.  One that may not change owners
 * leaves it so.
 */
static void give_to_maker(struct inode *dir, const struct name *name, uint32_t gid)
{
	struct inode_attr a = { .uid = current_cred()->fsuid, .gid = gid };
	struct p9_fid *fid;

	if (a.uid == p9_fs(dir)->uid)
		return;
	fid = p9_walk(p9_inode(dir)->fid, name);
	if (is_err(fid))
		return;
	(void)set_attr(fid, P9_SET_UID | P9_SET_GID, &a, 0);
	p9_fid_put(fid);
}

static struct inode *p9_make(struct inode *dir, const struct name *name,
			     const struct inode_new *what)
{
	uint32_t gid = dir->mode & S_ISGID ? dir->gid : current_cred()->fsgid;
	struct p9_fid *fresh = NULL;
	struct inode *inode;
	int err = 0;

	if (!name)
		return err_ptr(-EOPNOTSUPP);
	if (S_ISREG(what->mode))
		fresh = create_open(dir, name, what->mode & 07777, gid);
	else
		err = make_special(dir, name, what, gid);
	if (err || is_err(fresh))
		return err ? err_ptr(err) : (struct inode *)fresh;
	give_to_maker(dir, name, gid);
	inode = p9_find(dir, name);
	if (!is_err(inode))
		p9_inode(inode)->fresh = fresh;
	else
		p9_fid_put(fresh);
	return inode;
}

static int p9_make_link(struct inode *dir, const struct name *name, struct inode *what)
{
	int err = p9_rpc(p9_inode(dir)->fid, P9_TLINK, "dn", p9_inode(what)->fid->id, name);

	if (!err)
		what->nlink++;
	return err;
}

static void lose_name(struct inode *inode)
{
	if (S_ISDIR(inode->mode))
		inode->nlink = 0;
	else if (inode->nlink)
		inode->nlink--;
}

static int p9_remove(struct inode *dir, const struct name *name, struct inode *what)
{
	int err = p9_rpc(p9_inode(dir)->fid, P9_TUNLINKAT, "nd", name,
			 S_ISDIR(what->mode) ? P9_REMOVEDIR : 0);

	if (!err)
		lose_name(what);
	return err;
}

static int p9_move(struct inode *from, const struct name *old, struct inode *what, struct inode *to,
		   const struct name *new_name, struct inode *over, bool exchange)
{
	int err;

	if (exchange)
		return -EINVAL;
	err = p9_rpc(p9_inode(from)->fid, P9_TRENAMEAT, "ndn", old, p9_inode(to)->fid->id,
		     new_name);
	if (!err && over)
		lose_name(over);
	return err;
}

static int p9_read_link(struct inode *inode, char *buf, size_t size)
{
	char *text = kmalloc(P9_LINK_MAX + 1);
	int n;

	if (!text)
		return -ENOMEM;
	n = p9_rpc(p9_inode(inode)->fid, P9_TREADLINK, ">s", text, (size_t)P9_LINK_MAX + 1);
	if (!n) {
		n = (int)min(strlen(text), size);
		memcpy(buf, text, (size_t)n);
	}
	kfree(text);
	return n ?: -EIO; /* no link is empty */
}

/* ---- extended attributes ---- */

static long p9_get_xattr(struct inode *inode, const char *name, void *buf, size_t size)
{
	uint64_t len;
	struct p9_fid *x = p9_xattr_walk(p9_inode(inode)->fid, name, &len);
	struct iter to;
	long ret;

	if (is_err(x))
		return ptr_err(x);
	ret = len > XATTR_SIZE_MAX ? -E2BIG : size && len > size ? -ERANGE : (long)len;
	iter_kernel(&to, buf, size ? len : 0);
	while (to.left && ret > 0) {
		long n = p9_read(x, P9_TREAD, len - to.left, &to);

		if (n <= 0)
			ret = n ?: -EIO; /* it said that there were more */
	}
	p9_fid_put(x);
	return ret;
}

static long p9_list_xattr(struct inode *inode, char *buf, size_t size)
{
	return p9_get_xattr(inode, "", buf, size);
}

static int p9_set_xattr(struct inode *inode, const char *name, const void *value, size_t size,
			uint32_t flags)
{
	return p9_xattr_set(p9_inode(inode)->fid, name, value, size, flags);
}

static const struct inode_ops p9_inode_ops = {
	.lookup = p9_lookup,
	.make = p9_make,
	.link = p9_make_link,
	.remove = p9_remove,
	.rename = p9_move,
	.readlink = p9_read_link,
	.truncate = p9_truncate,
	.setattr = p9_set_attr,
	.refresh = p9_refresh,
	.getxattr = p9_get_xattr,
	.listxattr = p9_list_xattr,
	.setxattr = p9_set_xattr,
	.release = p9_inode_free,
};
