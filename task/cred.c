/*
 * cred.c - credentials: shared by fork, replaced by set*id(2), capset(2), prctl(2) and execve(2),
 * looked at by others.
 *
 * Comes from task/setid.c, task/cap.c, task/exec.c and fork.  Invariant: what a thread
 * bears never changes; only the thread itself puts another in its place, under cred_lock, so that
 * others find one or the other, whole.
 */
#include "task/cred.h"

#include "abi/errno.h"
#include "mm/slab.h"
#include "mm/vm.h"
#include "task/cap.h"
#include "task/mourn.h"
#include "task/process.h"

struct spinlock cred_lock = SPINLOCK_INIT;

struct cred root_cred = {
	.refs = { 1 },
	.user = &root_user,
	.cap = { .effective = CAP_ALL, .permitted = CAP_ALL, .bounding = CAP_ALL },
};

/* Counting is no change: to all who have it, it is const. */
static struct ref *refs_of(const struct cred *c)
{
	return (struct ref *)(uintptr_t)&c->refs;
}

const struct cred *cred_get(const struct cred *c)
{
	ref_get(refs_of(c));
	return c;
}

void groups_put(struct group_list *g)
{
	if (g && ref_put(&g->refs))
		kfree(g);
}

void cred_put(const struct cred *c)
{
	if (!c || !ref_put(refs_of(c)))
		return;
	groups_put(c->groups);
	user_put(c->user);
	kfree((void *)(uintptr_t)c);
}

/* ---- another's ---- */

const struct cred *cred_at(const struct cred *const *at)
{
	unsigned long flags = spin_lock_irqsave(&cred_lock);
	/* Under the lock: replace_cred's caller puts the old one after it. */
	const struct cred *c = cred_get(*at);

	spin_unlock_irqrestore(&cred_lock, flags);
	return c;
}

struct user *cred_user_of_other(const struct cred *const *at)
{
	unsigned long flags = spin_lock_irqsave(&cred_lock);
	struct user *u = user_get((*at)->user);

	spin_unlock_irqrestore(&cred_lock, flags);
	return u;
}

struct cred_ids cred_ids(const struct cred *const *at)
{
	unsigned long flags = spin_lock_irqsave(&cred_lock);
	const struct cred *c = *at;
	struct cred_ids ids = { c->uid, c->euid, c->suid, c->gid, c->egid, c->sgid };

	spin_unlock_irqrestore(&cred_lock, flags);
	return ids;
}

/* ---- one's own, anew ---- */

struct cred *cred_copy(void)
{
	struct cred *c = kmalloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *current->cred;
	ref_init(&c->refs);
	if (c->groups)
		ref_get(&c->groups->refs);
	user_get(c->user);
	return c;
}

/* Puts @c into the place of what is at @where, and returns that. */
static const struct cred *replace_cred(const struct cred **where, const struct cred *c)
{
	unsigned long flags = spin_lock_irqsave(&cred_lock);
	const struct cred *was = *where;

	*where = c;
	spin_unlock_irqrestore(&cred_lock, flags);
	return was;
}

bool cred_is_another(const struct cred *c)
{
	const struct cred *was = current->cred;

	return c->euid != was->euid || c->egid != was->egid || c->fsuid != was->fsuid ||
	       c->fsgid != was->fsgid || c->cap.permitted & ~was->cap.permitted;
}

void cred_install(struct cred *c)
{
	struct process *p = current->process;
	const struct cred *was = current->cred;

	/*
	 * Counted for the new user before it is taken off the old one: at no moment does it count
	 * for none.
	 */
	if (c->user != was->user) {
		user_charge_anyway(c->user, USER_TASKS, 1);
		user_uncharge(was->user, USER_TASKS, 1);
		sched_set_group(&c->user->group);
	}
	/*
	 * The process's goes first, the thread's last: others ask for either, each whole in itself.
	 */
	if (current->tid == p->pid)
		cred_put(replace_cred(&p->cred, cred_get(c)));
	cred_put(replace_cred(&current->cred, c));
}

int cred_change(int (*change)(struct cred *c, const void *arg), const void *arg)
{
	struct cred *c = cred_copy();
	int err = c ? change(c, arg) : -ENOMEM;

	if (err) {
		cred_put(c);
		return err;
	}

	if (cred_is_another(c)) {
		/*
		 * Before the new rights hold: no other process may look into the memory of a task
		 * that has them.
		 */
		WRITE_ONCE(current->mm->dumpable, false);
		task_mourn(0);
	}
	cred_install(c);
	return 0;
}

const struct cred *cred_lead(void)
{
	return replace_cred(&current->process->cred, cred_get(current->cred));
}

/* ---- questions ---- */

bool groups_have(const struct cred *cred, uint32_t gid)
{
	const struct group_list *g = cred->groups;
	uint32_t low = 0, high = g ? g->n : 0;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (g->gid[mid] < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return g && low < g->n && g->gid[low] == gid;
}

bool cred_over_nproc(const struct cred *c)
{
	return user_count(c->user, USER_TASKS) >
	       READ_ONCE(current->process->rlimit[RLIMIT_NPROC].rlim_cur);
}
