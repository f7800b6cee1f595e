/*
 * policy.c - see policy.h.
 *
 * All policies of sched(7) but SCHED_DEADLINE, which is answered as by a Linux that has no
 * bandwidth left for it (EBUSY).
 *
 * Comes from sys/proc/sched.c, goes to sched.c.  Invariant: what is asked for is checked here, and
 * set there in one step under the run queue's lock; a task is held by a reference meanwhile.
 */
#include "task/policy.h"

#include "abi/errno.h"
#include "abi/sched.h"
#include "mm/giveway.h"
#include "task/cap.h"
#include "task/process.h"

static bool may_change(const struct task *t)
{
	const struct cred *me = current_cred();
	/* The numbers of one moment: the thread may be changing its credentials. */
	struct cred_ids c = cred_ids(&t->cred);

	return capable(CAP_SYS_NICE) || me->euid == c.euid || me->euid == c.uid;
}

static bool may_nice(const struct task *t, int nice)
{
	return 20 - nice <= (int)min(t->process->rlimit[RLIMIT_NICE].rlim_cur, (uint64_t)40);
}

int policy_set_cpus(pid_t tid, uint64_t mask)
{
	struct task *t = task_find_or_self(tid);
	int err;

	if (!t)
		return -ESRCH;
	err = may_change(t) ? sched_set_affinity(t, mask) : -EPERM;
	task_put(t);
	return err;
}

/* ---- policies ---- */

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

/* Whether it takes privilege to do @want to @t. */
static bool is_privileged(const struct task *t, const struct policy *want)
{
	/* One number, read without proc_lock. */
	uint64_t limit = t->process->rlimit[RLIMIT_RTPRIO].rlim_cur;

	if (is_fair(want->policy) && want->nice < t->sched.nice && !may_nice(t, want->nice))
		return true;
	if (want->priority &&
	    ((want->policy != t->sched.policy && !limit) ||
	     (want->priority > t->sched.rt_priority && (uint64_t)want->priority > limit)))
		return true;
	if (t->sched.policy == SCHED_IDLE && want->policy != SCHED_IDLE &&
	    !may_nice(t, t->sched.nice))
		return true;
	return !may_change(t) || (t->sched.reset_on_fork && !want->reset_on_fork);
}

static int set_task_policy(struct task *t, struct policy want)
{
	bool real_time;

	if (want.policy == POLICY_KEEP) {
		want.policy = t->sched.policy;
		want.reset_on_fork = t->sched.reset_on_fork;
	}
	real_time = want.policy == SCHED_FIFO || want.policy == SCHED_RR;
	if (!real_time && !is_fair(want.policy) && want.policy != SCHED_IDLE)
		return -EINVAL;
	if (want.priority < 0 || want.priority > 99 || real_time != (want.priority != 0))
		return -EINVAL;
	if (!capable(CAP_SYS_NICE) && is_privileged(t, &want))
		return -EPERM;
	sched_set_policy(t, want.policy, (uint8_t)want.priority,
			 is_fair(want.policy) ? want.nice : t->sched.nice, want.reset_on_fork);
	return 0;
}

int policy_set(pid_t tid, int policy, int priority, bool reset_on_fork)
{
	struct task *t = task_find_or_self(tid);
	int err;

	if (!t)
		return -ESRCH;
	err = set_task_policy(t, (struct policy){ policy, priority, t->sched.nice, reset_on_fork });
	task_put(t);
	return err;
}

static int set_task_attr(struct task *t, const struct sched_attr *attr)
{
	int nice = min(max(attr->sched_nice, -20), 19);
	struct policy want = { .policy = (int)attr->sched_policy,
			       .priority = (int)attr->sched_priority,
			       .nice = nice,
			       .reset_on_fork = attr->sched_flags & SCHED_FLAG_RESET_ON_FORK };

	if (attr->sched_flags & SCHED_FLAG_KEEP_POLICY)
		want.policy = POLICY_KEEP;
	if (attr->sched_flags & SCHED_FLAG_KEEP_PARAMS) {
		want.priority = t->sched.rt_priority;
		want.nice = t->sched.nice;
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

int policy_set_attr(pid_t tid, const struct sched_attr *attr)
{
	struct task *t;
	int err;

	if ((int)attr->sched_policy < 0)
		return -EINVAL;
	t = task_find_or_self(tid);
	if (!t)
		return -ESRCH;
	err = set_task_attr(t, attr);
	task_put(t);
	return err;
}

int policy_get(pid_t tid, struct sched_attr *attr)
{
	struct task *t = tid < 0 ? NULL : task_find_or_self(tid);

	if (!t)
		return tid < 0 ? -EINVAL : -ESRCH;
	*attr = (struct sched_attr){
		.sched_policy = t->sched.policy,
		.sched_flags = t->sched.reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0,
		.sched_priority = t->sched.rt_priority,
		.sched_nice = t->sched.rt_priority ? 0 : t->sched.nice,
		.sched_runtime = t->sched.rt_priority ? 0 : SCHED_SLICE_NS,
	};
	task_put(t);
	return 0;
}

/* ---- nice ---- */

/* A walk over the threads that a call names. */
struct nice_walk {
	const int *set; /* NULL: nice_get */
	bool by_user;
	uint32_t uid;
	int found; /* threads */
	int best;  /* least nice value */
	int err;
};

static void nice_task(struct nice_walk *w, struct task *t)
{
	w->found++;
	w->best = min(w->best, (int)t->sched.nice);
	if (!w->set)
		return;
	if (!may_change(t))
		w->err = -EPERM;
	else if (*w->set < t->sched.nice && !capable(CAP_SYS_NICE) && !may_nice(t, *w->set))
		w->err = -EACCES;
	else
		sched_set_policy(t, t->sched.policy, t->sched.rt_priority, *w->set,
				 t->sched.reset_on_fork);
}

/* A thread is its own real user's: they may be of several in one process. */
static void nice_thread(struct nice_walk *w, struct task *t)
{
	if (!w->by_user || cred_ids(&t->cred).uid == w->uid)
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

	/* By number, one at a time: threads may come and go between two. */
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
		/* proc_lock is held: the only thread cannot leave. Most processes have one. */
		if (p->nr_threads <= 1) {
			struct task *t = list_first(&p->threads, struct task, thread);

			if (t)
				nice_thread(w, t);
			continue;
		}
		/* For the time without proc_lock; the walk's mark keeps the place. */
		process_get(p);
		pid_walk_pause(&walk);
		if (!nice_threads(w, p))
			walk.left = 0;
		process_put(p);
		pid_walk_resume(&walk);
	}
	pid_walk_end(&walk);
}

static struct nice_walk nice_walk(enum nice_of of, int who, const int *set)
{
	struct nice_walk w = { .set = set, .best = 20, .by_user = of == NICE_OF_USER };
	struct task *t;

	w.uid = who ? (uint32_t)who : current_cred()->uid;
	if (of == NICE_OF_THREAD) {
		t = task_find_or_self(who);
		if (t) {
			nice_task(&w, t);
			task_put(t);
		}
	} else if (of == NICE_OF_GROUP) {
		nice_processes(&w, who ? who : current->process->job.pgid);
	} else {
		nice_processes(&w, PID_ALL);
	}
	return w;
}

int nice_get(enum nice_of of, int who)
{
	struct nice_walk w = nice_walk(of, who, NULL);

	return w.found ? 20 - w.best : -ESRCH;
}

int nice_set(enum nice_of of, int who, int nice)
{
	int within = min(max(nice, -20), 19);
	struct nice_walk w = nice_walk(of, who, &within);

	return w.found ? w.err : -ESRCH;
}
