/*
 * initrd.c - from the archive that the boot loader left to files in the root file system.
 *
 * Comes from el1/init.c, goes to the calls that a program would use (name.c, open.c).  lib/cpio.c
 * reads the archive, in the pieces in which it lies in memory or in which gunzip gives it out, so
 * that nothing is ever unpacked twice.
 * Invariant: what the archive can't do (a file below a missing directory) is left out, as Linux
 * does; what makes the rest unreadable ends the work with one line.
 */
#include "fs/initrd.h"

#include "abi/stat.h"
#include "fs/name.h"
#include "fs/open.h"
#include "fs/walk.h"
#include "lib/cpio.h"
#include "lib/inflate.h"
#include "lib/string.h"
#include "mm/slab.h"

/* A name that later entries may be links to, or a directory whose time is set in the end. */
struct noted {
	struct list_node link;
	struct cpio_entry e; /* without its strings */
	char name[];
};

struct unpack {
	struct cpio cpio;
	struct gunzip gunzip;
	const char *error; /* if it is neither the archive's nor gzip's own: what is wrong */
	struct file *file; /* open for its data; NULL: they are left out */
	struct list_node files, dirs; /* struct noted */
};

static int fail(struct unpack *u, const char *why)
{
	u->error = why;
	return -EINVAL;
}

/* ---- what an entry makes ---- */

/* The root is there already, and has no name that it could be made by. */
static const char *name_of_entry(const struct cpio_entry *e)
{
	return !strcmp(e->name, "/") || !strcmp(e->name, ".") ? "/." : e->name;
}

/* Owner, permissions and time; what cannot be set stays as it is. */
static void set_attributes(const struct cpio_entry *e, bool follow)
{
	const struct vfs_time time = { .sec = e->mtime };
	struct path path;
	int err = path_lookup(AT_FDCWD, name_of_entry(e), follow ? WALK_FOLLOW : 0, NULL, &path);

	if (err)
		return;
	err = vfs_chown(path.dentry->inode, path.mnt, e->uid, e->gid);
	if (!err && !S_ISLNK(e->mode))
		err = vfs_chmod(path.dentry->inode, path.mnt, e->mode & 07777);
	if (!err)
		err = vfs_utimes(path.dentry->inode, path.mnt, &time, &time, false);
	path_put(&path);
	if (err)
		pr_warn("newel: initramfs: %s: attributes not set: error %d\n", e->name, -err);
}

/* What is in the way of the entry's type goes, if it can: a later archive wins. */
static void clear_the_way(const struct cpio_entry *e)
{
	struct path path;
	uint32_t there;

	if (path_lookup(AT_FDCWD, name_of_entry(e), 0, NULL, &path))
		return;
	there = path.dentry->inode->mode;
	/* Before the name is removed: our reference would keep the file's pages. */
	path_put(&path);
	if ((there & S_IFMT) == (e->mode & S_IFMT) && !S_ISLNK(there))
		return;
	if ((S_ISDIR(there) ? vfs_rmdir(AT_FDCWD, e->name) : vfs_unlink(AT_FDCWD, e->name)))
		pr_warn("newel: initramfs: %s is in the way of another type\n", e->name);
}

static int note(const struct cpio_entry *e, struct list_node *list)
{
	const char *name = name_of_entry(e);
	size_t n = strlen(name) + 1;
	struct noted *noted = kmalloc(sizeof(*noted) + n);

	if (!noted)
		return -ENOMEM;
	noted->e = *e;
	memcpy(noted->name, name, n);
	list_add_tail(list, &noted->link);
	return 0;
}

static bool same_file(const struct cpio_entry *a, const struct cpio_entry *b)
{
	return a->ino == b->ino && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       (a->mode & S_IFMT) == (b->mode & S_IFMT);
}

/*
 * If this entry is one more name of a file that was made: makes the link.  1: it is, 0: it is the
 * first, or -errno.
 */
static int link_to_first(struct unpack *u, const struct cpio_entry *e)
{
	struct noted *n;
	struct path path;
	int err;

	if (e->nlink < 2)
		return 0;
	list_for_each(n, &u->files, link) {
		if (!same_file(&n->e, e))
			continue;
		err = path_lookup(AT_FDCWD, n->name, 0, NULL, &path);
		if (err)
			return err;
		err = vfs_unlink(AT_FDCWD, e->name);
		if (!err || err == -ENOENT)
			err = vfs_link(&path, AT_FDCWD, e->name);
		path_put(&path);
		return err ? err : 1;
	}
	return note(e, &u->files);
}

/*
 * A regular file: the data that follow go into it.  Of several names of one file any may carry
 * them.
 */
static int begin_file(struct unpack *u, const struct cpio_entry *e)
{
	int linked = link_to_first(u, e);
	uint32_t flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (linked == 1 ? 0 : O_TRUNC);
	struct file *f;

	if (linked < 0)
		return linked == -ENOMEM ? fail(u, "not enough memory") : 0;
	/* Pid 1 is the only task, and has no open files: the calls below meet nobody. */
	f = vfs_open(AT_FDCWD, e->name, flags, e->mode & 07777);
	if (is_err(f)) {
		pr_warn("newel: initramfs: %s can't be made: error %ld\n", e->name, -ptr_err(f));
		return ptr_err(f) == -ENOMEM ? fail(u, "not enough memory") : 0;
	}
	if (linked == 1 && e->size && vfs_truncate(f->inode, 0)) {
		file_put(f);
		return fail(u, "not enough memory");
	}
	u->file = f;
	return 0;
}

/* Anything that has no data. */
static int make_initrd_node(struct unpack *u, const struct cpio_entry *e)
{
	struct inode_new what = { .mode = e->mode & (S_IFMT | 07777), .target = e->target };
	int err = S_ISDIR(what.mode) || S_ISLNK(what.mode) ? 0 : link_to_first(u, e);

	if (err == 0) {
		if (S_ISCHR(what.mode) || S_ISBLK(what.mode))
			what.rdev = (uint32_t)dev_make(e->rdev_major, e->rdev_minor);
		err = vfs_make(AT_FDCWD, name_of_entry(e), &what);
		if (err == -EEXIST)
			err = 0;
		if (!err)
			set_attributes(e, false);
		if (!err && S_ISDIR(what.mode))
			err = note(e, &u->dirs);
	}
	if (err == -ENOMEM || err == -ENOSPC)
		return fail(u, "not enough memory");
	if (err < 0)
		pr_warn("newel: initramfs: %s can't be made: error %d\n", e->name, -err);
	return 0;
}

static int begin(void *ctx, const struct cpio_entry *e)
{
	struct unpack *u = ctx;

	clear_the_way(e);
	return S_ISREG(e->mode) ? begin_file(u, e) : make_initrd_node(u, e);
}

static int write_data(void *ctx, const void *data, size_t n)
{
	struct unpack *u = ctx;
	struct iter it;
	long done;

	if (!u->file)
		return 0;
	iter_kernel(&it, data, n);
	done = file_write(u->file, &it);
	return done < 0 || (size_t)done != n ? fail(u, "not enough memory for what it holds") : 0;
}

static int end(void *ctx, const struct cpio_entry *e)
{
	struct unpack *u = ctx;

	if (u->file) {
		file_put(u->file);
		u->file = NULL;
		/* After the data: writing would take set-ID bits away, and set the time. */
		set_attributes(e, true);
	}
	return 0;
}

static void forget(struct list_node *list)
{
	struct noted *n;

	while ((n = list_pop(list, struct noted, link)))
		kfree(n);
}

/* Numbers of files mean something within one archive only. */
static int archive_end(void *ctx)
{
	struct unpack *u = ctx;

	forget(&u->files);
	return 0;
}

static const struct cpio_sink sink = { begin, write_data, end, archive_end };

/* Sets the directories' own times, now that nothing more is made in them. */
static void set_directory_times(struct unpack *u)
{
	struct noted *n;

	/* Each file that was made in one has changed its time. */
	list_for_each(n, &u->dirs, link) {
		const struct vfs_time time = { .sec = n->e.mtime };
		struct path path;

		if (path_lookup(AT_FDCWD, n->name, 0, NULL, &path))
			continue;
		if (vfs_utimes(path.dentry->inode, path.mnt, &time, &time, false))
			pr_warn("newel: initramfs: %s: time not set\n", n->name);
		path_put(&path);
	}
}

/* ---- the archives ---- */

/* What gunzip gives out. */
static int feed_unzipped(void *ctx, const void *data, size_t n)
{
	struct unpack *u = ctx;
	size_t used;
	int err = cpio_feed(&u->cpio, data, n, &used);

	if (!err && used < n)
		err = fail(u, "no cpio archive inside");
	return err;
}

/* One gzip member at @data.  Its contents count their offsets from 0. */
static int unpack_zipped(struct unpack *u, const uint8_t *data, size_t n, size_t *used)
{
	uint64_t before = u->cpio.at;
	int err;

	u->cpio.at = 0;
	err = gunzip(&u->gunzip, data, n, feed_unzipped, u, used);
	if (u->gunzip.error) {
		u->error = u->gunzip.error;
		u->cpio.at = before + u->gunzip.error_at;
	} else if (!err) {
		u->cpio.at = before + *used;
	}
	return err;
}

static int unpack_all(struct unpack *u, const uint8_t *data, size_t size)
{
	size_t pos = 0, used = 0;
	int err = 0;

	for (; !err && pos < size; pos += used) {
		if (cpio_between(&u->cpio) && gunzip_is(data + pos, size - pos)) {
			err = unpack_zipped(u, data + pos, size - pos, &used);
			continue;
		}
		err = cpio_feed(&u->cpio, data + pos, size - pos, &used);
		if (!err && pos + used < size && !gunzip_is(data + pos + used, size - pos - used))
			err = fail(u, "neither a cpio archive nor gzip");
	}
	return err ? err : cpio_finish(&u->cpio);
}

static void report_unpacked(const struct unpack *u)
{
	const struct cpio *c = &u->cpio;

	pr_err("newel: initramfs: %s, at offset %llu\n", u->error ? u->error : c->error,
	       (unsigned long long)(u->error ? c->at : c->error_at));
}

void initrd_unpack(const void *data, size_t size)
{
	struct unpack *u = kmalloc(sizeof(*u));

	if (!u) {
		pr_err("newel: initramfs: not enough memory to unpack it\n");
		return;
	}
	cpio_open(&u->cpio, &sink, u);
	u->error = NULL;
	u->file = NULL;
	list_init(&u->files);
	list_init(&u->dirs);
	if (unpack_all(u, data, size))
		report_unpacked(u);
	if (u->file)
		file_put(u->file);
	set_directory_times(u);
	forget(&u->files);
	forget(&u->dirs);
	kfree(u);
}
