/*
 * setid.c - see setid.h.
 *
 * Comes from sys/proc/cred.c.  Invariant: each call changes a copy of what the thread bears, and
 * only when all of it may be, that takes its place (cred_change).
 */
#include "task/setid.h"

#include "abi/errno.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/cap.h"

/*
 * One of the two sets of numbers of a copy of current's: real, effective, saved, and the one that
 * files go by.
 */
struct ids {
	enum id_kind kind;
	struct cred *c;
	uint32_t *real, *effective, *saved, *fs;
};

static struct ids ids_of(enum id_kind kind, struct cred *c)
{
	if (kind == ID_USER)
		return (struct ids){ kind, c, &c->uid, &c->euid, &c->suid, &c->fsuid };
	return (struct ids){ kind, c, &c->gid, &c->egid, &c->sgid, &c->fsgid };
}

static bool may_be_any(enum id_kind kind)
{
	return capable(kind == ID_USER ? CAP_SETUID : CAP_SETGID);
}

static bool is_one_of(struct ids i, uint32_t id)
{
	return id == *i.real || id == *i.effective || id == *i.saved;
}

/* A number, and for a user's the user with it.  0, or -EAGAIN: no memory, as Linux says. */
static int set_real(struct ids i, uint32_t id)
{
	if (i.kind == ID_USER) {
		struct user *u = user_find(id);

		if (!u)
			return -EAGAIN;
		/*
		 * In the copy only: the tasks are counted for the new user when it becomes
		 * current's (cred_install).
		 */
		user_put(i.c->user);
		i.c->user = u;
	}
	*i.real = id;
	return 0;
}

/* What a call makes of @i, which may be changed halfway when it answers an error. */
typedef int id_rule(struct ids i, const uint32_t id[3]);

static int rule_set(struct ids i, const uint32_t id[3])
{
	int err = 0;

	if (id[0] == ID_KEEP)
		return -EINVAL;
	if (may_be_any(i.kind)) {
		/* With the privilege all numbers change, and it is given up for good. */
		err = set_real(i, id[0]);
		*i.saved = id[0];
	} else if (id[0] != *i.real && id[0] != *i.saved) {
		err = -EPERM;
	}
	*i.effective = *i.fs = id[0];
	return err;
}

static int rule_setre(struct ids i, const uint32_t id[3])
{
	uint32_t real = id[0], effective = id[1], was = *i.real;
	int err = 0;

	if (!may_be_any(i.kind)) {
		if (real != ID_KEEP && real != *i.real && real != *i.effective)
			return -EPERM;
		if (effective != ID_KEEP && !is_one_of(i, effective))
			return -EPERM;
	}
	if (real != ID_KEEP)
		err = set_real(i, real);
	if (effective != ID_KEEP)
		*i.effective = effective;
	/*
	 * POSIX: the saved number follows, so that a program that has swapped the two can swap
	 * back.
	 */
	if (real != ID_KEEP || (effective != ID_KEEP && effective != was))
		*i.saved = *i.effective;
	*i.fs = *i.effective;
	return err;
}

static bool is_or_keeps(uint32_t id, uint32_t wanted)
{
	return wanted == ID_KEEP || wanted == id;
}

static int rule_setres(struct ids i, const uint32_t id[3])
{
	int err = 0;

	/* What changes nothing leaves also fs as it is. */
	if (is_or_keeps(*i.real, id[0]) && is_or_keeps(*i.effective, id[1]) &&
	    is_or_keeps(*i.fs, id[1]) && is_or_keeps(*i.saved, id[2]))
		return 0;
	for (unsigned int n = 0; n < 3; n++)
		if (id[n] != ID_KEEP && !is_one_of(i, id[n]) && !may_be_any(i.kind))
			return -EPERM;
	if (id[0] != ID_KEEP)
		err = set_real(i, id[0]);
	if (id[1] != ID_KEEP)
		*i.effective = id[1];
	if (id[2] != ID_KEEP)
		*i.saved = id[2];
	*i.fs = *i.effective;
	return err;
}

struct id_request {
	enum id_kind kind;
	id_rule *rule;
	uint32_t id[3];
};

/*
 * A change to a user with more tasks than RLIMIT_NPROC succeeds, but execve(2) fails then (EAGAIN).
 */
static void note_nproc(const struct cred *c)
{
	if (c->user != current_cred()->user)
		current->over_nproc = c->user != &root_user && cred_over_nproc(c);
}

static int change_ids(struct cred *c, const void *arg)
{
	const struct id_request *rq = arg;
	int err = rq->rule(ids_of(rq->kind, c), rq->id);

	if (!err && rq->kind == ID_USER) {
		note_nproc(c);
		cap_set_uid(c, current_cred());
	}
	return err;
}

int setid(enum id_call call, enum id_kind kind, const uint32_t id[3])
{
	static id_rule *const rules[] = { rule_set, rule_setre, rule_setres };

	return cred_change(change_ids,
			   &(struct id_request){ kind, rules[call], { id[0], id[1], id[2] } });
}

static int change_fs(struct cred *c, const void *arg)
{
	const struct id_request *rq = arg;
	struct ids i = ids_of(rq->kind, c);
	uint32_t was = *i.fs;

	if (rq->id[0] == ID_KEEP || !(may_be_any(rq->kind) || is_one_of(i, rq->id[0])))
		return 0;
	*i.fs = rq->id[0];
	if (rq->kind == ID_USER)
		cap_set_fsuid(c, was);
	return 0;
}

long setfsid(enum id_kind kind, uint32_t id)
{
	const struct cred *c = current_cred();
	uint32_t was = kind == ID_USER ? c->fsuid : c->fsgid;
	int err = cred_change(change_fs, &(struct id_request){ .kind = kind, .id = { id } });

	return err ? err : (long)was;
}

/* ---- supplementary groups ---- */

struct group_list *groups_new(uint32_t n)
{
	struct group_list *g;

	if (!may_be_any(ID_GROUP))
		return err_ptr(-EPERM);
	if (n > NGROUPS_MAX)
		return err_ptr(-EINVAL);
	if (!n)
		return NULL;
	g = kmalloc(sizeof(*g) + n * sizeof(g->gid[0]));
	if (!g)
		return err_ptr(-ENOMEM);
	ref_init(&g->refs);
	g->n = n;
	return g;
}

/*
 * Shell's, with gaps of which none divides another: no order of the numbers makes it quadratic.  0
 * or -EINTR, as give_way.
 */
static int sort_groups(uint32_t *v, uint32_t n)
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

static int change_groups(struct cred *c, const void *arg)
{
	struct group_list *g = *(struct group_list *const *)arg;

	groups_put(c->groups);
	c->groups = g;
	if (g)
		ref_get(&g->refs);
	return 0;
}

int groups_set(struct group_list *g)
{
	int err = g ? sort_groups(g->gid, g->n) : 0;

	if (!err && g && g->gid[g->n - 1] == UINT32_MAX)
		err = -EINVAL; /* no group has that number */
	if (!err)
		err = cred_change(change_groups, &g);
	groups_put(g);
	return err;
}
