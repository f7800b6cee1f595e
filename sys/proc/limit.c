/*
 * limit.c - what a process may use.
 */
#include "abi/errno.h"
#include "abi/resource.h"
#include "fs/fdtable.h"
#include "mm/vm.h"
#include "sys/syscall.h"
#include "task/cap.h"
#include "task/task.h"

/*
 * prlimit(2): oneself, or a thread with the same numbers, or as root.  @t: NULL: @p's first, which
 * has ended.
 */
static bool may_limit(const struct process *p, const struct task *t)
{
	const struct cred *me = current_cred();
	struct cred_ids c = t ? ids_of_task(t) : ids_of_process(p);

	return t == current || capable(CAP_SYS_RESOURCE) ||
	       (me->uid == c.uid && me->uid == c.euid && me->uid == c.suid && me->gid == c.gid &&
		me->gid == c.egid && me->gid == c.sgid);
}

static int check_limit(const struct rlimit *was, const struct rlimit64 *r, unsigned int which)
{
	if (r->rlim_cur > r->rlim_max)
		return -EINVAL;
	if (which == RLIMIT_NOFILE && r->rlim_max > READ_ONCE(files_nr_open))
		return -EPERM;
	if (r->rlim_max > was->max && !capable(CAP_SYS_RESOURCE))
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

/* @new_limit, @old: NULL where not asked for. */
static int limit(struct process *p, unsigned int which, const struct rlimit64 *new_limit,
		 struct rlimit64 *old)
{
	struct rlimit *l;
	unsigned long flags;
	int err = 0;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	l = &p->rlimit[which];
	flags = spin_lock_irqsave(&proc_lock);
	*old = (struct rlimit64){ l->cur, l->max };
	if (new_limit) {
		err = check_limit(l, new_limit, which);
		if (!err)
			*l = (struct rlimit){ new_limit->rlim_cur, new_limit->rlim_max };
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	if (!err && new_limit && which == RLIMIT_STACK)
		limit_stack(p, new_limit->rlim_cur);
	return err;
}

static int limit_pid(pid_t pid, unsigned int which, const struct rlimit64 *new_limit,
		     struct rlimit64 *old)
{
	struct task *t;
	struct process *p = NULL;
	int err = -EPERM;

	if (!pid)
		return limit(current->process, which, new_limit, old);
	t = task_find(pid);
	if (!t)
		p = process_find(pid);
	if (!t && !p)
		return -ESRCH;
	if (may_limit(p, t))
		err = limit(t ? t->process : p, which, new_limit, old);
	if (t)
		task_put(t);
	else
		process_put(p);
	return err;
}

long sys_prlimit64(int pid, uint32_t resource, uptr new_limit, uptr old_limit)
{
	struct rlimit64 r, old;
	int err;

	if (!uptr_is_null(new_limit) && copy_from_user(&r, new_limit, sizeof(r)))
		return -EFAULT;
	err = limit_pid(pid, resource, uptr_is_null(new_limit) ? NULL : &r, &old);
	if (err || uptr_is_null(old_limit))
		return err;
	return copy_to_user(old_limit, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_getrlimit(uint32_t resource, uptr limit_at)
{
	struct rlimit64 old;
	int err = limit(current->process, resource, NULL, &old);

	if (err)
		return err;
	return copy_to_user(limit_at, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_setrlimit(uint32_t resource, uptr limit_at)
{
	struct rlimit64 r, old;

	if (copy_from_user(&r, limit_at, sizeof(r)))
		return -EFAULT;
	return limit(current->process, resource, &r, &old);
}
