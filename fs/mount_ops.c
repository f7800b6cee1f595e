/*
 * mount_ops.c - mount(2) in all its forms, umount2(2), pivot_root(2): what changes the tree of
 * mounts.
 *
 * Comes from sys/file/mount.c with paths that were looked up.  Invariants: mount_lock is held over
 * every change, so that what was checked stays true; the change itself is one step under
 * dcache_lock, so that a walk sees the tree before or after it. The order in which errors are found
 * is Linux's.  There is one namespace, and nothing propagates from one mount to another: MS_SHARED
 * is refused, MS_PRIVATE and MS_SLAVE change nothing.
 */
#include "fs/mount_ops.h"

#include "abi/mount.h"
#include "abi/stat.h"
#include "fs/context.h"
#include "fs/request.h"
#include "fs/super.h"
#include "fs/walk.h"
#include "lib/string.h"
#include "mm/slab.h"

static struct mutex mount_lock = MUTEX_INIT(mount_lock);
static struct fs_type *types; /* does not change once the first task runs */
/* the root's and nameless_mount's are 1 and 2; mount_lock */
static uint32_t last_id = 2;
static uint32_t nr_mounts = 1; /* mount_lock */

uint32_t mounts_max = 100000;

void mounts_hold(void)
{
	mutex_lock(&mount_lock);
}

void mounts_release(void)
{
	mutex_unlock(&mount_lock);
}

void fs_register(struct fs_type *type)
{
	struct fs_type **at = &types;

	while (*at)
		at = &(*at)->next;
	*at = type;
}

const struct fs_type *fs_types(void)
{
	return types;
}

static const struct fs_type *find_type(const char *name)
{
	for (const struct fs_type *t = types; t; t = t->next)
		if (!strcmp(t->name, name))
			return t;
	return NULL;
}

/* ---- one mount ---- */

/* Shows @root, whose reference it takes over; also when there is no memory (NULL). */
static struct mount *mount_new(struct dentry *root, const char *source, uint32_t flags)
{
	struct superblock *sb = root->inode->sb;
	struct mount *m = kzalloc(sizeof(*m));
	char *copy = m && source ? kstrdup(source) : NULL;

	if (!m || (source && !copy)) {
		kfree(m);
		dentry_put(root);
		/* One on a disk has our caller's count. */
		if (!READ_ONCE(sb->mounts) && sb->kill)
			sb->kill(sb);
		return NULL;
	}
	*m = (struct mount){ .sb = sb,
			     .root = root,
			     .parent = m,
			     .refs = 1,
			     .flags = flags,
			     .id = ++last_id,
			     .source = copy };
	list_init(&m->link);
	list_init(&m->mounted);
	list_init(&m->sibling);
	/*
	 * From here on the superblock stays: mount_free of its last other mount counts under this
	 * lock.
	 */
	spin_lock(&dcache_lock);
	sb->mounts++;
	spin_unlock(&dcache_lock);
	return m;
}

static bool has_parent(const struct mount *m)
{
	return m->parent != m;
}

static bool is_mount_root(const struct path *p)
{
	return p->dentry == p->mnt->root;
}

/*
 * @m's only reference becomes the tree's.  0; -ENOENT: @at was removed; -ENOTDIR; -ENOSPC.
 * mount_lock held.
 */
static int attach(struct mount *m, const struct path *at)
{
	struct inode *inode = at->dentry->inode;
	int err = 0;

	if (inode->unmountable)
		return -ENOENT;
	if (S_ISDIR(inode->mode) != S_ISDIR(m->root->inode->mode))
		return -ENOTDIR;
	if (nr_mounts >= READ_ONCE(mounts_max))
		return -ENOSPC;
	/*
	 * A task that removes the name holds inode->lock too, and looks at dentry->mounts: so
	 * either we see that it is gone, or the remover sees that it is busy.
	 */
	mutex_lock(&inode->lock);
	spin_lock(&dcache_lock);
	if (!at->dentry->hashed && !is_mount_root(at)) {
		err = -ENOENT;
	} else {
		mount_cover(m, at);
		m->attached = true;
		list_add_tail(&mounts, &m->link);
		nr_mounts++;
	}
	spin_unlock(&dcache_lock);
	mutex_unlock(&inode->lock);
	return err;
}

/* How many steps in a tree of mounts are made before others may run. */
#define STRETCH 256u

/* Is @m @top or mounted somewhere below it?  mount_lock held, as for the two below. */
static bool is_in_tree(const struct mount *m, const struct mount *top)
{
	for (uint32_t steps = 1; m != top && has_parent(m); steps++) {
		m = m->parent;
		if (steps % STRETCH == 0)
			give_way();
	}
	return m == top;
}

/*
 * What comes behind @m among all that is mounted on @top and below, each after what it is mounted
 * on; NULL: nothing.
 */
static struct mount *next_in_tree(struct mount *m, const struct mount *top)
{
	if (!list_empty(&m->mounted))
		return list_first(&m->mounted, struct mount, sibling);
	for (uint32_t steps = 1; m != top; steps++) {
		if (m->sibling.next != &m->parent->mounted)
			return list_entry(m->sibling.next, struct mount, sibling);
		m = m->parent;
		if (steps % STRETCH == 0)
			give_way();
	}
	return NULL;
}

/* @m goes into @gone, which is the caller's own list: no lock for that. */
static void detach_one(struct mount *m, struct list_node *gone)
{
	spin_lock(&dcache_lock);
	list_del(&m->link);
	m->attached = false;
	m->was = mount_uncover(m);
	nr_mounts--;
	spin_unlock(&dcache_lock);
	list_add_tail(gone, &m->link);
}

/*
 * @top and all that is mounted below it go into @gone; a task that still uses one of them goes on
 * with it alone.  @top first: a task that does not stand in the tree already does not see it come
 * apart, leaf by leaf.  mount_lock held.
 */
static void detach_tree(struct mount *top, struct list_node *gone)
{
	struct mount *m = top, *up;

	detach_one(top, gone);
	while (m != top || !list_empty(&top->mounted)) {
		if (!list_empty(&m->mounted)) {
			m = list_first(&m->mounted, struct mount, sibling);
		} else {
			up = m->parent;
			detach_one(m, gone);
			m = up;
		}
		give_way();
	}
}

/*
 * What detach_tree took away; with its last user a file system goes.  No lock is held: freeing a
 * tree of files takes long, and other calls of mount(2) go on meanwhile.
 */
static void release_detached(struct list_node *gone)
{
	struct mount *m;

	while ((m = list_pop(gone, struct mount, link))) {
		path_put(&m->was);
		mount_put(m);
		give_way();
	}
}

/* ---- mount ---- */

/* Flags of mount(2) that have the same numbers as a mount's. */
#define MS_SAME (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME)
_Static_assert(MS_SAME == (MNT_RDONLY | MNT_NOSUID | MNT_NODEV | MNT_NOEXEC | MNT_NOATIME |
			   MNT_NODIRATIME),
	       "MNT_*");

static uint32_t mount_flags(uint32_t ms)
{
	uint32_t flags = ms & MS_SAME;

	if (ms & MS_NOSYMFOLLOW)
		flags |= MNT_NOSYMFOLLOW;
	if (!(ms & MS_NOATIME))
		flags |= MNT_RELATIME;
	if (ms & MS_STRICTATIME)
		flags &= ~(MNT_RELATIME | MNT_NOATIME);
	return flags;
}

/* @root, of a file system that was made for this, or NULL: @t makes it here.  mount_lock held. */
static int mount_fs(const struct fs_type *t, struct dentry *root, const char *source,
		    struct path *on, uint32_t ms, char *options)
{
	struct mount *m;
	int err;

	if (!root) {
		root = t->mount(options);
		if (is_err(root))
			return (int)ptr_err(root);
		if (ms & MS_RDONLY && !root->inode->sb->mounts)
			root->inode->sb->flags |= SB_RDONLY;
	}
	m = mount_new(root, source, mount_flags(ms));
	if (!m)
		return -ENOMEM;
	/* mount_lock is held: what is uppermost on @on stays so until attach. */
	path_cross_down(on);
	if (on->mnt->sb == m->sb && is_mount_root(on))
		err = -EBUSY;
	else
		err = on->mnt->attached ? attach(m, on) : -EINVAL;
	if (err)
		mount_put(m);
	return err;
}

static struct mount *clone_mount(const struct mount *m, struct dentry *root)
{
	dentry_get(root);
	return mount_new(root, m->source, m->flags & ~MNT_UNBINDABLE);
}

/*
 * Has a recursive bind of @from to copy @m, on what was copied, or below?  Not what is new itself
 * (not @before).
 */
static bool is_to_copy(const struct mount *m, const struct path *from, uint32_t before)
{
	bool below;

	if (m->id > before || !m->parent->copy || m->flags & MNT_UNBINDABLE)
		return false;
	if (m->parent != from->mnt)
		return true;
	renames_hold();
	below = dentry_is_below(m->on, from->dentry);
	renames_release();
	return below;
}

/* Copies @m, whose parent has a copy already. */
static int copy_one(struct mount *m)
{
	const struct path at = { m->parent->copy, m->on };
	int err;

	m->copy = clone_mount(m, m->root);
	if (!m->copy)
		return -ENOMEM;
	err = attach(m->copy, &at);
	if (err)
		mount_put(m->copy);
	return err;
}

/* What is mounted below @from is mounted below @copy of it too. */
static int copy_below(const struct path *from, struct mount *copy, uint32_t before)
{
	struct mount *top = from->mnt, *m;
	int err = 0;

	top->copy = copy;
	for (m = next_in_tree(top, top); m && !err; m = next_in_tree(m, top)) {
		if (is_to_copy(m, from, before))
			err = copy_one(m);
		if (!err && !file_may_continue())
			err = -EINTR;
	}
	for (m = top; m; m = next_in_tree(m, top)) {
		m->copy = NULL;
		give_way();
	}
	return err;
}

/* What is in @gone afterwards is released by the caller, without mount_lock. */
static int bind(const struct path *from, struct path *on, bool recursive, struct list_node *gone)
{
	uint32_t before = last_id;
	struct mount *m;
	int err;

	path_cross_down(on);
	if (from->mnt->flags & MNT_UNBINDABLE || !on->mnt->attached || !from->mnt->attached)
		return -EINVAL;
	m = clone_mount(from->mnt, from->dentry);
	if (!m)
		return -ENOMEM;
	err = attach(m, on);
	if (err) {
		mount_put(m);
		return err;
	}
	if (recursive)
		err = copy_below(from, m, before);
	if (err)
		detach_tree(m, gone);
	return err;
}

static int move_mount(const struct path *from, struct path *on)
{
	struct mount *m = from->mnt;
	struct path was = { NULL, NULL };
	int err = 0;

	path_cross_down(on);
	if (on->dentry->inode->unmountable)
		return -ENOENT;
	if (!m->attached || !on->mnt->attached || !is_mount_root(from) || !has_parent(m))
		return -EINVAL;
	if (S_ISDIR(on->dentry->inode->mode) != S_ISDIR(from->dentry->inode->mode))
		return -EINVAL;
	if (is_in_tree(on->mnt, m))
		return -ELOOP;
	mutex_lock(&on->dentry->inode->lock);
	spin_lock(&dcache_lock);
	if (!on->dentry->hashed && !is_mount_root(on)) {
		err = -ENOENT;
	} else {
		/*
		 * A walk sees @m at its old place or at its new one, as both are changed under one
		 * hold of dcache_lock.
		 */
		was = mount_uncover(m);
		mount_cover(m, on);
	}
	spin_unlock(&dcache_lock);
	mutex_unlock(&on->dentry->inode->lock);
	if (was.mnt)
		path_put(&was);
	return err;
}

static int remount_fs(struct superblock *sb, uint32_t ms, char *options)
{
	int err = 0;

	if (sb->fs)
		return super_remount(sb, ms, options);
	if (sb->remount)
		err = sb->remount(sb, options);
	return err ?: super_set_read_only(sb, ms & MS_RDONLY);
}

/* MS_REMOUNT, of the file system, or with MS_BIND of this mount alone. */
static int remount(const struct path *on, uint32_t ms, char *options)
{
	const uint32_t atime = MNT_NOATIME | MNT_NODIRATIME | MNT_RELATIME;
	struct mount *m = on->mnt;
	uint32_t flags = mount_flags(ms);
	int err = 0;

	if (!m->attached || !is_mount_root(on))
		return -EINVAL;
	if (!(ms & (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)))
		flags = (flags & ~atime) | (m->flags & atime);
	if (!(ms & MS_BIND))
		err = remount_fs(m->sb, ms, options);
	if (err)
		return err;
	/* As in set_read_only, for this mount's own flag and writers. */
	spin_lock(&dcache_lock);
	if (flags & ~m->flags & MNT_RDONLY && m->writers)
		err = -EBUSY;
	else
		m->flags = flags | (m->flags & MNT_UNBINDABLE);
	spin_unlock(&dcache_lock);
	return err;
}

#define PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

static int change_type(const struct path *on, uint32_t ms)
{
	uint32_t type = ms & ~(MS_REC | MS_SILENT);
	struct mount *top = on->mnt, *m;

	if (!is_mount_root(on) || type & ~PROPAGATION || type & (type - 1) || type == MS_SHARED)
		return -EINVAL;
	for (m = top; m; m = ms & MS_REC ? next_in_tree(m, top) : NULL) {
		spin_lock(&dcache_lock);
		m->flags &= ~MNT_UNBINDABLE;
		if (type == MS_UNBINDABLE)
			m->flags |= MNT_UNBINDABLE;
		spin_unlock(&dcache_lock);
		give_way();
	}
	return 0;
}

/* MS_BIND and MS_MOVE: @source is a path. */
static int from_path(const char *source, struct path *on, uint32_t ms)
{
	struct list_node gone = LIST_INIT(gone);
	struct path from;
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = path_lookup(AT_FDCWD, source, WALK_FOLLOW, NULL, &from);
	if (err)
		return err;
	mutex_lock(&mount_lock);
	err = ms & MS_BIND ? bind(&from, on, ms & MS_REC, &gone) : move_mount(&from, on);
	mutex_unlock(&mount_lock);
	release_detached(&gone);
	path_put(&from);
	return err;
}

/*
 * Mounts a file system on @on.  What reads a disk, or asks a server, for its superblock does so
 * before mount_lock is taken: it may take long.
 */
static int new_mount(const char *source, struct path *on, const char *type, uint32_t ms,
		     char *options)
{
	const struct fs_type *t = type ? find_type(type) : NULL;
	struct dentry *root = NULL;
	struct superblock *sb = NULL;
	int err;

	if (!t && type) {
		(void)request_module("fs-%s", type);
		t = find_type(type);
	}
	if (!t)
		return type ? -ENODEV : -EINVAL;
	if (t->disk)
		root = super_mount(t, source, ms, options);
	else if (t->mount_from)
		root = t->mount_from(source, ms & MS_RDONLY ? SB_RDONLY : 0, options);
	if (is_err(root))
		return (int)ptr_err(root);
	if (root && t->disk)
		sb = root->inode->sb; /* one mount of it is counted for us */
	mutex_lock(&mount_lock);
	err = mount_fs(t, root, source, on, ms, options);
	mutex_unlock(&mount_lock);
	if (sb)
		super_unmount(sb);
	return err;
}

int vfs_mount(const char *source, const struct path *on, const char *type, uint32_t ms,
	      char *options)
{
	struct path at = *on;
	int err;

	if ((ms & MS_MGC_MSK) == MS_MGC_VAL)
		ms &= ~MS_MGC_MSK;
	if (ms & (uint32_t)MS_NOUSER)
		return -EINVAL;
	path_get(&at);
	if (!(ms & MS_REMOUNT) && (ms & MS_BIND || (ms & MS_MOVE && !(ms & PROPAGATION)))) {
		err = from_path(source, &at, ms);
	} else if (!(ms & (MS_REMOUNT | PROPAGATION))) {
		err = new_mount(source, &at, type, ms, options);
	} else {
		mutex_lock(&mount_lock);
		if (ms & MS_REMOUNT)
			err = remount(&at, ms, options);
		else
			err = change_type(&at, ms);
		mutex_unlock(&mount_lock);
	}
	path_put(&at);
	return err;
}

/* ---- umount ---- */

/* Does anybody but the caller's path use @m?  dcache_lock held. */
static bool is_busy(const struct mount *m)
{
	return m->refs > 2; /* the tree's and the caller's; what is mounted on it counts too */
}

/* MNT_EXPIRE: the first call marks it, the second one, if nobody has used it since, unmounts it. */
static int expire(struct mount *m)
{
	int err = 0;

	spin_lock(&dcache_lock);
	if (is_busy(m))
		err = -EBUSY;
	else if (!m->expiring)
		err = -EAGAIN;
	m->expiring = err != -EBUSY;
	spin_unlock(&dcache_lock);
	return err;
}

/* What is in @gone afterwards is released by the caller, without mount_lock. */
static int umount(struct mount *m, uint32_t flags, struct list_node *gone)
{
	bool busy, own_root = m == current->fs->root.mnt;
	int err;

	if (flags & MNT_EXPIRE) {
		if (own_root || flags & (MNT_FORCE | MNT_DETACH))
			return -EINVAL;
		err = expire(m);
		if (err)
			return err;
	}
	if (own_root && !(flags & MNT_DETACH))
		return remount_fs(m->sb, MS_RDONLY, NULL);
	/*
	 * A walk may enter after this look: it then goes on in the detached tree, as after
	 * MNT_DETACH.
	 */
	spin_lock(&dcache_lock);
	busy = is_busy(m);
	spin_unlock(&dcache_lock);
	if (busy && !(flags & MNT_DETACH))
		return -EBUSY;
	detach_tree(m, gone);
	return 0;
}

int vfs_umount(const struct path *p, uint32_t flags)
{
	struct list_node gone = LIST_INIT(gone);
	int err = -EINVAL;

	mutex_lock(&mount_lock);
	if (is_mount_root(p) && p->mnt->attached && has_parent(p->mnt))
		err = umount(p->mnt, flags, &gone);
	mutex_unlock(&mount_lock);
	/* Before the tree is released: the caller's reference would keep the file system alive. */
	path_put_unused(p);
	release_detached(&gone);
	return err;
}

/* One that is mounted on @d, or NULL; mount_lock held. */
static struct mount *mounted_on(const struct dentry *d)
{
	struct mount *m;
	uint32_t passed = 0;

	list_for_each(m, &mounts, link) {
		if (m->on == d && has_parent(m))
			return m;
		if (++passed % STRETCH == 0)
			give_way();
	}
	return NULL;
}

void vfs_umount_from(const struct dentry *d)
{
	struct list_node gone = LIST_INIT(gone);
	struct mount *m;

	mutex_lock(&mount_lock);
	while ((m = mounted_on(d)))
		detach_tree(m, &gone);
	mutex_unlock(&mount_lock);
	release_detached(&gone);
}

/* ---- pivot_root ---- */

/* Does one get up from @p to @top?  mount_lock held, which keeps the mounts where they are. */
static bool is_reachable(struct path p, const struct path *top)
{
	bool yes;

	for (uint32_t steps = 1; p.mnt != top->mnt && has_parent(p.mnt); steps++) {
		p = (struct path){ p.mnt->parent, p.mnt->on };
		if (steps % STRETCH == 0)
			give_way();
	}
	renames_hold();
	yes = p.mnt == top->mnt && dentry_is_below(p.dentry, top->dentry);
	renames_release();
	return yes;
}

static int may_pivot(const struct path *root, const struct path *new_root, const struct path *old)
{
	if (!root->mnt->attached || !new_root->mnt->attached || !old->mnt->attached ||
	    !has_parent(new_root->mnt))
		return -EINVAL;
	if (!new_root->dentry->hashed && !is_mount_root(new_root))
		return -ENOENT;
	if (new_root->mnt == root->mnt || old->mnt == root->mnt)
		return -EBUSY;
	if (!is_mount_root(root) || !has_parent(root->mnt) || !is_mount_root(new_root))
		return -EINVAL;
	if (!is_reachable(*old, new_root) || !is_reachable(*new_root, root))
		return -EINVAL;
	return 0;
}

/* What new_root covered is uncovered; it takes the old root's place, and that one's is @old. */
static void pivot(struct mount *root, struct mount *new_root, const struct path *old)
{
	struct path place, was;

	spin_lock(&dcache_lock);
	was = mount_uncover(new_root);
	place = mount_uncover(root);
	mount_cover(root, old);
	mount_cover(new_root, &place);
	spin_unlock(&dcache_lock);
	path_put(&was);
	path_put(&place);
}

int vfs_pivot_root(const struct path *new_root, const struct path *put_old)
{
	struct path root, old = *put_old;
	int err;

	fs_root(&root);
	path_get(&old);
	mutex_lock(&mount_lock);
	path_cross_down(&old);
	err = may_pivot(&root, new_root, &old);
	if (!err) {
		pivot(root.mnt, new_root->mnt, &old);
		/*
		 * Under mount_lock: a second pivot_root waits until all tasks have the root of the
		 * first.
		 */
		fs_replace_root(&root, new_root);
	}
	mutex_unlock(&mount_lock);
	path_put(&old);
	path_put(&root);
	return err;
}
