/*
 * test_vfs.c - the kernel's files, from their system calls down to tmpfs, against the Linux that
 * this test runs on.
 *
 * Random calls (the same in every run) go to both; every answer, down to which errno wins, and
 * every directory in the end must be equal.  Then: all memory is back, also when each allocation in
 * turn has failed; hostile archives.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "abi/dirent.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/poll.h"
#include "abi/stat.h"
#include "abi/uio.h"
#include "arm/counter.h"
#include "arm/percpu.h"
#include "sys/syscall.h"
#include "fs/async.h"
#include "fs/cache.h"
#include "fs/context.h"
#include "fs/dev.h"
#include "fs/fdtable.h"
#include "fs/hash.h"
#include "fs/initrd.h"
#include "fs/mount_ops.h"
#include "fs/open.h"
#include "fs/request.h"
#include "fs/tmpfs.h"
#include "fs/anon/memfd.h"
#include "fs/tty/tty.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/mmap.h"
#include "task/cap.h"
#include "task/cred.h"
#include "task/mourn.h"
#include "task/parts.h"
#include "task/pid.h"
#include "task/process.h"
#include "task/sched.h"
#include "task/signal.h"
#include "task/signal_take.h"
#include "task/sleep.h"
#include "task/task.h"
#include "task/time/timer.h"
#include "task/user.h"
#include "task/wait.h"
#include "vfs_oracle.h"
#include "vfs_show.h"

/* ---- what the files stand on: memory ---- */

#define ARENA_PAGES 8192

static char *arena;
static struct page pages[ARENA_PAGES];
static size_t pages_used, objects_used;
static uint64_t allocations, fail_at; /* the allocation with this number fails; 0: none */

static bool must_fail(void)
{
	return ++allocations == fail_at;
}

struct page *page_alloc(unsigned int order)
{
	assert_int_equal(order, 0);
	if (must_fail())
		return NULL;
	for (size_t i = 0; i < ARENA_PAGES; i++)
		if (!pages[i].refs) {
			pages[i].refs = 1;
			pages_used++;
			memset(arena + i * PAGE_SIZE, 0xa5, PAGE_SIZE);
			return &pages[i];
		}
	return NULL;
}

struct page *page_alloc_zero(void)
{
	struct page *p = page_alloc(0);

	if (p)
		memset(page_to_virt(p), 0, PAGE_SIZE);
	return p;
}

/* There is always more. */
bool (*page_throttle_hook)(void);

bool page_scarce;

void page_free(struct page *p, unsigned int order)
{
	assert_int_equal(order, 0);
	assert_int_equal(p->refs, 0);
	pages_used--;
}

void copy_wide(void *dst, const void *src, size_t n)
{
	memcpy(dst, src, n);
}

size_t page_total_count(void)
{
	return ARENA_PAGES;
}

void *kmalloc(size_t size)
{
	void *p = must_fail() ? NULL : malloc(size);

	assert_true(size > 0);
	objects_used += p != NULL;
	return p;
}

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	return p ? memset(p, 0, size) : NULL;
}

char *kstrdup(const char *s)
{
	char *p = kmalloc(strlen(s) + 1);

	return p ? memcpy(p, s, strlen(s) + 1) : NULL;
}

void kfree(void *p)
{
	objects_used -= p != NULL;
	free(p);
}

/* ---- user memory: all of the host's, but for what lies behind VFS_BUFFER's good part ---- */

static size_t reachable(uptr p, size_t n)
{
	uint64_t hole = (uintptr_t)VFS_BUFFER + VFS_GOOD;

	if (p.va >= hole + VFS_GOOD || p.va + n <= hole || p.va < (uintptr_t)VFS_BUFFER)
		return n;
	return p.va >= hole ? 0 : hole - p.va;
}

size_t copy_from_user(void *dst, uptr src, size_t n)
{
	size_t ok = reachable(src, n);

	memcpy(dst, (void *)src.va, ok);
	return n - ok;
}

size_t copy_to_user(uptr dst, const void *src, size_t n)
{
	size_t ok = reachable(dst, n);

	memcpy((void *)dst.va, src, ok);
	return n - ok;
}

size_t clear_user(uptr dst, size_t n)
{
	size_t ok = reachable(dst, n);

	memset((void *)dst.va, 0, ok);
	return n - ok;
}

int copy_struct_from_user(void *dst, size_t size, uptr src, uint64_t user_size)
{
	memset(dst, 0, size);
	return copy_from_user(dst, src, min(user_size, (uint64_t)size)) ? -EFAULT : 0;
}

long strncpy_from_user(char *dst, uptr src, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!(dst[i] = ((const char *)src.va)[i]))
			return (long)i;
	return (long)size;
}

int get_user_n(uint64_t *x, uptr p, size_t size)
{
	*x = 0;
	return copy_from_user(x, p, size) ? -EFAULT : 0;
}

int uaccess_refuse(uptr p, bool write)
{
	return -EFAULT;
}

int put_user_n(uptr p, uint64_t x, size_t size)
{
	return copy_to_user(p, &x, size) ? -EFAULT : 0;
}

void random_bytes(void *buf, size_t n)
{
	while (n--)
		((uint8_t *)buf)[n] = (uint8_t)(random() >> 7);
}

/* ---- tasks: there is one, and it never sleeps ---- */

static struct process process;
static struct user user = { .refs = { 1 } };
static struct cred cred = { .user = &user }; /* what the one process is */
static struct task task = { .process = &process, .cred = &cred };
struct task *shim_current = &task;
static const struct task_part *files_part;
static int last_signal, mutexes_held;

void task_register_part(const struct task_part *part)
{
	files_part = part;
}

int signal_send(struct task *t, const struct signal_info *info)
{
	last_signal = info->signo;
	return 0;
}

void signal_set_mask(uint64_t mask)
{
	task.signals.blocked = mask;
}

void wait_init(struct wait_queue *q)
{
	list_init(&q->waiters);
}

void wait_prepare(struct wait_queue *q, struct waiter *w, uint32_t state)
{
	list_add_tail(&q->waiters, &w->link);
}

void wait_finish(struct wait_queue *q, struct waiter *w)
{
	list_del(&w->link);
}

void wait_add(struct wait_queue *q, struct waiter *w, wake_fn wake)
{
	list_add_tail(&q->waiters, &w->link);
}

void wait_remove(struct wait_queue *q, struct waiter *w)
{
	list_del(&w->link);
}

void wake_up(struct wait_queue *q)
{
}

bool wait_is_awaited(struct wait_queue *q)
{
	return false;
}

void wake_later(struct wake_late *l)
{
}

void wake_up_yielding(struct wait_queue *q)
{
	wake_up(q);
}

bool task_wake(struct task *t)
{
	return false;
}

void sched_set_state(uint32_t state)
{
}

void schedule(void)
{
	fail_msg("a call would sleep for ever");
}

bool sched_sleep_deadline(enum timer_clock clock, uint64_t deadline_ns)
{
	return true;
}

int give_way(void)
{
	return 0;
}

void mutex_init(struct mutex *m)
{
	m->held = 0;
}

void mutex_lock(struct mutex *m)
{
	assert_false(m->held);
	assert_false(spin_is_locked(&dcache_lock));
	m->held = 1;
	mutexes_held++;
}

void mutex_unlock(struct mutex *m)
{
	assert_true(m->held);
	m->held = 0;
	mutexes_held--;
}

uint64_t clock_wall_ns(void)
{
	return 1700000000000000000;
}

struct counter_scale counter_scale = { .ns_mult = 1 };

/* ---- what is not here: no file of these is on a disk ---- */

int cache_file_sync_range(struct file *f, uint64_t from, uint64_t end, uint32_t flags)
{
	fail();
	return 0;
}

void cache_file_advise(struct file *f, uint64_t from, uint64_t end, int advice)
{
	fail();
}

struct file_cache *cache_of_block_file(const struct file *f)
{
	fail();
	return NULL;
}

int cache_sync(struct superblock *sb, bool wait)
{
	return 0;
}

void inode_dirty(struct inode *inode)
{
}

uintptr_t percpu_offset[NR_CPUS];

uint64_t cores_online(void)
{
	return 1;
}

int mm_map_type(size_t len, uint32_t how)
{
	fail();
	return 0;
}

long mm_map(struct mm *mm, uintptr_t addr, size_t len, uint32_t flags, uint32_t how,
	    const struct vm_source *from)
{
	fail();
	return 0;
}

void mm_cut_object(struct vm_object *o, uint64_t first, uint64_t end, bool own)
{
}

void object_punch(struct vm_object *o, uint64_t first, uint64_t end)
{
	object_remove(o, first, end);
	o->ops->punched(o);
}

struct spinlock proc_lock;

struct process *process_first(pid_t from)
{
	return NULL;
}

struct task *process_thread(struct process *p, pid_t from)
{
	return NULL;
}

void process_put(struct process *p)
{
}

void task_put(struct task *t)
{
}

struct charge *charge_mine(size_t n)
{
	return NULL;
}

bool mutex_trylock(struct mutex *m)
{
	mutex_lock(m);
	return true;
}

int mutex_lock_killable(struct mutex *m)
{
	mutex_lock(m);
	return 0;
}

void charge_left(struct charge *c, uint64_t was, uint64_t is)
{
}

void task_mourn(int signo)
{
	(void)signo;
}

void sched_set_group(struct sched_group *g)
{
}

void sched_group_init(struct sched_group *g)
{
}

void sched_group_end(struct sched_group *g)
{
}

int async_turn(struct file *f, int fd, bool on)
{
	return -ENOTTY;
}

int async_set_owner(struct file *f, const struct f_owner_ex *ex)
{
	return -ESRCH;
}

int async_set_owner_number(struct file *f, int32_t who)
{
	return -ESRCH;
}

void async_get_owner(struct file *f, struct f_owner_ex *ex)
{
	*ex = (struct f_owner_ex){ 0 };
}

int32_t async_get_owner_number(struct file *f)
{
	return 0;
}

void async_get_ids(struct file *f, uint32_t ids[2])
{
	ids[0] = ids[1] = 0;
}

int async_set_signal(struct file *f, uint64_t signo)
{
	return -EINVAL;
}

int async_get_signal(struct file *f)
{
	return 0;
}

void async_close(struct file *f)
{
}

void async_send(struct async_list *l, int reason)
{
}

void fs_register(struct fs_type *type)
{
}

int request_module(const char *fmt, ...)
{
	return -ENOENT;
}

const struct device *dev_find(uint32_t number)
{
	return NULL;
}

int memfd_seals(const struct file *f)
{
	return -EINVAL;
}

int memfd_seal(struct file *f, uint32_t seals)
{
	return -EINVAL;
}

/* ---- the kernel's answers ---- */

static int slots[VFS_SLOTS + 1];

static uint64_t fd_of(int slot)
{
	return (uint64_t)(int64_t)(slot == VFS_AT_FDCWD ? AT_FDCWD : slots[slot]);
}

/* As the kernel's dispatcher: from six registers to a handler's own types. */
#define SYSCALL(nr, name, ...)                                                             \
	static inline long call_##name(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, \
				       uint64_t a4, uint64_t a5)                           \
	{                                                                                  \
		return sys_##name(SYSCALL_MAP(SYSCALL_ARG, SYSCALL_COMMA, ##__VA_ARGS__)); \
	}
#include "abi/syscall.def"
#include "mm/zap.h"
#undef SYSCALL

#define CALL(name, ...) CALL_(name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_(name, a, b, c, d, e, f, ...)                                                     \
	call_##name((uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), \
		    (uint64_t)(f))

static int64_t keep(int slot, long fd)
{
	if (fd < 0)
		return fd;
	if (slots[slot] >= 0)
		CALL(close, slots[slot]);
	slots[slot] = (int)fd;
	return 0;
}

static int64_t list(uint64_t fd, struct vfs_answer *a)
{
	_Alignas(8) char buf[8192];
	char *names[256], one[300];
	size_t n = 0, len = 0;
	long got;

	CALL(lseek, fd, 0, SEEK_SET);
	got = CALL(getdents64, fd, buf, sizeof(buf));
	if (got < 0)
		return got;
	for (long at = 0; at < got && n < 256; n++) {
		struct dirent64 *d = (struct dirent64 *)(buf + at);

		snprintf(one, sizeof(one), "%s:%d ", d->d_name, d->d_type);
		names[n] = malloc(strlen(one) + 1);
		memcpy(names[n], one, strlen(one) + 1);
		at += d->d_reclen;
	}
	qsort(names, n, sizeof(names[0]), compare);
	for (size_t i = 0; i < n; i++) {
		len += (size_t)snprintf(a->text + len, VFS_TEXT - len, "%s", names[i]);
		free(names[i]);
	}
	return 0;
}

static int64_t answer_fcntl(const struct vfs_op *op, struct vfs_answer *a)
{
	long r = CALL(fcntl, fd_of(op->fd), op->mode,
		      op->mode == F_SETFL ? op->flags : (uint64_t)op->n);

	if (r >= 0 && (op->mode == F_DUPFD || op->mode == F_DUPFD_CLOEXEC))
		return CALL(close, r);
	if (r >= 0 && op->mode == F_GETFL) {
		snprintf(a->text, sizeof(a->text), "flags %o",
			 (unsigned int)r & ~(unsigned int)O_LARGEFILE);
		return 0;
	}
	return r;
}

static int64_t answer_transfer(const struct vfs_op *op, struct vfs_answer *a)
{
	struct iovec v[3] = { { (uintptr_t)vfs_buffer(op->n), (uint64_t)op->n / 2 },
			      { (uintptr_t)VFS_BUFFER, (uint64_t)op->pos },
			      { (uintptr_t)vfs_buffer(op->n) + (uint64_t)op->n / 2,
				(uint64_t)(op->n - op->n / 2) } };
	char *buf = vfs_buffer(op->n);
	int64_t r;

	switch (op->call) {
	case VFS_READ: r = CALL(read, fd_of(op->fd), buf, op->n); break;
	case VFS_WRITE: return CALL(write, fd_of(op->fd), buf, op->n);
	case VFS_PREAD: r = CALL(pread64, fd_of(op->fd), buf, op->n, op->pos); break;
	case VFS_PWRITE: return CALL(pwrite64, fd_of(op->fd), buf, op->n, op->pos);
	case VFS_READV: r = CALL(readv, fd_of(op->fd), v, op->mode); break;
	default: return CALL(writev, fd_of(op->fd), v, op->mode);
	}
	show_bytes(op->call == VFS_READV ? VFS_BUFFER : buf, r, a);
	return r;
}

static int64_t answer_pipe(const struct vfs_op *op)
{
	int fds[2];
	long r = CALL(pipe2, fds, op->flags);

	if (r)
		return r;
	keep(op->fd, fds[0]);
	return keep(op->fd2, fds[1]);
}

static int64_t answer_dup3(const struct vfs_op *op)
{
	long r;

	if ((int)fd_of(op->fd2) < 0)
		return keep(op->fd2, CALL(dup, fd_of(op->fd)));
	r = CALL(dup3, fd_of(op->fd), fd_of(op->fd2), 0);
	return min(r, 0L);
}

static void kernel_ask(const struct vfs_op *op, struct vfs_answer *a)
{
	int64_t ts[4] = { op->pos, op->flags & 1 ? UTIME_OMIT : 5, op->n,
			  op->flags & 2 ? UTIME_NOW : 6 };
	struct pollfd pfd = { (int)fd_of(op->fd), (int16_t)op->mode, 0 };
	uint64_t fd = fd_of(op->fd), fd2 = fd_of(op->fd2), zero[2] = { 0, 0 };
	int64_t r, pos = op->pos;
	struct stat st;

	memset(a, 0, sizeof(*a));
	switch (op->call) {
	case VFS_OPEN: r = keep(op->fd, CALL(openat, fd2, op->a, op->flags, op->mode)); break;
	case VFS_CLOSE:
		r = CALL(close, fd);
		slots[op->fd] = -1;
		break;
	case VFS_READ:
	case VFS_WRITE:
	case VFS_PREAD:
	case VFS_PWRITE:
	case VFS_READV:
	case VFS_WRITEV: r = answer_transfer(op, a); break;
	case VFS_LSEEK: r = CALL(lseek, fd, op->pos, op->mode); break;
	case VFS_TRUNCATE: r = CALL(truncate, op->a, op->n); break;
	case VFS_FTRUNCATE: r = CALL(ftruncate, fd, op->n); break;
	case VFS_MKDIR: r = CALL(mkdirat, fd, op->a, op->mode); break;
	case VFS_MKNOD: r = CALL(mknodat, fd, op->a, op->mode, 0); break;
	case VFS_SYMLINK: r = CALL(symlinkat, op->b, fd, op->a); break;
	case VFS_LINK: r = CALL(linkat, fd, op->a, fd2, op->b, op->flags); break;
	case VFS_UNLINK: r = CALL(unlinkat, fd, op->a, op->flags); break;
	case VFS_RENAME: r = CALL(renameat2, fd, op->a, fd2, op->b, op->flags); break;
	case VFS_READLINK: r = CALL(readlinkat, fd, op->a, a->text, op->n); break;
	case VFS_STAT:
		r = CALL(newfstatat, fd, op->a, &st, op->flags);
		if (!r)
			show_stat(&st, a);
		break;
	case VFS_FSTAT:
		r = CALL(fstat, fd, &st);
		if (!r)
			show_stat(&st, a);
		break;
	case VFS_ACCESS: r = CALL(faccessat2, fd, op->a, op->mode, op->flags); break;
	case VFS_CHMOD: r = CALL(fchmodat, fd, op->a, op->mode); break;
	case VFS_FCHMOD: r = CALL(fchmod, fd, op->mode); break;
	case VFS_CHOWN: r = CALL(fchownat, fd, op->a, op->n, op->pos, op->flags); break;
	case VFS_FCHOWN: r = CALL(fchown, fd, op->n, op->pos); break;
	case VFS_CHDIR: r = CALL(chdir, op->a); break;
	case VFS_FCHDIR: r = CALL(fchdir, fd); break;
	case VFS_GETCWD: r = CALL(getcwd, a->text, op->n); break;
	case VFS_DUP3: r = answer_dup3(op); break;
	case VFS_FCNTL: r = answer_fcntl(op, a); break;
	case VFS_UMASK: r = CALL(umask, op->mode); break;
	case VFS_UTIMES:
		r = CALL(utimensat, fd, op->a, op->mode ? NULL : ts, op->flags & 0x100);
		break;
	case VFS_GETDENTS: r = list(fd, a); break;
	case VFS_PIPE: r = answer_pipe(op); break;
	case VFS_POLL:
		r = CALL(ppoll, &pfd, 1, zero);
		snprintf(a->text, sizeof(a->text), "ready %x", (unsigned int)(uint16_t)pfd.revents);
		break;
	case VFS_SENDFILE: r = CALL(sendfile, fd, fd2, op->mode ? &pos : NULL, op->n); break;
	case VFS_USER:
		cred.fsuid = cred.fsgid = op->mode;
		cred.cap.effective = op->mode ? 0 : CAP_ALL;
		r = 0;
		break;
	default: r = -ENOSYS;
	}
	a->ret = r;
	assert_int_equal(mutexes_held, 0);
	assert_false(spin_is_locked(&dcache_lock));
}

/* ---- random calls ---- */

static const char *const call_names[VFS_CALLS] = {
	"open",	    "close",	"read",	     "write",	 "pread",  "pwrite",  "readv",	"writev",
	"lseek",    "truncate", "ftruncate", "mkdir",	 "mknod",  "symlink", "link",	"unlink",
	"rename",   "readlink", "stat",	     "fstat",	 "access", "chmod",   "fchmod", "chown",
	"fchown",   "chdir",	"fchdir",    "getcwd",	 "dup3",   "fcntl",   "umask",	"utimes",
	"getdents", "pipe",	"poll",	     "sendfile", "user",
};

/* How often each comes, of all. */
static const uint8_t call_weight[VFS_CALLS] = {
	[VFS_OPEN] = 30,    [VFS_CLOSE] = 6,	[VFS_READ] = 6,	     [VFS_WRITE] = 8,
	[VFS_PREAD] = 4,    [VFS_PWRITE] = 5,	[VFS_READV] = 3,     [VFS_WRITEV] = 3,
	[VFS_LSEEK] = 4,    [VFS_TRUNCATE] = 3, [VFS_FTRUNCATE] = 3, [VFS_MKDIR] = 20,
	[VFS_MKNOD] = 5,    [VFS_SYMLINK] = 10, [VFS_LINK] = 8,	     [VFS_UNLINK] = 10,
	[VFS_RENAME] = 18,  [VFS_READLINK] = 4, [VFS_STAT] = 20,     [VFS_FSTAT] = 4,
	[VFS_ACCESS] = 5,   [VFS_CHMOD] = 5,	[VFS_FCHMOD] = 2,    [VFS_CHOWN] = 4,
	[VFS_FCHOWN] = 2,   [VFS_CHDIR] = 6,	[VFS_FCHDIR] = 3,    [VFS_GETCWD] = 3,
	[VFS_DUP3] = 3,	    [VFS_FCNTL] = 6,	[VFS_UMASK] = 1,     [VFS_UTIMES] = 3,
	[VFS_GETDENTS] = 4, [VFS_PIPE] = 2,	[VFS_POLL] = 4,	     [VFS_SENDFILE] = 3,
	[VFS_USER] = 4,
};

static enum vfs_call random_call(void)
{
	unsigned int total = 0, at;

	for (int i = 0; i < VFS_CALLS; i++)
		total += call_weight[i];
	at = random_below(total);
	for (int i = 0;; i++) {
		if (at < call_weight[i])
			return (enum vfs_call)i;
		at -= call_weight[i];
	}
}

static void random_path(char *out)
{
	static const char *const parts[] = { "a", "b", "c", "dd", "e", ".", ".." };
	unsigned int n = 1 + random_below(3);
	char *p = out;

	if (random_below(200) == 0) { /* a name of 255, or one too many */
		size_t len = 254 + random_below(3);

		memset(out, 'n', len);
		out[len] = '\0';
		return;
	}
	*p = '\0';
	if (random_below(100) == 0)
		return;
	if (random_below(4) == 0)
		*p++ = '/';
	while (n--) {
		p += snprintf(p, 20, "%s",
			      parts[random_below(random_below(3) ? 5 : ARRAY_SIZE(parts))]);
		if (n || random_below(12) == 0)
			p += snprintf(p, 20, "%s", random_below(10) ? "/" : "//");
	}
	*p = '\0';
}

static uint32_t random_open_flags(void)
{
	static const uint32_t extra[] = { O_CREAT,   O_CREAT,	  O_CREAT | O_EXCL, O_TRUNC,
					  O_APPEND,  O_DIRECTORY, O_NOFOLLOW,	    O_PATH,
					  O_NOATIME, O_TMPFILE,	  O_CLOEXEC };
	uint32_t flags = random_below(5) ? random_below(3) : random_below(4);

	for (int i = random_below(3); i; i--)
		flags |= extra[random_below(ARRAY_SIZE(extra))];
	return flags | O_NONBLOCK; /* a fifo must not wait */
}

static const int64_t sizes[] = { 0, 1, 2, 7, 10, 100, 511, 1024, 4095, 4096, 1000 };
static const uint32_t modes[] = { 0,	 0755,	0644,  0700,  0777, 0555, 04755,
				  02755, 06711, 02644, 01755, 0111, 0333 };

static int random_fd(void)
{
	return (int)random_below(VFS_SLOTS);
}

static int random_dirfd(void)
{
	return random_below(3) ? VFS_AT_FDCWD : (int)random_below(VFS_SLOTS + 1);
}

static uint32_t pick_flag(uint32_t a, uint32_t b, uint32_t c)
{
	const uint32_t f[] = { 0, a, b, c };

	return random_below(2) ? 0 : f[random_below(4)];
}

/* What is special about each call; the rest is random already. */
static void fit_call(struct vfs_op *op)
{
	static const uint32_t types[] = {
		S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, 0, S_IFDIR, S_IFLNK
	};
	static const uint32_t commands[] = { F_GETFL, F_GETFD,	       F_SETFD, F_SETFL,
					     F_DUPFD, F_DUPFD_CLOEXEC, 77 };
	static const uint32_t ids[] = { 0, 1000, 1000, UINT32_MAX };

	switch (op->call) {
	case VFS_OPEN: op->fd2 = random_dirfd(), op->flags = random_open_flags(); break;
	case VFS_READV:
	case VFS_WRITEV: op->mode = random_below(4), op->pos = (int64_t)random_below(50); break;
	case VFS_LSEEK: op->mode = random_below(3); break;
	case VFS_TRUNCATE:
	case VFS_FTRUNCATE: op->n = random_below(10) ? op->pos : -1; break;
	case VFS_MKNOD: op->mode |= types[random_below(ARRAY_SIZE(types))]; /* fall through */
	case VFS_MKDIR:
	case VFS_SYMLINK:
	case VFS_UNLINK:
	case VFS_READLINK:
	case VFS_CHMOD: op->fd = random_dirfd(); break;
	case VFS_LINK:
	case VFS_RENAME: op->fd = random_dirfd(), op->fd2 = random_dirfd(); break;
	case VFS_STAT:
		op->fd = random_dirfd(),
		op->flags = pick_flag(AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, 1);
		break;
	case VFS_ACCESS:
		op->fd = random_dirfd(), op->mode = random_below(9),
		op->flags = pick_flag(0x100, 0x200, 0x300);
		break;
	case VFS_CHOWN:
		op->fd = random_dirfd(), op->flags = pick_flag(0x100, 0x1000, 0); /* fall through */
	case VFS_FCHOWN: op->n = ids[random_below(4)], op->pos = ids[random_below(4)]; break;
	case VFS_GETCWD: op->n = random_below(3) ? 1000 : random_below(5); break;
	case VFS_FCNTL:
		op->mode = commands[random_below(ARRAY_SIZE(commands))];
		op->flags = pick_flag(O_APPEND, 0, O_APPEND) | O_NONBLOCK;
		op->n = random_below(2);
		break;
	case VFS_UMASK: op->mode = random_below(2) ? 022 : 077; break;
	case VFS_UTIMES:
		op->fd = random_dirfd(), op->mode = random_below(2), op->flags = random_below(4);
		break;
	case VFS_PIPE: op->flags = O_NONBLOCK, op->fd2 = (op->fd + 1) % VFS_SLOTS; break;
	case VFS_POLL: op->mode = POLLIN | POLLOUT; break;
	case VFS_SENDFILE: op->mode = random_below(2); break;
	case VFS_USER: op->mode = random_below(2) ? 1000 : 0; break;
	default: break;
	}
	if (op->call == VFS_LINK)
		op->flags = pick_flag(AT_SYMLINK_FOLLOW, AT_EMPTY_PATH, 1);
	if (op->call == VFS_UNLINK)
		op->flags = random_below(2) ? AT_REMOVEDIR : pick_flag(AT_REMOVEDIR, 1, 0);
	if (op->call == VFS_RENAME)
		op->flags = random_below(3) ? 0 : random_below(4);
}

static void random_op(struct vfs_op *op)
{
	memset(op, 0, sizeof(*op));
	op->call = random_call();
	op->fd = random_fd();
	op->fd2 = random_fd();
	op->mode = modes[random_below(ARRAY_SIZE(modes))];
	op->n = sizes[random_below(ARRAY_SIZE(sizes))];
	op->pos = random_below(3) ? sizes[random_below(ARRAY_SIZE(sizes))] : random_below(20000);
	random_path(op->a);
	random_path(op->b);
	fit_call(op);
}

static void describe(const struct vfs_op *op, char *out, size_t n)
{
	snprintf(out, n, "%s fd %d fd2 %d flags %#o mode %#o n %ld pos %ld \"%s\" \"%s\"",
		 call_names[op->call], op->fd, op->fd2, op->flags, op->mode, (long)op->n,
		 (long)op->pos, op->a, op->b);
}

/* ---- both asked ---- */

#define HISTORY 20

static struct vfs_op history[HISTORY];
static unsigned int asked;
static struct vfs_answer ours, theirs;

static void show_history(void)
{
	char line[1000];

	for (unsigned int i = asked > HISTORY ? asked - HISTORY : 0; i < asked; i++) {
		describe(&history[i % HISTORY], line, sizeof(line));
		print_message("%6u %s\n", i, line);
	}
	print_message("kernel: %ld %s\nLinux:  %ld %s\n", (long)ours.ret, ours.text,
		      (long)theirs.ret, theirs.text);
}

static bool ask_both(const struct vfs_op *op)
{
	history[asked++ % HISTORY] = *op;
	/* What is written is the same on both sides, and different each time. */
	memset(VFS_BUFFER, 'A' + (int)(asked % 26), VFS_GOOD);
	vfs_oracle_ask(op, &theirs);
	memset(VFS_BUFFER, 'A' + (int)(asked % 26), VFS_GOOD);
	kernel_ask(op, &ours);
	if (ours.ret == theirs.ret && strcmp(ours.text, theirs.text) == 0)
		return true;
	/* Nothing that can be sent, to a pipe that nobody reads: Linux looks at the pipe first. */
	if (op->call == VFS_SENDFILE && ours.ret <= 0 && theirs.ret == -EPIPE)
		return true;
	show_history();
	return false;
}

static bool is_type(int slot, uint32_t type)
{
	struct vfs_op op = { .call = VFS_FSTAT, .fd = slot };

	kernel_ask(&op, &ours);
	return !ours.ret && (strtoul(ours.text + strlen("mode "), NULL, 8) & S_IFMT) == type;
}

/* What Linux does not promise, or what this host has set otherwise, is not asked. */
static bool comparable(const struct vfs_op *op)
{
	static bool asked_host, protected_links;

	if (!asked_host) {
		protected_links = vfs_oracle_links_protected();
		asked_host = true;
	}
	if (op->call == VFS_LSEEK) /* in a directory: positions are the file system's own */
		return !is_type(op->fd, S_IFDIR);
	/* How much of a pipe's bytes a fault spares depends on the pieces in which they lie. */
	if (op->n & 1 && op->call >= VFS_READ && op->call <= VFS_WRITEV)
		return !is_type(op->fd, S_IFIFO);
	if (op->call == VFS_LINK && !*op->a && op->fd >= 0 && is_type(op->fd, S_IFIFO))
		return false;	  /* a name for a pipe: refused, but which reason is said first? */
	if (op->call == VFS_LINK) /* to an open file: Linux before 6.10 let root alone do it */
		return cred.fsuid == 0 || (protected_links && !(op->flags & AT_EMPTY_PATH));
	/* Into itself: how far is a question of buffers; from a directory: nobody does. */
	if (op->call == VFS_SENDFILE)
		return op->n && fd_get(slots[op->fd]).file != fd_get(slots[op->fd2]).file &&
		       !is_type(op->fd2, S_IFDIR);
	return true;
}

/* Every name below @path, as root. */
static void compare_tree(const char *path, int depth)
{
	struct vfs_op op = { .call = VFS_OPEN,
			     .fd = 7,
			     .fd2 = VFS_AT_FDCWD,
			     .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW };
	struct vfs_op ls = { .call = VFS_GETDENTS, .fd = 7 };
	char names[VFS_TEXT], *next;

	snprintf(op.a, sizeof(op.a), "%s", path);
	assert_true(ask_both(&op));
	if (ours.ret)
		return;
	assert_true(ask_both(&ls));
	memcpy(names, ours.text, sizeof(names));
	for (char *name = names; *name; name = next) {
		struct vfs_op stat = { .call = VFS_STAT,
				       .fd = VFS_AT_FDCWD,
				       .flags = AT_SYMLINK_NOFOLLOW };
		char *colon = strchr(name, ':');

		*colon = '\0';
		next = strchr(colon + 1, ' ') + 1;
		if (strlen(path) + strlen(name) + 2 > VFS_PATH_ROOM)
			continue;
		snprintf(stat.a, sizeof(stat.a), "%s/%s", path, name);
		assert_true(ask_both(&stat));
		if (colon[1] == '4' && strcmp(name, ".") && strcmp(name, "..") && depth < 8)
			compare_tree(stat.a, depth + 1);
	}
}

static void become(uint32_t uid)
{
	struct vfs_op op = { .call = VFS_USER, .mode = uid };

	assert_true(ask_both(&op));
}

/* ---- a world that begins and ends ---- */

static struct {
	size_t pages, objects;
} before;

static void world_begin(void)
{
	int err;

	before.pages = pages_used;
	before.objects = objects_used;
	for (int i = 0; i <= VFS_SLOTS; i++)
		slots[i] = -1;
	slots[VFS_BAD_SLOT] = 9999;
	cred = (struct cred){ .user = &user,
			      .cap = { .effective = CAP_ALL, .permitted = CAP_ALL } };
	for (int i = 0; i < RLIM_NLIMITS; i++)
		process.rlimit[i].rlim_cur = UINT64_MAX;
	process.rlimit[RLIMIT_NOFILE].rlim_cur = 1024;
	err = vfs_open_console();
	assert_true(err == -ENOENT); /* there is no /dev/console; the table is there */
	assert_int_equal(CALL(fchownat, AT_FDCWD, "/", 0, 0), 0);
	assert_int_equal(CALL(fchmodat, AT_FDCWD, "/", 0755), 0);
}

/* Empties the working directory. */
static void remove_all(void)
{
	struct vfs_op op = { .call = VFS_OPEN,
			     .fd = 7,
			     .fd2 = VFS_AT_FDCWD,
			     .flags = O_RDONLY | O_DIRECTORY,
			     .a = "." };
	struct vfs_op ls = { .call = VFS_GETDENTS, .fd = 7 };
	char names[VFS_TEXT], *next;

	kernel_ask(&op, &ours);
	kernel_ask(&ls, &ours);
	memcpy(names, ours.text, sizeof(names));
	for (char *name = names; *name; name = next) {
		char *colon = strchr(name, ':');

		*colon = '\0';
		next = strchr(colon + 1, ' ') + 1;
		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		if (colon[1] == '4') {
			assert_int_equal(CALL(chdir, name), 0);
			remove_all();
			assert_int_equal(CALL(chdir, ".."), 0);
		}
		assert_int_equal(CALL(unlinkat, AT_FDCWD, name, colon[1] == '4' ? AT_REMOVEDIR : 0),
				 0);
	}
}

/* Everything is closed and removed: then all memory must be back. */
static void world_end(void)
{
	cred = (struct cred){ .user = &user,
			      .cap = { .effective = CAP_ALL, .permitted = CAP_ALL } };
	fail_at = 0;
	assert_int_equal(CALL(chdir, "/"), 0);
	remove_all();
	files_part->exit(&task);
	assert_int_equal(mutexes_held, 0);
	assert_int_equal(pages_used, before.pages);
	assert_int_equal(objects_used, before.objects);
}

/* ---- the tests ---- */

#define RANDOM_CALLS 30000

static void random_round(void)
{
	struct vfs_op op;

	world_begin();
	asked = 0;
	for (unsigned int i = 0; i < RANDOM_CALLS; i++) {
		random_op(&op);
		if (comparable(&op))
			assert_true(ask_both(&op));
		for (int q = 0; q < 8; q++) {
			struct vfs_op o2 = { .call = VFS_LSEEK, .fd = q, .mode = 1 };
			if (is_type(q, S_IFREG))
				assert_true(ask_both(&o2));
		}
		if (i % 2000 == 1999) {
			uint32_t user = cred.fsuid;

			become(0);
			compare_tree("", 0);
			compare_tree("/", 0);
			become(user);
		}
	}
	world_end();
}

static void test_against_linux(void **state)
{
	/* A long run: VFS_ROUNDS=1000 build/unit/test_vfs. */
	const char *more = getenv("VFS_ROUNDS");
	int rounds = more ? atoi(more) : 4;

	for (int round = 0; round < rounds; round++) {
		const char *why = vfs_oracle_start();

		if (why) {
			print_message("skipped: %s\n", why);
			skip();
		}
		random_round();
		vfs_oracle_stop();
	}
}

/* ---- hash.c ---- */

#define MANY 5000u

HASH_TABLE(hashed);

static bool is_in(const struct hash_node *n)
{
	for (const struct hash_node *i = *hash_bucket(&hashed, n->hash); i; i = i->next)
		if (i == n)
			return true;
	return false;
}

static void check_all(const struct hash_node *n, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(is_in(&n[i]), i >= from && i < to);
}

/* It grows and becomes small again a bucket at a time, loses nothing, and gives its pages back. */
static void test_hash_table(void **state)
{
	struct hash_node *n = calloc(MANY, sizeof(*n));
	size_t before = pages_used;

	for (uint32_t i = 0; i < MANY; i++) {
		n[i].hash = hash_mix(&n[i / 7], i);
		hash_insert(&hashed, &n[i]);
		if (i % 499 == 0)
			check_all(n, 0, i + 1);
	}
	assert_true(hashed.n >= MANY - 1 && pages_used > before);
	for (uint32_t i = 0; i < MANY; i++) {
		hash_remove(&hashed, &n[i]);
		if (i % 499 == 0)
			check_all(n, i + 1, MANY);
	}
	assert_int_equal(hashed.n, HASH_BUCKETS);
	assert_int_equal(pages_used, before);
	/* Without memory the chains grow instead. */
	fail_at = allocations + 1;
	for (uint32_t i = 0; i < HASH_BUCKETS + 2; i++)
		hash_insert(&hashed, &n[i]);
	check_all(n, 0, HASH_BUCKETS + 2);
	for (uint32_t i = 0; i < HASH_BUCKETS + 2; i++)
		hash_remove(&hashed, &n[i]);
	assert_int_equal(pages_used, before);
	free(n);
}

static uint32_t fnv(uint32_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x01000193;
	return h;
}

#define STAGES 10
#define TRIES  (1u << 20)
#define WORD   8

/*
 * Two words of WORD letters after which FNV-1a, begun with *@h, stands at the same number: that
 * into *@h.
 */
static void find_pair(uint32_t *h, char pair[2][WORD + 1])
{
	static char seen[TRIES][WORD + 1];

	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0;; i++) {
		uint64_t n = (i + 1) * 0x9e3779b97f4a7c15u;
		char word[WORD + 1];
		uint32_t at, end;

		for (int c = 0; c < WORD; c++, n /= 26)
			word[c] = (char)('a' + n % 26);
		word[WORD] = 0;
		assert_true(i < TRIES);
		end = fnv(*h, word);
		for (at = end % TRIES; *seen[at] && fnv(*h, seen[at]) != end; at = (at + 1) % TRIES)
			;
		if (*seen[at]) {
			memcpy(pair[0], seen[at], WORD + 1);
			memcpy(pair[1], word, WORD + 1);
			*h = end;
			return;
		}
		memcpy(seen[at], word, WORD + 1);
	}
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Names that somebody has made to meet under a hash that he knows (here FNV-1a) do not meet. */
static void test_hash_is_keyed(void **state)
{
	static uint32_t hashes[1u << STAGES];
	char pair[STAGES][2][WORD + 1];
	uint32_t h = 0x811c9dc5, same = 0;

	for (int i = 0; i < STAGES; i++)
		find_pair(&h, pair[i]);
	for (uint32_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		char text[STAGES * WORD + 1] = "";
		struct name name;

		for (int s = 0; s < STAGES; s++)
			strcat(text, pair[s][i >> s & 1]);
		assert_int_equal(fnv(0x811c9dc5, text), h);
		assert_int_equal(name_take(&name, text), STAGES * WORD);
		hashes[i] = name.hash;
	}
	qsort(hashes, ARRAY_SIZE(hashes), sizeof(*hashes), by_number);
	for (uint32_t i = 1; i < ARRAY_SIZE(hashes); i++)
		same += hashes[i] == hashes[i - 1];
	assert_true(same < 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_linux),
		cmocka_unit_test(test_hash_table),
		cmocka_unit_test(test_hash_is_keyed),
	};

	if (mmap(VFS_BUFFER, 2 * VFS_GOOD, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != VFS_BUFFER ||
	    mprotect(VFS_BUFFER + VFS_GOOD, VFS_GOOD, PROT_NONE))
		return 1;
	arena = aligned_alloc(PAGE_SIZE, ARENA_PAGES * PAGE_SIZE);
	shim_page_array = (uintptr_t)pages -
			  (((uintptr_t)arena - LINEAR_BASE) >> PAGE_SHIFT) * sizeof(*pages);
	hash_init();
	tmpfs_init();
	fs_context_register();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
