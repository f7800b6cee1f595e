/*
 * tmpfs.c - files in RAM.
 *
 * Comes from name.c and file.c with the locks held that inode.h names, goes to mm/object: a regular
 * file is a vm_object, whose pages are its data, for read and write as for mmap and exec.  Names
 * live in the dentry cache; a directory here only counts them.
 * Invariants: pages and inodes in use never exceed their limits by more than what is being made
 * right now; bytes of a file's last page behind its end read as zero once the file grows over them.
 */
#include "fs/tmpfs.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/memfd.h"
#include "abi/resource.h"
#include "abi/signal.h"
#include "abi/stat.h"
#include "abi/uio.h"
#include "fs/mount_ops.h"
#include "fs/ramdir.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/object.h"
#include "mm/slab.h"
#include "mm/vm.h"
#include "mm/zap.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/wait.h"

#define SIZE_LIMIT INT64_MAX
#define ENTRY_SIZE 20 /* what a name adds to st_size of its directory, as Linux's tmpfs counts */

/* What mount(2) may choose. */
struct tmpfs_options {
	uint64_t max_pages, max_inodes; /* UNLIMITED: they are not counted against anything */
	uint32_t mode, uid, gid;	/* of the root directory */
	bool sized, counted;		/* max_pages, max_inodes were asked for */
};

#define UNLIMITED UINT64_MAX

struct tmpfs {
	struct superblock sb;
	/* One for the mounts, one for each inode: a mapping may outlive the mount. */
	struct ref refs;
	struct tmpfs_options o;
	uint64_t pages, inodes; /* atomic */
	struct dentry *root;
};

struct tmpfs_inode {
	struct inode inode;
	struct vm_object object; /* of a regular file */
	uint64_t charged;	 /* pages of it that are in tmpfs->pages; object.lock */
	uint64_t entries;	 /* names in a directory */
	char *target;		 /* of a symbolic link */
	struct charge *charge;	 /* of its maker; its pages are charged to the same */
};

/* What one costs with its name, about. */
#define INODE_CHARGE (sizeof(struct tmpfs_inode) + sizeof(struct dentry) + CHARGE_SMALL)

static uint64_t all_pages; /* of all of them; atomic */

static const struct inode_ops tmpfs_ops;
static const struct file_ops tmpfs_file_ops;

static struct tmpfs_inode *of(struct inode *inode)
{
	return container_of(inode, struct tmpfs_inode, inode);
}

static struct tmpfs *fs_of(const struct tmpfs_inode *ti)
{
	return container_of(ti->inode.sb, struct tmpfs, sb);
}

/* ---- pages ---- */

uint64_t tmpfs_pages(void)
{
	return READ_ONCE(all_pages);
}

/* Makes the file system's count agree with what the object holds now. */
static void account(struct tmpfs_inode *ti)
{
	uint64_t change;

	spin_lock(&ti->object.lock);
	change = ti->object.nr_pages - ti->charged;
	ti->charged = ti->object.nr_pages;
	spin_unlock(&ti->object.lock);
	if (change) {
		atomic_add(&fs_of(ti)->pages, change);
		atomic_add(&all_pages, change);
	}
}

static struct page *tmpfs_page(struct vm_object *o, uint64_t index, bool create)
{
	struct tmpfs_inode *ti = container_of(o, struct tmpfs_inode, object);
	struct page *p = object_ram_page(o, index, false);

	if (p || !create)
		return p;
	if (READ_ONCE(fs_of(ti)->pages) >= READ_ONCE(fs_of(ti)->o.max_pages))
		return err_ptr(-ENOSPC);
	p = object_ram_page(o, index, true);
	account(ti);
	return p;
}

static void fs_put(struct tmpfs *fs)
{
	if (ref_put(&fs->refs))
		kfree(fs);
}

/* @ti is not in use any more. */
static void inode_free(struct tmpfs_inode *ti)
{
	struct tmpfs *fs = fs_of(ti);

	atomic_sub(&fs->inodes, 1);
	charge_drop(ti->charge, INODE_CHARGE);
	kfree(ti->target);
	kfree(ti);
	fs_put(fs);
}

/* Neither names nor mappings are left. */
static void release_object(struct vm_object *o)
{
	struct tmpfs_inode *ti = container_of(o, struct tmpfs_inode, object);

	object_free_pages(o, 0);
	account(ti);
	inode_free(ti);
}

static void punched(struct vm_object *o)
{
	account(container_of(o, struct tmpfs_inode, object));
}

/* What changes a file's contents changes its times; inode->lock is held. */
static void modified(struct inode *inode)
{
	inode->mtime = inode->ctime = vfs_now();
	inode_drop_setid(inode);
}

static int hole(struct vm_object *o, uint64_t first, uint64_t end)
{
	struct inode *inode = &container_of(o, struct tmpfs_inode, object)->inode;

	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	object_punch(o, first, end);
	modified(inode);
	mutex_unlock(&inode->lock);
	return 0;
}

/* Without inode->lock, as path_touch: who faults may have that of any file. */
static void written(struct vm_object *o)
{
	struct inode *inode = &container_of(o, struct tmpfs_inode, object)->inode;

	inode->mtime = inode->ctime = vfs_now();
}

static const struct vm_object_ops object_ops = { .page = tmpfs_page,
						 .release = release_object,
						 .punched = punched,
						 .hole = hole,
						 .written = written,
						 .in_ram = true };

/*
 * Bytes of the page that holds the end @size, behind that end, become zero (a mapping may have
 * written there).
 */
static void zero_tail(struct vm_object *o, uint64_t size)
{
	size_t at = size & ~PAGE_MASK;
	struct page *p = at ? object_ram_page(o, size >> PAGE_SHIFT, false) : NULL;

	if (p) {
		memset((char *)page_to_virt(p) + at, 0, PAGE_SIZE - at);
		page_put(p);
	}
}

static void set_size(struct vm_object *o, uint64_t size)
{
	spin_lock(&o->lock);
	o->size = size;
	spin_unlock(&o->lock);
}

/* ---- inodes ---- */

static struct inode *tmpfs_new(struct tmpfs *fs, struct inode *dir, const struct inode_new *what)
{
	struct tmpfs_inode *ti;
	struct inode *inode;

	if (READ_ONCE(fs->inodes) >= READ_ONCE(fs->o.max_inodes))
		return err_ptr(-ENOSPC);
	ti = kzalloc(sizeof(*ti));
	if (!ti)
		return err_ptr(-ENOMEM);
	inode = &ti->inode;
	inode_init(inode, &fs->sb, dir, what->mode);
	inode->ops = &tmpfs_ops;
	inode->rdev = what->rdev;
	if (S_ISREG(inode->mode)) {
		object_init(&ti->object, &object_ops);
		inode->object = &ti->object;
		inode->fops = &tmpfs_file_ops;
		inode->seals = F_SEAL_SEAL; /* what has a name is not sealed */
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
	ti->charge = charge_mine(INODE_CHARGE);
	ti->object.charge = ti->charge;
	atomic_add(&fs->inodes, 1);
	ref_get(&fs->refs);
	return inode;
}

static void tmpfs_release(struct inode *inode)
{
	struct tmpfs_inode *ti = of(inode);

	if (inode->object)
		object_put(inode->object); /* release_object, when no mapping has it any more */
	else
		inode_free(ti);
}

/* ---- directories ---- */

/* @dir has @change names more (or fewer), @subdirs of them directories. */
static void dir_changed(struct inode *dir, int change, int subdirs)
{
	of(dir)->entries += (uint64_t)(int64_t)change;
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
	struct tmpfs *fs = fs_of(of(what));

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
		atomic_sub(&fs_of(of(what))->inodes, 1);
	what->nlink -= is_dir ? 2 : 1;
	dir_changed(dir, -1, is_dir ? -1 : 0);
	what->ctime = dir->ctime;
}

static int tmpfs_remove(struct inode *dir, const struct name *name, struct inode *what)
{
	if (S_ISDIR(what->mode) && of(what)->entries)
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
		if (over_dir && of(over)->entries)
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

	memcpy(buf, of(inode)->target, n);
	return (int)n;
}

/* ---- regular files ---- */

/* What RLIMIT_FSIZE lets a file grow to; it is asked only of who has it. */
static uint64_t size_limit(void)
{
	return current->process ? READ_ONCE(current->process->rlimit[RLIMIT_FSIZE].cur)
				: UINT64_MAX;
}

static int too_big(void)
{
	struct signal_info info = { .signo = SIGXFSZ };

	signal_send(current, &info);
	return -EFBIG;
}

static int tmpfs_truncate(struct inode *inode, uint64_t size)
{
	struct vm_object *o = inode->object;
	uint64_t old = o->size;

	if (size > SIZE_LIMIT)
		return -EFBIG;
	if ((size < old && inode->seals & F_SEAL_SHRINK) ||
	    (size > old && inode->seals & F_SEAL_GROW))
		return -EPERM;
	if (size > old && size > size_limit())
		return too_big();
	if (size > old)
		zero_tail(o, old);
	set_size(o, size);
	if (size < old) {
		zero_tail(o, size);
		object_free_pages(o, size);
		mm_cut_object(o, DIV_ROUND_UP(size, PAGE_SIZE), UINT64_MAX, true);
		account(of(inode));
	}
	modified(inode);
	return 0;
}

static long file_read_pages(struct file *f, struct iter *to, uint64_t *pos)
{
	struct vm_object *o = f->inode->object;
	uint64_t at = *pos, size = READ_ONCE(o->size);
	long err = 0;

	while (to->left && at < size) {
		size_t off = at & ~PAGE_MASK;
		size_t done, n = min((size_t)(PAGE_SIZE - off), to->left);
		struct page *p = o->ops->page(o, at >> PAGE_SHIFT, false);

		if (is_err(p)) {
			err = ptr_err(p);
			break;
		}
		n = min((uint64_t)n, size - at);
		done = p ? iter_put(to, (char *)page_to_virt(p) + off, n) : iter_zero(to, n);
		if (p)
			page_put(p);
		at += done;
		if (done < n) {
			err = -EFAULT;
			break;
		}
		if (!file_may_continue())
			break;
	}
	if (at != *pos)
		err = (long)(at - *pos);
	*pos = at;
	if (!(f->flags & O_NOATIME))
		path_touch(&f->path);
	return err;
}

/* How many of @n bytes may be written at @at; 0 or -errno in *@err when none. */
static size_t writable(uint64_t at, size_t n, int *err)
{
	uint64_t limit = min(size_limit(), (uint64_t)SIZE_LIMIT);

	*err = 0;
	if (at >= SIZE_LIMIT)
		*err = -EFBIG;
	else if (at >= limit)
		*err = too_big();
	return *err ? 0 : min((uint64_t)n, limit - at);
}

/*
 * Moves up to a page's worth of @from to file position @at; inode->lock is held.  Bytes, or -errno
 * when none.
 */
static long write_piece(struct vm_object *o, struct iter *from, uint64_t at, size_t n)
{
	size_t off = at & ~PAGE_MASK;
	struct page *p = o->ops->page(o, at >> PAGE_SHIFT, true);
	size_t done;

	if (is_err(p))
		return ptr_err(p);
	done = iter_take(from, (char *)page_to_virt(p) + off, min(n, (size_t)(PAGE_SIZE - off)));
	page_put(p);
	if (at + done > o->size) {
		set_size(o, at + done);
	} else if (!done && at >= o->size) { /* a page behind the end, made for nothing */
		object_free_pages(o, o->size);
		account(container_of(o, struct tmpfs_inode, object));
	}
	return done ? (long)done : -EFAULT;
}

/*
 * Moves @n bytes of @from to file position @start, a page's piece at a time; inode->lock is held.
 * Bytes, or -errno when none.
 */
static long write_pieces(struct vm_object *o, struct iter *from, uint64_t start, size_t n)
{
	size_t done = 0;

	while (done < n) {
		uint64_t at = start + done;
		size_t want = min(n - done, (size_t)(PAGE_SIZE - (at & ~PAGE_MASK)));
		long piece = write_piece(o, from, at, want);

		if (piece < 0)
			return done ? (long)done : piece;
		done += (size_t)piece;
		if ((size_t)piece < want)
			break;
		if (!file_may_continue())
			break;
	}
	return (long)done;
}

/* Do its seals let @n bytes be written at @at?  All or none, as Linux, whose pieces are large. */
static bool unsealed(const struct inode *inode, uint64_t at, size_t n)
{
	if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return false;
	return !(inode->seals & F_SEAL_GROW) || at + n <= inode->object->size;
}

static long file_write_pages(struct file *f, struct iter *from, uint64_t *pos)
{
	struct inode *inode = f->inode;
	struct vm_object *o = inode->object;
	uint64_t at;
	size_t n;
	long done;
	int err;

	if (!from->left)
		return 0;
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	at = READ_ONCE(f->flags) & O_APPEND || from->rwf & RWF_APPEND ? o->size : *pos;
	n = writable(at, from->left, &err);
	if (!err && !unsealed(inode, at, n))
		err = -EPERM;
	done = err;
	if (!err) {
		modified(inode); /* before the first byte, and even if there is none */
		if (at > o->size)
			zero_tail(o, o->size);
		done = write_pieces(o, from, at, n);
	}
	if (done > 0)
		*pos = at + (uint64_t)done;
	mutex_unlock(&inode->lock);
	return done;
}

/* SEEK_DATA, SEEK_HOLE: a page that is there is data, what is behind the end a hole. */
static int64_t seek_sparse(struct file *f, int64_t offset, bool data)
{
	struct vm_object *o = f->inode->object;
	uint64_t size = READ_ONCE(o->size), at;

	if (offset < 0 || (uint64_t)offset >= size)
		return -ENXIO;
	at = object_next(o, (uint64_t)offset >> PAGE_SHIFT, DIV_ROUND_UP(size, PAGE_SIZE), data)
	     << PAGE_SHIFT;
	at = max(at, (uint64_t)offset);
	if (data && at >= size)
		return -ENXIO;
	return file_seek_size(f, (int64_t)min(at, size), SEEK_SET, size);
}

static int64_t tmpfs_seek(struct file *f, int64_t offset, int whence)
{
	if (whence == SEEK_DATA || whence == SEEK_HOLE)
		return seek_sparse(f, offset, whence == SEEK_DATA);
	return file_seek_size(f, offset, whence, READ_ONCE(f->inode->object->size));
}

/* Bytes [@from, @end), all in one page, become zero; a hole is that already. */
static void zero_part(struct vm_object *o, uint64_t from, uint64_t end)
{
	struct page *p = from < end ? object_ram_page(o, from >> PAGE_SHIFT, false) : NULL;

	if (p) {
		memset((char *)page_to_virt(p) + (from & ~PAGE_MASK), 0, end - from);
		page_put(p);
	}
}

static void punch(struct vm_object *o, uint64_t from, uint64_t end)
{
	uint64_t first = DIV_ROUND_UP(from, PAGE_SIZE), last = end >> PAGE_SHIFT;

	zero_part(o, from, min(end, first << PAGE_SHIFT));
	if (last >= first)
		zero_part(o, last << PAGE_SHIFT, end);
	if (first < last)
		object_punch(o, first, last);
}

/* How many of the pages [@first, @end) are not there. */
static uint64_t missing(struct vm_object *o, uint64_t first, uint64_t end)
{
	uint64_t n = 0, hole;

	while ((hole = object_next(o, first, end, false)) < end) {
		first = object_next(o, hole, end, true);
		n += first - hole;
		if (give_way())
			break;
	}
	return n;
}

/* Makes the pages [@first, @end); when that fails those behind the file's end go again. */
static int make_pages(struct vm_object *o, uint64_t first, uint64_t end)
{
	const struct tmpfs *fs = fs_of(container_of(o, struct tmpfs_inode, object));
	uint64_t need = missing(o, first, end);
	int err = 0;

	if (need > fs->o.max_pages || READ_ONCE(fs->pages) > fs->o.max_pages - need)
		return -ENOSPC;
	while (first < end && !err) {
		struct page *p = o->ops->page(o, first++, true);

		if (is_err(p))
			err = (int)ptr_err(p);
		else
			page_put(p);
		if (!err && !file_may_continue())
			err = -EINTR;
	}
	if (err) {
		object_free_pages(o, o->size);
		account(container_of(o, struct tmpfs_inode, object));
	}
	return err;
}

static int tmpfs_allocate(struct inode *inode, uint32_t mode, uint64_t from, uint64_t len)
{
	struct vm_object *o = inode->object;
	uint64_t end = from + len;
	int err = 0;

	if (mode & ~(uint32_t)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		punch(o, from, end);
	} else {
		if (end > o->size && inode->seals & F_SEAL_GROW)
			return -EPERM;
		if (end > o->size && end > size_limit())
			return too_big();
		err = make_pages(o, from >> PAGE_SHIFT, DIV_ROUND_UP(end, PAGE_SIZE));
		if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && end > o->size) {
			zero_tail(o, o->size);
			set_size(o, end);
		}
	}
	if (!err)
		modified(inode);
	return err;
}

static struct vm_object *tmpfs_mmap(struct file *f, uint64_t len, bool shared)
{
	if (!(f->flags & O_NOATIME))
		path_touch(&f->path);
	object_get(f->inode->object);
	return f->inode->object;
}

static int tmpfs_fsync(struct file *f)
{
	return 0;
}

static const struct file_ops tmpfs_file_ops = {
	.read = file_read_pages,
	.write = file_write_pages,
	.seek = tmpfs_seek,
	.mmap = tmpfs_mmap,
	.fsync = tmpfs_fsync,
};

static const struct inode_ops tmpfs_ops = {
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
static bool take_limit(const char *s, bool bytes, uint64_t *limit)
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

static bool take_id(const char *s, unsigned int base, uint32_t *id)
{
	uint64_t n;

	if (parse_whole_u64(s, strlen(s), base, &n) || n >= UINT32_MAX)
		return false;
	*id = (uint32_t)n;
	return true;
}

/* One option, "key=value". */
static bool take_option(struct tmpfs_options *o, const char *key, const char *value)
{
	if (!strcmp(key, "inode64"))
		return true;
	if (!value)
		return false;
	if (!strcmp(key, "size"))
		return o->sized = take_limit(value, true, &o->max_pages);
	if (!strcmp(key, "nr_blocks"))
		return o->sized = take_limit(value, false, &o->max_pages);
	if (!strcmp(key, "nr_inodes"))
		return o->counted = take_limit(value, false, &o->max_inodes);
	if (!strcmp(key, "uid"))
		return take_id(value, 10, &o->uid);
	if (!strcmp(key, "gid"))
		return take_id(value, 10, &o->gid);
	if (strcmp(key, "mode") != 0 || !take_id(value, 8, &o->mode))
		return false;
	o->mode &= 07777;
	return true;
}

/* Cuts @text up. */
static int take_options(struct tmpfs_options *o, char *text)
{
	while (text && *text) {
		char *next = strchr(text, ','), *value;

		if (next)
			*next++ = '\0';
		value = strchr(text, '=');
		if (value)
			*value++ = '\0';
		if (*text && !take_option(o, text, value))
			return -EINVAL;
		text = next;
	}
	return 0;
}

/* The limits may change, but not below what is in use. */
static int tmpfs_remount(struct superblock *sb, char *options)
{
	struct tmpfs *fs = container_of(sb, struct tmpfs, sb);
	struct tmpfs_options o = fs->o;
	int err = take_options(&o, options);

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

	dentry_kill_tree(fs->root);
	fs_put(fs);
}

static struct dentry *create(const struct tmpfs_options *o, const char *type)
{
	struct inode_new what = { .mode = S_IFDIR | o->mode };
	struct name no_name = { .s = "", .len = 0 };
	struct tmpfs *fs = kzalloc(sizeof(*fs));
	struct inode *inode;

	if (!fs)
		return err_ptr(-ENOMEM);
	fs->sb = (struct superblock){ .type = type,
				      .flags = SB_RAM,
				      .dev = sb_new_dev(),
				      .next_ino = 1,
				      .statfs = tmpfs_statfs,
				      .options = tmpfs_show,
				      .remount = tmpfs_remount,
				      .kill = tmpfs_kill };
	fs->o = *o;
	ref_init(&fs->refs);
	inode = tmpfs_new(fs, NULL, &what);
	if (!is_err(inode)) {
		inode->uid = o->uid;
		inode->gid = o->gid;
		fs->root = dentry_new(&no_name, inode);
		if (!fs->root)
			inode_put(inode);
	}
	if (!fs->root) {
		fs_put(fs);
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
	int err = take_options(&o, options);

	o.counted |= strcmp(type, "tmpfs") != 0; /* what Linux shows of its own */
	return err ? err_ptr(err) : create(&o, type);
}

static struct dentry *tmpfs_mount(char *options)
{
	return tmpfs_create("tmpfs", 01777, options);
}

void tmpfs_init(void)
{
	static struct fs_type type = { .name = "tmpfs", .mount = tmpfs_mount };
	struct tmpfs_options o = { .max_pages = default_pages(),
				   .max_inodes = default_pages(),
				   .mode = 01777,
				   .sized = true,
				   .counted = true };
	struct dentry *root = create(&o, "rootfs");

	if (is_err(root))
		panic("no memory for the root file system");
	mount_init(root);
	fs_register(&type);
}
