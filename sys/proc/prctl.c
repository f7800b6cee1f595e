/*
 * prctl.c - prctl(2), capget(2) and capset(2), personality(2): what a thread or its process is,
 * apart from its numbers.
 */
#include "abi/errno.h"
#include "abi/personality.h"
#include "abi/prctl.h"
#include "lib/string.h"
#include "mm/vm.h"
#include "sys/syscall.h"
#include "task/cap.h"
#include "task/mourn.h"
#include "task/process.h"
#include "trace/events.h"

/* ---- capabilities ---- */

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
	t = pid < 0 ? NULL : task_find_or_self(pid);
	if (!t)
		return pid < 0 ? -EINVAL : -ESRCH;
	/* With a reference: the thread may put other credentials in their place now. */
	c = cred_at(&t->cred);
	k = c->cap;
	cred_put(c);
	task_put(t);
	/*
	 * Version 1 has one word of each set: its program does not see the capabilities above 31.
	 */
	for (unsigned int i = 0; i < 2; i++)
		d[i] = (struct __user_cap_data_struct){ (uint32_t)(k.effective >> 32 * i),
							(uint32_t)(k.permitted >> 32 * i),
							(uint32_t)(k.inheritable >> 32 * i) };
	return copy_to_user(data, d, (size_t)words * sizeof(d[0])) ? -EFAULT : 0;
}

long sys_capset(uptr header, uptr data)
{
	struct __user_cap_data_struct d[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	int words = cap_words(header);
	pid_t pid;

	if (words <= 0)
		return words ? words : -EINVAL;
	if (get_user(pid, uptr_add(header, 4)))
		return -EFAULT;
	if (pid && pid != current->tid) /* current's alone */
		return -EPERM;
	/* All three sets, then the rules: task/cap.c takes or refuses all of them. */
	if (copy_from_user(d, data, (size_t)words * sizeof(d[0])))
		return -EFAULT;
	return cap_set(&(struct caps){
		.effective = (d[0].effective | (uint64_t)d[1].effective << 32) & CAP_ALL,
		.permitted = (d[0].permitted | (uint64_t)d[1].permitted << 32) & CAP_ALL,
		.inheritable = (d[0].inheritable | (uint64_t)d[1].inheritable << 32) & CAP_ALL });
}

/* ---- prctl ---- */

static long set_comm(uptr at)
{
	char name[sizeof(current->comm)];
	long n = strncpy_from_user(name, at, sizeof(name) - 1);

	if (n < 0)
		return n;
	/* Whole in a buffer first, and zero behind its end: /proc reads the name without a lock. */
	memset(name + n, 0, sizeof(name) - (size_t)n);
	memcpy(current->comm, name, sizeof(name));
	trace_task_name(current->tid, name);
	return 0;
}

static long put_int(uptr at, int v)
{
	return put_user(v, at) ? -EFAULT : 0;
}

static long ambient(uint64_t what, uint64_t cap)
{
	if (cap > (what == PR_CAP_AMBIENT_CLEAR_ALL ? 0 : CAP_LAST_CAP))
		return -EINVAL;
	/* Reading needs no copy of the credentials; whatever changes them is cap_prctl's. */
	if (what == PR_CAP_AMBIENT_IS_SET)
		return !!(current_cred()->cap.ambient & BIT(cap));
	return cap_prctl(PR_CAP_AMBIENT, what, cap);
}

long sys_prctl(int option, uint64_t arg2, uint64_t arg3, uint64_t arg4, uint64_t arg5)
{
	const struct cred *c = current_cred();
	struct process *p = current->process;
	bool more = arg3 || arg4 || arg5;

	switch (option) {
	case PR_SET_NAME: return set_comm(uptr_of(arg2));
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
		if (arg2 > _NSIG)
			return -EINVAL;
		task_mourn((int)arg2);
		return 0;
	case PR_GET_PDEATHSIG: return put_int(uptr_of(arg2), current->mourning.signo);
	case PR_GET_KEEPCAPS: return !!(c->cap.securebits & SECBIT_KEEP_CAPS);
	case PR_CAPBSET_READ:
		return arg2 > CAP_LAST_CAP ? -EINVAL : !!(c->cap.bounding & BIT(arg2));
	case PR_GET_SECUREBITS: return c->cap.securebits;
	case PR_SET_KEEPCAPS:
	case PR_CAPBSET_DROP:
	case PR_SET_SECUREBITS: return cap_prctl(option, arg2, 0);
	case PR_CAP_AMBIENT: return arg4 || arg5 ? -EINVAL : ambient(arg2, arg3);
	case PR_GET_TIMING: return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING: return arg2 == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_GET_SECCOMP: return 0; /* there is none */
	case PR_GET_TIMERSLACK: return (long)current->slack_ns;
	case PR_SET_TIMERSLACK: current->slack_ns = arg2 ?: current->default_slack_ns; return 0;
	case PR_SET_CHILD_SUBREAPER: p->family.subreaper = arg2; return 0;
	case PR_GET_CHILD_SUBREAPER: return put_int(uptr_of(arg2), p->family.subreaper);
	case PR_SET_NO_NEW_PRIVS: return arg2 != 1 || more ? -EINVAL : cap_prctl(option, 0, 0);
	case PR_GET_NO_NEW_PRIVS: return arg2 || more ? -EINVAL : c->no_new_privs;
	case PR_SET_THP_DISABLE:
		if (more)
			return -EINVAL;
		WRITE_ONCE(current->mm->no_blocks, arg2 != 0);
		return 0;
	case PR_GET_THP_DISABLE: return arg2 || more ? -EINVAL : current->mm->no_blocks;
	case PR_GET_TAGGED_ADDR_CTRL: return arg2 || more ? -EINVAL : 0;
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
	/*
	 * The process's, and one word: of two threads that set it at one moment, the later one
	 * wins.
	 */
	if (persona != PER_QUERY)
		current->process->personality = persona;
	return now;
}
