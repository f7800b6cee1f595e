/*
 * exec.c - execve(2), execveat(2): task/exec.c does it.
 *
 * Invariant: the path is copied before anything is done; arguments and environment are read from
 * the old program's memory while that is whole.
 */
#include "abi/errno.h"
#include "sys/pathname.h"
#include "sys/syscall.h"
#include "task/exec.h"
#include "task/task.h"

long sys_execveat(int dir, uptr pathname, uptr argv, uptr envp, uint32_t flags)
{
	struct pathname name;
	int err;

	if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = pathname_get(&name, pathname, flags & AT_EMPTY_PATH);
	if (!err)
		err = exec_user(dir, name.s, (int)flags, argv, envp);
	pathname_put(&name);
	return err;
}

long sys_execve(uptr pathname, uptr argv, uptr envp)
{
	return sys_execveat(AT_FDCWD, pathname, argv, envp, 0);
}
