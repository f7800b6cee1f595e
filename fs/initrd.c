/*
 * initrd.c - from the archive that the boot loader left to files in the root file system.
 *
 * Comes from el1/init.c, goes to the calls that a program would use (name.c, open.c).  The archive comes through
 * feed() in pieces of any size, as they lie in memory or as gunzip gives them out, so that nothing is ever unpacked
 * twice.  Invariant: no byte is used before the lengths that say what it is were checked; what the archive can't do (a file below a
 * missing directory) is left out, as Linux does; what makes the rest unreadable ends the work with one line.
 */
#include "fs/initrd.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/cpio.h"
#include "lib/inflate.h"
#include "lib/list.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/slab.h"

enum state {
	BETWEEN, /* archives: zeros, or the start of the next */
	HEADER,
	NAME,
	TARGET, /* of a symbolic link */
	DATA,
	PADDING, /* behind an entry's data */
};

/* A name that later entries may be links to, or a directory whose time is set in the end. */
struct noted {
	struct list_node link;
	struct cpio_entry e; /* without its data */
	char name[];
};

struct unpack {
	enum state state;
	size_t have, need; /* of what this state collects or passes over */
	uint64_t at;	   /* bytes taken so far, for messages */
	const char *error;
	struct cpio_entry e;
	uint32_t name_size;
	uint32_t sum;
	struct file *file;	      /* open for DATA; NULL: the data is left out */
	struct list_node files, dirs; /* struct noted */
	uint8_t header[CPIO_HEADER];
	char name[CPIO_NAME_MAX + 4];	/* with the padding behind it */
	char target[CPIO_NAME_MAX + 4]; /* of a link; or the zeros it needs to be terminated */
	struct gunzip gunzip;
};

static size_t padding(size_t n)
{
	return -n & 3;
}

static int fail(struct unpack *u, const char *why)
{
	u->error = why;
	return -EINVAL;
}

static void expect(struct unpack *u, enum state state, size_t need)
{
	u->state = state;
	u->have = 0;
	u->need = need;
}

/* ---- what an entry makes ---- */

/* Owner, permissions and time of what is called u->name; what cannot be set stays as it is. */
static void set_attributes(const struct unpack *u, bool follow)
{
	const struct vfs_time time = { .sec = u->e.mtime };
	struct path path;
	int err = path_lookup(AT_FDCWD, u->name, follow ? WALK_FOLLOW : 0, NULL, &path);

	if (err)
		return;
	err = vfs_chown(&path, u->e.uid, u->e.gid);
	if (!err && !S_ISLNK(u->e.mode))
		err = vfs_chmod(&path, u->e.mode & 07777);
	if (!err)
		err = vfs_utimes(&path, &time, &time, false);
	path_put(&path);
	if (err)
		pr_warn("newel: initramfs: %s: attributes not set: error %d\n", u->name, -err);
}

/* What is in the way of @mode's type goes, if it can: a later archive wins. */
static void clear_the_way(const struct unpack *u)
{
	struct path path;
	uint32_t there;

	if (path_lookup(AT_FDCWD, u->name, 0, NULL, &path))
		return;
	there = path.dentry->inode->mode;
	path_put(&path);
	if ((there & S_IFMT) == (u->e.mode & S_IFMT) && !S_ISLNK(there))
		return;
	if ((S_ISDIR(there) ? vfs_rmdir(AT_FDCWD, u->name) : vfs_unlink(AT_FDCWD, u->name)))
		pr_warn("newel: initramfs: %s is in the way of another type\n", u->name);
}

static int note(const struct unpack *u, struct list_node *list)
{
	size_t n = strlen(u->name) + 1;
	struct noted *noted = kmalloc(sizeof(*noted) + n);

	if (!noted)
		return -ENOMEM;
	noted->e = u->e;
	memcpy(noted->name, u->name, n);
	list_add_tail(list, &noted->link);
	return 0;
}

static bool same_file(const struct cpio_entry *a, const struct cpio_entry *b)
{
	return a->ino == b->ino && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       (a->mode & S_IFMT) == (b->mode & S_IFMT);
}

/* If this entry is one more name of a file that was made: makes the link.  1: it is, 0: it is the first, or -errno. */
static int link_to_first(struct unpack *u)
{
	struct noted *n;
	struct path path;
	int err;

	if (u->e.nlink < 2)
		return 0;
	list_for_each(n, &u->files, link) {
		if (!same_file(&n->e, &u->e))
			continue;
		err = path_lookup(AT_FDCWD, n->name, 0, NULL, &path);
		if (err)
			return err;
		err = vfs_unlink(AT_FDCWD, u->name);
		if (!err || err == -ENOENT)
			err = vfs_link(&path, AT_FDCWD, u->name);
		path_put(&path);
		return err ? err : 1;
	}
	return note(u, &u->files);
}

static void skip_data(struct unpack *u)
{
	u->file = NULL;
	expect(u, DATA, u->e.size);
}

/* A regular file: the data that follow go into it.  Of several names of one file any may carry them. */
static int begin_file(struct unpack *u)
{
	int linked = link_to_first(u);
	uint32_t flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (linked == 1 ? 0 : O_TRUNC);
	struct file *f;

	skip_data(u);
	if (linked < 0)
		return linked == -ENOMEM ? fail(u, "not enough memory") : 0;
	f = vfs_open(AT_FDCWD, u->name, flags, u->e.mode & 07777);
	if (is_err(f)) {
		pr_warn("newel: initramfs: %s can't be made: error %ld\n", u->name, -ptr_err(f));
		return ptr_err(f) == -ENOMEM ? fail(u, "not enough memory") : 0;
	}
	if (linked == 1 && u->e.size && vfs_truncate(f->inode, 0)) {
		file_put(f);
		return fail(u, "not enough memory");
	}
	u->sum = 0;
	u->file = f;
	return 0;
}

static bool known_type(uint32_t mode)
{
	uint32_t type = mode & S_IFMT;

	return type == S_IFREG || type == S_IFDIR || type == S_IFLNK || type == S_IFCHR || type == S_IFBLK ||
	       type == S_IFIFO || type == S_IFSOCK;
}

/* Anything that has no data. */
static int make_node(struct unpack *u)
{
	struct inode_new what = { .mode = u->e.mode & (S_IFMT | 07777), .target = u->target };
	int err = S_ISDIR(what.mode) || S_ISLNK(what.mode) ? 0 : link_to_first(u);

	if (err == 0) {
		if (S_ISCHR(what.mode) || S_ISBLK(what.mode))
			what.rdev = (uint32_t)dev_make(u->e.rdev_major, u->e.rdev_minor);
		err = vfs_make(AT_FDCWD, u->name, &what);
		if (err == -EEXIST)
			err = 0;
		if (!err)
			set_attributes(u, false);
		if (!err && S_ISDIR(what.mode))
			err = note(u, &u->dirs);
	}
	if (err == -ENOMEM || err == -ENOSPC)
		return fail(u, "not enough memory");
	if (err < 0)
		pr_warn("newel: initramfs: %s can't be made: error %d\n", u->name, -err);
	return 0;
}

static void forget(struct list_node *list)
{
	struct noted *n;

	while ((n = list_pop(list, struct noted, link)))
		kfree(n);
}

/* Now that nothing is made in them any more: the directories' own times. */
static void set_directory_times(struct unpack *u)
{
	struct noted *n;

	list_for_each(n, &u->dirs, link) {
		const struct vfs_time time = { .sec = n->e.mtime };
		struct path path;

		if (path_lookup(AT_FDCWD, n->name, 0, NULL, &path))
			continue;
		if (vfs_utimes(&path, &time, &time, false))
			pr_warn("newel: initramfs: %s: time not set\n", n->name);
		path_put(&path);
	}
}

/* ---- the states ---- */

static int header_done(struct unpack *u)
{
	const char *why;

	if (cpio_header(u->header, &u->e, &u->name_size, &why))
		return fail(u, why);
	expect(u, NAME, u->name_size + padding(CPIO_HEADER + u->name_size));
	return 0;
}

static int name_done(struct unpack *u)
{
	if (strnlen(u->name, u->name_size) == u->name_size)
		return fail(u, "name is not terminated");
	if (!u->name[0])
		return fail(u, "empty name");
	if (!strcmp(u->name, CPIO_TRAILER)) {
		forget(&u->files);
		u->e.mode = 0;
		u->e.size = 0;
		expect(u, BETWEEN, 0);
		return 0;
	}
	if (!known_type(u->e.mode))
		return fail(u, "unknown file type");
	if (!strcmp(u->name, "/") || !strcmp(u->name, "."))
		strlcpy(u->name, "/.", sizeof(u->name)); /* the root: there already */
	clear_the_way(u);
	if (S_ISREG(u->e.mode))
		return begin_file(u);
	if (S_ISLNK(u->e.mode)) {
		if (!u->e.size || u->e.size >= CPIO_NAME_MAX)
			return fail(u, "bad target of a symbolic link");
		expect(u, TARGET, u->e.size);
		return 0;
	}
	skip_data(u); /* a directory or device should have none */
	return make_node(u);
}

static int target_done(struct unpack *u)
{
	u->target[u->e.size] = '\0';
	if (strlen(u->target) != u->e.size)
		return fail(u, "bad target of a symbolic link");
	expect(u, PADDING, padding(u->e.size));
	return make_node(u);
}

static int data_done(struct unpack *u)
{
	if (u->file) {
		file_put(u->file);
		u->file = NULL;
		set_attributes(u, true);
		if (u->e.summed && u->e.size && u->sum != u->e.check)
			return fail(u, "wrong checksum");
	}
	expect(u, PADDING, padding(u->e.size));
	return 0;
}

static int write_data(struct unpack *u, const uint8_t *data, size_t n)
{
	struct iter it;
	long done;

	if (!u->file)
		return 0;
	iter_kernel(&it, data, n);
	done = file_write(u->file, &it);
	if (done < 0 || (size_t)done != n)
		return fail(u, "not enough memory for what it holds");
	for (size_t i = 0; u->e.summed && i < n; i++)
		u->sum += data[i];
	return 0;
}

/* Takes part of @n bytes that belong to this state.  0 or -EINVAL. */
static int take(struct unpack *u, const uint8_t *data, size_t n)
{
	switch (u->state) {
	case HEADER: memcpy(u->header + u->have, data, n); break;
	case NAME: memcpy(u->name + u->have, data, n); break;
	case TARGET: memcpy(u->target + u->have, data, n); break;
	case DATA: return write_data(u, data, n);
	default: break;
	}
	return 0;
}

static int state_done(struct unpack *u)
{
	switch (u->state) {
	case HEADER: return header_done(u);
	case NAME: return name_done(u);
	case TARGET: return target_done(u);
	case DATA: return data_done(u);
	default: expect(u, HEADER, CPIO_HEADER); return 0;
	}
}

/*
 * The next @n bytes.  Stops between archives at what is neither zeros nor an archive.  *@used: how many were taken.
 * 0, or -EINVAL with u->error.
 */
static int feed_some(struct unpack *u, const uint8_t *data, size_t n, size_t *used)
{
	size_t i = 0;
	int err = 0;

	while (!err && i < n) {
		size_t part;

		if (u->state == BETWEEN) {
			if (data[i] == '0')
				expect(u, HEADER, CPIO_HEADER);
			else if (data[i])
				break;
			else
				i++;
			continue;
		}
		part = min(n - i, u->need - u->have);
		err = take(u, data + i, part);
		u->have += part;
		i += part;
		while (!err && u->state != BETWEEN && u->have == u->need)
			err = state_done(u);
	}
	u->at += i;
	*used = i;
	return err;
}

/* What gunzip gives out. */
static int feed_unzipped(void *ctx, const void *data, size_t n)
{
	struct unpack *u = ctx;
	size_t used;
	int err = feed_some(u, data, n, &used);

	if (!err && used < n)
		err = fail(u, "no cpio archive inside");
	return err;
}

/* One gzip member at @data.  Its contents count their offsets from 0. */
static int unpack_zipped(struct unpack *u, const uint8_t *data, size_t n, size_t *used)
{
	uint64_t before = u->at;
	int err;

	u->at = 0;
	err = gunzip(&u->gunzip, data, n, feed_unzipped, u, used);
	if (err && !u->error) {
		u->error = u->gunzip.error;
		u->at = before + u->gunzip.error_at;
	} else if (!err) {
		u->at = before + *used;
	}
	return err;
}

static int unpack_all(struct unpack *u, const uint8_t *data, size_t size)
{
	size_t pos = 0, used;
	int err = 0;

	while (!err && pos < size) {
		if (u->state == BETWEEN && gunzip_is(data + pos, size - pos)) {
			err = unpack_zipped(u, data + pos, size - pos, &used);
		} else {
			err = feed_some(u, data + pos, size - pos, &used);
			if (!err && pos + used < size &&
			    !gunzip_is(data + pos + used, size - pos - used))
				err = fail(u, "neither a cpio archive nor gzip");
		}
		pos += used;
	}
	if (!err && u->state != BETWEEN)
		err = fail(u, u->state == HEADER && !u->have ? "archive without " CPIO_TRAILER
							     : "truncated");
	return err;
}

void initrd_unpack(const void *data, size_t size)
{
	struct unpack *u = kmalloc(sizeof(*u));

	if (!u) {
		pr_err("newel: initramfs: not enough memory to unpack it\n");
		return;
	}
	expect(u, BETWEEN, 0);
	u->at = 0;
	u->error = NULL;
	u->file = NULL;
	list_init(&u->files);
	list_init(&u->dirs);
	if (unpack_all(u, data, size))
		pr_err("newel: initramfs: %s, at offset %llu\n", u->error,
		       (unsigned long long)u->at);
	if (u->file)
		file_put(u->file);
	set_directory_times(u);
	forget(&u->files);
	forget(&u->dirs);
	kfree(u);
}
