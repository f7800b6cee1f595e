/*
 * orphan.c - processes that the kernel itself makes: pid 1, and those that it starts later.
 *
 * Comes from init.c and usermode.c.  Invariant: such a process has no parent; all else of it is as
 * fork.c makes it, and it is linked in in one step under proc_lock.
 */
#include "task/orphan.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "task/fork.h"
#include "task/process.h"

/* What Linux gives to init. */
static void first_rlimits(struct rlimit64 *r)
{
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
		r[i] = (struct rlimit64){ RLIM64_INFINITY, RLIM64_INFINITY };
	r[RLIMIT_STACK].rlim_cur = 8 << 20;
	r[RLIMIT_CORE].rlim_cur = 0;
	r[RLIMIT_NPROC] = (struct rlimit64){ tasks_max() / 2, tasks_max() / 2 };
	r[RLIMIT_NOFILE] = (struct rlimit64){ 1024, 4096 };
	r[RLIMIT_MEMLOCK] = (struct rlimit64){ 8 << 20, 8 << 20 };
	r[RLIMIT_SIGPENDING] = r[RLIMIT_NPROC];
	r[RLIMIT_MSGQUEUE] = (struct rlimit64){ 819200, 819200 };
	r[RLIMIT_NICE] = r[RLIMIT_RTPRIO] = (struct rlimit64){ 0, 0 };
}

/*
 * The first task of a process that has no parent, neither known to anybody yet.  NULL: no memory.
 * It bears current's credentials, and these are root's.
 */
static struct task *new_orphan(const char *name, void (*fn)(void *), void *arg)
{
	struct task *t = task_new(fn, arg);
	struct process *p = t ? process_new() : NULL;

	if (!p) {
		if (t)
			task_put(t);
		return NULL;
	}
	t->process = p;
	process_get(p);
	first_rlimits(p->rlimit);
	t->slack_ns = t->default_slack_ns = 50000; /* as Linux */
	t->sched.group = &root_user.group;
	t->sched.share = &t->sched.group->on[t->cpu];
	strlcpy(t->comm, name, sizeof(t->comm));
	return t;
}

/* @t and its process get their number @pid, and others can find them.  proc_lock held. */
static void link_orphan(struct task *t, pid_t pid)
{
	struct process *p = t->process;

	user_charge_anyway(t->cred->user, USER_TASKS, 1);
	p->pid = pid;
	p->end.signal = SIGCHLD;
	pid_add_process(p);
	task_link(t, pid);
}

struct task *task_create_orphan(const char *name, void (*fn)(void *), void *arg)
{
	struct task *t = new_orphan(name, fn, arg);
	unsigned long flags;
	pid_t pid = 0;

	if (!t)
		return err_ptr(-ENOMEM);
	flags = spin_lock_irqsave(&proc_lock);
	if (pid_counts.tasks < tasks_max())
		pid = pid_alloc(0);
	if (pid)
		link_orphan(t, pid);
	spin_unlock_irqrestore(&proc_lock, flags);
	if (pid)
		return t;
	process_put(t->process); /* the tables' reference, which is in none */
	task_put(t);
	return err_ptr(-EAGAIN);
}
