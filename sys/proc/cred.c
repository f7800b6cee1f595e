/*
 * cred.c - a thread's user and group numbers (credentials(7)).  The rules are task/setid.c's.
 *
 * Invariant: a thread's credentials are replaced by its own calls alone, so those here read them
 * without a lock or a reference, and what one call returns belongs together.
 */
#include "abi/errno.h"
#include "sys/syscall.h"
#include "task/setid.h"

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

long sys_setuid(uint32_t uid)
{
	return setid(SETID, ID_USER, (uint32_t[3]){ uid });
}

long sys_setgid(uint32_t gid)
{
	return setid(SETID, ID_GROUP, (uint32_t[3]){ gid });
}

long sys_setreuid(uint32_t ruid, uint32_t euid)
{
	return setid(SETREID, ID_USER, (uint32_t[3]){ ruid, euid });
}

long sys_setregid(uint32_t rgid, uint32_t egid)
{
	return setid(SETREID, ID_GROUP, (uint32_t[3]){ rgid, egid });
}

long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	return setid(SETRESID, ID_USER, (uint32_t[3]){ ruid, euid, suid });
}

long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	return setid(SETRESID, ID_GROUP, (uint32_t[3]){ rgid, egid, sgid });
}

long sys_setfsuid(uint32_t uid)
{
	return setfsid(ID_USER, uid);
}

long sys_setfsgid(uint32_t gid)
{
	return setfsid(ID_GROUP, gid);
}

long sys_getresuid(uptr ruid, uptr euid, uptr suid)
{
	const struct cred *c = current_cred();

	/*
	 * In this order, up to the first bad address: what was written before it stays, as on
	 * Linux.
	 */
	return put_user(c->uid, ruid) || put_user(c->euid, euid) || put_user(c->suid, suid)
		       ? -EFAULT
		       : 0;
}

long sys_getresgid(uptr rgid, uptr egid, uptr sgid)
{
	const struct cred *c = current_cred();

	/*
	 * In this order, up to the first bad address: what was written before it stays, as on
	 * Linux.
	 */
	return put_user(c->gid, rgid) || put_user(c->egid, egid) || put_user(c->sgid, sgid)
		       ? -EFAULT
		       : 0;
}

/* ---- supplementary groups ---- */

long sys_getgroups(int size, uptr list)
{
	/* Current's own credentials never change: no lock, and no reference. */
	const struct group_list *g = current_cred()->groups;
	uint32_t n = g ? g->n : 0;
	long ret = n;

	if (size < 0 || (size && (uint32_t)size < n))
		ret = -EINVAL;
	else if (size && n && copy_to_user(list, g->gid, n * sizeof(g->gid[0])))
		ret = -EFAULT;
	return ret;
}

long sys_setgroups(uint32_t n, uptr list)
{
	struct group_list *g = groups_new(n);

	/*
	 * The permission and the number were checked before the list is read: Linux's order of
	 * errors.
	 */
	if (is_err(g))
		return ptr_err(g);
	if (g && copy_from_user(g->gid, list, n * sizeof(g->gid[0]))) {
		groups_put(g);
		return -EFAULT;
	}
	/* Which takes the list over, whether it is allowed or not. */
	return groups_set(g);
}
