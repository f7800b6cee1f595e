/*
 * open.c - from a path to an open file.
 *
 * Comes from sys/file/open.c and exec, goes to the file operations of the type: the file system's
 * own for files and directories, a device's by its number, a pipe's for a fifo.  Invariant:
 * permission is asked for what the flags say, once, here; a file that this very call has made needs
 * none.
 */
#include "fs/open.h"

#include "fs/cache.h"

#include "abi/stat.h"
#include "fs/cache.h"
#include "fs/context.h"
#include "fs/dev.h"
#include "fs/name.h"
#include "fs/pipe.h"
#include "fs/request.h"
#include "fs/walk.h"

/* What stays in F_GETFL of the flags given to open. */
#define KEPT_FLAGS (~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC))
/* For a terminal's, and a disk's, open alone. */
#define OPEN_FLAGS ((uint32_t)(O_NOCTTY | O_EXCL))
#define MISC_MAJOR 10 /* of drivers with one device each: Linux has one driver for them all */
#define TMPFILE	   ((uint32_t)(O_TMPFILE & ~O_DIRECTORY))

/* One opening under way. */
struct opening {
	uint32_t flags;
	uint32_t mode, umask; /* of a file that is made */
	uint32_t resolve;
	unsigned int may;
};

static unsigned int wanted_access(uint32_t flags)
{
	static const uint8_t access[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
					  MAY_READ | MAY_WRITE };
	unsigned int may = access[flags & O_ACCMODE];

	return flags & O_TRUNC ? may | MAY_WRITE : may;
}

/* What chattr(1) has set: of mount_permission's, a device's S_IMMUTABLE is left. */
static bool sflags_allow(const struct opening *o, const struct inode *inode)
{
	if (!(o->may & MAY_WRITE))
		return true;
	if (inode->sflags & S_IMMUTABLE)
		return false;
	return !(inode->sflags & S_APPEND) || (o->flags & O_APPEND && !(o->flags & O_TRUNC));
}

static int may_open(const struct opening *o, const struct path *path, bool made)
{
	const struct inode *inode = path->dentry->inode;
	const struct cred *cred = current_cred();
	int err;

	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (S_ISDIR(inode->mode) && (o->may & MAY_WRITE || o->flags & O_CREAT))
		return -EISDIR;
	if (S_ISDIR(inode->mode) && o->may & MAY_EXEC)
		return -EACCES;
	if ((S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) && path->mnt->flags & MNT_NODEV)
		return -EACCES;
	err = made ? 0 : path_permission(cred, path, o->may);
	if (!err && unlikely(inode->sflags) && !sflags_allow(o, inode))
		err = -EPERM;
	if (!err && o->flags & O_NOATIME && !inode_owned(cred, inode))
		err = -EPERM;
	return err;
}

/* The character device with @number, which a module may have to bring; NULL: there is none. */
static const struct device *find_or_request(uint32_t number)
{
	const struct device *dev = dev_find(number);

	/* No lock is held: a program runs meanwhile. */
	if (likely(dev))
		return dev;
	if (request_module("char-major-%u-%u", dev_major(number), dev_minor(number)) > 0 &&
	    dev_major(number) != MISC_MAJOR)
		(void)request_module("char-major-%u", dev_major(number));
	return dev_find(number);
}

const struct file_ops *block_file_ops;

/* A block device's; a socket has none.  Apart: the rest is what is opened all the time. */
static __attribute__((noinline)) int find_block_ops(const struct inode *inode, struct file *f)
{
	if (!S_ISBLK(inode->mode) || !block_file_ops)
		return -ENXIO;
	f->ops = block_file_ops;
	f->mode |= FILE_SEEK | FILE_POS;
	return 0;
}

/* What operates on an open file of this type.  0, or nothing does: -ENXIO, -ENODEV. */
static int find_ops(const struct inode *inode, struct file *f)
{
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
		f->ops = inode->fops;
		f->mode |= FILE_SEEK | FILE_POS;
		return 0;
	case S_IFIFO: f->ops = &fifo_fops; return 0;
	case S_IFCHR: {
		const struct device *dev;

		if (inode->fops) { /* the file system knows what it is */
			f->ops = inode->fops;
			return 0;
		}
		dev = find_or_request(inode->rdev);
		if (!dev)
			return dev_major(inode->rdev) == MISC_MAJOR ? -ENODEV : -ENXIO;
		f->ops = dev->ops;
		f->ops_owner = dev->owner; /* held by dev_find, from here on by the file */
		if (f->ops->seek)
			f->mode |= FILE_SEEK;
		f->private = (void *)dev;
		return 0;
	}
	default: return find_block_ops(inode, f);
	}
}

static const struct file_ops path_fops = { .read = NULL };

/*
 * @f is on @path, whose references it takes over; a file that may be written is counted: by the
 * mount, so that it does not become read-only meanwhile, and by the inode, so that it is not
 * executed meanwhile.
 */
static int take_path(const struct opening *o, struct file *f, const struct path *path)
{
	int err = 0;

	f->path = *path;
	if (!S_ISREG(f->inode->mode) || o->flags & O_PATH)
		return 0;
	if (f->mode & FILE_WRITE) {
		err = path_want_write(path);
		if (!err)
			f->mode |= FILE_WRITER;
	} else if (o->may & MAY_EXEC) {
		err = path_deny_write(path);
		if (!err)
			f->mode |= FILE_DENIES;
	}
	return err;
}

/* An open file on @path, whose references pass over to it; they are gone, too, when that fails. */
static struct file *open_path(const struct opening *o, const struct path *path, bool made)
{
	struct inode *inode = path->dentry->inode;
	struct file *f = NULL;
	int err = o->flags & O_PATH ? 0 : may_open(o, path, made);

	if (!err) {
		f = file_new(&path_fops, inode, file_mode(o->flags),
			     o->flags & (KEPT_FLAGS | OPEN_FLAGS));
		err = is_err(f) ? (int)ptr_err(f) : take_path(o, f, path);
	}
	if (err) {
		if (f && !is_err(f))
			file_put(f);
		else
			path_put(path);
		return err_ptr(err);
	}
	if (o->flags & O_PATH) {
		f->mode = FILE_PATH;
		return f;
	}
	/*
	 * The file counts as a writer already (take_path): O_TRUNC below cannot hit a program that
	 * runs.
	 */
	err = find_ops(inode, f);
	if (inode->cache)
		f->error_seen = cache_error_now(inode->cache);
	if (!err && f->ops->open)
		err = f->ops->open(f);
	if (!err && (inode->cache || S_ISBLK(inode->mode)))
		f->error_seen = cache_error_now(file_cache(f));
	f->flags &= ~OPEN_FLAGS;
	if (err)
		f->ops = &path_fops; /* it was never open: nothing to release */
	else if (o->flags & O_DIRECT && !file_takes_direct(f))
		err = -EINVAL;
	else if (o->flags & O_TRUNC && S_ISREG(inode->mode) && !made)
		err = path_truncate(&f->path, 0);
	if (err) {
		file_put(f);
		return err_ptr(err);
	}
	return f;
}

static unsigned int walk_flags(const struct opening *o)
{
	return (o->flags & O_NOFOLLOW ? 0 : WALK_FOLLOW) |
	       (o->flags & O_DIRECTORY ? WALK_DIRECTORY : 0) | o->resolve * WALK_RESOLVE;
}

static struct file *open_existing(const struct opening *o, int dirfd, const char *name)
{
	struct path path;
	int err = path_lookup(dirfd, name, walk_flags(o), NULL, &path);

	if (err)
		return err_ptr(err);
	return open_path(o, &path, false);
}

/*
 * Makes w->last; the directory is locked.  @was: its negative dentry or NULL.  The file's dentry
 * with a reference, or err_ptr.
 */
static struct dentry *create_locked(const struct opening *o, struct walk *w, struct dentry *was)
{
	struct inode_new what = { .mode = S_IFREG | o->mode, .umask = o->umask };
	int err = name_may_create(w);

	mutex_assert_held(&w->at.dentry->inode->lock);
	if (!err && !w->at.dentry->inode->ops->make)
		err = -EACCES;
	return err ? err_ptr(err) : name_make(w, was, &what);
}

uint32_t protected_regular, protected_fifos;

/*
 * May @inode, which was there, be opened by who would have made it?  In a directory where others
 * put things it may be a trap.
 */
static int may_take_for_made(const struct walk *w, const struct inode *inode)
{
	const struct inode *dir = w->at.dentry->inode;
	bool regular = S_ISREG(inode->mode), fifo = S_ISFIFO(inode->mode);
	uint32_t level = regular ? READ_ONCE(protected_regular) : READ_ONCE(protected_fifos);

	if (S_ISDIR(inode->mode) || !(dir->mode & S_ISVTX) || ((regular || fifo) && !level))
		return 0;
	if (inode->uid == dir->uid || inode->uid == w->cred->fsuid)
		return 0;
	if (dir->mode & S_IWOTH || (dir->mode & S_IWGRP && level >= 2 && (regular || fifo)))
		return -EACCES;
	return 0;
}

/*
 * The last component of an O_CREAT: what is there, or a new file, into *@path with references.
 * Return 0, 1: it is a symbolic link, which @w now follows; or -errno.
 */
static int open_or_create(const struct opening *o, struct walk *w, struct path *path, bool *made)
{
	struct inode *dir = w->at.dentry->inode;
	struct dentry *d, *fresh;
	int err = 0;

	/*
	 * Looked for and made under one hold: of two tasks with O_EXCL one makes the file, the
	 * other gets -EEXIST.
	 */
	mutex_lock(&dir->lock);
	d = dentry_lookup(w->at.dentry, &w->last);
	if (!is_err(d) && (!d || !d->inode)) {
		fresh = create_locked(o, w, d);
		if (d)
			dentry_put(d);
		d = fresh;
		*made = !is_err(d);
	}
	mutex_unlock(&dir->lock);
	if (is_err(d))
		return (int)ptr_err(d);
	if (!*made && o->flags & O_EXCL)
		err = -EEXIST;
	else if (S_ISLNK(d->inode->mode) && o->flags & O_NOFOLLOW)
		err = -ELOOP;
	else if (S_ISLNK(d->inode->mode))
		err = walk_may_follow(w, d->inode) ?: walk_follow(w, d->inode) ?: 1;
	else if (!*made)
		err = may_take_for_made(w, d->inode);
	if (!err) {
		/* Its own references, as walk_cross may go on to what is mounted on it. */
		*path = (struct path){ w->at.mnt, d };
		path_get(path);
		err = walk_cross(w, path);
		if (err)
			path_put(path);
	}
	dentry_put(d);
	return err;
}

static struct file *open_create(const struct opening *o, int dirfd, const char *name)
{
	struct path path;
	struct walk w;
	struct file *f;
	bool made = false;
	int err = walk_start(&w, dirfd, name, o->resolve, NULL);

	while (!err) {
		err = walk_to_last(&w);
		if (err)
			break;
		walk_hold(&w);
		if (w.kind == LAST_ROOT && !S_ISDIR(w.at.dentry->inode->mode)) {
			path = w.at; /* a link of /proc led here */
			path_get(&path);
		} else if (w.kind != LAST_NAME)
			/* ".", "..", "/": they are there, and directories. */
			err = o->flags & O_EXCL ? -EEXIST : -EISDIR;
		else if (w.slash)
			err = -EISDIR;
		else
			err = open_or_create(o, &w, &path, &made);
		if (err <= 0)
			break;
		err = 0; /* a link: walk on */
	}
	f = err ? err_ptr(err) : open_path(o, &path, made);
	walk_end(&w);
	return f;
}

/* O_TMPFILE: a file in the file system of the directory @name that has no name. */
static struct file *open_tmpfile(const struct opening *o, int dirfd, const char *name)
{
	struct inode_new what = { .mode = S_IFREG | o->mode, .umask = o->umask };
	struct inode *dir, *inode;
	struct path path, at;
	struct file *f;
	int err = path_lookup(dirfd, name, walk_flags(o) | WALK_DIRECTORY, NULL, &path);

	if (err)
		return err_ptr(err);
	dir = path.dentry->inode;
	err = path_permission(current_cred(), &path, MAY_WRITE | MAY_EXEC);
	if (!err && !dir->ops->make)
		err = -EOPNOTSUPP;
	if (!err)
		mutex_lock(&dir->lock);
	inode = err ? err_ptr(err) : name_make_inode(dir, NULL, &what);
	if (!err)
		mutex_unlock(&dir->lock);
	if (is_err(inode)) {
		path_put(&path);
		return (struct file *)inode;
	}
	inode->linkable = !(o->flags & O_EXCL);
	inode_count_names(inode, false);
	at = (struct path){ path.mnt, dentry_new(NULL, inode) };
	if (at.dentry) {
		f = open_path(o, &at, true); /* which has the mount's reference, too */
		dentry_put(path.dentry);
	} else {
		path_put(&path);
		f = err_ptr(-ENOMEM);
	}
	return f;
}

bool vfs_open_flags_ok(uint32_t flags)
{
	if (flags & O_PATH)
		return true;
	if (flags & TMPFILE)
		return flags & O_DIRECTORY && !(flags & O_CREAT) &&
		       wanted_access(flags & O_ACCMODE) & MAY_WRITE;
	return !(flags & O_CREAT) || !(flags & O_DIRECTORY);
}

struct file *vfs_open(int dirfd, const char *name, uint32_t flags, uint32_t mode)
{
	return vfs_open_within(dirfd, name, flags, mode, 0);
}

struct file *vfs_open_within(int dirfd, const char *name, uint32_t flags, uint32_t mode,
			     uint32_t resolve)
{
	struct opening o = { .flags = flags,
			     .mode = mode & 07777,
			     .umask = fs_umask(),
			     .resolve = resolve,
			     .may = wanted_access(flags) };

	if (unlikely(!files_left())) /* before a file is made */
		return err_ptr(-ENFILE);
	if (flags & O_PATH) {
		o.flags = flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return open_existing(&o, dirfd, name);
	}
	o.flags |= O_LARGEFILE;
	if (flags & TMPFILE)
		return open_tmpfile(&o, dirfd, name);
	return flags & O_CREAT ? open_create(&o, dirfd, name) : open_existing(&o, dirfd, name);
}

struct file *vfs_open_path(const struct path *path, uint32_t flags)
{
	struct opening o = { .flags = flags | O_LARGEFILE };

	path_get(path);
	return open_path(&o, path, true);
}

struct file *vfs_open_exec(int dirfd, const char *name, unsigned int walk_flags)
{
	struct opening o = { .flags = O_RDONLY | O_LARGEFILE, .may = MAY_EXEC };
	struct path path;
	struct file *f;
	int err = path_lookup(dirfd, name, walk_flags, NULL, &path);

	if (err)
		return err_ptr(err);
	if (!S_ISREG(path.dentry->inode->mode) && !S_ISLNK(path.dentry->inode->mode))
		f = err_ptr(-EACCES);
	else if (path.mnt->flags & MNT_NOEXEC)
		f = err_ptr(-EACCES);
	else
		return open_path(&o, &path, false);
	path_put(&path);
	return f;
}

int vfs_open_console(void)
{
	struct file *console;
	int err = fs_create(current) ?: files_create(current);

	if (err)
		return err;
	console = vfs_open(AT_FDCWD, "/dev/console", O_RDWR, 0);
	if (is_err(console)) {
		pr_warn("newel: can't open /dev/console: %ld\n", ptr_err(console));
		return (int)ptr_err(console);
	}
	for (int fd = 0; fd < 3 && err >= 0; fd++)
		err = fd_dup_from(console, 0, false);
	file_put(console);
	return min(err, 0);
}
