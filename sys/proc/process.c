/*
 * process.c - processes: making and ending them, waiting for them, and their numbers.
 *
 * Goes to task/fork.c, exit.c, wait4.c and jobs.c.  Invariant: a child does not run before all that
 * clone(2) promises is in place: its pidfd, the numbers in memory.
 */
#include "abi/clone.h"
#include "abi/sched.h"
#include "abi/wait.h"
#include "fs/anon/pidfd.h"
#include "fs/fdtable.h"
#include "sys/proc/rusage.h"
#include "sys/syscall.h"
#include "task/fork.h"
#include "task/jobs.h"
#include "task/wait4.h"

/* ---- birth ---- */

/*
 * A pidfd for the child that is about to be: its number is written to @at.  The descriptor or
 * -errno; *@f: its file.
 */
static int new_pidfd(uptr at, struct file **f)
{
	int fd = fd_reserve(0, true);

	if (fd < 0)
		return fd;
	*f = pidfd_file(NULL, 0);
	/* Before the child is made: afterwards nothing may fail any more. */
	if (is_err(*f) || put_user(fd, at)) {
		fd_unreserve(fd);
		if (is_err(*f))
			return (int)ptr_err(*f);
		file_put(*f);
		return -EFAULT;
	}
	return fd;
}

static long clone_task(const struct clone_args *rq, uptr pidfd_at)
{
	struct file *f = NULL;
	struct task *child;
	int fd = 0;
	pid_t tid;

	if (rq->flags & CLONE_PIDFD)
		fd = new_pidfd(pidfd_at, &f);
	if (fd < 0)
		return fd;
	oom_try();
	do
		child = task_fork(rq);
	/*
	 * Out of memory: a process that holds much may be killed for it, and then it is tried
	 * again.
	 */
	while (is_err(child) && ptr_err(child) == -ENOMEM && oom_retry());
	if (is_err(child)) {
		if (f) {
			fd_unreserve(fd);
			file_put(f);
		}
		return ptr_err(child);
	}
	if (f) {
		pidfd_set(f, child->process);
		/* Before the child runs: a parent's other thread may use the number at once. */
		fd_install(fd, f);
	}
	/* Before it is woken: it may end, and its number change hands, at any time after. */
	tid = child->tid;
	task_wake(child);
	if (rq->flags & CLONE_VFORK)
		task_vfork_wait(child);
	else
		task_put(child);
	return tid;
}

long sys_clone(uint32_t flags, uint64_t stack, uptr parent_tid, uint64_t tls, uptr child_tid)
{
	struct clone_args rq = { .flags = flags & ~(uint32_t)CSIGNAL,
				 .stack = stack,
				 .parent_tid = parent_tid.va,
				 .tls = tls,
				 .child_tid = child_tid.va,
				 .exit_signal = flags & CSIGNAL };

	if ((flags & CLONE_PIDFD) && (flags & CLONE_PARENT_SETTID))
		return -EINVAL; /* both would go to the same place */
	return clone_task(&rq, parent_tid);
}

/* The rules of clone3(2) that clone(2) does not have. */
static int check_clone_args(const struct clone_args *a)
{
	uint64_t f = a->flags;

	if (f & ~(CLONE_LEGACY_FLAGS | CLONE_CLEAR_SIGHAND) || (f & (CLONE_DETACHED | CSIGNAL)))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && (f & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if (a->exit_signal > _NSIG || ((f & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal))
		return -EINVAL;
	if (!a->stack != !a->stack_size || !uaccess_ok(uptr_of(a->stack), a->stack_size))
		return -EINVAL;
	/* a thread's number can't be chosen: the privilege for that does not exist here */
	if (a->set_tid || a->set_tid_size)
		return a->set_tid && a->set_tid_size && a->set_tid_size <= CLONE_SET_TID_MAX
			       ? -EPERM
			       : -EINVAL;
	return 0;
}

long sys_clone3(uptr args, uint64_t size)
{
	struct clone_args a;
	int err = size < CLONE_ARGS_SIZE_VER0 ? -EINVAL
					      : copy_struct_from_user(&a, sizeof(a), args, size);

	if (!err)
		err = check_clone_args(&a);
	if (err)
		return err;
	if ((a.flags & CLONE_PIDFD) && (a.flags & CLONE_PARENT_SETTID) && a.pidfd == a.parent_tid)
		return -EINVAL;
	a.stack += a.stack_size;
	return clone_task(&a, uptr_of(a.pidfd));
}

long sys_set_tid_address(uptr tid)
{
	current->clear_tid = tid.va;
	return current->tid;
}

/* ---- end ---- */

long sys_exit(int status)
{
	task_exit(WAIT_EXITED(status));
}

long sys_exit_group(int status)
{
	task_exit_group(WAIT_EXITED(status));
}

/* ---- waiting ---- */

/* The children that are meant, by wait4(2)'s argument. */
static bool parse_pid(pid_t pid, struct wait_request *rq)
{
	if (pid == INT32_MIN)
		return false;
	rq->type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	rq->id = pid > 0 ? pid : pid == 0 ? current->process->job.pgid : -pid;
	return true;
}

long sys_wait4(int pid, uptr status, uint32_t options, uptr usage)
{
	struct wait_request rq = { .options = options | WEXITED };
	struct wait_result res;
	int err;

	if (options &
	    ~(uint32_t)(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (!parse_pid(pid, &rq))
		return -ESRCH;
	err = task_wait(&rq, &res);
	if (err || !res.pid)
		return err;
	/* The child is reaped already: a bad address loses its status, as on Linux. */
	if (!uptr_is_null(status) && put_user(res.status, status))
		return -EFAULT;
	if (!uptr_is_null(usage) && put_rusage(usage, &res.usage, 0, 0))
		return -EFAULT;
	return res.pid;
}

/* The child behind a pidfd; one that does not block makes a waitid(2) that does not. */
static int parse_pidfd(int fd, struct wait_request *rq)
{
	struct fd_ref r = fd_get(fd);
	const struct process *p = r.file ? pidfd_process(r.file) : NULL;
	int err = p ? 0 : -EBADF;

	if (p) {
		rq->type = P_PID;
		rq->id = p->pid;
		if (READ_ONCE(p->end.reaped))
			err = -ECHILD;
		if (READ_ONCE(r.file->flags) & O_NONBLOCK)
			rq->options |= WNOHANG;
	}
	fd_put(r);
	return err;
}

static int parse_wait_id(int type, pid_t id, struct wait_request *rq)
{
	rq->type = type;
	rq->id = id;
	switch (type) {
	case P_ALL: return 0;
	case P_PID: return id > 0 ? 0 : -EINVAL;
	case P_PGID:
		if (id == 0)
			rq->id = current->process->job.pgid;
		return id >= 0 ? 0 : -EINVAL;
	case P_PIDFD: return id >= 0 ? parse_pidfd(id, rq) : -EINVAL;
	default: return -EINVAL;
	}
}

/* The six members that waitid(2) defines; nothing else of the siginfo is written. */
static int put_waitid(uptr at, const struct wait_result *res)
{
	int32_t head[3] = { res->pid ? SIGCHLD : 0, 0, res->code };
	int32_t child[3] = { res->pid, (int32_t)res->uid, 0 };

	if (res->code == CLD_EXITED)
		child[2] = WEXITSTATUS(res->status);
	else if (res->code == CLD_CONTINUED)
		child[2] = SIGCONT;
	else if (res->pid)
		child[2] =
			res->code == CLD_STOPPED ? WEXITSTATUS(res->status) : WTERMSIG(res->status);
	if (copy_to_user(at, head, sizeof(head)) ||
	    copy_to_user(uptr_add(at, offsetof(struct siginfo, child)), child, sizeof(child)))
		return -EFAULT;
	return 0;
}

long sys_waitid(int type, int id, uptr info, uint32_t options, uptr usage)
{
	struct wait_request rq = { .options = options };
	struct wait_result res;
	int err;

	if (options & ~(uint32_t)(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
				  __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	err = parse_wait_id(type, id, &rq);
	if (!err)
		err = task_wait(&rq, &res);
	/* Nothing to report, and only the pidfd's O_NONBLOCK kept it from waiting. */
	if (!err && !res.pid && rq.options != options)
		err = -EAGAIN;
	if (err)
		return err;
	if (res.pid && !uptr_is_null(usage) && put_rusage(usage, &res.usage, 0, 0))
		return -EFAULT;
	return uptr_is_null(info) ? 0 : put_waitid(info, &res);
}

/* ---- numbers ---- */

long sys_getpid(void)
{
	return current->process->pid;
}

long sys_gettid(void)
{
	return current->tid;
}

long sys_getppid(void)
{
	return READ_ONCE(current->process->family.ppid);
}

long sys_setpgid(int pid, int pgid)
{
	return pgid < 0 ? -EINVAL : job_set_group(pid, pgid);
}

long sys_getpgid(int pid)
{
	return job_number(pid, false);
}

long sys_getsid(int pid)
{
	return job_number(pid, true);
}

long sys_setsid(void)
{
	return job_new_session();
}
