/*
 * limit.c - see limit.h.  Invariant: both numbers of a limit change together, under proc_lock.
 */
#include "task/limit.h"

#include "abi/errno.h"

uint32_t limit_nr_open = 1048576;

/*
 * prlimit(2): oneself, or a thread with the same numbers, or as root.  @t: NULL: @p's first, which
 * has ended.
 */
static bool may_limit(const struct process *p, const struct task *t)
{
	const struct cred *me = current_cred();
	struct cred_ids c = cred_ids(t ? &t->cred : &p->cred);

	return t == current || capable(CAP_SYS_RESOURCE) ||
	       (me->uid == c.uid && me->uid == c.euid && me->uid == c.suid && me->gid == c.gid &&
		me->gid == c.egid && me->gid == c.sgid);
}

static int check_limit(const struct rlimit64 *was, const struct rlimit64 *to, unsigned int which)
{
	if (to->rlim_cur > to->rlim_max)
		return -EINVAL;
	if (which == RLIMIT_NOFILE && to->rlim_max > READ_ONCE(limit_nr_open))
		return -EPERM;
	if (to->rlim_max > was->rlim_max && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	return 0;
}

/* The stack's is looked at where the stack grows. */
static void limit_stack(struct process *p, uint64_t size)
{
	struct mm *mm = process_mm(p, NULL);

	if (!mm)
		return;
	WRITE_ONCE(mm->stack_limit, size);
	mm_put(mm);
}

static int limit_process(struct process *p, unsigned int which, const struct rlimit64 *to,
			 struct rlimit64 *old)
{
	struct rlimit64 *l;
	unsigned long flags;
	int err = 0;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	l = &p->rlimit[which];
	/*
	 * Two tasks that set a limit see each other's whole: the soft one is never above the hard
	 * one. A reader of one number alone takes no lock.
	 */
	flags = spin_lock_irqsave(&proc_lock);
	*old = *l;
	if (to) {
		err = check_limit(l, to, which);
		if (!err)
			*l = *to;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	if (!err && to && which == RLIMIT_STACK)
		limit_stack(p, to->rlim_cur);
	if (!err && to && which == RLIMIT_CPU)
		itimer_limit(p);
	return err;
}

int limit_change(pid_t pid, unsigned int which, const struct rlimit64 *to, struct rlimit64 *old)
{
	struct process *p = NULL;
	struct task *t;
	int err = -EPERM;

	if (!pid)
		return limit_process(current->process, which, to, old);
	t = task_find(pid);
	if (!t)
		p = process_find(pid);
	if (!t && !p)
		return -ESRCH;
	if (may_limit(p, t))
		err = limit_process(t ? t->process : p, which, to, old);
	if (t)
		task_put(t);
	else
		process_put(p);
	return err;
}
