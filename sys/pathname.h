/*
 * pathname.h - a path out of user memory, for the length of one system call.
 */
#pragma once

#include <stdbool.h>

#include "abi/fcntl.h"
#include "mm/uaccess.h"

struct pathname {
	const char *s;
	char *big;	 /* memory for one that is long, or NULL */
	char small[128]; /* most are not */
};

/*
 * pathname_get - copy it in.  @empty_ok: "" is allowed (AT_EMPTY_PATH). 0, -EFAULT, -ENAMETOOLONG
 * (PATH_MAX with the NUL), -ENOENT (empty), -ENOMEM.  pathname_put is due in any case.
 */
int pathname_get(struct pathname *p, uptr from, bool empty_ok) __must_check;
void pathname_put(struct pathname *p);
