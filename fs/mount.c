/*
 * mount.c - mounts, paths (a dentry seen through a mount), and their names.  The calls that change
 * mounts: mount_ops.c.
 *
 * Invariant (dcache_lock): a mount holds a reference to its root and, while it is attached, to the
 * directory it covers and its mount; dentry->mounts counts the mounts on it, so that a walk looks
 * for one only where there is one.  A file system goes with the last mount that shows it, a mount
 * with the last path through it.
 */
#include "fs/mount.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/slab.h"

#define ST_VALID     0x0020 /* statfs(2) */
#define RELATIME_SEC (24 * 60 * 60)

struct list_node mounts = LIST_INIT(mounts);

HASH_TABLE(covers);

struct mount root_mount = { .parent = &root_mount,
			    .mounted = LIST_INIT(root_mount.mounted),
			    .sibling = LIST_INIT(root_mount.sibling),
			    .refs = 1,
			    .id = 1,
			    .attached = true };
struct mount nameless_mount = { .parent = &nameless_mount,
				.mounted = LIST_INIT(nameless_mount.mounted),
				.sibling = LIST_INIT(nameless_mount.sibling),
				.refs = 1,
				.id = 2 };

void path_get(const struct path *p)
{
	spin_lock(&dcache_lock);
	path_get_locked(p);
	spin_unlock(&dcache_lock);
}

/* No path and no list has @m any more. */
static void mount_free(struct mount *m)
{
	struct superblock *sb = m->sb;
	bool last;

	/* The root first: its inode's release still needs the superblock, which kill frees. */
	dentry_put(m->root);
	kfree(m->source);
	kfree(m);
	spin_lock(&dcache_lock);
	last = --sb->mounts == 0;
	spin_unlock(&dcache_lock);
	if (last && sb->kill)
		sb->kill(sb);
}

void mount_put(struct mount *m)
{
	bool last;

	spin_lock(&dcache_lock);
	/* In one step with the reference: umount tests both under this lock. */
	m->expiring = false;
	last = --m->refs == 0;
	spin_unlock(&dcache_lock);
	if (last)
		mount_free(m);
}

/* A file open for writing is no longer; dcache_lock held. */
static void end_write(const struct path *p)
{
	spin_assert_held(&dcache_lock);
	p->mnt->writers--;
	p->dentry->inode->writers--;
	p->dentry->inode->sb->writers--;
}

/* @writer: it was open for writing.  @used: it counts as a use of the mount. */
static void put_path(const struct path *p, bool writer, bool used)
{
	bool last_dentry, last_mount;

	spin_lock(&dcache_lock);
	if (writer)
		end_write(p);
	last_dentry = dentry_put_locked(p->dentry);
	p->mnt->expiring &= !used;
	last_mount = --p->mnt->refs == 0;
	spin_unlock(&dcache_lock);
	/*
	 * Without the lock: both may sleep.  The dentry goes before the mount, whose superblock its
	 * inode uses.
	 */
	if (last_dentry)
		dentry_free(p->dentry);
	if (last_mount)
		mount_free(p->mnt);
}

void path_put(const struct path *p)
{
	put_path(p, false, true);
}

void path_put_unused(const struct path *p)
{
	put_path(p, false, false);
}

int path_want_write(const struct path *p)
{
	struct inode *inode = p->dentry->inode;
	int err = 0;

	/*
	 * The test and the counting are one step: remount and exec test the counts and set their
	 * flag under the same lock, so that one of the two is refused.
	 */
	spin_lock(&dcache_lock);
	if (inode->writers < 0) {
		err = -ETXTBSY;
	} else if (path_read_only(p)) {
		err = -EROFS;
	} else {
		p->mnt->writers++;
		inode->writers++;
		inode->sb->writers++;
	}
	spin_unlock(&dcache_lock);
	return err;
}

static void path_end_write(const struct path *p)
{
	spin_lock(&dcache_lock);
	end_write(p);
	spin_unlock(&dcache_lock);
}

void path_put_write(const struct path *p)
{
	put_path(p, true, true);
}

int path_truncate(const struct path *p, uint64_t size)
{
	struct inode *inode = p->dentry->inode;
	int err = -EINVAL;

	if (S_ISDIR(inode->mode))
		return -EISDIR;
	if (S_ISREG(inode->mode))
		err = path_permission(current_cred(), p, MAY_WRITE);
	if (!err)
		err = path_want_write(p);
	if (!err) {
		/* Counted as a writer meanwhile: no remount, no exec in between. */
		err = vfs_truncate(inode, size);
		path_end_write(p);
	}
	return err;
}

int path_deny_write(const struct path *p)
{
	struct inode *inode = p->dentry->inode;
	int err = -ETXTBSY;

	spin_lock(&dcache_lock);
	if (inode->writers <= 0) {
		inode->writers--;
		err = 0;
	}
	spin_unlock(&dcache_lock);
	return err;
}

void path_allow_write(const struct path *p)
{
	spin_lock(&dcache_lock);
	p->dentry->inode->writers++;
	spin_unlock(&dcache_lock);
}

static bool is_before(const struct vfs_time *a, const struct vfs_time *b)
{
	return a->sec != b->sec ? a->sec < b->sec : a->nsec < b->nsec;
}

void path_touch(const struct path *p)
{
	uint32_t flags = READ_ONCE(p->mnt->flags);
	struct inode *inode = p->dentry->inode;
	struct vfs_time now;

	if (flags & MNT_NOATIME || inode->sflags & S_NOATIME || path_read_only(p) ||
	    (flags & MNT_NODIRATIME && S_ISDIR(inode->mode)))
		return;
	now = vfs_now();
	if (flags & MNT_RELATIME && is_before(&inode->mtime, &inode->atime) &&
	    is_before(&inode->ctime, &inode->atime) && now.sec - inode->atime.sec < RELATIME_SEC)
		return;
	/*
	 * Without inode->lock, which a reader need not wait for: of two reads at one moment
	 * either's time is right.
	 */
	inode->atime = sb_time(inode->sb, now);
	inode_dirty(inode);
}

static uint32_t place_hash(const struct path *p)
{
	return hash_mix(p->mnt, (uint32_t)((uintptr_t)p->dentry >> 4));
}

struct mount *mount_crossing(const struct path *p)
{
	uint32_t hash = place_hash(p);

	spin_assert_held(&dcache_lock);
	for (struct hash_node *n = *hash_bucket(&covers, hash); n; n = n->next) {
		struct mount *m = container_of(n, struct mount, in_table);

		if (m->on == p->dentry && m->parent == p->mnt)
			return m;
	}
	return NULL;
}

/* A walk that sees tree_moves changed does not rely any more on what it knew of the way up. */
void mount_cover(struct mount *m, const struct path *at)
{
	spin_assert_held(&dcache_lock);
	m->parent = at->mnt;
	m->on = at->dentry;
	path_get_locked(at);
	at->dentry->mounts++;
	list_add_tail(&at->mnt->mounted, &m->sibling);
	m->in_table.hash = place_hash(at);
	hash_insert(&covers, &m->in_table);
	tree_moves++;
}

struct path mount_uncover(struct mount *m)
{
	struct path was = { m->parent, m->on };

	hash_remove(&covers, &m->in_table);
	list_del(&m->sibling);
	was.dentry->mounts--;
	m->parent = m;
	m->on = NULL;
	tree_moves++;
	return was;
}

int64_t vfs_statfs_flags(const struct superblock *sb, const struct mount *mnt)
{
	uint32_t flags = mnt ? mnt->flags & MNT_STATFS : 0;

	return ST_VALID | flags | (sb->flags & SB_RDONLY ? MNT_RDONLY : 0);
}

void path_cross_down(struct path *p)
{
	struct mount *m;

	while (READ_ONCE(p->dentry->mounts)) {
		struct path over, under = *p;

		/* The test above was without the lock: the mount may be gone by now. */
		spin_lock(&dcache_lock);
		m = mount_crossing(p);
		if (m) {
			over = (struct path){ m, m->root };
			path_get_locked(&over);
		}
		spin_unlock(&dcache_lock);
		if (!m)
			return;
		*p = over;
		path_put(&under);
		give_way();
	}
}

/* Puts @n bytes before *@at, which does not go below @start. */
static bool prepend(char *start, char **at, const char *s, size_t n)
{
	if ((size_t)(*at - start) < n)
		return false;
	*at -= n;
	memcpy(*at, s, n);
	return true;
}

/*
 * A path name that is being made, from its end: how far up it has come, and what is written
 * already.
 */
struct naming {
	const struct path *root;
	struct path at;
	char *buf, *s;
	bool fits, reachable;
};

#define NAME_STRETCH 64 /* components under dcache_lock: all other walks wait meanwhile */

/* Up to NAME_STRETCH components more.  True: there are others.  dcache_lock held. */
static bool name_some(struct naming *n)
{
	struct path *at = &n->at;

	spin_assert_held(&dcache_lock);
	for (int i = 0; n->fits; i++) {
		if (at->mnt == n->root->mnt && at->dentry == n->root->dentry)
			return false;
		if (i == NAME_STRETCH)
			return true;
		if (at->dentry == at->mnt->root || at->dentry->parent == at->dentry) {
			n->reachable = at->mnt->parent != at->mnt && at->dentry == at->mnt->root;
			if (!n->reachable)
				return false;
			*at = (struct path){ at->mnt->parent, at->mnt->on };
			continue;
		}
		n->fits = prepend(n->buf, &n->s, at->dentry->name.s, at->dentry->name.len) &&
			  prepend(n->buf, &n->s, "/", 1);
		at->dentry = at->dentry->parent;
	}
	return false;
}

/*
 * All of a long name: no directory is moved meanwhile, and where it has come to is held while
 * others have dcache_lock.
 */
static void name_all(struct naming *n)
{
	struct path held, before;
	bool more = true;

	held = n->at;
	path_get(&held);
	while (more) {
		before = held;
		spin_lock(&dcache_lock);
		more = name_some(n);
		held = n->at;
		path_get_locked(&held);
		spin_unlock(&dcache_lock);
		/*
		 * Held until here: the step went on from it, and its parent was safe only through
		 * it.
		 */
		path_put(&before);
		give_way();
	}
	path_put(&held);
}

static struct naming naming_of(const struct path *p, const struct path *root, char *buf,
			       size_t size)
{
	struct naming n = {
		.root = root, .at = *p, .buf = buf, .s = buf + size, .reachable = true
	};

	n.fits = prepend(buf, &n.s, "", 1);
	return n;
}

char *path_name_any(const struct path *p, const struct path *root, char *buf, size_t size,
		    bool *reachable, bool *removed)
{
	struct naming n = naming_of(p, root, buf, size);
	bool more;

	spin_lock(&dcache_lock);
	*removed = !p->dentry->hashed && p->dentry != p->mnt->root;
	more = name_some(&n);
	spin_unlock(&dcache_lock);
	if (more) {
		renames_hold();
		/*
		 * From the start: what was written may be of directories that were moved before we
		 * had the lock.
		 */
		n = naming_of(p, root, buf, size);
		name_all(&n);
		renames_release();
	}
	*reachable = n.reachable;
	if (n.fits && !*n.s)
		n.fits = prepend(buf, &n.s, "/", 1);
	return n.fits ? n.s : err_ptr(-ENAMETOOLONG);
}

char *path_name(const struct path *p, const struct path *root, char *buf, size_t size,
		bool *reachable)
{
	bool removed;
	char *s = path_name_any(p, root, buf, size, reachable, &removed);

	return removed ? err_ptr(-ENOENT) : s;
}

void mount_init(struct dentry *root)
{
	root_mount.root = root;
	root_mount.sb = root->inode->sb;
	root_mount.sb->mounts = 1;
	list_add_tail(&mounts, &root_mount.link);
}
