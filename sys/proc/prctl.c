/*
 * prctl.c - prctl(2), capget(2) and capset(2), personality(2): what a thread or its process is,
 * apart from its numbers.
 */
#include "abi/errno.h"
#include "abi/personality.h"
#include "abi/prctl.h"
#include "abi/signal.h"
#include "lib/string.h"
#include "sys/syscall.h"
#include "task/cap.h"
#include "task/cred.h"
#include "task/sched.h"

/* ---- capabilities ---- */

/* One change of a copy of current's credentials: 0, or -errno, and then nothing has changed. */
typedef int cred_change(struct cred *c, uint64_t arg);

static long change_cred(cred_change *change, uint64_t arg)
{
	struct cred *c = cred_copy();
	int err = c ? change(c, arg) : -ENOMEM;

	if (err)
		cred_put(c);
	else
		cred_commit(c);
	return err;
}

/*
 * How many words each set of the user's has; 0: no such version, and *@at says which there is; or
 * -EFAULT.
 */
static int cap_words(uptr at)
{
	uint32_t version;

	if (get_user(version, at))
		return -EFAULT;
	switch (version) {
	case _LINUX_CAPABILITY_VERSION_1: return 1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3: return 2;
	default: version = _LINUX_CAPABILITY_VERSION_3; return put_user(version, at) ? -EFAULT : 0;
	}
}

long sys_capget(uptr header, uptr data)
{
	struct __user_cap_data_struct d[2];
	int words = cap_words(header);
	const struct cred *c;
	struct task *t;
	struct caps k;
	pid_t pid;

	if (words <= 0)
		return words || uptr_is_null(data) ? words : -EINVAL;
	if (uptr_is_null(data))
		return 0;
	if (get_user(pid, uptr_add(header, 4)))
		return -EFAULT;
	if (pid < 0)
		return -EINVAL;
	t = task_find(pid ? pid : current->tid);
	if (!t)
		return -ESRCH;
	c = cred_of_task(t);
	k = c->cap;
	cred_put(c);
	task_put(t);
	for (unsigned int i = 0; i < 2; i++)
		d[i] = (struct __user_cap_data_struct){ (uint32_t)(k.effective >> 32 * i),
							(uint32_t)(k.permitted >> 32 * i),
							(uint32_t)(k.inheritable >> 32 * i) };
	return copy_to_user(data, d, (size_t)words * sizeof(d[0])) ? -EFAULT : 0;
}

long sys_capset(uptr header, uptr data)
{
	struct __user_cap_data_struct d[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	int words = cap_words(header), err;
	struct cred *c;
	pid_t pid;

	if (words <= 0)
		return words ? words : -EINVAL;
	if (get_user(pid, uptr_add(header, 4)))
		return -EFAULT;
	if (pid && pid != current->tid) /* nobody else's */
		return -EPERM;
	if (copy_from_user(d, data, (size_t)words * sizeof(d[0])))
		return -EFAULT;
	c = cred_copy();
	if (!c)
		return -ENOMEM;
	err = cap_change(c, (d[0].effective | (uint64_t)d[1].effective << 32) & CAP_ALL,
			 (d[0].permitted | (uint64_t)d[1].permitted << 32) & CAP_ALL,
			 (d[0].inheritable | (uint64_t)d[1].inheritable << 32) & CAP_ALL);
	if (err)
		cred_put(c);
	else
		cred_commit(c);
	return err;
}

static int drop_bounding(struct cred *c, uint64_t cap)
{
	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	c->cap.bounding &= ~BIT(cap);
	return 0;
}

/* A bit that is locked stays as it is, and so does its lock, the bit beside it. */
static int set_securebits(struct cred *c, uint64_t bits)
{
	uint32_t now = c->cap.securebits, locked = now & SECURE_ALL_LOCKS;

	if ((locked >> 1 & (now ^ bits)) || (locked & ~bits) ||
	    (bits & ~(uint64_t)(SECURE_ALL_BITS | SECURE_ALL_LOCKS)) || !capable(CAP_SETPCAP))
		return -EPERM;
	c->cap.securebits = (uint32_t)bits;
	return 0;
}

static int set_keepcaps(struct cred *c, uint64_t keep)
{
	if (keep > 1)
		return -EINVAL;
	if (c->cap.securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	c->cap.securebits &= ~(uint32_t)SECBIT_KEEP_CAPS;
	c->cap.securebits |= keep ? SECBIT_KEEP_CAPS : 0;
	return 0;
}

static int set_no_new_privs(struct cred *c, uint64_t on)
{
	c->no_new_privs = on;
	return 0;
}

static int clear_ambient(struct cred *c, uint64_t unused)
{
	c->cap.ambient = 0;
	return 0;
}

static int lower_ambient(struct cred *c, uint64_t cap)
{
	c->cap.ambient &= ~BIT(cap);
	return 0;
}

static int raise_ambient(struct cred *c, uint64_t cap)
{
	struct caps *k = &c->cap;

	if (!(k->permitted & k->inheritable & BIT(cap)) ||
	    k->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)
		return -EPERM;
	k->ambient |= BIT(cap);
	return 0;
}

static long ambient(uint64_t what, uint64_t cap, bool more)
{
	if (more || cap > (what == PR_CAP_AMBIENT_CLEAR_ALL ? 0 : CAP_LAST_CAP))
		return -EINVAL;
	switch (what) {
	case PR_CAP_AMBIENT_CLEAR_ALL: return change_cred(clear_ambient, 0);
	case PR_CAP_AMBIENT_IS_SET: return !!(current_cred()->cap.ambient & BIT(cap));
	case PR_CAP_AMBIENT_LOWER: return change_cred(lower_ambient, cap);
	case PR_CAP_AMBIENT_RAISE: return change_cred(raise_ambient, cap);
	default: return -EINVAL;
	}
}

/* ---- prctl ---- */

static long set_name(uptr at)
{
	char name[sizeof(current->comm)];
	long n = strncpy_from_user(name, at, sizeof(name) - 1);

	if (n < 0)
		return n;
	memset(name + n, 0, sizeof(name) - (size_t)n);
	memcpy(current->comm, name, sizeof(name));
	return 0;
}

static long put_int(uptr at, int v)
{
	return put_user(v, at) ? -EFAULT : 0;
}

long sys_prctl(int option, uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	const struct cred *c = current_cred();
	struct process *p = current->process;

	switch (option) {
	case PR_SET_NAME: return set_name(uptr_of(arg2));
	case PR_GET_NAME:
		return copy_to_user(uptr_of(arg2), current->comm, sizeof(current->comm)) ? -EFAULT
											 : 0;
	case PR_GET_DUMPABLE: return current->mm->dumpable;
	case PR_SET_DUMPABLE:
		if (arg2 > 1)
			return -EINVAL;
		WRITE_ONCE(current->mm->dumpable, arg2);
		return 0;
	case PR_SET_PDEATHSIG:
		if (arg2 > NSIG)
			return -EINVAL;
		task_mourn((int)arg2);
		return 0;
	case PR_GET_PDEATHSIG: return put_int(uptr_of(arg2), current->parent_death_signal);
	case PR_GET_KEEPCAPS: return !!(c->cap.securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS: return change_cred(set_keepcaps, arg2);
	case PR_CAPBSET_READ:
		return arg2 > CAP_LAST_CAP ? -EINVAL : !!(c->cap.bounding & BIT(arg2));
	case PR_CAPBSET_DROP: return change_cred(drop_bounding, arg2);
	case PR_GET_SECUREBITS: return c->cap.securebits;
	case PR_SET_SECUREBITS: return change_cred(set_securebits, arg2);
	case PR_CAP_AMBIENT: return ambient(arg2, arg3, arg4 || arg5);
	case PR_GET_TIMING: return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING: return arg2 == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_GET_SECCOMP: return 0; /* there is none */
	case PR_GET_TIMERSLACK: return (long)current->slack_ns;
	case PR_SET_TIMERSLACK: current->slack_ns = arg2 ?: current->default_slack_ns; return 0;
	case PR_SET_CHILD_SUBREAPER: p->subreaper = arg2; return 0;
	case PR_GET_CHILD_SUBREAPER: return put_int(uptr_of(arg2), p->subreaper);
	case PR_SET_NO_NEW_PRIVS:
		if (arg2 != 1 || arg3 || arg4 || arg5)
			return -EINVAL;
		return change_cred(set_no_new_privs, true);
	case PR_GET_NO_NEW_PRIVS: return arg2 || arg3 || arg4 || arg5 ? -EINVAL : c->no_new_privs;
	case PR_SET_THP_DISABLE:
		if (arg3 || arg4 || arg5)
			return -EINVAL;
		WRITE_ONCE(current->mm->no_blocks, arg2 != 0);
		return 0;
	case PR_GET_THP_DISABLE:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : current->mm->no_blocks;
	case PR_GET_TAGGED_ADDR_CTRL: return arg2 || arg3 || arg4 || arg5 ? -EINVAL : 0;
	case PR_GET_TID_ADDRESS: return put_user(current->clear_tid, uptr_of(arg2)) ? -EFAULT : 0;
	default: return -EINVAL;
	}
}

long sys_personality(uint32_t persona)
{
	uint32_t now = current->process->personality;

	/* As Linux on a core that has no AArch32 at EL0. */
	if ((persona & PER_MASK) == PER_LINUX32)
		return -EINVAL;
	if (persona != PER_QUERY)
		current->process->personality = persona;
	return now;
}
