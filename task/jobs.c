/*
 * jobs.c - process groups and sessions (setpgid(2), setsid(2)).  All under proc_lock.
 */
#include "abi/errno.h"
#include "task/pid.h"

/* The process of this number or, as on Linux, of the thread of this number; 0: current's.  NULL: there is none. */
static struct process *process_of(pid_t id)
{
	struct process *p = id ? pid_find_process(id) : current->process;
	struct task *t = p ? NULL : pid_find_task(id);

	return t ? t->process : p;
}

static bool group_in_session(pid_t pgid, pid_t sid)
{
	struct process *p;

	pid_for_each_in_group(p, pgid)
		if (p->sid == sid)
			return true;
	return false;
}

/* Whether current may move @p into group @pgid. */
static int may_set_group(const struct process *p, pid_t pgid)
{
	const struct process *me = current->process;

	if (p != me) {
		if (p->parent != me)
			return -ESRCH;
		if (p->sid != me->sid)
			return -EPERM;
		if (p->execed)
			return -EACCES;
	}
	if (p->sid == p->pid)
		return -EPERM;
	if (pgid != p->pid && !group_in_session(pgid, me->sid))
		return -EPERM;
	return 0;
}

int job_set_group(pid_t pid, pid_t pgid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct process *p = process_of(pid);
	int err = p ? -EINVAL : -ESRCH; /* not by a thread's number */

	if (p && (!pid || p->pid == pid)) {
		if (!pgid)
			pgid = p->pid;
		err = may_set_group(p, pgid);
		if (!err && p->pgid != pgid)
			pid_set_group(p, pgid);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return err;
}

int job_new_session(void)
{
	struct process *me = current->process, *p;
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int r = me->pid;

	/* a leader of a group can't leave it behind */
	pid_for_each_in_group(p, me->pid)
		r = -EPERM;
	if (r > 0) {
		pid_set_group(me, me->pid);
		pid_set_session(me, me->pid);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return r;
}

int job_numbers(pid_t pid, pid_t *pgid, pid_t *sid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	const struct process *p = process_of(pid);

	if (p) {
		*pgid = p->pgid;
		*sid = p->sid;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return p ? 0 : -ESRCH;
}
