/*
 * cred.c - who a thread is: user and group numbers (credentials(7)).
 *
 * They belong to the thread, as on Linux: a C library gives what a program asks for to each of its
 * threads in turn.  Each call changes a copy of what the thread bears, and only when all of it may
 * be, that takes its place (task/cred.h). Root's capabilities come and go with the user numbers
 * (task/cap.c).
 */
#include "abi/errno.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "sys/syscall.h"
#include "task/cap.h"
#include "task/cred.h"
#include "task/task.h"

#define UNCHANGED UINT32_MAX

long sys_getuid(void)
{
	return current_cred()->uid;
}

long sys_geteuid(void)
{
	return current_cred()->euid;
}

long sys_getgid(void)
{
	return current_cred()->gid;
}

long sys_getegid(void)
{
	return current_cred()->egid;
}

/*
 * One of the two sets of numbers of a copy of current's: real, effective, saved, and the one that
 * files go by.
 */
struct ids {
	struct cred *c;
	uint32_t *real, *effective, *saved, *fs;
};

static struct ids uids_of(struct cred *c)
{
	return (struct ids){ c, &c->uid, &c->euid, &c->suid, &c->fsuid };
}

static struct ids gids_of(struct cred *c)
{
	return (struct ids){ c, &c->gid, &c->egid, &c->sgid, &c->fsgid };
}

static bool are_users(struct ids i)
{
	return i.real == &i.c->uid;
}

static bool privileged(struct ids i)
{
	return capable(are_users(i) ? CAP_SETUID : CAP_SETGID);
}

static bool is_one_of(struct ids i, uint32_t id)
{
	return id == *i.real || id == *i.effective || id == *i.saved;
}

/* 0, or -EAGAIN: the user cannot be made. */
static int set_real(struct ids i, uint32_t id)
{
	if (are_users(i))
		return cred_set_uid(i.c, id);
	*i.real = id;
	return 0;
}

/*
 * A user with more tasks than RLIMIT_NPROC may be become all the same, but executes nothing then
 * (execve(2), EAGAIN).
 */
static void note_nproc(const struct cred *c)
{
	if (c->user != current_cred()->user)
		current->over_nproc = c->user != &root_user && cred_over_nproc(c);
}

/* setuid(2), setgid(2) */
static int set_id(struct ids i, const uint32_t id[3])
{
	int err = 0;

	if (id[0] == UNCHANGED)
		return -EINVAL;
	if (privileged(i)) {
		err = set_real(i, id[0]);
		*i.saved = id[0];
	} else if (id[0] != *i.real && id[0] != *i.saved) {
		err = -EPERM;
	}
	*i.effective = *i.fs = id[0];
	return err;
}

/* setreuid(2), setregid(2) */
static int set_re(struct ids i, const uint32_t id[3])
{
	uint32_t real = id[0], effective = id[1], was = *i.real;
	int err = 0;

	if (!privileged(i)) {
		if (real != UNCHANGED && real != *i.real && real != *i.effective)
			return -EPERM;
		if (effective != UNCHANGED && !is_one_of(i, effective))
			return -EPERM;
	}
	if (real != UNCHANGED)
		err = set_real(i, real);
	if (effective != UNCHANGED)
		*i.effective = effective;
	if (real != UNCHANGED || (effective != UNCHANGED && effective != was))
		*i.saved = *i.effective;
	*i.fs = *i.effective;
	return err;
}

static bool is_or_none(uint32_t id, uint32_t wanted)
{
	return wanted == UNCHANGED || wanted == id;
}

/* setresuid(2), setresgid(2) */
static int set_res(struct ids i, const uint32_t id[3])
{
	int err = 0;

	/* What changes nothing leaves also fs as it is. */
	if (is_or_none(*i.real, id[0]) && is_or_none(*i.effective, id[1]) &&
	    is_or_none(*i.fs, id[1]) && is_or_none(*i.saved, id[2]))
		return 0;
	if (!privileged(i))
		for (unsigned int n = 0; n < 3; n++)
			if (id[n] != UNCHANGED && !is_one_of(i, id[n]))
				return -EPERM;
	if (id[0] != UNCHANGED)
		err = set_real(i, id[0]);
	if (id[1] != UNCHANGED)
		*i.effective = id[1];
	if (id[2] != UNCHANGED)
		*i.saved = id[2];
	*i.fs = *i.effective;
	return err;
}

/*
 * Makes current what @set, one of the three above, makes of a copy of what it is and of its
 * arguments.
 */
static long change_ids(struct ids (*which)(struct cred *),
		       int (*set)(struct ids, const uint32_t[3]), uint64_t a0, uint64_t a1,
		       uint64_t a2)
{
	const uint32_t id[3] = { (uint32_t)a0, (uint32_t)a1, (uint32_t)a2 };
	struct cred *c = cred_copy();
	int err = c ? set(which(c), id) : -ENOMEM;

	if (err) {
		cred_put(c);
		return err;
	}
	if (are_users(which(c))) {
		note_nproc(c);
		cap_set_uid(c, current_cred());
	}
	cred_commit(c);
	return 0;
}

long sys_setuid(uint32_t uid)
{
	return change_ids(uids_of, set_id, uid, 0, 0);
}

long sys_setgid(uint32_t gid)
{
	return change_ids(gids_of, set_id, gid, 0, 0);
}

long sys_setreuid(uint32_t ruid, uint32_t euid)
{
	return change_ids(uids_of, set_re, ruid, euid, 0);
}

long sys_setregid(uint32_t rgid, uint32_t egid)
{
	return change_ids(gids_of, set_re, rgid, egid, 0);
}

long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	return change_ids(uids_of, set_res, ruid, euid, suid);
}

long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	return change_ids(gids_of, set_res, rgid, egid, sgid);
}

/* setfsuid(2), setfsgid(2): never fails, answers what was. */
static long change_fs(struct ids (*which)(struct cred *), uint32_t id)
{
	struct cred *c = cred_copy();
	struct ids i;
	uint32_t was;

	if (!c)
		return -ENOMEM;
	i = which(c);
	was = *i.fs;
	if (id == UNCHANGED || id == was || !(privileged(i) || is_one_of(i, id))) {
		cred_put(c);
		return was;
	}
	*i.fs = id;
	if (are_users(i))
		cap_set_fsuid(c, was);
	cred_commit(c);
	return was;
}

long sys_setfsuid(uint32_t uid)
{
	return change_fs(uids_of, uid);
}

long sys_setfsgid(uint32_t gid)
{
	return change_fs(gids_of, gid);
}

static long put_ids(uint32_t real, uint32_t effective, uint32_t saved, const uint64_t at[3])
{
	if (put_user(real, uptr_of(at[0])) || put_user(effective, uptr_of(at[1])) ||
	    put_user(saved, uptr_of(at[2])))
		return -EFAULT;
	return 0;
}

long sys_getresuid(uptr ruid, uptr euid, uptr suid)
{
	const struct cred *c = current_cred();

	return put_ids(c->uid, c->euid, c->suid, (const uint64_t[]){ ruid.va, euid.va, suid.va });
}

long sys_getresgid(uptr rgid, uptr egid, uptr sgid)
{
	const struct cred *c = current_cred();

	return put_ids(c->gid, c->egid, c->sgid, (const uint64_t[]){ rgid.va, egid.va, sgid.va });
}

/* ---- supplementary groups ---- */

long sys_getgroups(int size, uptr list)
{
	const struct group_list *g = current_cred()->groups;
	uint32_t n = g ? g->n : 0;
	long ret = n;

	if (size < 0 || (size && (uint32_t)size < n))
		ret = -EINVAL;
	else if (size && n && copy_to_user(list, g->gid, n * sizeof(g->gid[0])))
		ret = -EFAULT;
	return ret;
}

/*
 * Shell's, with gaps of which none divides another: no order of the numbers makes it quadratic.  0
 * or -EINTR, as give_way.
 */
static int sort(uint32_t *v, uint32_t n)
{
	uint32_t gap = 1;

	while (gap < n / 3)
		gap = 3 * gap + 1;
	for (; gap; gap /= 3)
		for (uint32_t i = gap; i < n; i++) {
			if (i % 64 == 0 && give_way())
				return -EINTR;
			for (uint32_t j = i; j >= gap && v[j - gap] > v[j]; j -= gap) {
				uint32_t t = v[j];

				v[j] = v[j - gap];
				v[j - gap] = t;
			}
		}
	return 0;
}

/* 0; -EINVAL: one of them is no group; -EINTR, as give_way. */
static int check_groups(const uint32_t *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i % 4096 == 4095 && give_way())
			return -EINTR;
		if (v[i] == UINT32_MAX)
			return -EINVAL;
	}
	return 0;
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
	if (!err)
		err = check_groups(g->gid, n);
	if (!err)
		err = sort(g->gid, n);
	if (err) {
		kfree(g);
		return err_ptr(err);
	}
	return g;
}

long sys_setgroups(uint32_t n, uptr list)
{
	struct group_list *g;
	struct cred *c;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (n > NGROUPS_MAX)
		return -EINVAL;
	g = groups_from_user(list, n);
	if (is_err(g))
		return ptr_err(g);
	c = cred_copy();
	if (!c) {
		kfree(g);
		return -ENOMEM;
	}
	cred_set_groups(c, g);
	cred_commit(c);
	return 0;
}
