/*
 * signal.c - the calls about signals, but for rt_sigreturn(2): that is el1/signal.c, beside the
 * frame that it undoes.
 */
#include "abi/pidfd.h"
#include "fs/anon/pidfd.h"
#include "fs/fdtable.h"
#include "fs/proc/proc.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/kill.h"
#include "task/siginfo.h"
#include "task/signal_take.h"
#include "task/sigstack.h"

/* ---- actions and masks ---- */

long sys_rt_sigaction(int signo, uptr act, uptr old, uint64_t size)
{
	struct sigaction new_action, former;
	int err;

	if (size != sizeof(sigset_bits))
		return -EINVAL;
	if (!uptr_is_null(act)) {
		if (copy_from_user(&new_action, act, sizeof(new_action)))
			return -EFAULT;
		/* what is not known is not remembered, so that a program can find out
		 * (SA_UNSUPPORTED) */
		new_action.sa_flags &= SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_RESTORER |
				       SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND;
	}
	/* Old and new in one step, under the lock; user memory before and after it. */
	err = signal_set_action(signo, uptr_is_null(act) ? NULL : &new_action,
				uptr_is_null(old) ? NULL : &former);
	if (err || uptr_is_null(old))
		return err;
	return copy_to_user(old, &former, sizeof(former)) ? -EFAULT : 0;
}

long sys_rt_sigprocmask(int how, uptr set, uptr old, uint64_t size)
{
	/* Current's own mask: no other task changes it. */
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
		/*
		 * The state first, then the look: a signal that the new mask unblocks is not slept
		 * through.
		 */
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
	uint64_t set, deadline;
	struct signal_info got;
	struct siginfo si;
	int err;

	if (size != sizeof(sigset_bits))
		return -EINVAL;
	if (get_user(set, set_at))
		return -EFAULT;
	err = deadline_from_user(timeout, &deadline);
	if (!err)
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

/* As kill(2) and its kin send it: from the caller. */
static struct signal_info caller_info(int signo, int code)
{
	return (struct signal_info){ .signo = signo,
				     .code = code,
				     .pid = current->process->pid,
				     .uid = current_cred()->uid };
}

long sys_kill(int pid, int signo)
{
	struct signal_info info = caller_info(signo, SI_USER);

	return kill_number(pid, &info);
}

long sys_tkill(int tid, int signo)
{
	struct signal_info info = caller_info(signo, SI_TKILL);

	return kill_thread(0, tid, &info);
}

long sys_tgkill(int tgid, int tid, int signo)
{
	struct signal_info info = caller_info(signo, SI_TKILL);

	return tgid > 0 ? kill_thread(tgid, tid, &info) : -EINVAL;
}

/* A siginfo of the program's making: as much of it as has a meaning. */
static int get_siginfo(uptr at, struct signal_info *info)
{
	struct siginfo si;

	/* As much as Linux lets a program say: the members of rt_sigqueueinfo(2). */
	if (copy_from_user(&si, at, 48))
		return -EFAULT;
	*info = (struct signal_info){ .signo = si.si_signo,
				      .code = si.si_code,
				      .error = si.si_errno,
				      .pid = si.kill.pid,
				      .uid = si.kill.uid,
				      .value = si.kill.value };
	return 0;
}

/* The same for signal @signo to process @pid, whatever number the siginfo has. */
static int get_siginfo_for(uptr at, pid_t pid, int signo, struct signal_info *info)
{
	int err = get_siginfo(at, info);

	info->signo = signo;
	return err || kill_may_say(pid, info->code) ? err : -EPERM;
}

long sys_rt_sigqueueinfo(int pid, int signo, uptr info_at)
{
	struct signal_info info;
	int err = get_siginfo_for(info_at, pid, signo, &info);

	return err ? err : kill_pid(pid, &info);
}

long sys_rt_tgsigqueueinfo(int tgid, int tid, int signo, uptr info_at)
{
	struct signal_info info;
	int err = get_siginfo_for(info_at, tgid, signo, &info);

	if (!err && tgid <= 0)
		err = -EINVAL;
	return err ? err : kill_thread(tgid, tid, &info);
}

static int send_pidfd(struct process *p, int signo, uptr at, uint32_t how)
{
	struct signal_info info =
		caller_info(signo, how == PIDFD_SIGNAL_THREAD ? SI_TKILL : SI_USER);
	int err = 0;

	if (!uptr_is_null(at)) {
		err = get_siginfo(at, &info);
		if (!err && info.signo != signo)
			err = -EINVAL;
		if (!err && !kill_may_say(p->pid, info.code))
			err = -EPERM;
	}
	return err ? err : kill_pidfd(p, how, &info);
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
	/*
	 * The file holds the process; whether it still is one is asked under proc_lock
	 * (kill_pidfd).
	 */
	ret = p ? send_pidfd(p, signo, info, how) : -EBADF;
	fd_put(r);
	return ret;
}
