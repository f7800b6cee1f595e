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

/* ---- attributes ---- */

static int p9_refresh(struct inode *inode)
{
	int err = p9_may_use(inode);

	if (err)
		return err;
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	err = p9_inode_refresh(inode);
	mutex_unlock(&inode->lock);
	return err;
}

static int p9_set_attr(struct inode *inode, struct inode_attr *a)
{
	uint32_t valid = 0;

	valid |= a->valid & ATTR_MODE ? P9_SET_MODE : 0;
	valid |= a->valid & ATTR_UID ? P9_SET_UID : 0;
	valid |= a->valid & ATTR_GID ? P9_SET_GID : 0;
	valid |= a->valid & ATTR_ATIME ? P9_SET_ATIME | P9_SET_ATIME_TO : 0;
	valid |= a->valid & ATTR_MTIME ? P9_SET_MTIME | P9_SET_MTIME_TO : 0;
	if (!valid)
		return 0;
	return p9_may_use(inode)
		       ?: p9_do(p9_inode(inode)->fid, P9_TSETATTR, "ddddqqqqq", valid, a->mode,
				a->uid, a->gid, (uint64_t)0, (uint64_t)a->atime.sec,
				(uint64_t)a->atime.nsec, (uint64_t)a->mtime.sec,
				(uint64_t)a->mtime.nsec);
}

/* Tsetattr of a few fields. */
static int set_some(struct p9_fid *f, uint32_t valid, uint32_t uid, uint32_t gid, uint64_t size)
{
	uint64_t none = 0;

	return p9_do(f, P9_TSETATTR, "ddddqqqqq", valid, 0, uid, gid, size, none, none, none, none);
}

static int p9_truncate(struct inode *inode, uint64_t size)
{
	struct p9_fid *fid = load_acquire(&p9_inode(inode)->writer) ?: p9_inode(inode)->fid;
	int err = p9_may_use(inode);

	if (err)
		return err;
	if (!p9_fs(inode)->cached)
		return set_some(fid, P9_SET_SIZE, 0, 0, size) ?: p9_set_size(inode, size);
	/* First here: else a page behind the new end could be written back, and make it longer. */
	err = cache_resize(inode->cache, size) ?: set_some(fid, P9_SET_SIZE, 0, 0, size);
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
	p->inode.mtime = p9_time(a.mtime);
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
	struct p9_fid *fid = p9_walk(p9_inode(dir)->fid, name->s, name->len);

	return is_err(fid) ? (struct inode *)fid : p9_inode_new(dir->sb, fid);
}

static struct inode *p9_lookup(struct inode *dir, const struct name *name)
{
	int err = p9_may_use(dir);
	struct inode *inode = err ? err_ptr(err) : p9_find(dir, name);

	return inode == err_ptr(-ENOENT) ? NULL : inode;
}

/* ---- names ---- */

/* A regular file is open when it has been made: that is for the open(2) which makes it. */
static struct p9_fid *create_open(struct inode *dir, const struct name *name, uint32_t mode,
				  uint32_t gid)
{
	struct p9_fid *f = p9_walk(p9_inode(dir)->fid, NULL, 0);
	int err;

	if (is_err(f))
		return f;
	f->mode = P9_O_RDWR;
	err = p9_do(f, P9_TLCREATE, "nddd", name->s, name->len,
		    P9_O_RDWR | P9_O_CREATE | P9_O_EXCL | P9_O_LARGEFILE, mode, gid);
	if (!err)
		return f;
	p9_fid_put(f);
	return err_ptr(err);
}

/* All but regular files. */
static int make_special(struct inode *dir, const struct name *n, const struct inode_new *what,
			uint32_t gid)
{
	struct p9_fid *d = p9_inode(dir)->fid;

	switch (what->mode & S_IFMT) {
	case S_IFDIR: return p9_do(d, P9_TMKDIR, "ndd", n->s, n->len, what->mode & 07777, gid);
	case S_IFLNK: return p9_do(d, P9_TSYMLINK, "nsd", n->s, n->len, what->target, gid);
	default:
		return p9_do(d, P9_TMKNOD, "ndddd", n->s, n->len, what->mode, dev_major(what->rdev),
			     dev_minor(what->rdev), gid);
	}
}

/*
 * The server has made it as its own user's; it shall be current's.  One that may not change owners
 * leaves it so.
 */
static void give_to_maker(struct inode *dir, const struct name *name, uint32_t gid)
{
	uint32_t uid = current_cred()->fsuid;
	struct p9_fid *fid;

	if (uid == p9_fs(dir)->uid)
		return;
	fid = p9_walk(p9_inode(dir)->fid, name->s, name->len);
	if (is_err(fid))
		return;
	(void)set_some(fid, P9_SET_UID | P9_SET_GID, uid, gid, 0);
	p9_fid_put(fid);
}

static struct inode *p9_make(struct inode *dir, const struct name *name,
			     const struct inode_new *what)
{
	uint32_t gid = dir->mode & S_ISGID ? dir->gid : current_cred()->fsgid;
	struct p9_fid *fresh = NULL;
	struct inode *inode;
	int err = name ? p9_may_use(dir) : -EOPNOTSUPP;

	if (!err && S_ISREG(what->mode)) {
		fresh = create_open(dir, name, what->mode & 07777, gid);
		err = is_err(fresh) ? (int)ptr_err(fresh) : 0;
	} else if (!err) {
		err = make_special(dir, name, what, gid);
	}
	if (err)
		return err_ptr(err);
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
	int err = p9_may_use(dir)
			  ?: p9_do(p9_inode(dir)->fid, P9_TLINK, "dn", p9_inode(what)->fid->id,
				   name->s, name->len);

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
	int err = p9_may_use(dir)
			  ?: p9_do(p9_inode(dir)->fid, P9_TUNLINKAT, "nd", name->s, name->len,
				   S_ISDIR(what->mode) ? P9_REMOVEDIR : 0);

	if (!err)
		lose_name(what);
	return err;
}

static int p9_move(struct inode *from, const struct name *old, struct inode *what, struct inode *to,
		   const struct name *new_name, struct inode *over, bool exchange)
{
	int err = exchange ? -EINVAL : p9_may_use(from);

	if (!err)
		err = p9_do(p9_inode(from)->fid, P9_TRENAMEAT, "ndn", old->s, old->len,
			    p9_inode(to)->fid->id, new_name->s, new_name->len);
	if (!err && over)
		lose_name(over);
	return err;
}

static int p9_read_link(struct inode *inode, char *buf, size_t size)
{
	return p9_may_use(inode) ?: p9_readlink(p9_inode(inode)->fid, buf, size);
}

/* ---- extended attributes ---- */

static long p9_get_xattr(struct inode *inode, const char *name, void *buf, size_t size)
{
	uint64_t len;
	struct p9_fid *x;
	long ret = p9_may_use(inode);

	if (ret)
		return ret;
	x = p9_xattr_walk(p9_inode(inode)->fid, name, &len);
	if (is_err(x))
		return ptr_err(x);
	ret = len > XATTR_SIZE_MAX ? -E2BIG : size && len > size ? -ERANGE : (long)len;
	for (size_t at = 0, got; size && ret > 0 && at < len; at += got) {
		struct p9_request *q = p9_read(x, P9_TREAD, at, len - at, &got);

		if (is_err(q)) {
			ret = ptr_err(q);
			break;
		}
		memcpy((char *)buf + at, q->wire.at, got);
		p9_end(q);
		if (!got)
			ret = -EIO; /* it said that there were more */
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
	return p9_may_use(inode) ?: p9_xattr_set(p9_inode(inode)->fid, name, value, size, flags);
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
