/*
 * sched.c - on which core a task runs, and how much: the rules are task/policy.c's.
 *
 * Invariant: another task is held by a reference while it is read; what was read may change right
 * after.
 */
#include "abi/sched.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/cores.h"
#include "task/policy.h"
#include "task/sched.h"

long sys_sched_yield(void)
{
	sched_yield();
	return 0;
}

long sys_getcpu(uptr cpu_at, uptr node_at)
{
	/* True at this moment: the task may be on another core when it returns. */
	uint32_t cpu = cpu_id(), node = 0;

	if (!uptr_is_null(cpu_at) && put_user(cpu, cpu_at))
		return -EFAULT;
	if (!uptr_is_null(node_at) && put_user(node, node_at))
		return -EFAULT;
	return 0;
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
	/*
	 * Without its queue's lock: the mask is one word, which sched_set_affinity stores at once.
	 */
	mask = t->sched.cpu_mask & cores_online();
	task_put(t);
	return put_user(mask, mask_at) ? -EFAULT : (long)sizeof(mask);
}

long sys_sched_setaffinity(int pid, uint32_t len, uptr mask_at)
{
	uint64_t mask = 0;

	/* A shorter mask names fewer cores, a longer one none that there are. */
	if (copy_from_user(&mask, mask_at, min(len, (uint32_t)sizeof(mask))))
		return -EFAULT;
	return policy_set_cpus(pid, mask);
}

/* ---- policies ---- */

static long set_policy(pid_t pid, int policy, bool reset_on_fork, uptr param)
{
	int32_t priority;

	if (uptr_is_null(param) || pid < 0)
		return -EINVAL;
	/*
	 * Before the thread is looked for: a bad address is EFAULT whether there is such a thread
	 * or not.
	 */
	if (get_user(priority, param))
		return -EFAULT;
	return policy_set(pid, policy, priority, reset_on_fork);
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
	/* So a newer program learns what this kernel knows. */
	if (err == -E2BIG && put_user(ours, from))
		return -EFAULT;
	if (err)
		return err;
	if ((attr->sched_flags & SCHED_FLAG_UTIL_CLAMP) && size < SCHED_ATTR_SIZE_VER1)
		return -EINVAL;
	return 0;
}

long sys_sched_setattr(int pid, uptr attr_at, uint32_t flags)
{
	struct sched_attr attr;
	int err;

	if (uptr_is_null(attr_at) || pid < 0 || flags)
		return -EINVAL;
	err = get_attr(&attr, attr_at);
	return err ? err : policy_set_attr(pid, &attr);
}

long sys_sched_getattr(int pid, uptr attr_at, uint32_t room, uint32_t flags)
{
	uint32_t size = min(room, (uint32_t)sizeof(struct sched_attr));
	struct sched_attr attr;
	int err;

	if (uptr_is_null(attr_at) || pid < 0 || flags || room > PAGE_SIZE ||
	    size < SCHED_ATTR_SIZE_VER0)
		return -EINVAL;
	/* A program with an older, shorter structure gets as much of ours as it has room for. */
	err = policy_get(pid, &attr);
	attr.size = size;
	if (err)
		return err;
	return copy_to_user(attr_at, &attr, size) ? -EFAULT : 0;
}

long sys_sched_getscheduler(int pid)
{
	struct sched_attr attr;
	int err = policy_get(pid, &attr);

	if (err)
		return err;
	return attr.sched_policy | (attr.sched_flags ? SCHED_RESET_ON_FORK : 0);
}

long sys_sched_getparam(int pid, uptr param)
{
	struct sched_attr attr;
	int err = uptr_is_null(param) ? -EINVAL : policy_get(pid, &attr);

	if (err)
		return err;
	return put_user(attr.sched_priority, param) ? -EFAULT : 0;
}

long sys_sched_rr_get_interval(int pid, uptr interval)
{
	struct sched_attr attr;
	int err = policy_get(pid, &attr);

	if (err)
		return err;
	/* Of tasks that are not real-time the slice, of SCHED_FIFO 0: it has none. */
	return put_timespec(interval,
			    attr.sched_policy == SCHED_RR ? SCHED_RR_NS : attr.sched_runtime);
}

/* What a policy's priorities end at: @of_real_time, or 0. */
static long priority_bound(int policy, long of_real_time)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR: return of_real_time;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_DEADLINE:
	case SCHED_IDLE: return 0;
	default: return -EINVAL;
	}
}

long sys_sched_get_priority_max(int policy)
{
	return priority_bound(policy, 99);
}

long sys_sched_get_priority_min(int policy)
{
	return priority_bound(policy, 1);
}

/* ---- nice ---- */

/* PRIO_PROCESS, PRIO_PGRP and PRIO_USER are the numbers of enum nice_of. */
static bool is_nice_of(int which)
{
	return which >= NICE_OF_THREAD && which <= NICE_OF_USER;
}

long sys_getpriority(int which, int who)
{
	return is_nice_of(which) ? nice_get((enum nice_of)which, who) : -EINVAL;
}

long sys_setpriority(int which, int who, int value)
{
	return is_nice_of(which) ? nice_set((enum nice_of)which, who, value) : -EINVAL;
}
