/*
 * kill.c - see kill.h.
 *
 * Comes from sys/proc/signal.c.  Invariant: between the question whether the caller may send a
 * process a signal and the sending, proc_lock is held; a thread is held by a reference.
 */
#include "task/kill.h"

#include "abi/errno.h"
#include "abi/pidfd.h"
#include "task/cap.h"
#include "task/process.h"

bool may_signal(const struct process *to, struct cred_ids c, int signo)
{
	const struct cred *me = current_cred();

	if (to == current->process || capable(CAP_KILL))
		return true;
	if (me->euid == c.suid || me->euid == c.uid || me->uid == c.suid || me->uid == c.uid)
		return true;
	return signo == SIGCONT && to->job.sid == current->process->job.sid;
}

bool kill_may_say(pid_t pid, int code)
{
	return (code < 0 && code != SI_TKILL) || pid == current->process->pid;
}

static bool is_signo(int signo)
{
	return signo >= 0 && signo <= _NSIG;
}

/* To one process, named by its number or by that of a thread of it, which bears @ids; proc_lock
 * held. */
static int kill_one(struct process *p, struct cred_ids ids, const struct signal_info *info)
{
	if (!may_signal(p, ids, info->signo))
		return -EPERM;
	return info->signo ? signal_send_process(p, info) : 0;
}

/*
 * To all of group @pgid: success if one could be reached.  Or (PID_ALL) to all but pid 1 and the
 * caller: that one may not be signalled is no error then, as on Linux.
 */
static int kill_many(pid_t pgid, const struct signal_info *info)
{
	bool all = pgid == PID_ALL;
	int ret = -ESRCH, err;
	struct pid_walk w;
	struct process *p;

	pid_walk_begin(&w, pgid);
	while ((p = pid_walk_next(&w))) {
		if (all && (p == init_process || p == current->process))
			continue;
		err = kill_one(p, cred_ids(&p->cred), info);
		if (all && err == -EPERM)
			err = ret == -ESRCH ? 0 : ret;
		if (all || ret)
			ret = err;
	}
	pid_walk_end(&w);
	return ret;
}

int kill_pid(pid_t pid, const struct signal_info *info)
{
	struct process *p;
	struct task *t;
	unsigned long flags;
	int err = -ESRCH;

	if (!is_signo(info->signo))
		return -EINVAL;
	if (pid <= 0)
		return -ESRCH;
	/* Held until the signal is sent: the number cannot become another process's meanwhile. */
	flags = spin_lock_irqsave(&proc_lock);
	p = pid_find_process(pid);
	if (p)
		err = kill_one(p, cred_ids(&p->cred), info);
	else if ((t = pid_find_task(pid))) /* Linux takes any thread's number for the process's */
		err = kill_one(t->process, cred_ids(&t->cred), info);
	spin_unlock_irqrestore(&proc_lock, flags);
	return err;
}

int kill_number(pid_t pid, const struct signal_info *info)
{
	if (pid > 0)
		return kill_pid(pid, info);
	if (!is_signo(info->signo))
		return -EINVAL;
	if (pid == INT32_MIN) /* no group has its number */
		return -ESRCH;
	if (pid == -1)
		return kill_many(PID_ALL, info);
	return kill_many(pid ? -pid : READ_ONCE(current->process->job.pgid), info);
}

int kill_thread(pid_t tgid, pid_t tid, const struct signal_info *info)
{
	struct task *t;
	int err = 0;

	if (tgid < 0 || tid <= 0 || !is_signo(info->signo))
		return -EINVAL;
	if (tid == current->tid && (!tgid || tgid == current->process->pid)) /* raise(3) */
		return info->signo ? signal_send(current, info) : 0;
	/*
	 * The reference keeps the task, not its number: if it ends now, the signal is lost with it.
	 */
	t = task_find(tid);
	if (!t)
		return -ESRCH;
	if (tgid && t->process->pid != tgid)
		err = -ESRCH;
	else if (!may_signal(t->process, cred_ids(&t->cred), info->signo))
		err = -EPERM;
	else if (info->signo)
		err = signal_send(t, info);
	task_put(t);
	return err;
}

int kill_pidfd(struct process *p, uint32_t how, const struct signal_info *info)
{
	unsigned long flags;
	int err;

	if (!is_signo(info->signo))
		return -EINVAL;
	if (how == PIDFD_SIGNAL_THREAD)
		return READ_ONCE(p->end.reaped) ? -ESRCH : kill_thread(p->pid, p->pid, info);
	if (how == PIDFD_SIGNAL_PROCESS_GROUP)
		return kill_many(p->pid, info);
	flags = spin_lock_irqsave(&proc_lock);
	/*
	 * Under the lock with which it is reaped: a pidfd never reaches another process of the same
	 * number.
	 */
	err = p->end.reaped ? -ESRCH : kill_one(p, cred_ids(&p->cred), info);
	spin_unlock_irqrestore(&proc_lock, flags);
	return err;
}
