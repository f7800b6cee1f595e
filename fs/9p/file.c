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
	fid = p9_walk(p->fid, NULL, 0);
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
	int err = p9_may_use(f->inode);
	struct p9_fid *fid = err ? err_ptr(err) : open_fid(f);

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

	int err = 0;

	/* Others see what was written when the file is closed, as with Linux. */
	if (c && f->mode & FILE_WRITE && p9_fs(f->inode)->cached)
		err = cache_write_range(c, 0, UINT64_MAX, false);
	(void)err; /* who asks by fsync is told */
	p9_fid_put(fid);
}

/* ---- without the page cache ---- */

static long p9_file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	long done = 0;

	while (to->left) {
		size_t n = min(to->left, (size_t)p9_piece(p9_fs(f->inode)->session)), got, put;
		struct p9_request *q = p9_read(f->private, P9_TREAD, *pos, n, &got);

		if (is_err(q))
			return done ? done : ptr_err(q);
		put = iter_put(to, q->wire.at, got);
		p9_end(q);
		*pos += put;
		done += (long)put;
		if (put < got)
			return done ? done : -EFAULT;
		/* Less than was asked for is the end, or a message's. */
		if (!got || !file_may_continue())
			break;
	}
	return done;
}

/* One message of a write: bytes written, or -errno. */
static long p9_write_piece(struct file *f, struct iter *from, uint64_t pos)
{
	struct p9_request *q = p9_write_begin(f->private, pos, from->left);
	size_t n, taken;

	if (is_err(q))
		return ptr_err(q);
	n = min(from->left, (size_t)(q->wire.end - q->wire.at));
	taken = iter_take(from, q->wire.at, n);
	if (!taken) {
		p9_end(q);
		return -EFAULT;
	}
	q->wire.at += taken;
	return p9_write_end(q, true) ?: -EIO;
}

static long p9_write_locked(struct file *f, struct iter *from, uint64_t *pos)
{
	struct inode *inode = f->inode;
	long done = 0, n = 0;

	mutex_assert_held(&inode->lock);
	if (file_appends(f, from)) {
		n = p9_inode_refresh(inode);
		if (n)
			return n;
		*pos = inode_size(inode);
	}
	while (from->left) {
		size_t left = from->left;

		if (*pos > (uint64_t)INT64_MAX - left)
			n = -EFBIG;
		else
			n = p9_write_piece(f, from, *pos);
		if (n < 0)
			break;
		*pos += (uint64_t)n;
		done += n;
		if (left - from->left != (size_t)n || !file_may_continue())
			break;
	}
	/* What is mapped from now on is read anew. */
	if (done && p9_set_size(inode, max(*pos, inode_size(inode))))
		n = -ENOMEM;
	return done ? done : n;
}

static long p9_file_write(struct file *f, struct iter *from, uint64_t *pos)
{
	long n;

	if (mutex_lock_killable(&f->inode->lock))
		return -EINTR;
	n = p9_write_locked(f, from, pos);
	mutex_unlock(&f->inode->lock);
	return n;
}

/* The server knows no holes: all of a file is data, and one is behind its end. */
static int64_t p9_file_seek(struct file *f, int64_t offset, int whence)
{
	int err = whence == SEEK_SET || whence == SEEK_CUR ? 0 : inode_refresh(f->inode);
	int64_t size = (int64_t)inode_size(f->inode);

	if (err)
		return err;
	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_seek_size(f, offset, whence, (uint64_t)size);
	if (offset < 0 || offset >= size)
		return -ENXIO;
	return file_seek_size(f, whence == SEEK_DATA ? offset : size, SEEK_SET, 0);
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
	return p9_do(f->private, P9_TFSYNC, "d", data_only);
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
	return cache_file_fsync(f, data_only) ?: p9_do(f->private, P9_TFSYNC, "d", data_only);
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

/* Bytes [@at, @at + @len) of the pages' run, from @src or, NULL, zeros. */
static void fill_pages(struct page **pages, size_t at, size_t len, const uint8_t *src)
{
	while (len) {
		char *to = (char *)page_to_virt(pages[at / PAGE_SIZE]) + at % PAGE_SIZE;
		size_t n = min(len, PAGE_SIZE - at % PAGE_SIZE);

		if (src)
			memcpy(to, src, n);
		else
			memset(to, 0, n);
		src = src ? src + n : NULL;
		at += n;
		len -= n;
	}
}

static int p9_read_pages(struct file_cache *c, uint64_t index, struct page **pages, size_t n)
{
	struct p9_fid *fid = load_acquire(&p9_inode(c->inode)->reader);
	size_t at = 0, end = n * PAGE_SIZE, got = 1;

	if (!fid)
		return -EIO; /* it is open for writing alone */
	for (; at < end && got; at += got) {
		struct p9_request *q =
			p9_read(fid, P9_TREAD, index * PAGE_SIZE + at, end - at, &got);

		if (is_err(q))
			return (int)ptr_err(q);
		fill_pages(pages, at, got, q->wire.at);
		p9_end(q);
	}
	fill_pages(pages, at, end - at, NULL); /* behind the file's end */
	return 0;
}

static int p9_write_pages(struct file_cache *c, uint64_t from, uint64_t len, struct page **pages)
{
	struct p9_fid *fid = load_acquire(&p9_inode(c->inode)->writer);
	uint64_t first = from & PAGE_MASK;

	if (!fid)
		return -EIO;
	while (len) {
		struct p9_request *q = p9_write_begin(fid, from, len);
		uint64_t at = from - first;
		long n;

		if (is_err(q))
			return (int)ptr_err(q);
		for (uint64_t left = len; left && q->wire.at < q->wire.end;) {
			size_t piece = min(left, PAGE_SIZE - at % PAGE_SIZE);

			piece = min(piece, (size_t)(q->wire.end - q->wire.at));

			memcpy(q->wire.at,
			       (char *)page_to_virt(pages[at / PAGE_SIZE]) + at % PAGE_SIZE, piece);
			q->wire.at += piece;
			at += piece;
			left -= piece;
		}
		/* Not given up when the task dies: the pages count as written. */
		n = p9_write_end(q, false);
		if (n <= 0)
			return n ? (int)n : -EIO;
		from += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

const struct cache_ops p9_cache_ops = {
	.read = p9_read_pages,
	.write = p9_write_pages,
};

/* ---- directories ---- */

/*
 * Positions are the server's own, "." and ".." are among its names.  As much is asked for as the
 * caller has room for: an entry takes about as many bytes here as there.
 */
static int p9_readdir(struct file *f, struct dir_out *out, uint64_t *pos)
{
	struct p9_entry e;
	int more = 1;

	while (more == 1) {
		size_t room = max(out->size - out->bytes, sizeof(e.name) + 32);
		size_t got;
		struct p9_request *q = p9_read(f->private, P9_TREADDIR, *pos, room, &got);

		if (is_err(q))
			return out->bytes ? 0 : (int)ptr_err(q);
		if (!got) { /* the end */
			p9_end(q);
			return 0;
		}
		while ((more = p9_get_entry(&q->wire, &e)) == 1) {
			if (!dir_emit(out, e.name, e.len, e.qid.path, e.type, e.next)) {
				p9_end(q);
				return out->err;
			}
			*pos = e.next;
		}
		p9_end(q);
		if (more < 0)
			return out->bytes ? 0 : more;
		more = file_may_continue();
	}
	return 0;
}

static int64_t p9_dir_seek(struct file *f, int64_t offset, int whence)
{
	return file_seek_endless(f, offset, whence);
}

const struct file_ops p9_dir_fops = {
	.readdir = p9_readdir,
	.seek = p9_dir_seek,
	.fsync = p9_file_fsync,
	.open = p9_file_open,
	.release = p9_file_release,
};
