/*
 * signal.c - the calls about signals, but for rt_sigreturn(2): that is el1/signal.c, beside the
 * frame that it undoes.
 */
#include "abi/errno.h"
#include "abi/pidfd.h"
#include "abi/signal.h"
#include "abi/time.h"
#include "drivers/timer/timer.h"
#include "fs/anon/pidfd.h"
#include "fs/file.h"
#include "fs/proc/proc.h"
#include "lib/string.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/access.h"
#include "task/pid.h"
#include "task/sched.h"
#include "task/siginfo.h"
#include "task/sigstack.h"

/* ---- actions and masks ---- */

_Static_assert(sizeof(struct sigaction_k) == sizeof(struct sigaction) &&
		       offsetof(struct sigaction_k, flags) ==
			       offsetof(struct sigaction, sa_flags) &&
		       offsetof(struct sigaction_k, restorer) ==
			       offsetof(struct sigaction, sa_restorer) &&
		       offsetof(struct sigaction_k, mask) == offsetof(struct sigaction, sa_mask),
	       "struct sigaction_k is the program's struct sigaction");

long sys_rt_sigaction(int signo, uptr act, uptr old, uint64_t size)
{
	struct sigaction_k new_action, former;
	int err;

	if (size != sizeof(sigset_bits))
		return -EINVAL;
	if (!uptr_is_null(act)) {
		if (copy_from_user(&new_action, act, sizeof(new_action)))
			return -EFAULT;
		/* what is not known is not remembered, so that a program can find out
		 * (SA_UNSUPPORTED) */
		new_action.flags &= SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER |
				    SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND;
	}
	err = signal_set_action(signo, uptr_is_null(act) ? NULL : &new_action,
				uptr_is_null(old) ? NULL : &former);
	if (err || uptr_is_null(old))
		return err;
	return copy_to_user(old, &former, sizeof(former)) ? -EFAULT : 0;
}

long sys_rt_sigprocmask(int how, uptr set, uptr old, uint64_t size)
{
	uint64_t mask, was = current->signals.blocked;

	if (size != sizeof(sigset_bits))
		return -EINVAL;
	if (!uptr_is_null(set)) {
		if (get_user(mask, set))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK: mask = was | mask; break;
		case SIG_UNBLOCK: mask = was & ~mask; break;
		case SIG_SETMASK: break;
		default: return -EINVAL;
		}
		signal_set_mask(mask);
	}
	if (!uptr_is_null(old) && put_user(was, old))
		return -EFAULT;
	return 0;
}

long sys_rt_sigpending(uptr set, uint64_t size)
{
	uint64_t pending = signal_pending_set() & current->signals.blocked;

	if (size > sizeof(sigset_bits))
		return -EINVAL;
	return copy_to_user(set, &pending, size) ? -EFAULT : 0;
}

long sys_rt_sigsuspend(uptr mask_at, uint64_t size)
{
	uint64_t mask;

	if (size != sizeof(sigset_bits))
		return -EINVAL;
	if (get_user(mask, mask_at))
		return -EFAULT;
	current->signals.saved_blocked = current->signals.blocked;
	signal_set_mask(mask);
	for (;;) {
		sched_set_state(TASK_SLEEPING);
		if (signal_pending())
			break;
		schedule();
	}
	sched_set_state(TASK_RUNNING);
	/* the handler runs under the new mask, and returns to the old one */
	current->signals.restore_blocked = true;
	return -ERESTARTNOHAND;
}

long sys_rt_sigtimedwait(uptr set_at, uptr info, uptr timeout, uint64_t size)
{
	uint64_t set, deadline = UINT64_MAX;
	struct signal_info got;
	struct siginfo si;
	int err;

	if (size != sizeof(sigset_bits))
		return -EINVAL;
	if (get_user(set, set_at))
		return -EFAULT;
	if (!uptr_is_null(timeout)) {
		err = deadline_from_user(timeout, &deadline);
		if (err)
			return err;
	}
	err = signal_wait_for(set, deadline, &got);
	if (err)
		return err;
	siginfo_fill(&si, &got);
	if (!uptr_is_null(info) && copy_to_user(info, &si, sizeof(si)))
		return -EFAULT;
	return got.signo;
}

long sys_sigaltstack(uptr new_stack, uptr old_stack)
{
	uint64_t sp = task_frame(current)->sp;
	struct sigaltstack stack, old;
	int err;

	sigstack_get(&old, sp);
	if (!uptr_is_null(new_stack)) {
		if (copy_from_user(&stack, new_stack, sizeof(stack)))
			return -EFAULT;
		err = sigstack_set(&stack, sp);
		if (err)
			return err;
	}
	if (!uptr_is_null(old_stack) && copy_to_user(old_stack, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

/* ---- sending ---- */

static struct signal_info from_user(int signo, int code)
{
	return (struct signal_info){ .signo = signo,
				     .code = code,
				     .pid = current->process->pid,
				     .uid = current_cred()->uid };
}

/*
 * To one process, named by its number or by that of a thread of it, which is @ids; proc_lock held.
 * Signal 0 only asks.
 */
static int kill_one(struct process *p, struct cred_ids ids, const struct signal_info *info)
{
	if (!may_signal(p, ids, info->signo))
		return -EPERM;
	return info->signo ? signal_send_process(p, info) : 0;
}

/* To all of group @pgid: success if one could be reached. */
static int kill_group(pid_t pgid, const struct signal_info *info)
{
	struct pid_walk w;
	struct process *p;
	int err = -ESRCH;

	pid_walk_begin(&w, pgid);
	while ((p = pid_walk_next(&w)))
		if (err)
			err = kill_one(p, ids_of_process(p), info);
		else
			(void)kill_one(p, ids_of_process(p), info);
	pid_walk_end(&w);
	return err;
}

/* To all but pid 1 and the caller: that one may not be signalled is no error here, as on Linux. */
static int kill_all(const struct signal_info *info)
{
	struct pid_walk w;
	struct process *p;
	bool any = false;
	int ret = 0, err;

	pid_walk_begin(&w, PID_ALL);
	while ((p = pid_walk_next(&w))) {
		if (p->pid == 1 || p == current->process)
			continue;
		any = true;
		err = kill_one(p, ids_of_process(p), info);
		if (err != -EPERM)
			ret = err;
	}
	pid_walk_end(&w);
	return any ? ret : -ESRCH;
}

static int kill_pid(pid_t pid, const struct signal_info *info)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct process *p = pid_find_process(pid);
	struct task *t;
	int err = -ESRCH;

	if (p)
		err = kill_one(p, ids_of_process(p), info);
	else if ((t = pid_find_task(pid))) /* Linux takes any thread's number for the process's */
		err = kill_one(t->process, ids_of_task(t), info);
	spin_unlock_irqrestore(&proc_lock, flags);
	return err;
}

static bool signo_ok(int signo)
{
	return signo >= 0 && signo <= NSIG;
}

long sys_kill(int pid, int signo)
{
	struct signal_info info = from_user(signo, SI_USER);

	if (!signo_ok(signo))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid > 0)
		return kill_pid(pid, &info);
	if (pid == -1)
		return kill_all(&info);
	return kill_group(pid ? -pid : READ_ONCE(current->process->pgid), &info);
}

/* To thread @tid, of process @tgid if that is not -1. */
static int kill_thread(pid_t tgid, pid_t tid, const struct signal_info *info)
{
	struct task *t;
	int err = 0;

	if (tid == current->tid && (tgid == -1 || tgid == current->process->pid)) /* raise(3) */
		return info->signo ? signal_send(current, info) : 0;
	t = task_find(tid);
	if (!t)
		return -ESRCH;
	if (!t->process || (tgid != -1 && t->process->pid != tgid))
		err = -ESRCH;
	else if (!may_signal(t->process, ids_of_task(t), info->signo))
		err = -EPERM;
	else if (info->signo)
		err = signal_send(t, info);
	task_put(t);
	return err;
}

long sys_tkill(int tid, int signo)
{
	struct signal_info info = from_user(signo, SI_TKILL);

	if (tid <= 0 || !signo_ok(signo))
		return -EINVAL;
	return kill_thread(-1, tid, &info);
}

long sys_tgkill(int tgid, int tid, int signo)
{
	struct signal_info info = from_user(signo, SI_TKILL);

	if (tgid <= 0 || tid <= 0 || !signo_ok(signo))
		return -EINVAL;
	return kill_thread(tgid, tid, &info);
}

/* A siginfo of the user's making: it may not pretend to come from the kernel or, to others, from
 * kill(2). */
static int info_from_user(pid_t pid, int signo, uptr at, struct signal_info *info)
{
	struct siginfo si;

	if (copy_from_user(&si, at, 48)) /* as much as has a meaning */
		return -EFAULT;
	if ((si.si_code >= 0 || si.si_code == SI_TKILL) && pid != current->process->pid)
		return -EPERM;
	*info = (struct signal_info){ .signo = signo,
				      .code = si.si_code,
				      .error = si.si_errno,
				      .pid = si.kill.pid,
				      .uid = si.kill.uid,
				      .value = si.kill.value };
	return 0;
}

static int kill_process(struct process *p, const struct signal_info *info)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int err = p->reaped ? -ESRCH : kill_one(p, ids_of_process(p), info);

	spin_unlock_irqrestore(&proc_lock, flags);
	return err;
}

/* To the process of a pidfd, or to one of its threads, or to the group that it is the first of. */

static int kill_pidfd(struct process *p, int signo, uptr at, uint32_t how)
{
	struct signal_info info = from_user(signo, how == PIDFD_SIGNAL_THREAD ? SI_TKILL : SI_USER);
	int err = 0, said;

	if (!uptr_is_null(at)) {
		if (get_user(said, at))
			return -EFAULT;
		err = said == signo ? info_from_user(p->pid, signo, at, &info) : -EINVAL;
	}
	if (!err && !signo_ok(signo))
		err = -EINVAL;
	if (err)
		return err;
	if (how == PIDFD_SIGNAL_THREAD)
		return READ_ONCE(p->reaped) ? -ESRCH : kill_thread(p->pid, p->pid, &info);
	if (how == PIDFD_SIGNAL_PROCESS_GROUP)
		return kill_group(p->pid, &info);
	return kill_process(p, &info);
}

long sys_pidfd_send_signal(int pidfd, int signo, uptr info, uint32_t how)
{
	struct process *p;
	struct fd_ref r;
	long ret;

	if (how & (how - 1) || how > PIDFD_SIGNAL_PROCESS_GROUP)
		return -EINVAL;
	r = fd_get(pidfd);
	p = r.file ? pidfd_process(r.file) : NULL;
	if (!p && r.file)
		p = proc_process(r.file);
	ret = p ? kill_pidfd(p, signo, info, how) : -EBADF;
	fd_put(r);
	return ret;
}

long sys_rt_sigqueueinfo(int pid, int signo, uptr info_at)
{
	struct signal_info info;
	int err = info_from_user(pid, signo, info_at, &info);

	if (err)
		return err;
	if (!signo_ok(signo))
		return -EINVAL;
	return pid > 0 ? kill_pid(pid, &info) : -ESRCH;
}

long sys_rt_tgsigqueueinfo(int tgid, int tid, int signo, uptr info_at)
{
	struct signal_info info;
	int err = info_from_user(tgid, signo, info_at, &info);

	if (err)
		return err;
	if (tgid <= 0 || tid <= 0 || !signo_ok(signo))
		return -EINVAL;
	return kill_thread(tgid, tid, &info);
}
