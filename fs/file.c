/*
 * file.c - an open file: its references, its position, and the checks before an operation.
 *
 * Comes from sys/file/rw.c with an iterator, goes to the file's operations.  Invariant: a position
 * that may be shared moves under pos_lock, so that two writers to one file never write to the same
 * place.
 */
#include "fs/file.h"

#include "abi/dirent.h"
#include "abi/mman.h"
#include "abi/poll.h"
#include "abi/stat.h"
#include "fs/async.h"
#include "fs/lock.h"
#include "fs/owner.h"
#include "lib/string.h"
#include "mm/mmap.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/cores.h"

#define READDIR_MOST 32768u /* bytes of one getdents64(2), which kernel memory holds meanwhile */

/* What an open file costs, with what its kind keeps for it. */
#define FILE_CHARGE  (sizeof(struct file) + sizeof(struct inode))

static DEFINE_PERCPU(int64_t, nr_files); /* opened minus closed on this core */

#define MAX_LEAST  8192u /* as Linux's least fs.file-max */
#define MAX_UNSET  UINT64_MAX
/* Files that a core makes before it counts all cores' again, where there is room for many. */
#define UNASKED_OF 64u

static uint64_t max_files = MAX_UNSET;
static DEFINE_PERCPU(uint32_t, unasked); /* how many of those this core has left */

uint64_t files_open(void)
{
	/*
	 * A file that one core opened and another one closed leaves 1 here and -1 there: only the
	 * sum means something, and it is not of one moment.
	 */
	int64_t n = 0;

	for (uint64_t m = cores_online(); m; m &= m - 1)
		n += READ_ONCE(per_cpu(nr_files, (unsigned int)__builtin_ctzl(m)));
	return (uint64_t)n;
}

/* As Linux: a tenth of memory, if a file takes 1 KiB with all that belongs to it. */
uint64_t files_max(void)
{
	uint64_t set = READ_ONCE(max_files);

	return set == MAX_UNSET
		       ? max(page_total_count() * (PAGE_SIZE / 1024) / 10, (uint64_t)MAX_LEAST)
		       : set;
}

int files_set_max(uint64_t n)
{
	if (n > INT64_MAX)
		return -EINVAL;
	/*
	 * The limit first: a core whose allowance is gone counts against the new one.  A core that
	 * is just using its allowance may store the old number back; it opens at most UNASKED_OF
	 * files too many.
	 */
	WRITE_ONCE(max_files, n);
	for (uint64_t m = cores_online(); m; m &= m - 1)
		WRITE_ONCE(per_cpu(unasked, (unsigned int)__builtin_ctzl(m)), 0);
	return 0;
}

/* The files are counted: may current make one more?  Root may in any case. */
static __attribute__((noinline)) bool count_files(void)
{
	uint64_t n = files_open(), most = files_max();

	if (n + UNASKED_OF * NR_CPUS < most)
		this_cpu(unasked) = UNASKED_OF;
	return n < most || capable(CAP_SYS_ADMIN);
}

bool files_left(void)
{
	return likely(this_cpu(unasked)) || count_files();
}

void file_allow_write(struct file *f)
{
	if (f->mode & FILE_DENIES)
		path_allow_write(&f->path);
	f->mode &= ~FILE_DENIES;
}

void (*file_watched_hook)(struct file *f);

static void release_one(struct file *f)
{
	this_cpu(nr_files)--;
	if (unlikely(f->inode && f->inode->locks))
		locks_drop(f->inode, f);
	/*
	 * An epoll asks the file by its operations: it must forget the file before release frees
	 * what they need.
	 */
	if (unlikely(!list_empty(&f->watchers)))
		file_watched_hook(f);
	if (unlikely(f->owner))
		async_close(f);
	if (f->ops->release)
		f->ops->release(f);
	/* Before the path goes: the count is the inode's. */
	file_allow_write(f);
	if (f->path.mnt && f->mode & FILE_WRITER)
		path_put_write(&f->path);
	else if (f->path.mnt)
		path_put(&f->path);
	else if (f->inode)
		inode_put(f->inode);
	charge_drop(f->charge, FILE_CHARGE);
	/* The last of its operations has returned: the module may go. */
	owner_put(f->ops_owner);
	kfree(f);
}

/*
 * A socket's end may be that of the files in its messages, other sockets among them: they wait for
 * their turn, so that a chain of any length is one loop and no recursion.
 */
static void file_release(struct vm_held *h)
{
	struct vm_held *others = NULL;

	if (current->closing) { /* the release that is under way comes to it */
		held_add(h, current->closing);
		return;
	}
	current->closing = &others;
	release_one(container_of(h, struct file, held));
	while ((h = held_pop(&others))) {
		give_way();
		release_one(container_of(h, struct file, held));
	}
	current->closing = NULL;
}

struct file *file_new(const struct file_ops *ops, struct inode *inode, uint32_t mode,
		      uint32_t flags)
{
	struct file *f;

	if (likely(this_cpu(unasked)))
		this_cpu(unasked)--;
	else if (!count_files())
		return err_ptr(-ENFILE);
	f = kmalloc(sizeof(*f));
	if (!f)
		return err_ptr(-ENOMEM);
	*f = (struct file){ .ops = ops, .mode = mode, .flags = flags, .inode = inode };
	f->fsuid = current_cred()->fsuid;
	f->fsgid = current_cred()->fsgid;
	ref_init(&f->held.refs);
	f->held.release = file_release;
	list_init(&f->watchers);
	mutex_init(&f->pos_lock);
	f->charge = charge_mine(FILE_CHARGE);
	this_cpu(nr_files)++;
	return f;
}

void file_discard(struct file *f)
{
	if (is_err(f))
		return;
	this_cpu(nr_files)--;
	charge_drop(f->charge, FILE_CHARGE);
	kfree(f);
}

void file_put(struct file *f)
{
	if (ref_put(&f->held.refs))
		file_release(&f->held);
}

/*
 * Can another task move the position?  One reference is that of a table which current alone has
 * (fd_get counts one more where the table is shared), and only current itself can share it: so the
 * answer "no" holds until the call is over.
 */
static bool shares_pos(const struct file *f)
{
	return f->mode & FILE_POS && unlikely(READ_ONCE(f->held.refs.n) != 1);
}

/*
 * Returns whether the caller must unlock; or -EINTR.  Killable: the lock's owner may be in a read
 * that moves gigabytes.
 */
static int lock_pos(struct file *f)
{
	if (!shares_pos(f))
		return false;
	return mutex_lock_killable(&f->pos_lock) ? -EINTR : true;
}

static void unlock_pos(struct file *f, bool locked)
{
	if (locked)
		mutex_unlock(&f->pos_lock);
}

typedef long (*move_fn)(struct file *f, struct iter *it, uint64_t *pos);

static __attribute__((noinline)) long move_locked(struct file *f, struct iter *it, move_fn move)
{
	long n;

	if (mutex_lock_killable(&f->pos_lock))
		return -EINTR;
	n = move(f, it, &f->pos);
	mutex_unlock(&f->pos_lock);
	return n;
}

/* There is no operation for what is asked. */
static long refuse_move(const struct file *f)
{
	return f->ops->readdir ? -EISDIR : -EINVAL;
}

static inline long move_at_pos(struct file *f, struct iter *it, uint32_t mode, move_fn move)
{
	if (unlikely(!(f->mode & mode)))
		return -EBADF;
	if (unlikely(!move))
		return refuse_move(f);
	return shares_pos(f) ? move_locked(f, it, move) : move(f, it, &f->pos);
}

long file_read(struct file *f, struct iter *to)
{
	return move_at_pos(f, to, FILE_READ, f->ops->read);
}

long file_write(struct file *f, struct iter *from)
{
	return move_at_pos(f, from, FILE_WRITE, f->ops->write);
}

long file_pread(struct file *f, struct iter *to, uint64_t pos)
{
	if (!(f->mode & FILE_SEEK))
		return -ESPIPE;
	if (!(f->mode & FILE_READ))
		return -EBADF;
	return f->ops->read ? f->ops->read(f, to, &pos) : refuse_move(f);
}

long file_pwrite(struct file *f, struct iter *from, uint64_t pos)
{
	if (!(f->mode & FILE_SEEK))
		return -ESPIPE;
	if (!(f->mode & FILE_WRITE))
		return -EBADF;
	return f->ops->write ? f->ops->write(f, from, &pos) : -EINVAL;
}

int64_t file_seek(struct file *f, int64_t offset, int whence)
{
	int64_t ret;
	int locked;

	if (whence < 0 || whence > SEEK_MAX)
		return -EINVAL;
	if (!f->ops->seek)
		return -ESPIPE;
	locked = lock_pos(f);
	if (locked < 0)
		return locked;
	ret = f->ops->seek(f, offset, whence);
	unlock_pos(f, locked);
	return ret;
}

int64_t file_seek_size(struct file *f, int64_t offset, int whence, uint64_t size)
{
	int64_t base = 0;

	if (whence == SEEK_CUR)
		base = (int64_t)f->pos;
	else if (whence == SEEK_END)
		base = (int64_t)size;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &base) || base < 0)
		return -EINVAL;
	f->pos = (uint64_t)base;
	return base;
}

int64_t file_seek_unsized(struct file *f, int64_t offset, int whence)
{
	return file_seek_size(f, offset, whence, 0);
}

int64_t file_seek_endless(struct file *f, int64_t offset, int whence)
{
	return whence == SEEK_SET || whence == SEEK_CUR ? file_seek_size(f, offset, whence, 0)
							: -EINVAL;
}

int64_t file_seek_nowhere(struct file *f, int64_t offset, int whence)
{
	return f->pos = 0;
}

/*
 * What @out holds goes to the caller.  Where his memory faults it ends behind the last whole entry,
 * as does *@pos, which is @first before all of them.
 */
static long copy_names(const struct dir_out *out, struct iter *to, uint64_t first, uint64_t *pos)
{
	size_t n = iter_put(to, out->buf, out->bytes), at = 0;

	if (n == out->bytes)
		return (long)n;
	*pos = first;
	for (;;) {
		const struct dirent64 *e = (const void *)(out->buf + at);

		if (at + e->d_reclen > n)
			return at ? (long)at : -EFAULT;
		at += e->d_reclen;
		*pos = (uint64_t)e->d_off;
	}
}

static long read_names(struct file *f, struct dir_out *out, struct iter *to)
{
	uint64_t first = f->pos;
	/* A directory that was removed has no names, not even "." and "..". */
	int err = f->inode->nlink ? f->ops->readdir(f, out, &f->pos) : -ENOENT;

	/* An error behind the first name is returned by the next call. */
	return out->bytes ? copy_names(out, to, first, &f->pos) : err ? err : out->err;
}

long file_readdir(struct file *f, struct iter *to)
{
	struct dir_out out = { 0 };
	int locked;
	long ret;

	if (!f->ops->readdir)
		return -ENOTDIR;
	out.size = min(to->left, (size_t)READDIR_MOST);
	out.buf = kmalloc(max(out.size, (size_t)1));
	if (!out.buf) {
		out.size = min(out.size, (size_t)PAGE_SIZE);
		out.buf = kmalloc(out.size);
	}
	if (!out.buf)
		return -ENOMEM;
	locked = lock_pos(f);
	ret = locked < 0 ? locked : read_names(f, &out, to);
	if (locked >= 0)
		unlock_pos(f, locked);
	kfree(out.buf);
	return ret;
}

bool dir_emit(struct dir_out *out, const char *name, size_t len, uint64_t ino, uint8_t type,
	      uint64_t next)
{
	size_t used = DIRENT64_NAME + len + 1, size = ALIGN_UP(used, 8UL);
	char *e = out->buf + out->bytes;

	if (size > out->size - out->bytes) {
		if (!out->bytes)
			out->err = -EINVAL;
		return false;
	}
	*(struct dirent64 *)e = (struct dirent64){
		.d_ino = ino, .d_off = (int64_t)next, .d_reclen = (uint16_t)size, .d_type = type
	};
	memcpy(e + DIRENT64_NAME, name, len);
	/* The NUL, and what fills up: as far as it goes out. */
	memset(e + DIRENT64_NAME + len, 0, size - DIRENT64_NAME - len);
	out->bytes += size;
	return true;
}

bool dir_emit_dots(struct dir_out *out, const struct file *f, uint64_t *pos)
{
	uint64_t ino[2] = { f->inode->ino };

	spin_lock(&dcache_lock); /* a rename may give the directory another parent */
	ino[1] = f->path.dentry->parent->inode->ino;
	spin_unlock(&dcache_lock);
	for (; *pos < 2; ++*pos)
		if (!dir_emit(out, "..", *pos + 1, ino[*pos], S_IFDIR >> 12, *pos + 1))
			return false;
	return true;
}

uint32_t file_poll(struct file *f, struct poll_wait *w)
{
	if (!f->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return f->ops->poll(f, w);
}

struct vm_object *file_mmap_object(struct file *f, uint64_t len, bool shared)
{
	return f->ops->mmap ? f->ops->mmap(f, len, shared) : err_ptr(-ENODEV);
}

/*
 * What to map, as far as the file decides it: its object, with a reference, or NULL: anonymous
 * memory.  *@flags: VM_READ, VM_WRITE and VM_EXEC as asked for, and then what else holds for the
 * mapping.
 */
static struct vm_object *object_to_map(struct file *f, uint64_t offset, uint64_t len, bool shared,
				       uint32_t *flags)
{
	bool noexec = f->path.mnt && f->path.mnt->flags & MNT_NOEXEC;
	bool write = shared && *flags & VM_WRITE;
	struct vm_object *o;

	if (noexec && *flags & VM_EXEC)
		return err_ptr(-EPERM);
	if (!(f->mode & FILE_READ) || (write && !(f->mode & FILE_WRITE)))
		return err_ptr(-EACCES);
	if (write && f->inode->sflags & S_SWAPFILE)
		return err_ptr(-ETXTBSY);
	if (offset > INT64_MAX - len) /* no file reaches there; len <= USER_TOP */
		return err_ptr(-EOVERFLOW);
	o = file_mmap_object(f, len, shared);
	if (is_err(o))
		return o;
	/* The seal is tested again, under the lock, when the mapping is made. */
	if (o && write && READ_ONCE(o->sealed)) {
		object_put(o);
		return err_ptr(-EPERM);
	}
	*flags |= noexec ? VM_NEVEREXEC : 0;
	*flags |= shared && f->mode & FILE_WRITE ? VM_MAYWRITE : 0;
	*flags |= shared && o ? VM_SHARED : 0;
	return o;
}

long file_mmap(struct file *f, struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot,
	       uint32_t how, uint64_t offset)
{
	int type = mm_map_type(len, how);
	uint32_t flags = prot & VM_PROT;
	struct vm_source from = { .file = &f->held, .offset = offset };
	long at;

	if (type < 0)
		return type;
	from.object = object_to_map(f, offset, len, type == MAP_SHARED, &flags);
	if (is_err(from.object))
		return ptr_err(from.object);
	at = mm_map(mm, addr, len, flags, how, from.object ? &from : NULL);
	if (from.object)
		object_put(from.object); /* the mapping has its own reference */
	return at;
}

/* ---- size, contents, flags ---- */

size_t file_room(uint64_t at, size_t n, int *err)
{
	uint64_t limit = min(file_size_limit(), (uint64_t)FILE_SIZE_MAX);

	*err = 0;
	if (at >= FILE_SIZE_MAX)
		*err = -EFBIG;
	else if (at >= limit)
		*err = file_too_big();
	return *err ? 0 : min((uint64_t)n, limit - at);
}

/* Whether these FALLOC_FL_* go together. */
static bool falloc_mode_ok(uint32_t mode)
{
	switch (mode & ~(uint32_t)FALLOC_FL_KEEP_SIZE) {
	case 0:
	case FALLOC_FL_UNSHARE_RANGE:
	case FALLOC_FL_ZERO_RANGE: return true;
	case FALLOC_FL_PUNCH_HOLE: return mode & FALLOC_FL_KEEP_SIZE;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE: return !(mode & FALLOC_FL_KEEP_SIZE);
	default: return false;
	}
}

int file_allocate(struct file *f, uint32_t mode, int64_t from, int64_t len)
{
	struct inode *inode = f->inode;
	int err;

	if (from < 0 || len <= 0)
		return -EINVAL;
	if (!falloc_mode_ok(mode))
		return -EOPNOTSUPP;
	if (!(f->mode & FILE_WRITE))
		return -EBADF;
	if (inode->sflags & (mode & ~FALLOC_FL_KEEP_SIZE ? S_IMMUTABLE | S_APPEND : S_IMMUTABLE))
		return -EPERM;
	if (inode->sflags & S_SWAPFILE)
		return -ETXTBSY;
	if (S_ISFIFO(inode->mode))
		return -ESPIPE;
	if (S_ISDIR(inode->mode))
		return -EISDIR;
	if (!S_ISREG(inode->mode) && !f->ops->allocate)
		return -ENODEV;
	if (from > INT64_MAX - len ||
	    (inode->sb->max_size && (uint64_t)(from + len) > inode->sb->max_size))
		return -EFBIG;
	if (f->ops->allocate)
		return f->ops->allocate(f, mode, (uint64_t)from, (uint64_t)len);
	if (!inode->ops->allocate)
		return -EOPNOTSUPP;
	/*
	 * Size and seals must hold still; another task may be making a large file's pages under
	 * this lock.
	 */
	if (mutex_lock_killable(&inode->lock))
		return -EINTR;
	err = inode->ops->allocate(inode, mode, (uint64_t)from, (uint64_t)len);
	mutex_unlock(&inode->lock);
	return err;
}

int file_truncate(struct file *f, uint64_t size)
{
	return f->mode & FILE_WRITE ? vfs_truncate(f->inode, size) : -EINVAL;
}

int file_sync(struct file *f, bool data_only)
{
	return f->ops->fsync ? f->ops->fsync(f, data_only) : -EINVAL;
}

int file_sync_in_ram(struct file *f, bool data_only)
{
	return 0;
}

bool file_takes_direct(const struct file *f)
{
	return f->inode->object || S_ISBLK(f->inode->mode);
}

/* What F_SETFL may change. */
#define SETTABLE ((uint32_t)(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME))

int file_set_flags(struct file *f, int fd, uint32_t flags)
{
	uint32_t old = READ_ONCE(f->flags);
	int err = 0;

	if ((flags ^ old) & O_APPEND && f->inode->sflags & S_APPEND)
		return -EPERM;
	if (flags & ~old & O_NOATIME && !inode_owned(current_cred(), f->inode))
		return -EPERM;
	if (flags & ~old & O_DIRECT && f->path.mnt && !file_takes_direct(f))
		return -EINVAL;
	if ((flags ^ old) & FASYNC && f->ops->async)
		err = async_turn(f, fd, flags & FASYNC);
	if (err)
		return err;
	/*
	 * FASYNC and O_NONBLOCK change without a lock that we hold: a plain store would take back
	 * what another task has set since the load.
	 */
	while (!atomic_cmpxchg(&f->flags, &old, (old & ~SETTABLE) | (flags & SETTABLE)))
		;
	return 0;
}

void file_set_nonblock(struct file *f, bool on)
{
	if (on)
		atomic_or(&f->flags, O_NONBLOCK);
	else
		atomic_and(&f->flags, ~(uint32_t)O_NONBLOCK);
}

int file_set_async(struct file *f, int fd, bool on)
{
	return on == !!(READ_ONCE(f->flags) & FASYNC) ? 0 : async_turn(f, fd, on);
}
