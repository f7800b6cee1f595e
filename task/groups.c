/*
 * groups.c - supplementary groups of a process: getgroups(2), setgroups(2), and who may do what to a file of theirs.
 *
 * Comes from el1/sys_cred.c, fs/inode.c and fork.  Invariant: a list is never changed once made; it is replaced, under
 * groups_lock, and freed with its last reference.
 */
#include "arm/spinlock.h"
#include "mm/slab.h"
#include "task/task.h"

static struct spinlock groups_lock; /* the pointer in each cred */

struct group_list *groups_get(const struct cred *cred)
{
	struct group_list *g;

	if (!READ_ONCE(cred->groups))
		return NULL;
	spin_lock(&groups_lock);
	g = cred->groups;
	if (g)
		ref_get(&g->refs);
	spin_unlock(&groups_lock);
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

	spin_lock(&groups_lock);
	was = cred->groups;
	WRITE_ONCE(cred->groups, g);
	spin_unlock(&groups_lock);
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
