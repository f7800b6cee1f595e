/*
 * jobs.c - process groups and sessions (setpgid(2), setsid(2)).  All under proc_lock.
 *
 * Whether a group is orphaned is asked of all its members, a few at a time: what changes meanwhile
 * is seen or is not.  A process that can continue a group first marks that it cannot any more (its
 * parent is another, it is leaving), then asks: so the last one finds no other.
 */
#include "task/jobs.h"

#include "abi/errno.h"
#include "task/process.h"

/*
 * The process of this number or, as on Linux, of the thread of this number; 0: current's.  NULL:
 * there is none.
 */
static struct process *process_of(pid_t id)
{
	struct process *p = id ? pid_find_process(id) : current->process;
	struct task *t = p ? NULL : pid_find_task(id);

	return t ? t->process : p;
}

/* Whether current may move @p into group @pgid. */
static int may_set_group(const struct process *p, pid_t pgid)
{
	const struct process *me = current->process;
	const struct pid_group *g;

	if (p != me) {
		if (p->family.parent != me)
			return -ESRCH;
		if (p->job.sid != me->job.sid)
			return -EPERM;
		if (p->program.execed)
			return -EACCES;
	}
	if (p->job.sid == p->pid)
		return -EPERM;
	g = pid_find_group(pgid);
	return pgid == p->pid || (g && g->session->sid == me->job.sid) ? 0 : -EPERM;
}

int job_set_group(pid_t pid, pid_t pgid)
{
	struct pid_spare spare;
	struct process *p;
	unsigned long flags;
	int err;

	if (!pid_spare_init(&spare, false))
		return -ENOMEM;
	/*
	 * Permission and change are one step: the child may be in execve(2) at this moment, after
	 * which it may not be moved.
	 */
	flags = spin_lock_irqsave(&proc_lock);
	p = process_of(pid);
	err = p ? -EINVAL : -ESRCH; /* not by a thread's number */
	if (p && (!pid || p->pid == pid)) {
		if (!pgid)
			pgid = p->pid;
		err = may_set_group(p, pgid);
		if (!err && p->job.pgid != pgid)
			pid_set_group(p, pgid, &spare);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	pid_spare_end(&spare);
	return err;
}

int job_new_session(void)
{
	struct process *me = current->process;
	struct pid_spare spare;
	unsigned long flags;
	int r = me->pid;

	if (!pid_spare_init(&spare, true))
		return -ENOMEM;
	flags = spin_lock_irqsave(&proc_lock);
	/* a leader of a group can't leave it behind */
	if (pid_find_group(me->pid))
		r = -EPERM;
	else
		pid_set_session(me, &spare);
	spin_unlock_irqrestore(&proc_lock, flags);
	pid_spare_end(&spare);
	return r;
}

bool job_is_kept(const struct process *p)
{
	const struct process *parent = p->family.parent;

	return !p->end.leaving && parent && parent != init_process &&
	       parent->job.pgid != p->job.pgid && parent->job.sid == p->job.sid;
}

/*
 * Whether no process could continue group @pgid; *@stopped: one in it is stopped, so far as it has
 * been looked at.
 */
static bool is_orphaned(pid_t pgid, bool *stopped)
{
	struct pid_walk w;
	struct process *p;
	bool kept = false;

	*stopped = false;
	pid_walk_begin(&w, pgid);
	w.to_end = true;
	while (!kept && (p = pid_walk_next(&w))) {
		kept = job_is_kept(p);
		*stopped |= READ_ONCE(p->signals.stop.state) == STOPPED;
	}
	pid_walk_end(&w);
	return !kept;
}

bool job_is_orphaned(pid_t pgid)
{
	bool stopped;

	return is_orphaned(pgid, &stopped);
}

void job_tell_orphans(pid_t pgid)
{
	bool stopped;

	if (!is_orphaned(pgid, &stopped) || !stopped)
		return;
	/*
	 * Without proc_lock over both: a process that joins in between was not stopped with the
	 * group.
	 */
	signal_walk_group(pgid, SIGHUP);
	signal_walk_group(pgid, SIGCONT);
}

int job_number(pid_t pid, bool session)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	const struct process *p = process_of(pid);
	int number = !p ? -ESRCH : session ? p->job.sid : p->job.pgid;

	spin_unlock_irqrestore(&proc_lock, flags);
	return number;
}
