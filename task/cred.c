/*
 * cred.c - credentials as fork, execve, /proc and access(2) take them, and the supplementary groups among them.
 *
 * Comes from el1/sys_cred.c, el1/sys_exec.c, fs/inode.c and fork.  Invariant: a list of groups is never changed once
 * made; it is replaced, under cred_lock, and freed with its last reference.
 */
#include "task/cred.h"

#include "mm/slab.h"

struct spinlock cred_lock;

void cred_get(struct cred *to, const struct cred *from)
{
	spin_lock(&cred_lock);
	*to = *from;
	if (to->groups)
		ref_get(&to->groups->refs);
	spin_unlock(&cred_lock);
}

void cred_put(struct cred *c)
{
	groups_put(c->groups);
	c->groups = NULL;
}

struct group_list *groups_get(const struct cred *cred)
{
	struct group_list *g;

	if (!READ_ONCE(cred->groups))
		return NULL;
	spin_lock(&cred_lock);
	g = cred->groups;
	if (g)
		ref_get(&g->refs);
	spin_unlock(&cred_lock);
	return g;
}

void groups_put(struct group_list *g)
{
	if (g && ref_put(&g->refs))
		kfree(g);
}

void groups_set(struct cred *cred, struct group_list *g)
{
	struct group_list *was;

	spin_lock(&cred_lock);
	was = cred->groups;
	WRITE_ONCE(cred->groups, g);
	spin_unlock(&cred_lock);
	groups_put(was);
}

bool groups_have(const struct cred *cred, uint32_t gid)
{
	struct group_list *g = groups_get(cred);
	uint32_t low = 0, high = g ? g->n : 0;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (g->gid[mid] < gid)
			low = mid + 1;
		else
			high = mid;
	}
	low = g && low < g->n && g->gid[low] == gid;
	groups_put(g);
	return low;
}
