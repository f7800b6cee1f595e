/*
 * walk.c - from a path to what it names.
 *
 * Comes from every call that takes a path, goes to the dentry cache and, for names it does not
 * hold, to the file system.
 * Invariants: while w->locked, nothing that w points to can go away, and no references are counted;
 * before the lock is given up, where the walk stands and its root get references (walk_hold).
 * Every step asks for permission to search first; the number of links is bounded, so a walk ends.
 */
#include "fs/walk.h"

#include "abi/stat.h"
#include "fs/context.h"
#include "mm/slab.h"
#include "task/cap.h"

static void lock(struct walk *w)
{
	if (!w->locked)
		spin_lock(&dcache_lock);
	w->locked = true;
}

void walk_hold(struct walk *w)
{
	struct path before = w->held;

	if (!w->locked)
		return;
	path_get_locked(&w->at);
	w->held = w->at;
	if (w->root.mnt && !w->root_held) {
		path_get_locked(&w->root);
		w->root_held = true;
	}
	w->locked = false;
	spin_unlock(&dcache_lock);
	/*
	 * After the lock: path_put takes it itself, and may free a whole branch that was removed.
	 */
	if (before.mnt)
		path_put(&before);
}

/* "/" of this walk; locked. */
static const struct path *root_of(struct walk *w)
{
	if (!w->root.mnt) {
		if (current->fs)
			w->root = current->fs->root;
		else
			w->root = (struct path){ &root_mount, root_mount.root };
	}
	return &w->root;
}

#define RESOLVE_SCOPED (RESOLVE_BENEATH | RESOLVE_IN_ROOT)

int walk_start(struct walk *w, int dirfd, const char *name, uint32_t resolve,
	       const struct cred *cred)
{
	bool from_root;

	w->resolve = resolve;
	w->cred = cred ? cred : current_cred();
	w->locked = w->root_held = false;
	w->root.mnt = w->held.mnt = w->crossed.mnt = NULL;
	w->base = (struct fd_ref){ NULL, NULL };
	w->rest = name;
	w->slash = w->to_root = false;
	w->links = w->pending = w->steps = 0;
	w->inside = NULL;
	if (is_err(name))
		return (int)ptr_err(name);
	if (!*name)
		return -ENOENT;
	from_root = *name == '/' && !(resolve & RESOLVE_IN_ROOT);
	if (from_root && resolve & RESOLVE_BENEATH)
		return -EXDEV;
	if (!from_root && dirfd != AT_FDCWD) {
		w->base = fd_get_any(dirfd);
		if (!w->base.file)
			return -EBADF;
		if (!w->base.file->path.mnt)
			return -ENOTDIR;
	}
	/*
	 * Before root and cwd are read: another thread's chdir changes them under this lock, and
	 * then puts the old one.
	 */
	lock(w);
	if (from_root || !current->fs)
		w->at = *root_of(w);
	else if (dirfd == AT_FDCWD)
		w->at = current->fs->cwd;
	else
		w->at = w->base.file->path;
	if (resolve & RESOLVE_SCOPED) {
		w->root = w->at;
		w->moves = tree_moves;
	}
	return 0;
}

void walk_end(struct walk *w)
{
	/*
	 * Nothing was counted under the lock, so there is nothing to put for it; what was held is
	 * put without it.
	 */
	if (w->locked)
		spin_unlock(&dcache_lock);
	if (w->held.mnt)
		path_put(&w->held);
	if (w->crossed.mnt)
		path_put(&w->crossed);
	if (w->root_held)
		path_put(&w->root);
	fd_put(w->base);
	while (w->links)
		kfree(w->texts[--w->links]);
}

#define NEAR 32 /* steps that are few enough for dcache_lock */

/*
 * Goes on for cross_down, which has come to @p, where many more mounts may follow: not under the
 * lock.  Where it arrives is held.
 */
static void cross_far(struct walk *w, struct path *p)
{
	struct path before = w->crossed;

	/* Counted before the lock goes: else an umount meanwhile frees what @p says. */
	path_get_locked(p);
	walk_hold(w);
	path_cross_down(p);
	w->crossed = *p;
	if (before.mnt)
		path_put(&before);
	lock(w);
}

static __attribute__((noinline)) void cross_mounts(struct walk *w, struct path *p)
{
	for (int i = 0; p->dentry->mounts; i++) {
		struct mount *m = mount_crossing(p);

		if (!m)
			return;
		*p = (struct path){ m, m->root };
		if (i == NEAR) {
			cross_far(w, p);
			return;
		}
	}
}

/* Moves @p onto the root of what is mounted on it, as often as something is; locked. */
static inline void cross_down(struct walk *w, struct path *p)
{
	if (unlikely(p->dentry->mounts))
		cross_mounts(w, p);
}

static bool same_path(const struct path *a, const struct path *b)
{
	return a->mnt == b->mnt && a->dentry == b->dentry;
}

/* Is @d, which may be the root of its mount, found below @root within NEAR steps? */
static bool is_near(const struct dentry *d, const struct dentry *root)
{
	for (int i = 0; d != root && i < NEAR; i++)
		d = d->parent;
	return d == root;
}

/*
 * A part of a file system that is mounted alone (bind) may have lost what it stands in by a rename:
 * ".." must not lead out.  Is where @w stands below the root of its mount?  What is found holds for
 * the steps that follow, too, until something is moved; far from the root the lock is given up to
 * find out, and nothing moves until it is taken again.
 */
static bool is_inside(struct walk *w)
{
	const struct dentry *root = w->at.mnt->root;
	bool inside;

	if (root->parent == root || (w->inside == w->at.mnt && w->inside_moves == tree_moves))
		return true;
	inside = is_near(w->at.dentry, root);
	if (!inside) {
		walk_hold(w);
		renames_hold();
		inside = dentry_is_below(w->at.dentry, root);
		/*
		 * dcache_lock is taken before rename_lock goes: no move comes between the answer
		 * and its use.
		 */
		lock(w);
		renames_release();
	}
	w->inside = inside ? w->at.mnt : NULL;
	w->inside_moves = tree_moves;
	return inside;
}

/* @was and where @w stands now are of two mounts: may that be? */
static int may_cross(const struct walk *w, const struct mount *was, const struct mount *now)
{
	return was != now && w->resolve & RESOLVE_NO_XDEV ? -EXDEV : 0;
}

/*
 * A confined walk (RESOLVE_BENEATH) began at its root and meets it again on the way up, unless a
 * directory that it came through was moved elsewhere.
 */
static bool may_have_left(const struct walk *w)
{
	return unlikely(w->resolve & RESOLVE_SCOPED) && w->moves != tree_moves;
}

/*
 * Lets others have dcache_lock, and the core, on a long way.  0, -EINTR: the task is to die.  The
 * walk goes on from where it stood even if that was removed or moved meanwhile.
 */
static int pause(struct walk *w)
{
	bool go_on;

	walk_hold(w);
	go_on = file_may_continue();
	lock(w);
	return go_on ? 0 : -EINTR;
}

static int step_up(struct walk *w)
{
	const struct path *root = root_of(w);
	const struct mount *was = w->at.mnt;

	for (int i = 1;; i++) {
		if (may_have_left(w))
			return -EAGAIN;
		if (same_path(&w->at, root))
			return w->resolve & RESOLVE_BENEATH ? -EXDEV : 0;
		if (w->at.dentry != w->at.mnt->root)
			break;
		if (w->at.mnt->parent == w->at.mnt)
			return 0;
		w->at = (struct path){ w->at.mnt->parent, w->at.mnt->on };
		if (i % NEAR == 0 && pause(w))
			return -EINTR;
	}
	/*
	 * The lock may have been given up in here, so what confines the walk is asked once more
	 * below.
	 */
	if (!is_inside(w))
		return -ENOENT;
	if (may_have_left(w)) /* the lock may have been given up */
		return -EAGAIN;
	w->at.dentry = w->at.dentry->parent;
	cross_down(w, &w->at);
	if (unlikely(w->resolve))
		return may_cross(w, was, w->at.mnt);
	return 0;
}

/*
 * What is held from now on is @d, with the caller's reference, in place of its directory: nobody
 * else may keep it.
 */
static void hold_child(struct walk *w, struct dentry *d)
{
	w->held.dentry->refs--; /* not the last: the child has one */
	w->held.dentry = d;
}

/*
 * The child called @name of where the walk stands, into *@out; locked.  A name that is not in the
 * cache costs the lock: the file system is asked, and where the walk stands is held from then on.
 */
static int child_of(struct walk *w, const struct name *name, struct path *out)
{
	struct dentry *dir = w->at.dentry, *d = dentry_find(dir, name);

	if (!d) {
		int err = dentry_cannot_hold(dir, name);

		if (err || !dir->inode->ops->lookup)
			return err ? err : -ENOENT;
		if (w->resolve & RESOLVE_CACHED)
			return -EAGAIN;
		walk_hold(w);
		/*
		 * Of two tasks that look for one name, the second finds in the cache what the first
		 * has made.
		 */
		mutex_lock(&dir->inode->lock);
		d = dentry_lookup(dir, name);
		mutex_unlock(&dir->inode->lock);
		if (is_err(d) || !d)
			return d ? (int)ptr_err(d) : -ENOENT;
		lock(w);
		if (!d->hashed) { /* removed since */
			walk_hold(w);
			dentry_put(d);
			return -ENOENT;
		}
		if (dir->inode->sb->flags & (SB_FORGET | SB_REMOTE))
			hold_child(w, d);
		else
			dentry_unhold(d); /* the tree has it */
	}
	if (!d->inode)
		return -ENOENT;
	*out = (struct path){ w->at.mnt, d };
	cross_down(w, out);
	return unlikely(w->resolve) ? may_cross(w, w->at.mnt, out->mnt) : 0;
}

int walk_cross(const struct walk *w, struct path *p)
{
	path_cross_down(p);
	return may_cross(w, w->at.mnt, p->mnt);
}

/* The walk, which is held, goes on from where @link leads by itself. */
static int walk_jump(struct walk *w, struct inode *link)
{
	struct path before = w->held, to;
	int err;

	if (w->resolve & RESOLVE_NO_MAGICLINKS)
		return -ELOOP;
	if (w->resolve & RESOLVE_SCOPED)
		return -EXDEV;
	err = link->ops->jump(link, &to);
	if (err)
		return err;
	if (may_cross(w, w->at.mnt, to.mnt)) {
		path_put(&to);
		return -EXDEV;
	}
	w->texts[w->links++] = NULL;
	w->held = w->at = to;
	path_put(&before);
	return 0;
}

int walk_follow(struct walk *w, struct inode *link)
{
	uint64_t size = inode_size(link);
	char *text;
	int n;

	if (w->links == LINKS_MAX || w->at.mnt->flags & MNT_NOSYMFOLLOW ||
	    w->resolve & RESOLVE_NO_SYMLINKS)
		return -ELOOP;
	if (link->ops->jump)
		return walk_jump(w, link);
	if (!link->ops->readlink)
		return -EINVAL;
	size = size && size < PATH_MAX ? size : PATH_MAX - 1;
	text = kmalloc(size + 1);
	if (!text)
		return -ENOMEM;
	n = link->ops->readlink(link, text, size);
	if (n <= 0) {
		kfree(text);
		return n ? n : -ENOENT;
	}
	text[n] = '\0';
	w->texts[w->links++] = text;
	if (*w->rest)
		w->rests[w->pending++] = w->rest;
	w->rest = text;
	w->to_root = *text == '/';
	return 0;
}

/* Takes the lock (again); a link to an absolute path leads on from the root. */
static int resume(struct walk *w)
{
	const struct mount *was = w->at.mnt;

	lock(w);
	if (!w->to_root)
		return 0;
	w->to_root = false;
	w->at = *root_of(w);
	return w->resolve & RESOLVE_BENEATH ? -EXDEV : may_cross(w, was, w->at.mnt);
}

uint32_t protected_symlinks = 1;

/*
 * May the last component, a link, be followed?  In a directory like /tmp only a link of the
 * caller's own or of the directory's owner (proc_sys_fs(5), protected_symlinks).
 */
int walk_may_follow(const struct walk *w, const struct inode *link)
{
	const struct inode *dir = w->at.dentry->inode;
	uint32_t shared = S_ISVTX | S_IWOTH;

	if (!READ_ONCE(protected_symlinks) || link->uid == w->cred->fsuid ||
	    (dir->mode & shared) != shared || dir->uid == link->uid)
		return 0;
	return -EACCES;
}

/* The walk, locked, goes on through @link. */
static int follow_in_tree(struct walk *w, const struct path *link)
{
	struct inode *inode = link->dentry->inode;
	int err;

	/* Its own reference: the link may be removed while its text is read without the lock. */
	inode_get(inode);
	walk_hold(w);
	err = walk_follow(w, inode);
	inode_put(inode);
	return err ? err : resume(w);
}

static int may_search(const struct walk *w)
{
	const struct inode *dir = w->at.dentry->inode;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	return inode_permission(w->cred, dir, MAY_EXEC);
}

static const char *skip_slashes(const char *s)
{
	while (*s == '/')
		s++;
	return s;
}

static enum last_kind kind_of(const struct name *n)
{
	if (n->s[0] != '.' || n->len > 2)
		return LAST_NAME;
	if (n->len == 1)
		return LAST_DOT;
	return n->s[1] == '.' ? LAST_DOTDOT : LAST_NAME;
}

/* Steps into a component that is not the last. */
static int step_into(struct walk *w, const struct name *name, enum last_kind kind)
{
	struct path next;
	int err;

	if (kind == LAST_DOT)
		return 0;
	if (kind == LAST_DOTDOT)
		return step_up(w);
	err = child_of(w, name, &next);
	if (err)
		return err;
	if (S_ISLNK(next.dentry->inode->mode))
		return follow_in_tree(w, &next);
	w->at = next;
	return 0;
}

int walk_to_last(struct walk *w)
{
	int err = resume(w);

	if (err)
		return err;
	w->kind = LAST_ROOT;
	for (;;) {
		const char *s = skip_slashes(w->rest), *after;

		if (!*s) { /* this text is done: back to the one in which the link stood */
			if (!w->pending)
				return 0; /* only slashes, or a link to them */
			w->rest = w->rests[--w->pending];
			continue;
		}
		err = may_search(w);
		if (err)
			return err;
		after = s + name_take(&w->last, s);
		w->rest = skip_slashes(after);
		w->kind = kind_of(&w->last);
		if (!*w->rest && !w->pending) {
			w->slash |= after != w->rest;
			return 0;
		}
		err = step_into(w, &w->last, w->kind);
		if (!err && unlikely(++w->steps % WALK_STRETCH == 0))
			err = pause(w);
		if (err)
			return err;
		w->kind = LAST_ROOT;
	}
}

/* Walks the last component too; on success the walk stands on what the path names. */
static int walk_all(struct walk *w, bool follow)
{
	struct path next;
	int err;

	for (;;) {
		err = walk_to_last(w);
		if (err)
			return err;
		if (w->kind == LAST_DOTDOT)
			return step_up(w);
		if (w->kind != LAST_NAME)
			return 0;
		err = child_of(w, &w->last, &next);
		if (err)
			return err;
		if (!S_ISLNK(next.dentry->inode->mode) || !(follow || w->slash))
			break;
		err = walk_may_follow(w, next.dentry->inode);
		if (!err)
			err = follow_in_tree(w, &next);
		if (err)
			return err;
	}
	w->at = next;
	return 0;
}

static bool is_own(const struct file *f)
{
	const struct cred *cred = current_cred();

	return cred_capable(cred, CAP_DAC_READ_SEARCH) ||
	       (f->fsuid == cred->fsuid && f->fsgid == cred->fsgid);
}

static int path_of_file(const struct file *f, bool own, struct path *out)
{
	if (own && !is_own(f))
		return -ENOENT;
	if (!f->path.mnt) /* A pipe: no name can be given to it, and it is no link. */
		return own ? -EXDEV : -ENOENT;
	*out = f->path;
	path_get(out);
	return 0;
}

/* AT_EMPTY_PATH: what @dirfd is, whatever it is. */
static int path_of_dirfd(int dirfd, bool own, struct path *out)
{
	if (dirfd != AT_FDCWD)
		return (int)with_any_fd(dirfd, f, path_of_file(f, own, out));
	fs_cwd(out);
	return 0;
}

int path_lookup(int dirfd, const char *name, unsigned int flags, const struct cred *cred,
		struct path *out)
{
	struct walk w;
	int err;

	if (!*name && flags & WALK_EMPTY)
		return path_of_dirfd(dirfd, flags & WALK_OWN, out);
	err = walk_start(&w, dirfd, name, flags / WALK_RESOLVE, cred);
	if (!err)
		err = walk_all(&w, flags & WALK_FOLLOW);
	if (!err && (w.slash || flags & WALK_DIRECTORY) && !S_ISDIR(w.at.dentry->inode->mode))
		err = -ENOTDIR;
	if (!err) {
		*out = w.at;
		path_get_locked(out);
	}
	walk_end(&w);
	return err;
}
