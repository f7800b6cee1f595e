/*
 * sys_sched.c - who runs where, and how much.
 *
 * There is one policy that really is one, SCHED_OTHER with nice values; SCHED_BATCH and SCHED_IDLE
 * are taken for it, real-time policies are refused with -EPERM, as to a user without the privilege.
 */
#include "abi/errno.h"
#include "abi/resource.h"
#include "el1/syscall.h"
#include "el1/usertime.h"
#include "task/pid.h"
#include "task/sched.h"

enum {
	SCHED_OTHER,
	SCHED_FIFO,
	SCHED_RR,
	SCHED_BATCH,
	SCHED_IDLE = 5,
	SCHED_RESET_ON_FORK = 0x40000000
};
enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

SYS(sched_yield)
{
	sched_yield();
	return 0;
}

SYS(getcpu)
{
	uint32_t cpu = cpu_id(), node = 0;

	if (!uptr_is_null(uptr_of(a0)) && put_user(cpu, uptr_of(a0)))
		return -EFAULT;
	if (!uptr_is_null(uptr_of(a1)) && put_user(node, uptr_of(a1)))
		return -EFAULT;
	return 0;
}

/* The task called @tid (0: current), with a reference, or NULL. */
static struct task *find(pid_t tid)
{
	if (tid)
		return task_find(tid);
	task_get(current);
	return current;
}

static bool may_change(const struct task *t)
{
	const struct cred *me = &current->process->cred, *c = &t->process->cred;

	return me->euid == 0 || me->euid == c->euid || me->euid == c->uid;
}

SYS(sched_getaffinity)
{
	uint64_t len = (uint32_t)a1, mask;
	struct task *t;

	if (len * 8 < NR_CPUS || len % sizeof(mask))
		return -EINVAL;
	t = find((pid_t)a0);
	if (!t)
		return -ESRCH;
	mask = t->cpu_mask & sched_cpus_online();
	task_put(t);
	return put_user(mask, uptr_of(a2)) ? -EFAULT : (long)sizeof(mask);
}

SYS(sched_setaffinity)
{
	uint64_t len = (uint32_t)a1, mask = 0;
	struct task *t;
	int err;

	if (copy_from_user(&mask, uptr_of(a2), min(len, (uint64_t)sizeof(mask))))
		return -EFAULT;
	t = find((pid_t)a0);
	if (!t)
		return -ESRCH;
	err = may_change(t) ? sched_set_affinity(t, mask) : -EPERM;
	task_put(t);
	return err;
}

/* ---- policies ---- */

static long set_policy(pid_t pid, int policy, uptr param)
{
	int32_t prio;
	struct task *t;
	long err = 0;

	if (uptr_is_null(param) || pid < 0)
		return -EINVAL;
	if (get_user(prio, param))
		return -EFAULT;
	policy &= ~SCHED_RESET_ON_FORK;
	t = find(pid);
	if (!t)
		return -ESRCH;
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		err = prio >= 1 && prio <= 99 ? -EPERM : -EINVAL;
	else if ((policy != SCHED_OTHER && policy != SCHED_BATCH && policy != SCHED_IDLE) || prio)
		err = -EINVAL;
	else if (!may_change(t))
		err = -EPERM;
	task_put(t);
	return err;
}

SYS(sched_setscheduler)
{
	return (int)a1 < 0 ? -EINVAL : set_policy((pid_t)a0, (int)a1, uptr_of(a2));
}

SYS(sched_setparam)
{
	return set_policy((pid_t)a0, SCHED_OTHER, uptr_of(a1));
}

/* 0 if there is a task @pid. */
static long exists(pid_t pid)
{
	struct task *t;

	if (pid < 0)
		return -EINVAL;
	t = find(pid);
	if (!t)
		return -ESRCH;
	task_put(t);
	return 0;
}

SYS(sched_getscheduler)
{
	long err = exists((pid_t)a0);

	return err ? err : SCHED_OTHER;
}

SYS(sched_getparam)
{
	int32_t prio = 0;
	long err;

	if (uptr_is_null(uptr_of(a1)))
		return -EINVAL;
	err = exists((pid_t)a0);
	if (err)
		return err;
	return put_user(prio, uptr_of(a1)) ? -EFAULT : 0;
}

SYS(sched_get_priority_max)
{
	switch ((int)a0) {
	case SCHED_FIFO:
	case SCHED_RR: return 99;
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE: return 0;
	default: return -EINVAL;
	}
}

SYS(sched_get_priority_min)
{
	switch ((int)a0) {
	case SCHED_FIFO:
	case SCHED_RR: return 1;
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE: return 0;
	default: return -EINVAL;
	}
}

SYS(sched_rr_get_interval)
{
	long err = exists((pid_t)a0);

	return err ? err : put_timespec(uptr_of(a1), SCHED_SLICE_NS);
}

/* ---- nice ---- */

/* A walk over the tasks that setpriority(2)'s @which and @who name; proc_lock held. */
struct nice_walk {
	int found; /* tasks */
	int best;  /* least nice value */
	int err;
};

static void nice_task(struct nice_walk *w, struct task *t, const int *set)
{
	w->found++;
	w->best = min(w->best, (int)t->nice);
	if (!set)
		return;
	if (!may_change(t))
		w->err = -EPERM;
	else if (*set < t->nice && current->process->cred.euid &&
		 20 - *set > (int)min(t->process->rlimit[RLIMIT_NICE].cur, (uint64_t)40))
		w->err = -EACCES;
	else
		sched_set_nice(t, *set);
}

static void nice_process(struct nice_walk *w, struct process *p, const int *set)
{
	struct task *t;

	list_for_each(t, &p->threads, thread)
		nice_task(w, t, set);
}

static struct nice_walk nice_walk(int which, int who, const int *set)
{
	struct nice_walk w = { .best = 20 };
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	uint32_t uid = who ? (uint32_t)who : current->process->cred.uid;
	pid_t pgid = who ? who : current->process->pgid;
	struct process *p;
	struct task *t;

	if (which == PRIO_PROCESS) {
		t = who ? pid_find_task(who) : current;
		if (t)
			nice_task(&w, t, set);
	} else if (which == PRIO_PGRP) {
		pid_for_each_in_group(p, pgid)
			nice_process(&w, p, set);
	} else {
		pid_for_each_process(p)
			if (p->cred.uid == uid)
				nice_process(&w, p, set);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return w;
}

SYS(getpriority)
{
	int which = (int)a0;
	struct nice_walk w;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	w = nice_walk(which, (int)a1, NULL);
	return w.found ? 20 - w.best : -ESRCH; /* 1 .. 40: never looks like an error */
}

SYS(setpriority)
{
	int which = (int)a0, nice = min(max((int)a2, -20), 19);
	struct nice_walk w;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	w = nice_walk(which, (int)a1, &nice);
	return w.found ? w.err : -ESRCH;
}
