/*
 * file.c - reading and writing a 9P server's files.
 *
 * With cache=none each read(2) and write(2) is the server's; only what is mapped is in pages, and a
 * shared mapping cannot write.  With cache=mmap both go by the page cache.
 */
#include "fs/9p/file.h"

#include "abi/stat.h"
#include "fs/9p/attr.h"
#include "lib/string.h"
#include "mm/slab.h"

/* ---- opening ---- */

static uint32_t open_flags(const struct file *f, bool cached)
{
	static const uint8_t modes[] = { P9_O_RDONLY, P9_O_WRONLY, P9_O_RDWR, P9_O_RDONLY };
	uint32_t flags = modes[f->flags & O_ACCMODE] | P9_O_LARGEFILE;

	if (S_ISDIR(f->inode->mode))
		return flags | P9_O_DIRECTORY;
	/* What is written by pages is first read. */
	if (cached && (flags & P9_O_ACCMODE) == P9_O_WRONLY)
		flags ^= P9_O_WRONLY ^ P9_O_RDWR;
	/* A page is not appended: it goes to its place. */
	if (!cached && f->flags & O_APPEND)
		flags |= P9_O_APPEND;
	flags |= f->flags & O_DSYNC ? P9_O_DSYNC : 0;
	return flags | ((f->flags & O_SYNC) == O_SYNC ? P9_O_SYNC : 0);
}

/* A fid of the file's own, open as @f is. */
static struct p9_fid *open_fid(const struct file *f)
{
	struct p9_inode *p = p9_inode(f->inode);
	bool cached = p9_fs(f->inode)->cached && S_ISREG(f->inode->mode);
	struct p9_fid *fid = atomic_xchg(&p->fresh, NULL);
	int err;

	if (fid)
		return fid;
	fid = p9_clone(p->fid);
	if (is_err(fid))
		return fid;
	err = p9_open(fid, open_flags(f, cached));
	if (err == -EACCES && cached) /* it may be written, but not read */
		err = p9_open(fid, open_flags(f, false));
	if (!err)
		return fid;
	p9_fid_put(fid);
	return err_ptr(err);
}

/* The first that can do it serves the pages, for as long as the inode is there. */
static void serve_pages(struct p9_fid **by, struct p9_fid *fid)
{
	struct p9_fid *none = NULL;

	p9_fid_get(fid);
	if (!atomic_cmpxchg(by, &none, fid))
		p9_fid_put(fid);
}

static int p9_file_open(struct file *f)
{
	struct p9_inode *p = p9_inode(f->inode);
	bool used = load_acquire(&p->reader) || load_acquire(&p->writer);
	struct p9_fid *fid;
	int err;

	if (!p9_may_use(p9_fs(f->inode)->session))
		return -EPERM; /* nor one that is open since it was made */
	fid = open_fid(f);
	if (is_err(fid))
		return (int)ptr_err(fid);
	f->private = fid;
	if (!S_ISREG(f->inode->mode))
		return 0;
	if (fid->mode != P9_O_WRONLY)
		serve_pages(&p->reader, fid);
	if (fid->mode != P9_O_RDONLY)
		serve_pages(&p->writer, fid);
	/* What the lookup has found is of this moment, but for a file that was in use. */
	err = used ? inode_refresh(f->inode) : 0;
	if (err)
		p9_fid_put(fid);
	return err;
}

static void p9_file_release(struct file *f)
{
	struct p9_fid *fid = f->private;
	struct file_cache *c = f->inode->cache;

	/* Others see what was written when it is closed, as with Linux; fsync tells errors. */
	if (c && f->mode & FILE_WRITE && p9_fs(f->inode)->cached)
		(void)!cache_write_range(c, 0, UINT64_MAX, false);
	p9_fid_put(fid);
}

/* ---- without the page cache ---- */

static long p9_file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	long done = 0, n;

	/* None is the end. */
	do {
		n = p9_read(f->private, P9_TREAD, *pos, to);
		*pos += (uint64_t)max(n, 0L);
		done += max(n, 0L);
	} while (n > 0 && to->left && file_may_continue());
	return done ?: n;
}

static long p9_write_locked(struct file *f, struct iter *from, uint64_t *pos)
{
	struct inode *inode = f->inode;
	size_t beyond, left;
	long done = 0, n;
	int err = file_appends(f, from) ? p9_inode_refresh(inode) : 0;

	mutex_assert_held(&inode->lock);
	if (err)
		return err;
	if (file_appends(f, from))
		*pos = inode_size(inode);
	beyond = from->left - file_room(*pos, from->left, &err);
	if (err)
		return err;
	from->left -= beyond;
	do {
		left = from->left;
		n = p9_write(f->private, *pos, from, true);
		*pos += (uint64_t)max(n, 0L);
		done += max(n, 0L);
		/* On, as long as the server takes all of a message. */
	} while (n > 0 && from->left && left - from->left == (size_t)n && file_may_continue());
	from->left += beyond;
	/* What is mapped from now on is read anew; that fails only where a file gets shorter. */
	if (done)
		(void)!p9_set_size(inode, max(*pos, inode_size(inode)));
	return done ?: n;
}

static long p9_file_write(struct file *f, struct iter *from, uint64_t *pos)
{
	long n;

	if (!from->left)
		return 0;
	if (mutex_lock_killable(&f->inode->lock))
		return -EINTR;
	n = p9_write_locked(f, from, pos);
	mutex_unlock(&f->inode->lock);
	return n;
}

static int64_t p9_file_seek(struct file *f, int64_t offset, int whence)
{
	int err = whence == SEEK_SET || whence == SEEK_CUR ? 0 : inode_refresh(f->inode);

	return err ?: cache_file_seek(f, offset, whence);
}

static struct vm_object *p9_file_mmap(struct file *f, uint64_t len, bool shared)
{
	int err = shared && f->mode & FILE_WRITE ? -EINVAL : inode_refresh(f->inode);

	if (err)
		return err_ptr(err);
	cache_drop(f->inode->cache);
	return cache_file_mmap(f, len, shared);
}

static int p9_file_fsync(struct file *f, bool data_only)
{
	return p9_rpc(f->private, P9_TFSYNC, "d", data_only);
}

const struct file_ops p9_fops = {
	.read = p9_file_read,
	.write = p9_file_write,
	.seek = p9_file_seek,
	.mmap = p9_file_mmap,
	.fsync = p9_file_fsync,
	.open = p9_file_open,
	.release = p9_file_release,
};

/* ---- by the page cache ---- */

static int p9_cached_fsync(struct file *f, bool data_only)
{
	return cache_file_fsync(f, data_only) ?: p9_file_fsync(f, data_only);
}

const struct file_ops p9_cached_fops = {
	.read = cache_file_read,
	.write = cache_file_write,
	.seek = cache_file_seek,
	.mmap = cache_file_mmap,
	.fsync = p9_cached_fsync,
	.open = p9_file_open,
	.release = p9_file_release,
};

#define SPANS 32 /* pages: about a message */

static int p9_read_pages(struct file_cache *c, uint64_t index, struct page **pages, size_t n)
{
	struct p9_fid *fid = load_acquire(&p9_inode(c->inode)->reader);
	struct iovec spans[SPANS];
	struct iter to;
	long got = 1;

	if (!fid)
		return -EIO; /* it is open for writing alone */
	for (size_t i = 0; i < n; i += SPANS) {
		size_t some = min(n - i, (size_t)SPANS);
		uint64_t at = (index + i) * PAGE_SIZE;

		for (size_t j = 0; j < some; j++)
			spans[j] =
				(struct iovec){ (uintptr_t)page_to_virt(pages[i + j]), PAGE_SIZE };
		iter_kernel_spans(&to, spans, some * PAGE_SIZE);
		while (to.left && got > 0) {
			got = p9_read(fid, P9_TREAD, at, &to);
			at += (uint64_t)max(got, 0L);
		}
		if (got < 0)
			return (int)got;
		(void)!iter_zero(&to, to.left); /* behind the file's end */
	}
	return 0;
}

static int p9_write_page(struct file_cache *c, uint64_t from, uint64_t len, struct page *page)
{
	struct p9_fid *fid = load_acquire(&p9_inode(c->inode)->writer);
	const char *data = (char *)page_to_virt(page) + from % PAGE_SIZE;
	struct iter it;
	long n;

	if (!fid)
		return -EIO;
	for (uint64_t at = 0; at < len; at += (uint64_t)n) {
		iter_kernel(&it, data + at, len - at);
		/* Not given up when the task dies: the page counts as written. */
		n = p9_write(fid, from + at, &it, false);
		if (n < 0)
			return (int)n;
	}
	return 0;
}

const struct cache_ops p9_cache_ops = {
	.read = p9_read_pages,
	.write = p9_write_page,
};

/* ---- directories ---- */

/* The names in @w: 1, or 0: @out is full; or -EIO. */
static int emit_names(struct p9_wire *w, struct dir_out *out, uint64_t *pos)
{
	char name[P9_NAME_MAX + 1];
	uint64_t ino, next;
	uint8_t type;

	while (w->at < w->end) {
		int err = p9_get(w, "Qqbs", &ino, &next, &type, name, sizeof(name));

		if (err || !*name || strchr(name, '/'))
			return -EIO;
		if (!dir_emit(out, name, strlen(name), ino, type, next))
			return 0;
		*pos = next;
	}
	return 1;
}

/*
 * Positions are the server's own, "." and ".." are among its names.  As much is asked for as the
 * caller has room for: an entry takes about as many bytes here as there.
 */
static int p9_readdir(struct file *f, struct dir_out *out, uint64_t *pos)
{
	size_t room = max(out->size, (size_t)P9_NAME_MAX + 32);
	uint8_t *names = kmalloc(room);
	long n = names ? 1 : -ENOMEM;

	while (n > 0) {
		struct iter to;

		iter_kernel(&to, names, max(out->size - out->bytes, (size_t)P9_NAME_MAX + 32));
		n = p9_read(f->private, P9_TREADDIR, *pos, &to);
		if (n > 0) {
			struct p9_wire w = { .at = names, .end = names + n };

			n = emit_names(&w, out, pos);
		}
		if (n > 0 && !file_may_continue())
			break;
	}
	kfree(names);
	/* What has been found is told first. */
	return n < 0 && !out->bytes ? (int)n : out->err;
}

const struct file_ops p9_dir_fops = {
	.readdir = p9_readdir,
	.seek = file_seek_endless,
	.fsync = p9_file_fsync,
	.open = p9_file_open,
	.release = p9_file_release,
};
