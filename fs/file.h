/*
 * file.h - an open file: what open(2) makes, shared by dup and fork, with one position.
 *
 * file->pos_lock (mutex) makes a read or write and its move of the position one; it is taken before
 * any inode lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "fs/iter.h"
#include "fs/mount.h"
#include "mm/giveway.h"
#include "task/sleep.h"

struct async_list;
struct file;
struct file_owner;
struct owner;
struct poll_wait;

/* One getdents64(2) under way: readdir says each name to dir_emit(). */
struct dir_out {
	char *buf;	    /* kernel memory, so that readdir may hold locks: @size bytes */
	size_t size, bytes; /* written so far */
	int err; /* why the last dir_emit said no: -EINVAL (too small for even one), 0 (full) */
};

#define DIR_NAME_MAX 765 /* bytes: 255 characters of UTF-16 */

/*
 * dir_emit - one directory entry, of at most DIR_NAME_MAX bytes.  @next: the position behind it.
 * @type: DT_*.  False: it did not fit; it must come first next time.  Does not sleep.
 */
bool dir_emit(struct dir_out *out, const char *name, size_t len, uint64_t ino, uint8_t type,
	      uint64_t next);
/* dir_emit_dots - "." and "..", as far as *@pos is below 2, which moves.  False: full. */
bool dir_emit_dots(struct dir_out *out, const struct file *f, uint64_t *pos);

/* What an ioctl(2) command carries; all others are given a number, or nothing. */
enum ioctl_direction { IOCTL_IN, IOCTL_OUT, IOCTL_INOUT };
#define IOCTL_SIZE_MAX 304

struct ioctl_command {
	uint32_t cmd;
	uint16_t size; /* bytes, at most IOCTL_SIZE_MAX */
	uint8_t direction;
};

/*
 * What can be done with an open file.  @pos is where to act; the operation moves it (streams ignore
 * it). All may sleep.  A NULL operation: read, write -EINVAL (read of a
 * directory: -EISDIR); seek -ESPIPE; ioctl -ENOTTY; readdir
 * -ENOTDIR; mmap -ENODEV; poll: always readable and writable; fsync -EINVAL.
 */
struct file_ops {
	/* Of a file without a path: its kind, "[eventfd]", as /proc/PID/fd shows it. */
	const char *anon;
	/* name - of one that has more to say than @anon: into @buf; or NULL. */
	void (*name)(const struct file *f, char *buf, size_t size);
	bool no_splice; /* splice(2) and sendfile(2) do not read it */
	/*
	 * read, write - return bytes moved (0: end of file), or -errno.  A fault after some bytes
	 * returns those.
	 */
	long (*read)(struct file *f, struct iter *to, uint64_t *pos);
	long (*write)(struct file *f, struct iter *from, uint64_t *pos);
	int64_t (*seek)(struct file *f, int64_t offset, int whence);
	/*
	 * ioctl - @arg is kernel memory of the command's size (sys/file/ioctl.c copies), or the
	 * argument itself as a number where the command takes one.  -ENOTTY: not a command of this
	 * file.
	 */
	long (*ioctl)(struct file *f, uint32_t cmd, void *arg);
	/*
	 * commands - those of its own that sys/file/ioctl.c does not list; the last has no cmd.
	 */
	const struct ioctl_command *commands;
	/*
	 * own_ioctls - 0, or it takes no command that others take, and this is the type (bits 15:8)
	 * of its own: ioctl is called at once, with what the caller passed, and copies itself.
	 */
	uint8_t own_ioctls;
	/*
	 * poll - POLL* that are true now; when @w is not NULL, poll_on(w, queue) for each queue
	 * that will say when that changes.
	 */
	uint32_t (*poll)(struct file *f, struct poll_wait *w);
	/*
	 * async - the lists (fs/async.h) whose events O_ASYNC reports by a signal, into @lists, at
	 * most 2: how many.  NULL: it has no O_ASYNC.
	 */
	size_t (*async)(struct file *f, struct async_list **lists);
	bool async_own; /* the process that turns O_ASYNC on becomes the owner, if there is none */
	int (*readdir)(struct file *f, struct dir_out *out, uint64_t *pos);
	/*
	 * mmap - the object to map @len bytes of, with a reference; NULL: anonymous memory;
	 * err_ptr(-ENODEV, -ENOMEM).
	 */
	struct vm_object *(*mmap)(struct file *f, uint64_t len, bool shared);
	/* fsync - @data_only: fdatasync(2).  0, -EIO, -ENOSPC, -EINTR. */
	int (*fsync)(struct file *f, bool data_only);
	/*
	 * allocate - fallocate(2) of what is no regular file: @from and @len are no more than an
	 * off_t, their sum too.  NULL: -ENODEV.
	 */
	int (*allocate)(struct file *f, uint32_t mode, uint64_t from, uint64_t len);
	/* open - a device's: after the file is made.  0 or -errno (then release is not called). */
	int (*open)(struct file *f);
	/* release - the last reference has gone. */
	void (*release)(struct file *f);
	/*
	 * fdinfo - what /proc/PID/fdinfo/N says beyond position and flags: lines into @buf, as
	 * snprintf.  NULL: nothing.
	 */
	int (*fdinfo)(struct file *f, char *buf, size_t size);
};

#define FILE_READ   0x1u /* open for reading */
#define FILE_WRITE  0x2u
#define FILE_SEEK   0x4u   /* can be read and written at any position */
#define FILE_PATH   0x8u   /* O_PATH: a name only */
#define FILE_POS    0x10u  /* has one that moves, under pos_lock */
#define FILE_NOWAIT 0x40u  /* knows RWF_NOWAIT */
#define FILE_WRITER 0x20u  /* path_want_write: it is counted */
#define FILE_ALONE  0x100u /* O_EXCL of a disk: bdev_open has claimed it */
#define FILE_DENIES 0x80u  /* path_deny_write: a program, which nobody may write */

/* How a file's pages are read: for the page cache, whose own it is; indexes of pages. */
struct file_ahead {
	uint64_t next; /* behind the last page that was read */
	uint64_t end;  /* behind the last that was asked for */
	uint32_t size; /* how many were asked for at once */
	bool random;   /* POSIX_FADV_RANDOM: none but what is read */
	bool twice;    /* POSIX_FADV_SEQUENTIAL: twice as far as the disk's read_ahead_kb */
};

struct file {
	const struct file_ops *ops;
	struct vm_held held; /* the references; mappings hold it too */
	uint32_t mode;	     /* FILE_* */
	uint32_t flags;	     /* O_*, as F_GETFL shows them; atomic */
	uint64_t pos;
	struct inode *inode; /* held by path.dentry, or by the file itself where it has no path */
	struct path path;    /* both NULL: a pipe */
	void *private;	     /* of ops */
	struct list_node watchers; /* the epolls that it is in; fs/anon/epoll.c's */
	struct file_owner *owner;  /* the owner, which it tells by signals, or NULL; async.c's */
	uint32_t fsuid, fsgid;	   /* of who opened it */
	uint32_t error_seen;	   /* of its cache's write-back: cache_error_since() */
	struct file_ahead ahead;
	struct mutex pos_lock;
	struct charge *charge; /* of who opened it */
	/* Whose code ops is, held until the file has been released; NULL: the kernel's. */
	struct owner *ops_owner;
};

/* file_mode - what O_* says of FILE_READ and FILE_WRITE. */
static inline uint32_t file_mode(uint32_t flags)
{
	static const uint8_t mode[] = { FILE_READ, FILE_WRITE, FILE_READ | FILE_WRITE, 0 };

	return mode[flags & O_ACCMODE];
}

/*
 * file_new - an open file without a path yet, one reference; @inode is held by the path it gets, or
 * else by it.  err_ptr(-ENFILE, -ENOMEM).
 */
struct file *file_new(const struct file_ops *ops, struct inode *inode, uint32_t mode,
		      uint32_t flags) __must_check;
static inline void file_get(struct file *f)
{
	held_get(&f->held);
}
/*
 * file_allow_write - @f was opened for exec; from now on its file may be written again.
 */
void file_allow_write(struct file *f);
/*
 * files_open - how many there are (/proc/sys/fs/file-nr).  files_max - how many there may be, which
 * CAP_SYS_ADMIN may exceed; files_set_max - that, from now on: 0 or -EINVAL.  files_left - may
 * current make one more?  else -ENFILE.
 */
uint64_t files_open(void);
uint64_t files_max(void);
int files_set_max(uint64_t n) __must_check;
bool files_left(void);
/*
 * file_discard - frees what file_new gave (a file or an error) and nobody has used.  The reference
 * to its inode stays the caller's.
 */
void file_discard(struct file *f);
/* file_put - drop a reference; the last one closes.  May sleep. */
void file_put(struct file *f);
/* What file_put calls for a file with watchers: it leaves all that watch it (fs/anon/epoll.c). */
extern void (*file_watched_hook)(struct file *f);

/*
 * file_read, file_write - at the file's own position, which moves; file_pread, file_pwrite - at
 * @pos.
 * Return: bytes moved, or -EBADF (not open for that), -EINVAL, -EISDIR, -EFAULT, -EINTR, -EAGAIN,
 * -EFBIG, -ENOSPC, -EPIPE …
 */
long file_read(struct file *f, struct iter *to) __must_check;
long file_write(struct file *f, struct iter *from) __must_check;
long file_pread(struct file *f, struct iter *to, uint64_t pos) __must_check;
long file_pwrite(struct file *f, struct iter *from, uint64_t pos) __must_check;
/* file_seek - lseek(2). */
int64_t file_seek(struct file *f, int64_t offset, int whence);
/* file_seek_size - lseek's work for a file of @size bytes; moves f->pos. */
int64_t file_seek_size(struct file *f, int64_t offset, int whence, uint64_t size);
/*
 * For file_ops.seek, of what has no size: file_seek_unsized - its end is its beginning;
 * file_seek_endless - SEEK_END is refused; file_seek_nowhere - whatever is asked, it is at 0.
 */
int64_t file_seek_unsized(struct file *f, int64_t offset, int whence);
int64_t file_seek_endless(struct file *f, int64_t offset, int whence);
int64_t file_seek_nowhere(struct file *f, int64_t offset, int whence);
/*
 * file_readdir - getdents64(2): as many names as fit into @to, or fewer.  Bytes, 0: there are no
 * more; or -errno: -EINVAL (there is no room for the next one), -EFAULT, -ENOENT (the directory was
 * removed), -ENOTDIR, -ENOMEM, -EINTR, and the file system's own.
 */
long file_readdir(struct file *f, struct iter *to) __must_check;
/*
 * file_poll - POLL* that hold now; @w (or NULL) joins the wait queues that are woken when that
 * changes.
 */
uint32_t file_poll(struct file *f, struct poll_wait *w);

/*
 * file_may_continue - between the pieces of a long transfer, with no spinlock held: let others run
 * whose turn it is.  False: the task is to die, so that the transfer must end with what is done.
 */
static inline bool __must_check file_may_continue(void)
{
	return !give_way();
}

/* file_nonblocking - must @f, or the call that moves @it, not wait?  O_NONBLOCK, RWF_NOWAIT. */
static inline bool file_nonblocking(const struct file *f, const struct iter *it)
{
	return READ_ONCE(f->flags) & O_NONBLOCK || it->rwf & RWF_NOWAIT;
}

/*
 * wait_unless - wait_event_interruptible, but -EAGAIN at once if @nonblock.  file_wait_event - of a
 * read or write of @f by @it: the one place where O_NONBLOCK is asked for.
 */
#define wait_unless(nonblock, q, cond)	((nonblock) ? -EAGAIN : wait_event_interruptible(q, cond))
#define file_wait_event(f, it, q, cond) wait_unless(file_nonblocking(f, it), q, cond)

/*
 * file_ioctl - ioctl(2), as file_ops.ioctl; file_takes_ioctl - else it is -ENOTTY whatever the
 * argument.
 */
static inline bool file_appends(const struct file *f, const struct iter *it)
{
	return (READ_ONCE(f->flags) & O_APPEND && !(it->rwf & ITER_AT_POS)) || it->rwf & RWF_APPEND;
}
static inline bool file_takes_ioctl(const struct file *f)
{
	return f->ops->ioctl;
}

/* file_ioctl_command - what @cmd carries, where the file's own table says so; or NULL. */
static inline const struct ioctl_command *file_ioctl_command(const struct file *f, uint32_t cmd)
{
	for (const struct ioctl_command *c = f->ops->commands; c && c->cmd; c++)
		if (c->cmd == cmd)
			return c;
	return NULL;
}

/* file_own_ioctls - file_ops.own_ioctls. */
static inline uint8_t file_own_ioctls(const struct file *f)
{
	return f->ops->own_ioctls;
}

static inline long file_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	return f->ops->ioctl(f, cmd, arg);
}

/*
 * file_room - how many of @n bytes may be written to a regular file at @at; 0 with *@err, or 0,
 * when none.
 */
size_t file_room(uint64_t at, size_t n, int *err);

/*
 * file_allocate - fallocate(2): 0, -EBADF, -EINVAL, -EOPNOTSUPP, -ESPIPE, -EISDIR, -ENODEV, -EFBIG,
 * -EINTR, and what the file system says.
 * file_truncate - ftruncate(2).  file_sync - fsync(2), fdatasync(2).
 */
int file_allocate(struct file *f, uint32_t mode, int64_t from, int64_t len) __must_check;
int file_truncate(struct file *f, uint64_t size) __must_check;
int file_sync(struct file *f, bool data_only) __must_check;
/* file_sync_in_ram - file_ops.fsync of a file that lies in RAM alone: 0. */
int file_sync_in_ram(struct file *f, bool data_only);

/*
 * file_set_flags - fcntl(2)'s F_SETFL by descriptor @fd: 0, -EPERM, -EINVAL, -ENOMEM.
 * file_set_nonblock, file_set_async - ioctl(2)'s FIONBIO and FIOASYNC; off for what has no O_ASYNC
 * is no request.
 */
int file_set_flags(struct file *f, int fd, uint32_t flags) __must_check;
void file_set_nonblock(struct file *f, bool on);
/* file_takes_direct - may it have O_DIRECT?  It is for what has pages: else -EINVAL. */
bool file_takes_direct(const struct file *f);
int file_set_async(struct file *f, int fd, bool on) __must_check;

/*
 * file_mmap_object - for mmap(2): what to map; mode and flags of the file have been checked.
 * Return: an object with a reference, NULL: map anonymous memory, or err_ptr(-ENODEV, -ENOMEM,
 * -EACCES, -EBADF).
 */
struct vm_object *file_mmap_object(struct file *f, uint64_t len, bool shared) __must_check;

/*
 * file_mmap - mmap(2) of [@offset, @offset + @len) of @f, of PROT_* @prot, into @mm.  Address or
 * -EACCES, -EPERM, -EOVERFLOW, or what mm_map_type, file_mmap_object and mm_map say.
 */
long file_mmap(struct file *f, struct mm *mm, uint64_t addr, uint64_t len, uint32_t prot,
	       uint32_t how, uint64_t offset) __must_check;
