/*
 * swap.c - swapon(2), swapoff(2).
 */
#include "abi/errno.h"
#include "abi/swap.h"
#include "fs/swap.h"
#include "sys/pathname.h"
#include "sys/syscall.h"
#include "task/cap.h"

#define SWAP_FLAGS                                                                             \
	(SWAP_FLAG_PRIO_MASK | SWAP_FLAG_PREFER | SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_ONCE | \
	 SWAP_FLAG_DISCARD_PAGES)

long sys_swapon(uptr path, uint32_t flags)
{
	if (flags & ~SWAP_FLAGS)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return with_pathname(name, path, false, vfs_swapon(name, flags));
}

long sys_swapoff(uptr path)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return with_pathname(name, path, false, vfs_swapoff(name));
}
