/*
 * tmpfs_file.c - what files in RAM hold: reading, writing, sizes, holes.
 *
 * Comes from file.c and inode.c with the locks held that inode.h names, goes to mm/object: a
 * regular file is a vm_object, whose pages are its data, for read and write as for mmap and exec.
 * Invariants: pages in use never exceed their limit by more than what is being made right now;
 * bytes of a file's last page behind its end read as zero once the file grows over them.
 */
#include "fs/tmpfs_file.h"

#include "abi/memfd.h"
#include "fs/ramxattr.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/zap.h"

static uint64_t all_pages; /* of all of them; atomic */

uint64_t tmpfs_pages(void)
{
	return READ_ONCE(all_pages);
}

/* Makes the file system's count agree with what the object holds now. */
static void account_pages(struct tmpfs_inode *ti)
{
	uint64_t change;

	/*
	 * charged and nr_pages under one lock: of two cores that account at one moment each counts
	 * its own change.
	 */
	spin_lock(&ti->object.lock);
	change = ti->object.nr_pages - ti->charged;
	ti->charged = ti->object.nr_pages;
	spin_unlock(&ti->object.lock);
	if (change) {
		atomic_add(&tmpfs_of(ti)->pages, change);
		atomic_add(&all_pages, change);
	}
}

static struct page *tmpfs_page(struct vm_object *o, uint64_t index, bool create)
{
	struct tmpfs_inode *ti = container_of(o, struct tmpfs_inode, object);
	struct page *p = object_ram_page(o, index, false);

	if (p || !create)
		return p;
	/*
	 * Before the page is made, without a lock: tasks that write at one moment may go over the
	 * limit by a page each.
	 */
	if (READ_ONCE(tmpfs_of(ti)->pages) >= READ_ONCE(tmpfs_of(ti)->o.max_pages))
		return err_ptr(-ENOSPC);
	p = object_ram_page(o, index, true);
	account_pages(ti);
	return p;
}

void tmpfs_put(struct tmpfs *fs)
{
	if (ref_put(&fs->refs))
		kfree(fs);
}

/* @ti is not in use any more. */
void tmpfs_inode_free(struct tmpfs_inode *ti)
{
	struct tmpfs *fs = tmpfs_of(ti);

	atomic_sub(&fs->inodes, 1);
	if (unlikely(!list_empty(&ti->xattrs)))
		(void)ramxattr_free(&ti->xattrs, ti->charge);
	if (unlikely(ti->xattr_bytes))
		atomic_sub(&fs->xattr_bytes, ti->xattr_bytes);
	charge_drop(ti->charge, TMPFS_CHARGE);
	kfree(ti->target);
	kfree(ti);
	tmpfs_put(fs);
}

/* Neither names nor mappings are left. */
static void release_content(struct vm_object *o)
{
	struct tmpfs_inode *ti = container_of(o, struct tmpfs_inode, object);

	/* No lock: neither a file nor a mapping has it any more. */
	object_free_pages(o, 0);
	account_pages(ti);
	tmpfs_inode_free(ti);
}

static void object_punched(struct vm_object *o)
{
	account_pages(container_of(o, struct tmpfs_inode, object));
}

/* What changes a file's contents changes its times and rights; inode->lock is held. */
static int file_modified(struct inode *inode)
{
	int err = inode_drop_setid(inode);

	if (!err)
		inode->mtime = inode->ctime = vfs_now();
	return err;
}

static int punch_hole(struct vm_object *o, uint64_t first, uint64_t end)
{
	struct inode *inode = &container_of(o, struct tmpfs_inode, object)->inode;
	int err;

	/* Comes from madvise(2), without mm->lock, which is inside this one. */
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	err = file_modified(inode);
	if (!err)
		object_punch(o, first, end);
	mutex_unlock(&inode->lock);
	return err;
}

/* Without inode->lock, as path_touch: a task that faults may hold that of any file. */
static void object_written(struct vm_object *o)
{
	struct inode *inode = &container_of(o, struct tmpfs_inode, object)->inode;

	inode->mtime = inode->ctime = vfs_now();
}

static const struct vm_object_ops object_ops = { .page = tmpfs_page,
						 .release = release_content,
						 .punched = object_punched,
						 .hole = punch_hole,
						 .written = object_written,
						 .in_ram = true };

/*
 * Bytes [@from, @end), all in one page, become zero; a hole is that already.  0; or of a page that
 * is out: -EIO, -ENOMEM, -EINTR.
 */
static int zero_part(struct vm_object *o, uint64_t from, uint64_t end)
{
	struct page *p = from < end ? object_ram_page(o, from >> PAGE_SHIFT, false) : NULL;

	if (is_err(p))
		return (int)ptr_err(p);
	if (p) {
		page_write_begin(p);
		memset((char *)page_to_virt(p) + (from & ~PAGE_MASK), 0, end - from);
		page_written(p);
		page_put(p);
	}
	return 0;
}

/*
 * Bytes of the page that holds the end @size, behind that end, become zero (a mapping may have
 * written there).
 */
static int zero_tail(struct vm_object *o, uint64_t size)
{
	return zero_part(o, size, ALIGN_UP(size, PAGE_SIZE));
}

static void set_content_size(struct vm_object *o, uint64_t size)
{
	spin_lock(&o->lock);
	/*
	 * Under the object's lock, which a fault has when it asks whether a page is still inside.
	 * After the bytes that were written: a reader without the lock that finds this size finds
	 * them too.
	 */
	store_release(&o->size, size);
	spin_unlock(&o->lock);
}

/* ---- reading and writing ---- */

int tmpfs_truncate(struct inode *inode, uint64_t size)
{
	struct vm_object *o = inode->object;
	struct page *tail = NULL;
	uint64_t old = o->size;
	int err = 0;

	if (size > FILE_SIZE_MAX)
		return -EFBIG;
	if ((size < old && inode->seals & F_SEAL_SHRINK) ||
	    (size > old && inode->seals & F_SEAL_GROW))
		return -EPERM;
	if (size > old)
		err = zero_tail(o, old);
	else if (size & ~PAGE_MASK) /* in RAM, until it has been zeroed below */
		tail = object_ram_page(o, size >> PAGE_SHIFT, false);
	if (err || is_err(tail))
		return err ? err : (int)ptr_err(tail);
	/*
	 * Shrinking: the size first, so that no fault brings in a page behind the end; then the
	 * tail and the pages; the mappings last, whose cut also takes away what a fault was just
	 * showing.  Growing: the tail before the size, so that no reader sees old bytes.
	 */
	set_content_size(o, size);
	if (size < old) {
		err = zero_tail(o, size); /* it is there, or a hole */
		object_free_pages(o, size);
		mm_cut_object(o, DIV_ROUND_UP(size, PAGE_SIZE), UINT64_MAX, true);
		account_pages(tmpfs_inode_of(inode));
	}
	if (tail)
		page_put(tail);
	inode->mtime = inode->ctime = vfs_now(); /* vfs_truncate has dropped the rights */
	return err;
}

static long file_read_pages(struct file *f, struct iter *to, uint64_t *pos)
{
	struct vm_object *o = f->inode->object;
	/*
	 * Without inode->lock: a reader does not wait for a writer.  What is cut off meanwhile
	 * reads as zeros, or as it was.
	 */
	uint64_t at = *pos, size = load_acquire(&o->size);
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
		/* The page's own reference kept it over the copy, which may fault. */
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

/*
 * Moves up to a page's worth of @from to file position @at; inode->lock is held.  Bytes, or -errno
 * when none.
 */
static long write_content(struct vm_object *o, struct iter *from, uint64_t at, size_t n)
{
	size_t off = at & ~PAGE_MASK;
	struct page *p = o->ops->page(o, at >> PAGE_SHIFT, true);
	size_t done;

	if (is_err(p))
		return ptr_err(p);
	page_write_begin(p);
	done = iter_take(from, (char *)page_to_virt(p) + off, min(n, (size_t)(PAGE_SIZE - off)));
	page_written(p);
	page_put(p);
	/* After the bytes: a reader that sees the new size is to find them there. */
	if (at + done > o->size) {
		set_content_size(o, at + done);
	} else if (!done && at >= o->size) { /* a page behind the end, made for nothing */
		object_free_pages(o, o->size);
		account_pages(container_of(o, struct tmpfs_inode, object));
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
		long piece = write_content(o, from, at, want);

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
static bool seals_allow(const struct inode *inode, uint64_t at, size_t n)
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
	/* Under inode->lock: two tasks that append do not get the same place. */
	at = file_appends(f, from) ? o->size : *pos;
	n = file_room(at, from->left, &err);
	if (!err && !seals_allow(inode, at, n))
		err = -EPERM;
	if (!err)
		err = file_modified(inode); /* before the first byte, and even if there is none */
	done = err;
	if (!err) {
		done = at > o->size ? zero_tail(o, o->size) : 0;
		if (!done)
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

static int punch_range(struct vm_object *o, uint64_t from, uint64_t end)
{
	uint64_t first = DIV_ROUND_UP(from, PAGE_SIZE), last = end >> PAGE_SHIFT;
	int err = zero_part(o, from, min(end, first << PAGE_SHIFT));

	if (!err && last >= first)
		err = zero_part(o, last << PAGE_SHIFT, end);
	if (!err && first < last)
		object_punch(o, first, last);
	return err;
}

/* How many of the pages [@first, @end) are not there. */
static uint64_t count_missing(struct vm_object *o, uint64_t first, uint64_t end)
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
	const struct tmpfs *fs = tmpfs_of(container_of(o, struct tmpfs_inode, object));
	uint64_t need = count_missing(o, first, end);
	int err = 0;

	/* Asked for all at once: nothing is made if it cannot be enough. */
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
		account_pages(container_of(o, struct tmpfs_inode, object));
	}
	return err;
}

int tmpfs_allocate(struct inode *inode, uint32_t mode, uint64_t from, uint64_t len)
{
	struct vm_object *o = inode->object;
	uint64_t end = from + len;
	int err = 0;

	if (mode & ~(uint32_t)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		err = punch_range(o, from, end);
	} else {
		if (end > o->size && inode->seals & F_SEAL_GROW)
			return -EPERM;
		if (end > o->size && end > file_size_limit())
			return file_too_big();
		err = make_pages(o, from >> PAGE_SHIFT, DIV_ROUND_UP(end, PAGE_SIZE));
		if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && end > o->size) {
			/* Before the size: a mapping may have written behind the old end. */
			err = zero_tail(o, o->size);
			if (!err)
				set_content_size(o, end);
		}
	}
	return err ? err : file_modified(inode);
}

static struct vm_object *tmpfs_mmap(struct file *f, uint64_t len, bool shared)
{
	if (!(f->flags & O_NOATIME))
		path_touch(&f->path);
	object_get(f->inode->object);
	return f->inode->object;
}

static const struct file_ops tmpfs_file_ops = {
	.read = file_read_pages,
	.write = file_write_pages,
	.seek = tmpfs_seek,
	.mmap = tmpfs_mmap,
	.fsync = file_sync_in_ram,
};

void tmpfs_file_init(struct tmpfs_inode *ti)
{
	object_init(&ti->object, &object_ops);
	ti->inode.object = &ti->object;
	ti->inode.fops = &tmpfs_file_ops;
	ti->inode.seals = F_SEAL_SEAL; /* what has a name is not sealed */
}
