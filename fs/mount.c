/*
 * mount.c - mounts, paths (a dentry seen through a mount), and their names.
 *
 * Invariant (dcache_lock): a mount holds a reference to its root and to the directory it covers; dentry->mounts counts the
 * mounts on it, so that a walk looks for one only where there is one.
 */
#include "abi/errno.h"
#include "fs/file.h"
#include "fs/tmpfs.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "log/panic.h"

static struct list_node mounts = LIST_INIT(mounts);

struct mount root_mount = { .parent = &root_mount, .refs = 1, .id = 1 };

/* ST_* of statfs(2). */
#define ST_RDONLY 0x0001
#define ST_NOSUID 0x0002
#define ST_NODEV  0x0004
#define ST_NOEXEC 0x0008
#define ST_VALID  0x0020

void path_get(const struct path *p)
{
	spin_lock(&dcache_lock);
	p->mnt->refs++;
	p->dentry->refs++;
	spin_unlock(&dcache_lock);
}

void path_put(const struct path *p)
{
	spin_lock(&dcache_lock);
	p->mnt->refs--;
	spin_unlock(&dcache_lock);
	dentry_put(p->dentry);
}

struct mount *mount_crossing(const struct path *p)
{
	struct mount *m;

	list_for_each(m, &mounts, link)
		if (m->parent == p->mnt && m->on == p->dentry)
			return m;
	return NULL;
}

int64_t vfs_statfs_flags(const struct superblock *sb, const struct mount *mnt)
{
	uint32_t flags = mnt ? mnt->flags : 0;
	int64_t st = ST_VALID;

	if (flags & MNT_RDONLY || sb->flags & SB_RDONLY)
		st |= ST_RDONLY;
	if (flags & MNT_NOSUID)
		st |= ST_NOSUID;
	if (flags & MNT_NODEV)
		st |= ST_NODEV;
	if (flags & MNT_NOEXEC)
		st |= ST_NOEXEC;
	return st;
}

void path_cross_down(struct path *p)
{
	struct mount *m;

	while (READ_ONCE(p->dentry->mounts)) {
		struct path over, under = *p;

		spin_lock(&dcache_lock);
		m = mount_crossing(p);
		if (m) {
			over = (struct path){ m, m->root };
			over.mnt->refs++;
			over.dentry->refs++;
		}
		spin_unlock(&dcache_lock);
		if (!m)
			return;
		*p = over;
		path_put(&under);
	}
}

uint32_t sb_new_dev(void)
{
	static uint32_t last;

	return DEV(0, atomic_add(&last, 1));
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

char *path_name(const struct path *p, const struct path *root, char *buf, size_t size,
		bool *reachable)
{
	struct path at = *p;
	char *s = buf + size;
	bool fits = prepend(buf, &s, "", 1), removed;

	*reachable = true;
	spin_lock(&dcache_lock);
	removed = !at.dentry->hashed && at.dentry != at.mnt->root;
	while (fits && (at.mnt != root->mnt || at.dentry != root->dentry)) {
		if (at.dentry == at.mnt->root || at.dentry->parent == at.dentry) {
			if (at.mnt->parent == at.mnt || at.dentry != at.mnt->root) {
				*reachable = false;
				break;
			}
			at.dentry = at.mnt->on;
			at.mnt = at.mnt->parent;
			continue;
		}
		fits = prepend(buf, &s, at.dentry->name.s, at.dentry->name.len) &&
		       prepend(buf, &s, "/", 1);
		at.dentry = at.dentry->parent;
	}
	spin_unlock(&dcache_lock);
	if (removed)
		return err_ptr(-ENOENT);
	if (fits && !*s)
		fits = prepend(buf, &s, "/", 1);
	return fits ? s : err_ptr(-ENAMETOOLONG);
}

void vfs_init(void)
{
	struct dentry *root = tmpfs_create(0755);

	if (is_err(root))
		panic("no memory for the root file system");
	root_mount.root = root_mount.on = root;
	root_mount.sb = root->inode->sb;
	files_register();
}
