/*
 * cap.c - how capabilities come and go: with user numbers, through execve(2), by capset(2).
 *
 * Comes from sys/proc/cred.c and sys/proc/exec.c.  Invariant: effective is part of permitted;
 * ambient of permitted and of inheritable.
 */
#include "task/cap.h"

#include "abi/errno.h"

/* What goes by fsuid (setfsuid(2)). */
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

bool cap_exec(struct cred *c, const struct cred *was, bool shared)
{
	struct caps *k = &c->cap;
	bool root = !(k->securebits & SECBIT_NOROOT) && (!c->uid || !c->euid);
	bool raise = root && !c->euid, set_id = c->euid != was->uid || c->egid != was->gid, more;

	k->permitted = root ? k->bounding | k->inheritable : 0;
	more = set_id || k->permitted & ~was->cap.permitted;
	if (more && (shared || c->no_new_privs)) {
		if (c->no_new_privs || !cred_capable(was, CAP_SETUID)) {
			c->euid = c->uid;
			c->egid = c->gid;
		}
		k->permitted &= was->cap.permitted;
	}
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	if (set_id)
		k->ambient = 0;
	k->permitted |= k->ambient;
	k->effective = raise ? k->permitted : k->ambient;
	k->securebits &= ~(uint32_t)SECBIT_KEEP_CAPS;
	return more;
}

int cap_change(struct cred *c, uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct caps *k = &c->cap;

	if (!(k->effective & BIT(CAP_SETPCAP)) && inheritable & ~(k->inheritable | k->permitted))
		return -EPERM;
	if (inheritable & ~(k->inheritable | k->bounding) || permitted & ~k->permitted ||
	    effective & ~permitted)
		return -EPERM;
	k->effective = effective;
	k->permitted = permitted;
	k->inheritable = inheritable;
	k->ambient &= permitted & inheritable;
	return 0;
}
