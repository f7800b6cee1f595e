/*
 * limit.c - what a process may use: the rules are task/limit.c's.  Invariant: old and new are
 * exchanged in one step there; user memory is touched before and after it.
 */
#include "task/limit.h"

#include "abi/errno.h"
#include "sys/syscall.h"

/* @set, @get: whether there is a new limit at @from, and a place for the old one at @to. */
static long change_limit(int pid, uint32_t resource, bool set, uptr from, bool get, uptr to)
{
	struct rlimit64 now, old;
	int err;

	if (set && copy_from_user(&now, from, sizeof(now)))
		return -EFAULT;
	err = limit_change(pid, resource, set ? &now : NULL, &old);
	return !err && get && copy_to_user(to, &old, sizeof(old)) ? -EFAULT : err;
}

long sys_prlimit64(int pid, uint32_t resource, uptr new_limit, uptr old_limit)
{
	return change_limit(pid, resource, !uptr_is_null(new_limit), new_limit,
			    !uptr_is_null(old_limit), old_limit);
}

long sys_getrlimit(uint32_t resource, uptr limit_at)
{
	return change_limit(0, resource, false, limit_at, true, limit_at);
}

long sys_setrlimit(uint32_t resource, uptr limit_at)
{
	return change_limit(0, resource, true, limit_at, false, limit_at);
}
