/*
 * access.c - the rules of access.h.
 *
 * Comes from fs/proc/ and sys/proc/.  Invariant:
 * program.lock is held from the question on until what was asked for has been taken.
 */
#include "task/access.h"

#include "abi/errno.h"
#include "mm/vm.h"
#include "task/cap.h"
#include "task/process.h"

/* By numbers alone. */
static bool is_same(const struct cred *me, const struct cred *c, enum access_as as)
{
	uint32_t uid = as == ACCESS_FS ? me->fsuid : me->uid;
	uint32_t gid = as == ACCESS_FS ? me->fsgid : me->gid;

	return uid == c->uid && uid == c->euid && uid == c->suid && gid == c->gid &&
	       gid == c->egid && gid == c->sgid;
}

/* Whether @p (@t), which runs in @mm (NULL: in none any more), may be looked into. */
static bool is_open_to_me(struct process *p, const struct task *t, const struct mm *mm,
			  enum access_as as)
{
	const struct cred *me = current_cred(), *c;
	uint64_t mine = as == ACCESS_FS ? me->cap.effective : me->cap.permitted;
	bool open;

	if (p == current->process || cred_capable(me, CAP_SYS_PTRACE))
		return true;
	/* With a reference: the thread may put other credentials in their place meanwhile. */
	c = cred_at(t ? &t->cred : &p->cred);
	open = is_same(me, c, as) && !(c->cap.permitted & ~mine);
	cred_put(c);
	return open && (!mm || READ_ONCE(mm->dumpable));
}

bool may_look(struct process *p, const struct task *t, enum access_as as)
{
	struct mm *mm = process_mm(p, t);
	bool open = is_open_to_me(p, t, mm, as);

	if (mm)
		mm_put(mm);
	return open;
}

bool look_begin(struct process *p, const struct task *t, enum access_as as)
{
	/* Current's own process becomes no other program while one of its threads is here. */
	if (p == current->process)
		return true;
	/*
	 * change_program holds it over credentials and address space together: the question is
	 * asked of one program, and answered for the same.
	 */
	mutex_lock(&p->program.lock);
	if (may_look(p, t, as))
		return true;
	mutex_unlock(&p->program.lock);
	return false;
}

void look_end(struct process *p)
{
	if (p != current->process)
		mutex_unlock(&p->program.lock);
}

struct mm *mm_to_look_into(struct process *p, struct task *t)
{
	struct mm *mm;
	bool open;

	if (p != current->process)
		mutex_lock(&p->program.lock);
	/*
	 * Under program.lock, and with a reference: afterwards it is the caller's to read, whatever
	 * the process becomes.
	 */
	mm = process_mm(p, t);
	/* A task that shares it looks into its own. */
	open = !mm || mm == current->mm || is_open_to_me(p, t, mm, ACCESS_FS);
	look_end(p);
	if (open)
		return mm;
	mm_put(mm);
	return err_ptr(-EACCES);
}
