/*
 * pathname.c - see pathname.h.  Invariant: what is used was copied by one pass over user memory, so
 * that a program that changes it meanwhile gets the one path or the other, never one that was not
 * checked.
 */
#include "sys/pathname.h"

#include "fs/walk.h"
#include "mm/slab.h"

int pathname_get(struct pathname *p, uptr from, bool empty_ok)
{
	long n = strncpy_from_user(p->small, from, sizeof(p->small));

	p->big = NULL;
	p->s = p->small;
	/* It is longer than most: copied again from its start, so that all of it is of one pass. */
	if (n == sizeof(p->small)) {
		p->big = kmalloc(PATH_MAX);
		if (!p->big)
			return -ENOMEM;
		p->s = p->big;
		n = strncpy_from_user(p->big, from, PATH_MAX);
		if (n == PATH_MAX)
			return -ENAMETOOLONG;
	}
	if (n < 0)
		return (int)n;
	return n || empty_ok ? 0 : -ENOENT;
}

void pathname_put(struct pathname *p)
{
	kfree(p->big);
}

long pathname_lookup(int dirfd, uptr from, unsigned int walk, const struct cred *cred,
		     struct path *path)
{
	return with_pathname(name, from, walk & WALK_EMPTY,
			     path_lookup(dirfd, name, walk, cred, path));
}
