/*
 * pidfd.c - pidfd_open(2), pidfd_getfd(2): processes as files.  pidfd_send_signal(2) is with
 * its kin in sys/proc/signal.c.
 */
#include "abi/pidfd.h"
#include "fs/anon/pidfd.h"
#include "fs/fdtable.h"
#include "sys/syscall.h"

long sys_pidfd_open(int pid, uint32_t flags)
{
	struct process *p;
	struct task *t;
	struct file *f;

	if (flags & ~(uint32_t)PIDFD_NONBLOCK || pid <= 0)
		return -EINVAL;
	p = process_find(pid);
	if (!p) {
		t = task_find(pid);
		if (t)
			task_put(t);
		return t ? -EINVAL : -ESRCH; /* a thread is no process */
	}
	/*
	 * The file takes a reference of its own: it means this process whatever becomes of the
	 * number.
	 */
	f = pidfd_file(p, flags);
	process_put(p);
	return is_err(f) ? ptr_err(f) : fd_add(f, true);
}

static long get_fd(const struct file *pidfd, int fd)
{
	struct process *p = pidfd_process(pidfd);
	struct file *f = NULL;
	struct task *t;
	bool cloexec;

	if (!p)
		return -EBADF;
	if (READ_ONCE(p->end.zombie))
		return -ESRCH;
	/*
	 * A task that may trace a process may have its files: ptrace(2),
	 * PTRACE_MODE_ATTACH_REALCREDS.
	 */
	if (!look_begin(p, NULL, ACCESS_REAL))
		return -EPERM;
	/*
	 * The first thread's table: threads share it, unless one has said otherwise (unshare(2)).
	 */
	t = process_thread(p, 0);
	if (t) {
		f = task_fd(t, (uint32_t)fd, &cloexec);
		task_put(t);
	}
	/*
	 * From the question until the file was taken the process could not become another program.
	 */
	look_end(p);
	if (!f)
		return READ_ONCE(p->end.zombie) ? -ESRCH : -EBADF;
	return fd_add(f, true);
}

long sys_pidfd_getfd(int pidfd, int fd, uint32_t flags)
{
	struct fd_ref r;
	long ret = -EBADF;

	if (flags)
		return -EINVAL;
	r = fd_get(pidfd);
	if (r.file)
		ret = get_fd(r.file, fd);
	fd_put(r);
	return ret;
}
