/*
 * tmpfs.c - a file system in RAM: its inodes, their names, what mount(2) may choose.
 *
 * Comes from name.c and mount_ops.c with the locks held that inode.h names.  Names live in the
 * dentry cache; a directory here only counts them.  What files hold: tmpfs_file.c.  Invariant:
 * inodes in use never exceed their limit by more than what is being made right now.
 */
#include "fs/tmpfs.h"

#include "abi/stat.h"
#include "fs/mount_ops.h"
#include "fs/ramdir.h"
#include "fs/ramxattr.h"
#include "fs/tmpfs_file.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"

#define ENTRY_SIZE 20 /* what a name adds to st_size of its directory, as Linux's tmpfs counts */

static const struct inode_ops tmpfs_ops;

/* ---- inodes ---- */

static struct inode *tmpfs_new(struct tmpfs *fs, struct inode *dir, const struct inode_new *what)
{
	struct tmpfs_inode *ti;
	struct inode *inode;

	/*
	 * Looked at before it is counted: tasks that make files at one moment may go over the limit
	 * by one each.
	 */
	if (READ_ONCE(fs->inodes) >= READ_ONCE(fs->o.max_inodes))
		return err_ptr(-ENOSPC);
	ti = kzalloc(sizeof(*ti));
	if (!ti)
		return err_ptr(-ENOMEM);
	inode = &ti->inode;
	inode_init(inode, &fs->sb, dir, what->mode);
	list_init(&ti->xattrs);
	inode->ops = &tmpfs_ops;
	inode->rdev = what->rdev;
	if (S_ISREG(inode->mode)) {
		tmpfs_file_init(ti);
	} else if (S_ISDIR(inode->mode)) {
		inode->fops = &ram_dir_fops;
		inode->nlink = 2;
		inode->size = 2 * ENTRY_SIZE;
	} else if (S_ISLNK(inode->mode)) {
		ti->target = kstrdup(what->target);
		if (!ti->target) {
			kfree(ti);
			return err_ptr(-ENOMEM);
		}
		inode->size = strlen(what->target);
	}
	ti->charge = charge_mine(TMPFS_CHARGE);
	ti->object.charge = ti->charge;
	atomic_add(&fs->inodes, 1);
	/* An open file, or a mapping, may outlive the last mount. */
	ref_get(&fs->refs);
	return inode;
}

static void tmpfs_release(struct inode *inode)
{
	struct tmpfs_inode *ti = tmpfs_inode_of(inode);

	/*
	 * A mapping may still have the object: then the inode, which holds it, goes with the last
	 * of those.
	 */
	if (inode->object)
		object_put(inode->object); /* release_content, when no mapping has it any more */
	else
		tmpfs_inode_free(ti);
}

/* ---- directories ---- */

/* @dir has @change names more (or fewer), @subdirs of them directories. */
static void dir_changed(struct inode *dir, int change, int subdirs)
{
	/* The directory's lock is held, as by all of its kind below: no two tasks count at once. */
	tmpfs_inode_of(dir)->entries += (uint64_t)(int64_t)change;
	dir->size += (uint64_t)(int64_t)(change * ENTRY_SIZE);
	dir->nlink += (uint32_t)subdirs;
	dir->mtime = dir->ctime = vfs_now();
}

static struct inode *tmpfs_make(struct inode *dir, const struct name *name,
				const struct inode_new *what)
{
	struct inode *inode = tmpfs_new(container_of(dir->sb, struct tmpfs, sb), dir, what);

	if (is_err(inode))
		return inode;
	if (name)
		dir_changed(dir, 1, S_ISDIR(inode->mode));
	else
		inode->nlink = 0;
	return inode;
}

/*
 * A name more than the first counts as an inode, as on Linux: it is memory that nothing else would
 * bound.
 */
static int tmpfs_link(struct inode *dir, const struct name *name, struct inode *what)
{
	struct tmpfs *fs = tmpfs_of(tmpfs_inode_of(what));

	if (what->nlink) {
		if (READ_ONCE(fs->inodes) >= READ_ONCE(fs->o.max_inodes))
			return -ENOSPC;
		atomic_add(&fs->inodes, 1);
	}
	what->nlink++;
	dir_changed(dir, 1, 0);
	what->ctime = dir->ctime;
	return 0;
}

/* @what loses its name in @dir. */
static void drop_name(struct inode *dir, struct inode *what)
{
	bool is_dir = S_ISDIR(what->mode);

	if (!is_dir && what->nlink > 1)
		atomic_sub(&tmpfs_of(tmpfs_inode_of(what))->inodes, 1);
	what->nlink -= is_dir ? 2 : 1;
	dir_changed(dir, -1, is_dir ? -1 : 0);
	what->ctime = dir->ctime;
}

static int tmpfs_remove(struct inode *dir, const struct name *name, struct inode *what)
{
	if (S_ISDIR(what->mode) && tmpfs_inode_of(what)->entries)
		return -ENOTEMPTY;
	drop_name(dir, what);
	return 0;
}

static int tmpfs_rename(struct inode *from, const struct name *old, struct inode *what,
			struct inode *to, const struct name *new_name, struct inode *over,
			bool exchange)
{
	int what_dir = S_ISDIR(what->mode), over_dir = over && S_ISDIR(over->mode);

	if (exchange) {
		dir_changed(from, 0, over_dir - what_dir);
		dir_changed(to, 0, what_dir - over_dir);
		over->ctime = from->ctime;
	} else {
		/* over's own lock is held, too: nobody makes a name in it meanwhile. */
		if (over_dir && tmpfs_inode_of(over)->entries)
			return -ENOTEMPTY;
		if (over)
			drop_name(to, over);
		dir_changed(from, -1, -what_dir);
		dir_changed(to, 1, what_dir);
	}
	what->ctime = from->ctime;
	return 0;
}

static int tmpfs_readlink(struct inode *inode, char *buf, size_t size)
{
	size_t n = min(size, (size_t)inode->size);

	memcpy(buf, tmpfs_inode_of(inode)->target, n);
	return (int)n;
}

/* ---- extended attributes ---- */

#define INODE_BYTES 1024 /* what an inode counts for, beside user.* attributes, as on Linux */

static long tmpfs_getxattr(struct inode *inode, const char *name, void *buf, size_t size)
{
	return ramxattr_get(&tmpfs_inode_of(inode)->xattrs, name, buf, size);
}

static long tmpfs_listxattr(struct inode *inode, char *buf, size_t size)
{
	return ramxattr_list(&tmpfs_inode_of(inode)->xattrs, buf, size);
}

/* The limit of inodes bounds what everybody may keep; the others are root's. */
static int tmpfs_setxattr(struct inode *inode, const char *name, const void *value, size_t size,
			  uint32_t flags)
{
	struct tmpfs_inode *ti = tmpfs_inode_of(inode);
	struct tmpfs *fs = tmpfs_of(ti);
	bool counted = !strncmp(name, "user.", 5);
	uint64_t room = UINT64_MAX, most = READ_ONCE(fs->o.max_inodes);
	int64_t change;
	int err;

	if (counted && most < UINT64_MAX / INODE_BYTES) {
		uint64_t used = READ_ONCE(fs->inodes) * INODE_BYTES + READ_ONCE(fs->xattr_bytes);

		room = most * INODE_BYTES - min(used, most * INODE_BYTES);
	}
	err = ramxattr_set(&ti->xattrs, name, value, size, flags, room, ti->charge, &change);
	if (!err && counted) {
		atomic_add(&fs->xattr_bytes, (uint64_t)change);
		ti->xattr_bytes += (uint64_t)change;
	}
	return err;
}

static const struct inode_ops tmpfs_ops = {
	.getxattr = tmpfs_getxattr,
	.listxattr = tmpfs_listxattr,
	.setxattr = tmpfs_setxattr,
	.make = tmpfs_make,
	.link = tmpfs_link,
	.remove = tmpfs_remove,
	.rename = tmpfs_rename,
	.readlink = tmpfs_readlink,
	.truncate = tmpfs_truncate,
	.allocate = tmpfs_allocate,
	.release = tmpfs_release,
};

/* ---- the file system ---- */

static int tmpfs_statfs(struct superblock *sb, struct vfs_statfs *st)
{
	struct tmpfs *fs = container_of(sb, struct tmpfs, sb);
	uint64_t pages = READ_ONCE(fs->pages), inodes = READ_ONCE(fs->inodes);

	*st = (struct vfs_statfs){ .type = TMPFS_MAGIC, .bsize = PAGE_SIZE };
	if (fs->o.max_pages != UNLIMITED) {
		st->blocks = fs->o.max_pages;
		st->bfree = st->bavail = st->blocks - min(pages, st->blocks);
	}
	if (fs->o.max_inodes != UNLIMITED) {
		st->files = fs->o.max_inodes;
		st->ffree = st->files - min(inodes, st->files);
	}
	return 0;
}

static uint64_t default_pages(void)
{
	return page_total_count() / 2;
}

static int tmpfs_show(struct superblock *sb, char *buf, size_t size)
{
	const struct tmpfs *fs = container_of(sb, struct tmpfs, sb);
	const struct tmpfs_options *o = &fs->o;
	int n = 0;

	buf[0] = '\0';
	if (o->sized)
		n += scnprintf(buf + n, size - n, ",size=%lluk",
			       o->max_pages == UNLIMITED ? 0ULL
							 : o->max_pages * (PAGE_SIZE / 1024ULL));
	if (o->counted)
		n += scnprintf(buf + n, size - n, ",nr_inodes=%llu",
			       o->max_inodes == UNLIMITED ? 0ULL : o->max_inodes + 0ULL);
	if (o->mode != 01777)
		n += scnprintf(buf + n, size - n, ",mode=%03o", o->mode);
	if (o->uid)
		n += scnprintf(buf + n, size - n, ",uid=%u", o->uid);
	if (o->gid)
		n += scnprintf(buf + n, size - n, ",gid=%u", o->gid);
	return n + scnprintf(buf + n, size - n, ",inode64");
}

/* size=10m, size=50%, nr_blocks=, nr_inodes=: 0 is no limit. */
static bool parse_limit(const char *s, bool bytes, uint64_t *limit)
{
	uint64_t n;
	int used = parse_size(s, strlen(s), &n);

	if (used < 0)
		return false;
	s += used;
	if (bytes && *s == '%') {
		n = min(n, (uint64_t)100000) * page_total_count() / 100;
		s++;
	} else if (bytes) {
		n = n / PAGE_SIZE + (n % PAGE_SIZE != 0);
	}
	*limit = n ? n : UNLIMITED;
	return !*s;
}

/* One option, "key=value". */
static bool parse_option(struct tmpfs_options *o, const char *key, const char *value)
{
	if (!strcmp(key, "inode64"))
		return true;
	if (!value)
		return false;
	if (!strcmp(key, "size"))
		return o->sized = parse_limit(value, true, &o->max_pages);
	if (!strcmp(key, "nr_blocks"))
		return o->sized = parse_limit(value, false, &o->max_pages);
	if (!strcmp(key, "nr_inodes"))
		return o->counted = parse_limit(value, false, &o->max_inodes);
	if (!strcmp(key, "uid"))
		return option_number(value, 10, &o->uid);
	if (!strcmp(key, "gid"))
		return option_number(value, 10, &o->gid);
	if (strcmp(key, "mode") != 0 || !option_number(value, 8, &o->mode))
		return false;
	o->mode &= 07777;
	return true;
}

/* Cuts @text up. */
static int parse_options(struct tmpfs_options *o, char *text)
{
	char *key, *value;

	while (option_next(&text, &key, &value))
		if (!parse_option(o, key, value))
			return -EINVAL;
	return 0;
}

/* The limits may change, but not below what is in use. */
static int tmpfs_remount(struct superblock *sb, char *options)
{
	struct tmpfs *fs = container_of(sb, struct tmpfs, sb);
	/*
	 * mount_lock is held: one remount at a time.  Each limit is stored in one piece, as writers
	 * read it without a lock.
	 */
	struct tmpfs_options o = fs->o;
	int err = parse_options(&o, options);

	if (!err && (o.max_pages < READ_ONCE(fs->pages) || o.max_inodes < READ_ONCE(fs->inodes)))
		err = -EINVAL;
	if (!err && ((fs->o.max_pages == UNLIMITED && o.max_pages != UNLIMITED) ||
		     (fs->o.max_inodes == UNLIMITED && o.max_inodes != UNLIMITED)))
		err = -EINVAL; /* as Linux, which did not count until now */
	if (err)
		return err;
	WRITE_ONCE(fs->o.max_pages, o.max_pages);
	WRITE_ONCE(fs->o.max_inodes, o.max_inodes);
	fs->o.sized |= o.sized;
	fs->o.counted |= o.counted;
	return 0;
}

static void tmpfs_kill(struct superblock *sb)
{
	struct tmpfs *fs = container_of(sb, struct tmpfs, sb);

	/*
	 * No mount shows it any more: nobody can find a name, so the tree is taken apart without
	 * its directories' locks.
	 */
	dentry_kill_tree(fs->root);
	tmpfs_put(fs);
}

static struct dentry *create_tmpfs(const struct tmpfs_options *o, const char *type)
{
	struct inode_new what = { .mode = S_IFDIR | o->mode };
	struct tmpfs *fs = kzalloc(sizeof(*fs));
	struct inode *inode;

	if (!fs)
		return err_ptr(-ENOMEM);
	fs->sb = (struct superblock){ .type = type,
				      .flags = SB_RAM,
				      .dev = sb_new_dev(),
				      .next_ino = 1,
				      .statfs = tmpfs_statfs,
				      .posix_acl = true,
				      .options = tmpfs_show,
				      .remount = tmpfs_remount,
				      .kill = tmpfs_kill };
	fs->o = *o;
	ref_init(&fs->refs);
	inode = tmpfs_new(fs, NULL, &what);
	if (!is_err(inode)) {
		inode->uid = o->uid;
		inode->gid = o->gid;
		fs->root = dentry_new(NULL, inode);
	}
	if (!fs->root) {
		tmpfs_put(fs);
		return err_ptr(-ENOMEM);
	}
	dentry_get(fs->root); /* tmpfs_kill's */
	return fs->root;
}

struct dentry *tmpfs_create(const char *type, uint32_t mode, char *options)
{
	struct tmpfs_options o = { .max_pages = default_pages(),
				   .max_inodes = default_pages(),
				   .mode = mode,
				   .sized = strcmp(type, "tmpfs") != 0 };
	int err = parse_options(&o, options);

	o.counted |= strcmp(type, "tmpfs") != 0; /* what Linux shows of its own */
	return err ? err_ptr(err) : create_tmpfs(&o, type);
}

static struct dentry *tmpfs_mount(char *options)
{
	return tmpfs_create("tmpfs", 01777, options);
}

void tmpfs_init(void)
{
	static struct fs_type type = { .name = "tmpfs", .mount = tmpfs_mount };
	struct dentry *root = tmpfs_create("rootfs", 01777, NULL);

	if (is_err(root))
		panic("no memory for the root file system");
	mount_init(root);
	fs_register(&type);
}
