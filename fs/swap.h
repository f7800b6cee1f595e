/*
 * swap.h - swap areas: partitions and files that pages of user memory go to (mm/swap.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

struct file;

/*
 * vfs_swapon - swapon(2): @name is a swap area from now on.  @flags: SWAP_FLAG_*.  0, -EINVAL,
 * -EPERM (32 are), -EBUSY, -EIO, -ENOMEM, and what open(2) says.  The caller's rights were checked.
 * vfs_swapoff - swapoff(2): it is none any more, when all pages have come back.  0, -EINVAL (it was
 * none), -ENOMEM (they have no room), -EINTR, and what open(2) says.
 */
int vfs_swapon(const char *name, uint32_t flags) __must_check;
int vfs_swapoff(const char *name) __must_check;

/* What /proc/swaps says of one: pages, all and in use; file for its name. */
struct swap_info {
	struct file *file; /* with a reference */
	uint64_t pages, used;
	int prio;
};
/* swap_next - the next at or behind place *@at, which moves behind it; false: no more. */
bool swap_next(unsigned int *at, struct swap_info *info);
