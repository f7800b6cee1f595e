/*
 * policy.h - how a thread is scheduled, and which task may set it: policies (sched(7)), nice values
 * and cores.  task/sched.c then does it.
 *
 * A thread is named by its number, 0: current.  No lock is held.
 */
#pragma once

#include <stdint.h>

#include "task/pid.h"
#include "task/task.h"

struct sched_attr;

#define POLICY_KEEP (-1) /* the policy stays, and so does SCHED_RESET_ON_FORK */

/*
 * policy_set - sched_setscheduler(2), sched_setparam(2): the nice value stays.
 * policy_set_attr - sched_setattr(2).
 * policy_set_cpus - sched_setaffinity(2): the cores of @mask.
 * 0, -ESRCH, -EINVAL, -EPERM; for @attr also -EBUSY and -EOPNOTSUPP.
 */
int policy_set(pid_t tid, int policy, int priority, bool reset_on_fork) __must_check;
int policy_set_attr(pid_t tid, const struct sched_attr *attr) __must_check;
int policy_set_cpus(pid_t tid, uint64_t mask) __must_check;

/* policy_get - sched_getattr(2).  0, -ESRCH, -EINVAL. */
int policy_get(pid_t tid, struct sched_attr *attr) __must_check;

/* Whose nice value: that of a thread, of a process group's threads, of a real user's. */
enum nice_of { NICE_OF_THREAD, NICE_OF_GROUP, NICE_OF_USER };

/*
 * nice_get - getpriority(2): 20 less the least nice value of those that @of and @who name, so that
 * it is never negative; or -ESRCH.
 * nice_set - setpriority(2): @nice, within -20 .. 19.  0, -ESRCH; -EPERM, -EACCES: for one of them
 * at least.
 * @who 0: current, its group, its user.  Both give way.
 */
int nice_get(enum nice_of of, int who) __must_check;
int nice_set(enum nice_of of, int who, int nice) __must_check;
