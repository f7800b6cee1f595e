/*
 * limit.c - what a process may use: the rules are task/limit.c's.
 */
#include "task/limit.h"

#include "abi/errno.h"
#include "sys/syscall.h"

long sys_prlimit64(int pid, uint32_t resource, uptr new_limit, uptr old_limit)
{
	struct rlimit64 r, old;
	int err;

	if (!uptr_is_null(new_limit) && copy_from_user(&r, new_limit, sizeof(r)))
		return -EFAULT;
	err = limit_change(pid, resource, uptr_is_null(new_limit) ? NULL : &r, &old);
	if (err || uptr_is_null(old_limit))
		return err;
	return copy_to_user(old_limit, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_getrlimit(uint32_t resource, uptr limit_at)
{
	struct rlimit64 old;
	int err = limit_change(0, resource, NULL, &old);

	if (err)
		return err;
	return copy_to_user(limit_at, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_setrlimit(uint32_t resource, uptr limit_at)
{
	struct rlimit64 r, old;

	if (copy_from_user(&r, limit_at, sizeof(r)))
		return -EFAULT;
	return limit_change(0, resource, &r, &old);
}
