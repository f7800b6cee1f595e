/*
 * sched.c - who runs where, and how much.
 *
 * All policies of sched(7) but SCHED_DEADLINE, which is answered as by a Linux that has no
 * bandwidth left for it (EBUSY).
 */
#include "abi/errno.h"
#include "abi/resource.h"
#include "abi/sched.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/cap.h"
#include "task/pid.h"
#include "task/sched.h"

enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

long sys_sched_yield(void)
{
	sched_yield();
	return 0;
}

long sys_getcpu(uptr cpu_at, uptr node_at)
{
	uint32_t cpu = cpu_id(), node = 0;

	if (!uptr_is_null(cpu_at) && put_user(cpu, cpu_at))
		return -EFAULT;
	if (!uptr_is_null(node_at) && put_user(node, node_at))
		return -EFAULT;
	return 0;
}

static bool may_change(const struct task *t)
{
	const struct cred *me = current_cred();
	struct cred_ids c = ids_of_task(t);

	return capable(CAP_SYS_NICE) || me->euid == c.euid || me->euid == c.uid;
}

long sys_sched_getaffinity(int pid, uint32_t len, uptr mask_at)
{
	uint64_t mask;
	struct task *t;

	if (len < NR_CPUS / 8 || len % sizeof(mask))
		return -EINVAL;
	t = task_find_or_self(pid);
	if (!t)
		return -ESRCH;
	mask = t->cpu_mask & sched_cpus_online();
	task_put(t);
	return put_user(mask, mask_at) ? -EFAULT : (long)sizeof(mask);
}

long sys_sched_setaffinity(int pid, uint32_t len, uptr mask_at)
{
	uint64_t mask = 0;
	struct task *t;
	int err;

	if (copy_from_user(&mask, mask_at, min(len, (uint32_t)sizeof(mask))))
		return -EFAULT;
	t = task_find_or_self(pid);
	if (!t)
		return -ESRCH;
	err = may_change(t) ? sched_set_affinity(t, mask) : -EPERM;
	task_put(t);
	return err;
}

/* ---- policies ---- */

#define POLICY_KEEP (-1)

/* What is asked for, whichever call it came by. */
struct policy {
	int policy; /* SCHED_*, or POLICY_KEEP */
	int priority;
	int nice;
	bool reset_on_fork;
};

static bool is_fair(int policy)
{
	return policy == SCHED_NORMAL || policy == SCHED_BATCH;
}

static bool may_nice(const struct task *t, int nice)
{
	return 20 - nice <= (int)min(t->process->rlimit[RLIMIT_NICE].cur, (uint64_t)40);
}

/* Whether it takes privilege to do @want to @t. */
static bool is_privileged(const struct task *t, const struct policy *want)
{
	uint64_t limit = t->process->rlimit[RLIMIT_RTPRIO].cur;

	if (is_fair(want->policy) && want->nice < t->nice && !may_nice(t, want->nice))
		return true;
	if (want->priority &&
	    ((want->policy != t->policy && !limit) ||
	     (want->priority > t->rt_priority && (uint64_t)want->priority > limit)))
		return true;
	if (t->policy == SCHED_IDLE && want->policy != SCHED_IDLE && !may_nice(t, t->nice))
		return true;
	return !may_change(t) || (t->reset_on_fork && !want->reset_on_fork);
}

static int set_task_policy(struct task *t, struct policy want)
{
	bool real_time;

	if (want.policy == POLICY_KEEP) {
		want.policy = t->policy;
		want.reset_on_fork = t->reset_on_fork;
	}
	real_time = want.policy == SCHED_FIFO || want.policy == SCHED_RR;
	if (!real_time && !is_fair(want.policy) && want.policy != SCHED_IDLE)
		return -EINVAL;
	if (want.priority < 0 || want.priority > 99 || real_time != (want.priority != 0))
		return -EINVAL;
	if (!capable(CAP_SYS_NICE) && is_privileged(t, &want))
		return -EPERM;
	sched_set_policy(t, want.policy, (uint8_t)want.priority,
			 is_fair(want.policy) ? want.nice : t->nice, want.reset_on_fork);
	return 0;
}

/* sched_setscheduler(2) and sched_setparam(2): the nice value stays. */
static long set_policy(pid_t pid, int policy, bool reset, uptr param)
{
	struct policy want = { .policy = policy, .reset_on_fork = reset };
	struct task *t;
	long err;

	if (uptr_is_null(param) || pid < 0)
		return -EINVAL;
	if (get_user(want.priority, param))
		return -EFAULT;
	t = task_find_or_self(pid);
	if (!t)
		return -ESRCH;
	want.nice = t->nice;
	err = set_task_policy(t, want);
	task_put(t);
	return err;
}

long sys_sched_setscheduler(int pid, int policy, uptr param)
{
	if (policy < 0)
		return -EINVAL;
	return set_policy(pid, policy & ~SCHED_RESET_ON_FORK, policy & SCHED_RESET_ON_FORK, param);
}

long sys_sched_setparam(int pid, uptr param)
{
	return set_policy(pid, POLICY_KEEP, false, param);
}

/* Takes sched_setattr(2)'s argument, whose size the program says itself. */
static int get_attr(struct sched_attr *attr, uptr from)
{
	uint32_t size, ours = sizeof(*attr);
	int err;

	if (get_user(size, from))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	err = size < SCHED_ATTR_SIZE_VER0 ? -E2BIG
					  : copy_struct_from_user(attr, sizeof(*attr), from, size);
	if (err == -E2BIG && put_user(ours, from))
		return -EFAULT;
	if (err)
		return err;
	if ((attr->sched_flags & SCHED_FLAG_UTIL_CLAMP) && size < SCHED_ATTR_SIZE_VER1)
		return -EINVAL;
	return 0;
}

static int set_attr(struct task *t, const struct sched_attr *attr)
{
	int nice = min(max(attr->sched_nice, -20), 19);
	struct policy want = { .policy = (int)attr->sched_policy,
			       .priority = (int)attr->sched_priority,
			       .nice = nice,
			       .reset_on_fork = attr->sched_flags & SCHED_FLAG_RESET_ON_FORK };

	if (attr->sched_flags & SCHED_FLAG_KEEP_POLICY)
		want.policy = POLICY_KEEP;
	if (attr->sched_flags & SCHED_FLAG_KEEP_PARAMS) {
		want.priority = t->rt_priority;
		want.nice = t->nice;
	}
	if (attr->sched_flags & ~(uint64_t)SCHED_FLAG_ALL)
		return -EINVAL;
	if (attr->sched_flags & SCHED_FLAG_UTIL_CLAMP)
		return -EOPNOTSUPP;
	if (want.policy == SCHED_DEADLINE)
		return attr->sched_runtime && attr->sched_deadline >= attr->sched_runtime ? -EBUSY
											  : -EINVAL;
	return set_task_policy(t, want);
}

long sys_sched_setattr(int pid, uptr attr_at, uint32_t flags)
{
	struct sched_attr attr;
	struct task *t;
	int err;

	if (uptr_is_null(attr_at) || pid < 0 || flags)
		return -EINVAL;
	err = get_attr(&attr, attr_at);
	if (err)
		return err;
	if ((int)attr.sched_policy < 0)
		return -EINVAL;
	t = task_find_or_self(pid);
	if (!t)
		return -ESRCH;
	err = set_attr(t, &attr);
	task_put(t);
	return err;
}

long sys_sched_getattr(int pid, uptr attr_at, uint32_t room, uint32_t flags)
{
	uint32_t size = min(room, (uint32_t)sizeof(struct sched_attr));
	struct sched_attr attr = { .size = size };
	struct task *t;

	if (uptr_is_null(attr_at) || pid < 0 || flags || room > PAGE_SIZE ||
	    size < SCHED_ATTR_SIZE_VER0)
		return -EINVAL;
	t = task_find_or_self(pid);
	if (!t)
		return -ESRCH;
	attr.sched_policy = t->policy;
	attr.sched_flags = t->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	if (t->rt_priority) {
		attr.sched_priority = t->rt_priority;
	} else {
		attr.sched_nice = t->nice;
		attr.sched_runtime = SCHED_SLICE_NS;
	}
	task_put(t);
	return copy_to_user(attr_at, &attr, size) ? -EFAULT : 0;
}

long sys_sched_getscheduler(int pid)
{
	struct task *t = pid < 0 ? NULL : task_find_or_self(pid);
	long policy;

	if (!t)
		return pid < 0 ? -EINVAL : -ESRCH;
	policy = t->policy | (t->reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	task_put(t);
	return policy;
}

long sys_sched_getparam(int pid, uptr param)
{
	struct task *t = pid < 0 || uptr_is_null(param) ? NULL : task_find_or_self(pid);
	int32_t priority;

	if (!t)
		return pid < 0 || uptr_is_null(param) ? -EINVAL : -ESRCH;
	priority = t->rt_priority;
	task_put(t);
	return put_user(priority, param) ? -EFAULT : 0;
}

long sys_sched_get_priority_max(int policy)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR: return 99;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_DEADLINE:
	case SCHED_IDLE: return 0;
	default: return -EINVAL;
	}
}

long sys_sched_get_priority_min(int policy)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR: return 1;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_DEADLINE:
	case SCHED_IDLE: return 0;
	default: return -EINVAL;
	}
}

long sys_sched_rr_get_interval(int pid, uptr interval)
{
	struct task *t = pid < 0 ? NULL : task_find_or_self(pid);
	uint64_t ns = SCHED_SLICE_NS;

	if (!t)
		return pid < 0 ? -EINVAL : -ESRCH;
	if (t->rt_priority)
		ns = t->policy == SCHED_RR ? SCHED_RR_NS : 0;
	task_put(t);
	return put_timespec(interval, ns);
}

/* ---- nice ---- */

/* A walk over the tasks that setpriority(2)'s which and who name. */
struct nice_walk {
	const int *set; /* NULL: getpriority(2) */
	bool by_user;
	uint32_t uid;
	int found; /* tasks */
	int best;  /* least nice value */
	int err;
};

static void nice_task(struct nice_walk *w, struct task *t)
{
	w->found++;
	w->best = min(w->best, (int)t->nice);
	if (!w->set)
		return;
	if (!may_change(t))
		w->err = -EPERM;
	else if (*w->set < t->nice && !capable(CAP_SYS_NICE) && !may_nice(t, *w->set))
		w->err = -EACCES;
	else
		sched_set_nice(t, *w->set);
}

/* A thread is its own real user's: they may be of several in one process. */
static void nice_thread(struct nice_walk *w, struct task *t)
{
	if (!w->by_user || ids_of_task(t).uid == w->uid)
		nice_task(w, t);
}

/*
 * All threads of @p, which there may be thousands of; proc_lock is not held.  False: current is to
 * die.
 */
static bool nice_threads(struct nice_walk *w, struct process *p)
{
	struct task *t;
	int err = 0;

	for (pid_t tid = 0; !err && (t = process_thread(p, tid)); tid = t->tid + 1, task_put(t)) {
		nice_thread(w, t);
		err = give_way();
	}
	return !err;
}

/* Those of group @pgid, or of all processes. */
static void nice_processes(struct nice_walk *w, pid_t pgid)
{
	struct pid_walk walk;
	struct process *p;

	pid_walk_begin(&walk, pgid);
	while ((p = pid_walk_next(&walk))) {
		if (p->nr_threads <= 1) {
			struct task *t = list_first(&p->threads, struct task, thread);

			if (t)
				nice_thread(w, t);
			continue;
		}
		process_get(p);
		pid_walk_pause(&walk);
		if (!nice_threads(w, p))
			walk.left = 0;
		process_put(p);
		pid_walk_resume(&walk);
	}
	pid_walk_end(&walk);
}

static void nice_one(struct nice_walk *w, pid_t tid)
{
	struct task *t = tid ? task_find(tid) : current;

	if (!t)
		return;
	nice_task(w, t);
	if (tid)
		task_put(t);
}

static struct nice_walk nice_walk(int which, int who, const int *set)
{
	struct nice_walk w = { .set = set, .best = 20, .by_user = which == PRIO_USER };

	w.uid = who ? (uint32_t)who : current_cred()->uid;
	if (which == PRIO_PROCESS)
		nice_one(&w, who);
	else if (which == PRIO_PGRP)
		nice_processes(&w, who ? who : current->process->pgid);
	else
		nice_processes(&w, PID_ALL);
	return w;
}

long sys_getpriority(int which, int who)
{
	struct nice_walk w;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	w = nice_walk(which, who, NULL);
	return w.found ? 20 - w.best : -ESRCH; /* 1 .. 40: never looks like an error */
}

long sys_setpriority(int which, int who, int value)
{
	int nice = min(max(value, -20), 19);
	struct nice_walk w;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	w = nice_walk(which, who, &nice);
	return w.found ? w.err : -ESRCH;
}
