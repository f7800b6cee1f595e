/*
 * pathname.h - a path out of user memory, for the length of one system call.
 */
#pragma once

#include <stdbool.h>

#include "abi/fcntl.h"
#include "mm/uaccess.h"

struct cred;
struct path;

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

/* with_pathname - what @expr says of @name, the path at @from; or pathname_get's error. */
#define with_pathname(name, from, empty_ok, expr)                           \
	({                                                                  \
		struct pathname with_name_;                                 \
		long with_ret_ = pathname_get(&with_name_, from, empty_ok); \
		if (!with_ret_) {                                           \
			const char *name = with_name_.s;                    \
			with_ret_ = (expr);                                 \
		}                                                           \
		pathname_put(&with_name_);                                  \
		with_ret_;                                                  \
	})

/*
 * pathname_lookup - the file that the path at @from names, seen from @dirfd; as path_lookup()
 * (fs/walk.h), also -EFAULT.  @walk with WALK_EMPTY: it may be "".
 */
long pathname_lookup(int dirfd, uptr from, unsigned int walk, const struct cred *cred,
		     struct path *path) __must_check;
