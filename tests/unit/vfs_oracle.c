/*
 * vfs_oracle.c - the host's Linux answers (vfs_oracle.h).  The C library's names only: no header of
 * the kernel's is seen here.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <string.h>

#include "vfs_oracle.h"
#include "vfs_show.h"

static int slots[VFS_SLOTS + 1];
static int to_child, from_child;
static pid_t child;
static char base[48];

/* ---- Linux/arm64's flags as this machine's ---- */

static int host_flags(uint32_t f)
{
	static const struct {
		uint32_t arm;
		int host;
	} differ[] = { { 040000, O_DIRECTORY }, { 0100000, O_NOFOLLOW }, { 0200000, O_DIRECT } };
	int host = (int)(f & ~(uint32_t)(040000 | 0100000 | 0200000 | 0400000 | 020000000));

	for (unsigned int i = 0; i < 3; i++)
		if (f & differ[i].arm)
			host |= differ[i].host;
	if (f & 020000000) /* __O_TMPFILE */
		host |= O_TMPFILE & ~O_DIRECTORY;
	return host;
}

static uint32_t arm_flags(int f)
{
	uint32_t arm = (uint32_t)f & ~(uint32_t)(O_DIRECTORY | O_NOFOLLOW | O_DIRECT | 0100000 |
						 0400000 | 040000 | 0200000);

	if (f & O_DIRECTORY)
		arm |= 040000;
	if (f & O_NOFOLLOW)
		arm |= 0100000;
	if (f & O_DIRECT)
		arm |= 0200000;
	return arm; /* without O_LARGEFILE, which a 64-bit host may not show */
}

static int fd_of(int slot)
{
	return slot == VFS_AT_FDCWD ? AT_FDCWD : slots[slot];
}

static int64_t keep(int slot, int fd)
{
	if (fd < 0)
		return -errno;
	if (slots[slot] >= 0)
		close(slots[slot]);
	slots[slot] = fd;
	return 0;
}

static int64_t result(long r)
{
	return r < 0 ? -errno : r;
}

/* All names of an open directory, sorted: their order is each file system's own. */
static int64_t list(int fd, struct vfs_answer *a)
{
	char buf[8192], *names[256];
	int n = 0;
	long got;

	lseek(fd, 0, SEEK_SET);
	got = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	if (got < 0)
		return -errno;
	for (long at = 0; at < got && n < 256;) {
		struct dirent64 *d = (struct dirent64 *)(buf + at);

		if (asprintf(&names[n], "%s:%d ", d->d_name, d->d_type) > 0)
			n++;
		at += d->d_reclen;
	}
	qsort(names, (size_t)n, sizeof(names[0]), compare);
	for (int i = 0; i < n; i++) {
		strncat(a->text, names[i], VFS_TEXT - strlen(a->text) - 1);
		free(names[i]);
	}
	return 0;
}

static int64_t answer_pipe(const struct vfs_op *op)
{
	int fds[2];

	if (pipe2(fds, host_flags(op->flags)) < 0)
		return -errno;
	keep(op->fd, fds[0]);
	return keep(op->fd2, fds[1]);
}

static int64_t answer_fcntl(const struct vfs_op *op, struct vfs_answer *a)
{
	int r = fcntl(fd_of(op->fd), (int)op->mode,
		      op->mode == F_SETFL ? host_flags(op->flags) : (long)op->n);

	if (r >= 0 && (op->mode == F_DUPFD || op->mode == F_DUPFD_CLOEXEC)) {
		close(r);
		return 0;
	}
	if (r >= 0 && op->mode == F_GETFL) {
		snprintf(a->text, sizeof(a->text), "flags %o", arm_flags(r));
		return 0;
	}
	return result(r);
}

static int64_t answer_transfer(const struct vfs_op *op, struct vfs_answer *a)
{
	struct iovec v[3] = { { vfs_buffer(op->n), (size_t)op->n / 2 },
			      { VFS_BUFFER, (size_t)op->pos },
			      { vfs_buffer(op->n) + op->n / 2, (size_t)(op->n - op->n / 2) } };
	char *buf = vfs_buffer(op->n);
	int64_t r;

	switch (op->call) {
	case VFS_READ: r = result(syscall(SYS_read, fd_of(op->fd), buf, op->n)); break;
	case VFS_WRITE: return result(syscall(SYS_write, fd_of(op->fd), buf, op->n));
	case VFS_PREAD: r = result(syscall(SYS_pread64, fd_of(op->fd), buf, op->n, op->pos)); break;
	case VFS_PWRITE: return result(syscall(SYS_pwrite64, fd_of(op->fd), buf, op->n, op->pos));
	case VFS_READV: r = result(readv(fd_of(op->fd), v, (int)op->mode)); break;
	default: return result(writev(fd_of(op->fd), v, (int)op->mode));
	}
	show_bytes(op->call == VFS_READV ? VFS_BUFFER : buf, r, a);
	return r;
}

/* Of the calls that take a path; -ENOSYS: it is none of them. */
static int64_t answer_by_path(const struct vfs_op *op, struct vfs_answer *a)
{
	struct timespec ts[2] = { { op->pos, op->flags & 1 ? UTIME_OMIT : 5 },
				  { op->n, op->flags & 2 ? UTIME_NOW : 6 } };
	struct stat st;
	int64_t r;

	switch (op->call) {
	case VFS_OPEN:
		r = keep(op->fd, openat(fd_of(op->fd2), op->a, host_flags(op->flags), op->mode));
		break;
	case VFS_TRUNCATE: r = result(truncate(op->a, op->n)); break;
	case VFS_MKDIR: r = result(mkdirat(fd_of(op->fd), op->a, op->mode)); break;
	case VFS_MKNOD: r = result(mknodat(fd_of(op->fd), op->a, op->mode, 0)); break;
	case VFS_SYMLINK: r = result(symlinkat(op->b, fd_of(op->fd), op->a)); break;
	case VFS_LINK:
		r = result(linkat(fd_of(op->fd), op->a, fd_of(op->fd2), op->b, (int)op->flags));
		break;
	case VFS_UNLINK: r = result(unlinkat(fd_of(op->fd), op->a, (int)op->flags)); break;
	case VFS_RENAME:
		r = result(syscall(SYS_renameat2, fd_of(op->fd), op->a, fd_of(op->fd2), op->b,
				   op->flags));
		break;
	case VFS_READLINK:
		r = result(readlinkat(fd_of(op->fd), op->a, a->text, (size_t)op->n));
		break;
	case VFS_STAT:
		r = result(fstatat(fd_of(op->fd), op->a, &st, (int)op->flags));
		if (!r)
			show_stat(&st, a);
		break;
	case VFS_ACCESS: r = result(syscall(439, fd_of(op->fd), op->a, op->mode, op->flags)); break;
	case VFS_CHMOD: r = result(syscall(SYS_fchmodat, fd_of(op->fd), op->a, op->mode)); break;
	case VFS_CHOWN:
		r = result(fchownat(fd_of(op->fd), op->a, (uid_t)op->n, (gid_t)op->pos,
				    (int)op->flags));
		break;
	case VFS_CHDIR: r = result(chdir(op->a)); break;
	case VFS_UTIMES:
		r = result(syscall(SYS_utimensat, fd_of(op->fd), op->a, op->mode ? NULL : ts,
				   op->flags & 0x100));
		break;
	default: r = -ENOSYS;
	}
	return r;
}

static void answer(const struct vfs_op *op, struct vfs_answer *a)
{
	struct pollfd pfd = { fd_of(op->fd), (short)op->mode, 0 };
	struct stat st;
	int64_t r;
	off_t pos = op->pos;

	memset(a, 0, sizeof(*a));
	switch (op->call) {
	case VFS_CLOSE:
		r = result(close(fd_of(op->fd)));
		slots[op->fd] = -1;
		break;
	case VFS_READ:
	case VFS_WRITE:
	case VFS_PREAD:
	case VFS_PWRITE:
	case VFS_READV:
	case VFS_WRITEV: r = answer_transfer(op, a); break;
	case VFS_LSEEK: r = result(lseek(fd_of(op->fd), op->pos, (int)op->mode)); break;
	case VFS_FTRUNCATE: r = result(ftruncate(fd_of(op->fd), op->n)); break;
	case VFS_FSTAT:
		r = result(fstat(fd_of(op->fd), &st));
		if (!r)
			show_stat(&st, a);
		break;
	case VFS_FCHMOD: r = result(fchmod(fd_of(op->fd), op->mode)); break;
	case VFS_FCHOWN: r = result(fchown(fd_of(op->fd), (uid_t)op->n, (gid_t)op->pos)); break;
	case VFS_FCHDIR: r = result(fchdir(fd_of(op->fd))); break;
	case VFS_GETCWD: r = result(syscall(SYS_getcwd, a->text, op->n)); break;
	case VFS_DUP3:
		/* Onto another open slot: what it was is closed by it. */
		r = fd_of(op->fd2) < 0 ? keep(op->fd2, dup(fd_of(op->fd)))
				       : result(dup3(fd_of(op->fd), fd_of(op->fd2), 0));
		r = r > 0 ? 0 : r;
		break;
	case VFS_FCNTL: r = answer_fcntl(op, a); break;
	case VFS_UMASK: r = umask(op->mode); break;
	case VFS_GETDENTS: r = list(fd_of(op->fd), a); break;
	case VFS_PIPE: r = answer_pipe(op); break;
	case VFS_POLL:
		r = result(poll(&pfd, 1, 0));
		snprintf(a->text, sizeof(a->text), "ready %x", (unsigned short)pfd.revents);
		break;
	case VFS_SENDFILE:
		r = result(sendfile(fd_of(op->fd), fd_of(op->fd2), op->mode ? &pos : NULL,
				    (size_t)op->n));
		break;
	case VFS_USER:
		setfsgid(op->mode);
		setfsuid(op->mode);
		r = 0;
		break;
	default: r = answer_by_path(op, a);
	}
	a->ret = r;
}

/* ---- the process ---- */

static void serve(int in, int out)
{
	static struct vfs_op op;
	static struct vfs_answer a;

	for (int i = 0; i <= VFS_SLOTS; i++)
		slots[i] = -1;
	slots[VFS_BAD_SLOT] = 9999;
	umask(022);
	while (read(in, &op, sizeof(op)) == sizeof(op)) {
		answer(&op, &a);
		if (write(out, &a, sizeof(a)) != sizeof(a))
			break;
	}
	_exit(0);
}

const char *vfs_oracle_start(void)
{
	struct statfs fs;
	int down[2], up[2];

	if (geteuid() != 0)
		return "only root may chroot";
	if (statfs("/dev/shm", &fs) || fs.f_type != 0x01021994)
		return "/dev/shm is not a tmpfs";
	snprintf(base, sizeof(base), "/dev/shm/newel-vfs.%d", getpid());
	if (mkdir(base, 0755) || chmod(base, 0755) || pipe2(down, O_CLOEXEC) ||
	    pipe2(up, O_CLOEXEC))
		return "no directory to work in";
	child = fork();
	if (child == 0) {
		close(down[1]);
		close(up[0]);
		if (setgroups(0, NULL) || chdir(base) || chroot("."))
			_exit(1);
		signal(SIGPIPE, SIG_IGN);
		serve(down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	to_child = down[1];
	from_child = up[0];
	return child < 0 ? "fork failed" : NULL;
}

void vfs_oracle_stop(void)
{
	char command[128];

	close(to_child);
	close(from_child);
	waitpid(child, NULL, 0);
	snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", base, base);
	if (system(command))
		fprintf(stderr, "%s is left behind\n", base);
}

void vfs_oracle_ask(const struct vfs_op *op, struct vfs_answer *a)
{
	size_t got = 0;

	if (write(to_child, op, sizeof(*op)) != sizeof(*op))
		abort();
	while (got < sizeof(*a)) {
		ssize_t n = read(from_child, (char *)a + got, sizeof(*a) - got);

		if (n <= 0)
			abort();
		got += (size_t)n;
	}
}

bool vfs_oracle_links_protected(void)
{
	FILE *f = fopen("/proc/sys/fs/protected_hardlinks", "r");
	int c = f ? fgetc(f) : '0';

	if (f)
		fclose(f);
	return c == '1';
}
