/*
 * cap.c - how capabilities come and go: with user numbers, through execve(2), by capset(2).
 *
 * Comes from task/setid.c, task/exec.c and sys/proc/prctl.c.  Invariant: effective is part of
 * permitted; ambient of permitted and of inheritable.
 */
#include "task/cap.h"

#include "abi/errno.h"
#include "abi/prctl.h"

/* The capabilities that belong to fsuid (setfsuid(2)). */
#define CAP_OF_FILES                                                                          \
	(BIT(CAP_CHOWN) | BIT(CAP_MKNOD) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | \
	 BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MAC_OVERRIDE))

static bool has_root(const struct cred *c)
{
	return !c->uid || !c->euid || !c->suid;
}

void cap_set_uid(struct cred *c, const struct cred *was)
{
	struct caps *k = &c->cap;

	if (k->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	/* The last of the three numbers that were root's is given up. */
	if (has_root(was) && !has_root(c)) {
		if (!(k->securebits & SECBIT_KEEP_CAPS))
			k->permitted = k->effective = 0;
		k->ambient = 0;
	}
	if (!was->euid && c->euid)
		k->effective = 0;
	else if (was->euid && !c->euid)
		k->effective = k->permitted;
}

void cap_set_fsuid(struct cred *c, uint32_t was)
{
	struct caps *k = &c->cap;

	if (k->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (!was && c->fsuid)
		k->effective &= ~CAP_OF_FILES;
	else if (was && !c->fsuid)
		k->effective |= k->permitted & CAP_OF_FILES;
}

/* What @file gives to @k, into k->permitted.  0; -EPERM: not all that it needs. */
static int take_file_caps(struct caps *k, const struct file_caps *file)
{
	k->permitted = 0;
	if (!file->any)
		return 0;
	k->permitted = (k->bounding & file->permitted) | (k->inheritable & file->inheritable);
	/* A program that does not know of capabilities would fail half way. */
	return file->effective && file->permitted & ~k->permitted ? -EPERM : 0;
}

bool cap_gained(const struct cred *c, const struct file_caps *file)
{
	return c->uid && ((file->any && file->effective) || c->cap.permitted & ~c->cap.ambient);
}

int cap_exec(struct cred *c, const struct cred *was, bool shared, const struct file_caps *file)
{
	struct caps *k = &c->cap;
	bool root = !(k->securebits & SECBIT_NOROOT) && (!c->uid || !c->euid);
	bool raise, set_id = c->euid != was->uid || c->egid != was->gid, more;
	int err = take_file_caps(k, file);

	if (err)
		return err;
	if (root && file->any && c->uid && !c->euid)
		root = false; /* a set-user-ID program that wants only these */
	raise = (file->any && file->effective) || (root && !c->euid);
	if (root)
		k->permitted = k->bounding | k->inheritable;
	/*
	 * Whether the program would have more rights than its caller: then no other process may be
	 * able to steer it.
	 */
	more = set_id || k->permitted & ~was->cap.permitted;
	if (more && (shared || c->no_new_privs)) {
		if (c->no_new_privs || !cred_capable(was, CAP_SETUID)) {
			c->euid = c->uid;
			c->egid = c->gid;
		}
		/* It runs all the same, with no more rights than its caller has. */
		k->permitted &= was->cap.permitted;
	}
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	if (set_id || file->any)
		k->ambient = 0;
	k->permitted |= k->ambient;
	k->effective = raise ? k->permitted : k->ambient;
	k->securebits &= ~(uint32_t)SECBIT_KEEP_CAPS;
	return more;
}

static int change_caps(struct cred *c, const void *arg)
{
	const struct caps *to = arg;
	struct caps *k = &c->cap;

	/* All is tested before anything is set; and @c is a copy, that no other task sees yet. */
	if (!capable(CAP_SETPCAP) && to->inheritable & ~(k->inheritable | k->permitted))
		return -EPERM;
	if (to->inheritable & ~(k->inheritable | k->bounding) || to->permitted & ~k->permitted ||
	    to->effective & ~to->permitted)
		return -EPERM;
	k->effective = to->effective;
	k->permitted = to->permitted;
	k->inheritable = to->inheritable;
	k->ambient &= to->permitted & to->inheritable;
	return 0;
}

int cap_set(const struct caps *to)
{
	return cred_change(change_caps, to);
}

/* ---- prctl(2) ---- */

static int drop_bounding(struct caps *k, uint64_t cap)
{
	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	k->bounding &= ~BIT(cap);
	return 0;
}

/* A bit that is locked stays as it is, and so does its lock, the bit beside it. */
static int set_securebits(struct caps *k, uint64_t bits)
{
	uint32_t now = k->securebits, locked = now & SECURE_ALL_LOCKS;

	/* A lock is the bit above the one that it locks. */
	if ((locked >> 1 & (now ^ bits)) || (locked & ~bits) ||
	    (bits & ~(uint64_t)(SECURE_ALL_BITS | SECURE_ALL_LOCKS)) || !capable(CAP_SETPCAP))
		return -EPERM;
	k->securebits = (uint32_t)bits;
	return 0;
}

static int set_keepcaps(struct caps *k, uint64_t keep)
{
	if (keep > 1)
		return -EINVAL;
	if (k->securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	k->securebits &= ~(uint32_t)SECBIT_KEEP_CAPS;
	k->securebits |= keep ? SECBIT_KEEP_CAPS : 0;
	return 0;
}

static int set_ambient(struct caps *k, uint64_t what, uint64_t cap)
{
	switch (what) {
	case PR_CAP_AMBIENT_CLEAR_ALL: k->ambient = 0; return 0;
	case PR_CAP_AMBIENT_LOWER: k->ambient &= ~BIT(cap); return 0;
	case PR_CAP_AMBIENT_RAISE:
		if (!(k->permitted & k->inheritable & BIT(cap)) ||
		    k->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)
			return -EPERM;
		k->ambient |= BIT(cap);
		return 0;
	default: return -EINVAL;
	}
}

struct prctl_request {
	int option;
	uint64_t arg[2];
};

static int change_by_prctl(struct cred *c, const void *request)
{
	const struct prctl_request *rq = request;

	switch (rq->option) {
	case PR_CAPBSET_DROP: return drop_bounding(&c->cap, rq->arg[0]);
	case PR_SET_SECUREBITS: return set_securebits(&c->cap, rq->arg[0]);
	case PR_SET_KEEPCAPS: return set_keepcaps(&c->cap, rq->arg[0]);
	case PR_CAP_AMBIENT: return set_ambient(&c->cap, rq->arg[0], rq->arg[1]);
	case PR_SET_NO_NEW_PRIVS: c->no_new_privs = true; return 0;
	default: return -EINVAL;
	}
}

int cap_prctl(int option, uint64_t arg2, uint64_t arg3)
{
	/*
	 * Each change is made on a copy, which takes the old one's place whole: a thread that looks
	 * at ours sees all of it or nothing.
	 */
	return cred_change(change_by_prctl, &(struct prctl_request){ option, { arg2, arg3 } });
}
