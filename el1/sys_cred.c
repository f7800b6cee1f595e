/*
 * sys_cred.c - who a process is: user and group numbers (credentials(7)).
 *
 * They belong to the process, not to the thread: a C library that gives them to each of its threads
 * in turn finds them given.  Root's capabilities come and go with the user numbers (task/cap.c).
 */
#include "abi/errno.h"
#include "el1/syscall.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/cred.h"
#include "task/task.h"

#define UNCHANGED UINT32_MAX

static struct cred *cred(void)
{
	return &current->process->cred;
}

SYS(getuid)
{
	return cred()->uid;
}

SYS(geteuid)
{
	return cred()->euid;
}

SYS(getgid)
{
	return cred()->gid;
}

SYS(getegid)
{
	return cred()->egid;
}

/* One of the two sets of numbers: real, effective, saved, and the one that files go by. */
struct ids {
	uint32_t *real, *effective, *saved, *fs;
};

static struct ids uids(void)
{
	struct cred *c = cred();

	return (struct ids){ &c->uid, &c->euid, &c->suid, &c->fsuid };
}

static struct ids gids(void)
{
	struct cred *c = cred();

	return (struct ids){ &c->gid, &c->egid, &c->sgid, &c->fsgid };
}

static bool are_users(struct ids i)
{
	return i.real == &cred()->uid;
}

static bool privileged(struct ids i)
{
	return capable(are_users(i) ? CAP_SETUID : CAP_SETGID);
}

static bool is_one_of(struct ids i, uint32_t id)
{
	return id == *i.real || id == *i.effective || id == *i.saved;
}

/* From now on it acts as another: those whom it was may not look into it any more (ptrace(2), /proc), until it executes a program. */
static void act_as(struct ids i, uint32_t id)
{
	if (*i.effective != id || *i.fs != id)
		current->process->dumpable = false;
	*i.effective = *i.fs = id;
}

/* The last step of each call: what the numbers were, @was, had capabilities of its own.  Returns 0. */
static long taken(struct ids i, const struct cred *was)
{
	if (are_users(i))
		cap_set_uid(cred(), was);
	return 0;
}

/* A user with more processes than RLIMIT_NPROC may be become all the same, but executes nothing then (execve(2), EAGAIN). */
static void set_real(struct ids i, uint32_t id)
{
	struct process *p = current->process;

	if (are_users(i) && id != *i.real)
		p->over_nproc = process_over_nproc(id);
	*i.real = id;
}

/* setuid(2), setgid(2) */
static long set_id(struct ids i, uint32_t id)
{
	struct cred old = *cred();

	if (id == UNCHANGED)
		return -EINVAL;
	if (privileged(i)) {
		set_real(i, id);
		*i.saved = id;
	} else if (id != *i.real && id != *i.saved) {
		return -EPERM;
	}
	act_as(i, id);
	return taken(i, &old);
}

/* setreuid(2), setregid(2) */
static long set_re(struct ids i, uint32_t real, uint32_t effective)
{
	struct cred old = *cred();
	uint32_t was = *i.real;

	if (!privileged(i)) {
		if (real != UNCHANGED && real != *i.real && real != *i.effective)
			return -EPERM;
		if (effective != UNCHANGED && !is_one_of(i, effective))
			return -EPERM;
	}
	if (real != UNCHANGED)
		set_real(i, real);
	act_as(i, effective != UNCHANGED ? effective : *i.effective);
	if (real != UNCHANGED || (effective != UNCHANGED && effective != was))
		*i.saved = *i.effective;
	return taken(i, &old);
}

/* setresuid(2), setresgid(2) */
static long set_res(struct ids i, uint32_t real, uint32_t effective, uint32_t saved)
{
	struct cred old = *cred();

	if (!privileged(i)) {
		if (real != UNCHANGED && !is_one_of(i, real))
			return -EPERM;
		if (effective != UNCHANGED && !is_one_of(i, effective))
			return -EPERM;
		if (saved != UNCHANGED && !is_one_of(i, saved))
			return -EPERM;
	}
	if (real != UNCHANGED)
		set_real(i, real);
	act_as(i, effective != UNCHANGED ? effective : *i.effective);
	if (saved != UNCHANGED)
		*i.saved = saved;
	return taken(i, &old);
}

/* setfsuid(2), setfsgid(2): never fails, answers what was. */
static long set_fs(struct ids i, uint32_t id)
{
	uint32_t was = *i.fs;

	if (id != UNCHANGED && (privileged(i) || is_one_of(i, id) || id == was)) {
		*i.fs = id;
		if (are_users(i))
			cap_set_fsuid(cred(), was);
	}
	return was;
}

static long get_res(struct ids i, uint64_t a0, uint64_t a1, uint64_t a2)
{
	uint32_t real, effective, saved;

	spin_lock(&cred_lock);
	real = *i.real;
	effective = *i.effective;
	saved = *i.saved;
	spin_unlock(&cred_lock);
	if (put_user(real, uptr_of(a0)) || put_user(effective, uptr_of(a1)) ||
	    put_user(saved, uptr_of(a2)))
		return -EFAULT;
	return 0;
}

SYS(setuid)
{
	return CRED_LOCKED(set_id(uids(), (uint32_t)a0));
}

SYS(setgid)
{
	return CRED_LOCKED(set_id(gids(), (uint32_t)a0));
}

SYS(setreuid)
{
	return CRED_LOCKED(set_re(uids(), (uint32_t)a0, (uint32_t)a1));
}

SYS(setregid)
{
	return CRED_LOCKED(set_re(gids(), (uint32_t)a0, (uint32_t)a1));
}

SYS(setresuid)
{
	return CRED_LOCKED(set_res(uids(), (uint32_t)a0, (uint32_t)a1, (uint32_t)a2));
}

SYS(setresgid)
{
	return CRED_LOCKED(set_res(gids(), (uint32_t)a0, (uint32_t)a1, (uint32_t)a2));
}

SYS(getresuid)
{
	return get_res(uids(), a0, a1, a2);
}

SYS(getresgid)
{
	return get_res(gids(), a0, a1, a2);
}

SYS(setfsuid)
{
	return CRED_LOCKED(set_fs(uids(), (uint32_t)a0));
}

SYS(setfsgid)
{
	return CRED_LOCKED(set_fs(gids(), (uint32_t)a0));
}

/* ---- supplementary groups ---- */

SYS(getgroups)
{
	struct group_list *g = groups_get(cred());
	int size = (int)a0;
	uint32_t n = g ? g->n : 0;
	long ret = n;

	if (size < 0 || (size && (uint32_t)size < n))
		ret = -EINVAL;
	else if (size && n && copy_to_user(uptr_of(a1), g->gid, n * sizeof(g->gid[0])))
		ret = -EFAULT;
	groups_put(g);
	return ret;
}

static void sort(uint32_t *v, uint32_t n)
{
	for (uint32_t gap = n / 2; gap; gap /= 2)
		for (uint32_t i = gap; i < n; i++)
			for (uint32_t j = i; j >= gap && v[j - gap] > v[j]; j -= gap) {
				uint32_t t = v[j];

				v[j] = v[j - gap];
				v[j - gap] = t;
			}
}

/* A list of the @n groups at @from, sorted; NULL: none; or err_ptr. */
static struct group_list *groups_from_user(uptr from, uint32_t n)
{
	struct group_list *g;
	int err = 0;

	if (!n)
		return NULL;
	g = kmalloc(sizeof(*g) + n * sizeof(g->gid[0]));
	if (!g)
		return err_ptr(-ENOMEM);
	ref_init(&g->refs);
	g->n = n;
	if (copy_from_user(g->gid, from, n * sizeof(g->gid[0])))
		err = -EFAULT;
	for (uint32_t i = 0; i < n && !err; i++)
		if (g->gid[i] == UINT32_MAX)
			err = -EINVAL;
	if (err) {
		kfree(g);
		return err_ptr(err);
	}
	sort(g->gid, n);
	return g;
}

SYS(setgroups)
{
	uint32_t n = (uint32_t)a0;
	struct group_list *g;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (n > NGROUPS_MAX)
		return -EINVAL;
	g = groups_from_user(uptr_of(a1), n);
	if (is_err(g))
		return ptr_err(g);
	groups_set(cred(), g);
	return 0;
}
