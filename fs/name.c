/*
 * name.c - the calls that change names: make, link, remove, rename.
 *
 * Comes from sys/file/path.c and initrd.c, goes to the file system's operations; the dentry cache
 * follows what those did.
 * Invariant: a directory's names change only under its inode's lock, and a directory that was
 * removed (nlink 0) gets no new ones.  The order in which errors are found is Linux's: programs see
 * which one wins.
 */
#include "fs/name.h"

#include "abi/stat.h"
#include "fs/acl.h"
#include "fs/walk.h"
#include "mm/slab.h"
#include "task/cap.h"

/* Walks to the directory of the last component and holds it: its lock may be waited for. */
static int walk_to_dir(struct walk *w, int dirfd, const char *name)
{
	int err = walk_start(w, dirfd, name, 0, NULL);

	if (!err)
		err = walk_to_last(w);
	if (!err)
		walk_hold(w);
	return err;
}

static struct inode *dir_of(const struct walk *w)
{
	return w->at.dentry->inode;
}

int name_may_create(const struct walk *w)
{
	int err = path_read_only(&w->at) ? -EROFS : 0;

	if (!err)
		err = path_permission(w->cred, &w->at, MAY_WRITE | MAY_EXEC);
	return !err && !dir_of(w)->nlink ? -ENOENT : err;
}

/* May @d go from the directory in which @w stands?  @want_dir: it must be one, or must not be. */
static int may_delete(const struct walk *w, const struct dentry *d, bool want_dir)
{
	const struct inode *dir = dir_of(w), *victim = d->inode;
	int err = path_permission(w->cred, &w->at, MAY_WRITE | MAY_EXEC);

	if (err)
		return err;
	if (dir->mode & S_ISVTX && w->cred->fsuid != victim->uid && w->cred->fsuid != dir->uid &&
	    !cred_capable(w->cred, CAP_FOWNER))
		return -EPERM;
	if (dir->sflags & S_APPEND || victim->sflags & (S_APPEND | S_IMMUTABLE | S_SWAPFILE))
		return -EPERM;
	if (want_dir && !S_ISDIR(victim->mode))
		return -ENOTDIR;
	if (!want_dir && S_ISDIR(victim->mode))
		return -EISDIR;
	return 0;
}

/* inode_ops.make, where @dir has an access list for what is made in it. */
static __attribute__((noinline)) struct inode *make_with_lists(struct inode *dir,
							       const struct name *name,
							       const struct inode_new *what)
{
	struct inode_new asked = *what;
	struct acl_given given;
	int err = acl_inherit(dir, &asked, &given), late;
	struct inode *inode = err ? err_ptr(err) : dir->ops->make(dir, name, &asked);

	late = acl_give(is_err(inode) ? NULL : inode, &given);
	if (!late || is_err(inode))
		return inode;
	/* As if it had not been made: nobody has seen it yet. */
	if (name) {
		mutex_lock(&inode->lock);
		err = dir->ops->remove(dir, name, inode);
		mutex_unlock(&inode->lock);
	}
	inode_put(inode);
	return err_ptr(err ?: late);
}

struct inode *name_make_inode(struct inode *dir, const struct name *name, struct inode_new *what)
{
	mutex_assert_held(&dir->lock);
	if (unlikely(dir->default_acl))
		return make_with_lists(dir, name, what);
	what->mode &= ~what->umask;
	return dir->ops->make(dir, name, what);
}

struct dentry *name_make(struct walk *w, struct dentry *was, struct inode_new *what)
{
	struct inode *dir = dir_of(w), *inode;
	struct dentry *d;

	if (!dir->ops->make)
		return err_ptr(-EPERM);
	d = dentry_new(&w->last, NULL);
	if (!d)
		return err_ptr(-ENOMEM);
	inode = name_make_inode(dir, &w->last, what);
	if (is_err(inode)) {
		dentry_put(d);
		return (struct dentry *)inode;
	}
	d->inode = inode;
	if (was) /* the cache knew that there was no such name: no longer */
		dentry_detach(was);
	dentry_attach(w->at.dentry, d);
	return d;
}

/* A character device 0:0 is none: a white-out, which Linux lets everybody make. */
static bool is_device(const struct inode_new *what)
{
	return S_ISBLK(what->mode) || (S_ISCHR(what->mode) && what->rdev);
}

static int make_locked(struct walk *w, struct inode_new *what, struct path *out)
{
	struct dentry *d = dentry_lookup(w->at.dentry, &w->last), *made;
	int err;

	mutex_assert_held(&dir_of(w)->lock);
	if (is_err(d))
		return (int)ptr_err(d);
	if (d && d->inode)
		err = -EEXIST;
	else if (w->slash && !S_ISDIR(what->mode))
		err = -ENOENT;
	else
		err = name_may_create(w);
	if (!err && is_device(what) && !cred_capable(w->cred, CAP_MKNOD))
		err = -EPERM;
	if (!err) {
		made = name_make(w, d, what);
		if (is_err(made)) {
			err = (int)ptr_err(made);
		} else if (out) {
			*out = (struct path){ w->at.mnt, made };
			path_get(out);
		}
		if (!err)
			dentry_put(made);
	}
	if (d)
		dentry_put(d);
	return err;
}

int vfs_make_at(int dirfd, const char *name, struct inode_new *what, struct path *out)
{
	struct walk w;
	int err = walk_to_dir(&w, dirfd, name);

	if (!err && w.kind != LAST_NAME)
		err = -EEXIST;
	if (!err) {
		/*
		 * The name is looked for and made under one hold: of two tasks that make it one
		 * gets -EEXIST.
		 */
		mutex_lock(&dir_of(&w)->lock);
		err = make_locked(&w, what, out);
		mutex_unlock(&dir_of(&w)->lock);
	}
	walk_end(&w);
	return err;
}

int vfs_make(int dirfd, const char *name, struct inode_new *what)
{
	return vfs_make_at(dirfd, name, what, NULL);
}

/* The name at which @w stopped, with a reference; it must exist.  The directory's lock is held. */
static struct dentry *existing(struct walk *w)
{
	struct dentry *d = dentry_lookup(w->at.dentry, &w->last);

	mutex_assert_held(&dir_of(w)->lock);
	if (d && !is_err(d) && !d->inode) {
		dentry_put(d);
		d = NULL;
	}
	return d ? d : err_ptr(-ENOENT);
}

static int remove_locked(struct walk *w, struct dentry *d, bool want_dir)
{
	struct inode *dir = dir_of(w);
	int err;

	mutex_assert_held(&dir->lock);
	if (!want_dir && w->slash)
		return S_ISDIR(d->inode->mode) ? -EISDIR : -ENOTDIR;
	err = may_delete(w, d, want_dir);
	if (!err && !dir->ops->remove)
		err = -EPERM;
	if (err)
		return err;
	/*
	 * Of a directory: from here on nobody makes a name in it (its own lock) or mounts on it
	 * (attach).  The parent's lock comes before the child's, as everywhere.
	 */
	mutex_lock(&d->inode->lock);
	err = READ_ONCE(d->mounts) ? -EBUSY : dir->ops->remove(dir, &w->last, d->inode);
	if (!err) {
		dentry_detach(d);
		inode_count_names(d->inode, false);
	}
	mutex_unlock(&d->inode->lock);
	if (!err)
		dentry_forget_below(d);
	return err;
}

static int remove_name(struct walk *w, bool want_dir)
{
	struct dentry *d;
	int err;

	if (path_read_only(&w->at))
		return -EROFS;
	mutex_lock(&dir_of(w)->lock);
	d = existing(w);
	err = is_err(d) ? (int)ptr_err(d) : remove_locked(w, d, want_dir);
	mutex_unlock(&dir_of(w)->lock);
	if (!is_err(d))
		/* Maybe the last: the file's pages go without the directory's lock. */
		dentry_put(d);
	return err;
}

static int remove_name_at(int dirfd, const char *name, bool want_dir)
{
	static const int refused[] = {
		[LAST_DOT] = -EINVAL, [LAST_DOTDOT] = -ENOTEMPTY, [LAST_ROOT] = -EBUSY
	};
	struct walk w;
	int err = walk_to_dir(&w, dirfd, name);

	if (!err && w.kind == LAST_NAME)
		err = remove_name(&w, want_dir);
	else if (!err)
		err = want_dir ? refused[w.kind] : -EISDIR;
	walk_end(&w);
	return err;
}

int vfs_unlink(int dirfd, const char *name)
{
	return remove_name_at(dirfd, name, false);
}

int vfs_rmdir(int dirfd, const char *name)
{
	return remove_name_at(dirfd, name, true);
}

uint32_t protected_hardlinks = 1;

/*
 * A hard link to a file that the caller may not read and write would keep it when its owner removes
 * it (proc_sys_fs(5), protected_hardlinks).
 */
static int may_link(const struct cred *cred, const struct inode *inode)
{
	if (!READ_ONCE(protected_hardlinks) || inode_owned(cred, inode))
		return 0;
	if (!S_ISREG(inode->mode) || inode->mode & S_ISUID ||
	    (inode->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		return -EPERM;
	return inode_permission(cred, inode, MAY_READ | MAY_WRITE) ? -EPERM : 0;
}

static int link_locked(struct walk *w, const struct path *old)
{
	struct inode *dir = dir_of(w), *inode = old->dentry->inode;
	struct dentry *d = dentry_lookup(w->at.dentry, &w->last), *made;
	int err;

	mutex_assert_held(&dir->lock);
	if (is_err(d))
		return (int)ptr_err(d);
	if (d && d->inode)
		err = -EEXIST;
	else if (w->slash)
		err = -ENOENT;
	else if (path_read_only(&w->at))
		err = -EROFS;
	else if (w->at.mnt != old->mnt)
		err = -EXDEV;
	else
		err = may_link(w->cred, inode);
	if (!err)
		err = name_may_create(w);
	if (!err &&
	    (S_ISDIR(inode->mode) || !dir->ops->link || inode->sflags & (S_APPEND | S_IMMUTABLE)))
		err = -EPERM;
	made = err ? NULL : dentry_new(&w->last, NULL);
	if (!err && !made)
		err = -ENOMEM;
	if (!err) {
		/*
		 * remove_locked takes this lock too: a file whose last name goes at this moment
		 * gets no new one.
		 */
		mutex_lock(&inode->lock);
		err = inode->nlink || inode->linkable ? dir->ops->link(dir, &w->last, inode)
						      : -ENOENT;
		if (!err) {
			inode->linkable = false;
			inode_count_names(inode, false);
		}
		mutex_unlock(&inode->lock);
	}
	if (!err) {
		inode_get(inode);
		made->inode = inode;
		if (d)
			dentry_detach(d);
		dentry_attach(w->at.dentry, made);
	}
	if (made)
		dentry_put(made);
	if (d)
		dentry_put(d);
	return err;
}

int vfs_link(const struct path *old, int dirfd, const char *name)
{
	struct walk w;
	int err = walk_to_dir(&w, dirfd, name);

	if (!err && w.kind != LAST_NAME)
		err = -EEXIST;
	if (!err) {
		mutex_lock(&dir_of(&w)->lock);
		err = link_locked(&w, old);
		mutex_unlock(&dir_of(&w)->lock);
	}
	walk_end(&w);
	return err;
}

/*
 * Two inodes' locks: the ancestor's first, of strangers the lower address.  rename_lock is held if
 * they are two directories of a move.
 */
static void lock_dirs(const struct walk *a, const struct walk *b)
{
	struct inode *first = dir_of(a), *second = dir_of(b);

	if (first == second) {
		mutex_lock(&first->lock);
		return;
	}
	renames_hold();
	if (dentry_is_below(a->at.dentry, b->at.dentry) ||
	    (first > second && !dentry_is_below(b->at.dentry, a->at.dentry))) {
		first = dir_of(b);
		second = dir_of(a);
	}
	mutex_lock(&first->lock);
	mutex_lock(&second->lock);
}

static void unlock_dirs(const struct walk *a, const struct walk *b)
{
	mutex_unlock(&dir_of(a)->lock);
	if (dir_of(a) == dir_of(b))
		return;
	mutex_unlock(&dir_of(b)->lock);
	renames_release();
}

/*
 * The two inodes that a rename moves, inside their directories' locks.  By address: another rename
 * may have the same two the other way round.
 */
static void lock_two_dirs(struct inode *a, struct inode *b)
{
	if (b && b < a) {
		struct inode *t = a;

		a = b;
		b = t;
	}
	mutex_lock(&a->lock);
	if (b)
		mutex_lock(&b->lock);
}

/* A rename: what gets the new name, and what has it already (over, NULL: nothing). */
struct move {
	struct walk from, to;
	struct dentry *what, *over;
	bool exchange;
};

/* Whether the paths' trailing slashes and places in the tree allow it. */
static int may_move_in_tree(const struct move *m)
{
	if (m->exchange && !S_ISDIR(m->over->inode->mode) && m->to.slash)
		return -ENOTDIR;
	if (!S_ISDIR(m->what->inode->mode) && (m->from.slash || (!m->exchange && m->to.slash)))
		return -ENOTDIR;
	if (m->from.at.dentry == m->to.at.dentry)
		return 0;
	if (dentry_is_below(m->to.at.dentry, m->what))
		return -EINVAL; /* into itself */
	if (m->over && dentry_is_below(m->from.at.dentry, m->over))
		return m->exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int may_move(const struct move *m)
{
	const struct cred *cred = m->from.cred;
	bool is_dir = S_ISDIR(m->what->inode->mode);
	bool over_dir = m->over && S_ISDIR(m->over->inode->mode);
	int err = may_delete(&m->from, m->what, is_dir);

	if (err)
		return err;
	err = m->over ? may_delete(&m->to, m->over, m->exchange ? over_dir : is_dir)
		      : name_may_create(&m->to);
	/* A directory that gets another parent is itself written: its "..". */
	if (!err && dir_of(&m->from) != dir_of(&m->to)) {
		if (is_dir)
			err = inode_permission(cred, m->what->inode, MAY_WRITE);
		if (!err && m->exchange && over_dir)
			err = inode_permission(cred, m->over->inode, MAY_WRITE);
	}
	if (!err && !dir_of(&m->from)->ops->rename)
		err = -EPERM;
	return err;
}

static int move_name(struct move *m)
{
	struct inode *from = dir_of(&m->from), *to = dir_of(&m->to);
	struct inode *what = m->what->inode, *over = m->over ? m->over->inode : NULL;
	int err = may_move_in_tree(m);
	char *room;

	if (!err && what == over)
		return 0; /* two names of one file: nothing happens, says POSIX */
	if (!err)
		err = may_move(m);
	if (err)
		return err;
	/*
	 * What can fail in the cache comes first: once the file system has renamed there is no way
	 * back.
	 */
	err = name_room(&m->to.last, &room);
	if (err)
		return err;
	lock_two_dirs(what, over);
	/* attach() needs the lock that we have, so nothing is mounted on either from here on. */
	if (READ_ONCE(m->what->mounts) || (m->over && READ_ONCE(m->over->mounts)))
		err = -EBUSY;
	else
		err = from->ops->rename(from, &m->from.last, what, to, &m->to.last, over,
					m->exchange);
	if (err || m->exchange)
		kfree(room);
	if (!err && m->exchange)
		dentry_exchange(m->what, m->over);
	else if (!err)
		dentry_rename(m->what, m->to.at.dentry, &m->to.last, room, m->over);
	if (over && !err)
		inode_count_names(over, false);
	mutex_unlock(&what->lock);
	if (over)
		mutex_unlock(&over->lock);
	if (over && !err && !m->exchange)
		dentry_forget_below(m->over);
	return err;
}

/* Both directories are locked: find the two names, and move. */
static int rename_locked(struct move *m, unsigned int flags)
{
	struct dentry *over;
	int err;

	m->what = existing(&m->from);
	if (is_err(m->what)) {
		err = (int)ptr_err(m->what);
		m->what = NULL;
		return err;
	}
	over = dentry_lookup(m->to.at.dentry, &m->to.last);
	if (is_err(over))
		return (int)ptr_err(over);
	m->over = over;
	if (over && over->inode && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (over && !over->inode) { /* known not to exist */
		dentry_detach(over);
		dentry_put(over);
		m->over = NULL;
	}
	if (m->exchange && !m->over)
		return -ENOENT;
	return move_name(m);
}

bool vfs_rename_flags_ok(unsigned int flags)
{
	return flags == 0 || flags == RENAME_NOREPLACE || flags == RENAME_EXCHANGE;
}

int vfs_rename(int old_dirfd, const char *old, int new_dirfd, const char *new_name,
	       unsigned int flags)
{
	struct move m;
	int err;

	if (!vfs_rename_flags_ok(flags))
		return -EINVAL;
	m.what = m.over = NULL;
	m.exchange = flags & RENAME_EXCHANGE;
	err = walk_to_dir(&m.from, old_dirfd, old);
	if (err)
		goto out_from;
	err = walk_to_dir(&m.to, new_dirfd, new_name);
	if (err)
		goto out_to;
	err = -EXDEV;
	if (m.from.at.mnt != m.to.at.mnt)
		goto out_to;
	err = -EBUSY;
	if (m.from.kind != LAST_NAME)
		goto out_to;
	if (flags & RENAME_NOREPLACE)
		err = -EEXIST;
	if (m.to.kind != LAST_NAME)
		goto out_to;
	err = -EROFS;
	if (path_read_only(&m.from.at))
		goto out_to;
	lock_dirs(&m.from, &m.to);
	err = rename_locked(&m, flags);
	unlock_dirs(&m.from, &m.to);
	/* Without the directories' locks, as in remove_name. */
	if (m.what)
		dentry_put(m.what);
	if (m.over)
		dentry_put(m.over);
out_to:
	walk_end(&m.to);
out_from:
	walk_end(&m.from);
	return err;
}

int vfs_readlink(const struct path *path, char *buf, size_t size)
{
	struct inode *inode = path->dentry->inode;

	if (!S_ISLNK(inode->mode) || !inode->ops->readlink)
		return -EINVAL;
	return inode->ops->readlink(inode, buf, size);
}
