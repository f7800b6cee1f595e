/*
 * family.c - parents and children: which parent is signalled at an end, and which process gets the
 * children of one that has ended, or of a thread of it.
 *
 * Comes from exit.c and wait4.c.  All of it is under proc_lock; what may be long is done a few at a
 * time, with the lock released in between.  Invariant: a process that has children has a thread, or
 * is giving them away.
 */
#include "task/family.h"

#include "abi/wait.h"
#include "mm/giveway.h"
#include "task/jobs.h"
#include "task/kill.h"
#include "task/process.h"

/*
 * The process that gets the children of @p: the nearest ancestor that asked for it (prctl(2)), or
 * pid 1.
 */
static struct process *new_parent(const struct process *p)
{
	struct process *a;

	/* Under proc_lock no parent changes: the chain ends at pid 1. */
	for (a = p->family.parent; a && a != init_process; a = a->family.parent)
		if (a->family.subreaper && !a->end.exiting)
			return a;
	return init_process;
}

void process_reap(struct process *p)
{
	struct process *parent = p->family.parent;

	spin_assert_held(&proc_lock);
	if (parent) {
		usage_add(&parent->usage.waited, &p->usage.gone);
		usage_add(&parent->usage.waited, &p->usage.waited);
	}
	list_del(&p->family.sibling.link);
	list_del(&p->family.born);
	pid_remove_process(p);
	/* The leader's charge; no thread is left that changes p->cred. */
	user_uncharge(p->cred->user, USER_TASKS, 1);
	/* Last: a task that sees it knows that the number may be another process's by now. */
	WRITE_ONCE(p->end.reaped, true);
	wake_up(&p->end.wait);
}

static bool tell_end_to_parent(struct process *p)
{
	const struct sigaction *a = &p->family.parent->signals.actions->of[SIGCHLD - 1];
	/*
	 * Once its parent is another program, perhaps one with more rights, that has asked for no
	 * signal but this.
	 */
	bool changed = p->program.parent_id != p->family.parent->program.id;
	int signo = changed ? SIGCHLD : p->end.signal, code = p->end.code;
	bool chld = signo == SIGCHLD, ignores = a->sa_handler == SIG_HANDLER_IGN;

	signal_child(p, chld && ignores ? 0 : signo, WIFSIGNALED(code) ? CLD_KILLED : CLD_EXITED,
		     WIFSIGNALED(code) ? WTERMSIG(code) : WEXITSTATUS(code));
	if (!chld || !(ignores || (a->sa_flags & SA_NOCLDWAIT)))
		return false;
	process_reap(p);
	return true;
}

void (*orphan_ended_hook)(void);

bool family_tell_end(struct process *p)
{
	if (likely(p->family.parent))
		return tell_end_to_parent(p);
	/* Started by the kernel: nobody waits for it as for a child. */
	process_reap(p);
	orphan_ended_hook();
	return true;
}

/*
 * Thread @t asked for the signal, and current sends it: only if current may, as @t may have become
 * a program with more rights.
 */
static void tell_mourner(struct task *t)
{
	struct signal_info info = { .signo = t->mourning.signo,
				    .pid = current->process->pid,
				    .uid = current_cred()->uid };

	if (may_signal(t->process, cred_ids(&t->cred), info.signo))
		signal_send_process(t->process, &info);
}

/* So many children are given away, or threads signalled, before proc_lock is dropped. */
#define GIVE_STEPS 16

/*
 * What there is to do for the family of a process or thread that ends, once proc_lock is dropped.
 */
struct farewell {
	struct list_node dead;	   /* zombies that the new parent will not wait for */
	struct list_node mourners; /* threads that are still to be signalled */
	pid_t pgid;		   /* a group that may have become orphaned */
	bool asked;		   /* and whether that is to be asked now */
};

/* True: all have been signalled. */
static bool tell_mourners(struct farewell *f)
{
	struct task *t;

	for (int i = 0; i < GIVE_STEPS; i++) {
		t = list_pop(&f->mourners, struct task, mourning.link);
		if (!t)
			break;
		list_add_tail(&t->process->family.mourners, &t->mourning.link);
		tell_mourner(t);
	}
	return list_empty(&f->mourners);
}

/* Process @c is @to's now; its threads that asked for a signal (task/mourn.h) are to get it. */
static void leave_to(struct process *c, struct task *to, struct farewell *f)
{
	list_del(&c->family.born);
	list_add_tail(&to->born, &c->family.born);
	list_splice_tail(&f->mourners, &c->family.mourners);
}

/*
 * The children of current pass to a thread that goes on, a few at a time.  True: it has none any
 * more.
 */
static bool leave_born(struct process *p, struct farewell *f)
{
	struct task *to = list_first(&p->threads, struct task, thread);
	struct process *c;

	if (likely(list_empty(&current->born)))
		return true;
	if (to == current)
		to = list_entry(current->thread.next, struct task, thread);
	if (!to->mm) { /* none goes on: the last thread gives them away */
		list_splice_tail(&to->born, &current->born);
		return true;
	}
	for (int i = 0; i < GIVE_STEPS; i++) {
		c = list_first(&current->born, struct process, family.born);
		if (!c)
			break;
		leave_to(c, to, f);
	}
	return list_empty(&current->born);
}

/*
 * Child @c of a process goes to @to; if that does not wait for it either, into f->dead by its
 * sibling.
 */
static void give_away(struct process *c, struct process *to, struct farewell *f)
{
	c->family.parent = to;
	WRITE_ONCE(c->family.ppid, to->pid);
	c->end.signal = SIGCHLD;
	list_del(&c->family.sibling.link);
	list_add_tail(&to->family.children, &c->family.sibling.link);
	leave_to(c, list_first(&to->threads, struct task, thread), f);
	if (c->end.zombie && family_tell_end(c))
		list_add_tail(&f->dead, &c->family.sibling.link);
}

/*
 * The next child of @p is given away.  False: it has none, or first it is to be asked what has
 * become of the last one's group.
 */
static bool give_next(struct process *p, struct process *to, struct farewell *f)
{
	struct walk_place *at = list_first(&p->family.children, struct walk_place, link);
	struct process *c =
		at ? at->process : NULL; /* no walk goes on there: those are current's siblings' */

	f->asked = f->pgid && (!c || c->job.pgid != f->pgid);
	if (!c || f->asked)
		return false;
	if (job_is_kept(c))
		f->pgid = c->job.pgid;
	give_away(c, to, f);
	return true;
}

/*
 * The children of @p, whose last thread current is, get another parent, a few at a time.  True: it
 * has none any more.
 */
static bool give_away_some(struct process *p, struct farewell *f)
{
	struct process *to;

	if (likely(list_empty(&p->family.children) && !f->pgid))
		return true;
	to = new_parent(p);
	for (int i = 0; i < GIVE_STEPS; i++)
		if (!give_next(p, to, f))
			break;
	return list_empty(&p->family.children) && !f->pgid && list_empty(&f->dead);
}

/* @p, without children, continues no job any more.  True: there is nothing more to do for that. */
static bool leave_job(struct process *p, struct farewell *f)
{
	if (p->end.leaving)
		return true;
	f->asked = job_is_kept(p);
	f->pgid = f->asked ? p->job.pgid : 0;
	p->end.leaving = true;
	return !f->asked;
}

/* Not under proc_lock. */
static void say_farewell(struct farewell *f)
{
	struct process *p;

	if (f->asked) {
		job_tell_orphans(f->pgid);
		f->asked = false;
		f->pgid = 0;
	}
	while ((p = list_pop(&f->dead, struct process, family.sibling.link)))
		process_put(p);
	(void)give_way(); /* it is on its way already */
}

/* All of them, or the last thread of all. */
static __attribute__((noinline)) unsigned long leave_family(struct process *p)
{
	struct farewell f = { .dead = LIST_INIT(f.dead), .mourners = LIST_INIT(f.mourners) };
	unsigned long flags;
	bool done;

	for (;;) {
		flags = spin_lock_irqsave(&proc_lock);
		if (p->nr_threads > 1)
			done = leave_born(p, &f);
		else
			done = p == init_process || (give_away_some(p, &f) && leave_job(p, &f));
		if (tell_mourners(&f) && done)
			return flags;
		/*
		 * Not done: children that come, or that another process gives us, are met in the
		 * next round.
		 */
		spin_unlock_irqrestore(&proc_lock, flags);
		say_farewell(&f);
	}
}

unsigned long family_leave(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	if (p->nr_threads > 1 && list_empty(&current->born)) /* most threads have no children */
		return flags;
	/* The long way takes it anew, as it releases it between two steps anyway. */
	spin_unlock_irqrestore(&proc_lock, flags);
	return leave_family(p);
}
