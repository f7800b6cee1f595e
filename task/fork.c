/*
 * fork.c - a new task: for clone(2) a copy of current, for the kernel one of its own.
 *
 * All that can fail comes first, on a task that no other can find; then it gets its number and is
 * linked in, in one step under proc_lock, after which nothing fails.
 */
#include "task/fork.h"

#include "abi/clone.h"
#include "abi/errno.h"
#include "abi/sched.h"
#include "lib/string.h"
#include "mm/vm.h"
#include "task/cap.h"
#include "task/fp.h"
#include "task/parts.h"
#include "task/signal_action.h"
#include "task/signal_take.h"
#include "task/sleep.h"
#include "trace/events.h"

#define CLONE_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET)

/*
 * Which combinations make sense is Linux's rule (clone(2)).  Ours besides: no namespaces, no
 * pidfds of threads.
 */
static bool flags_ok(uint64_t f)
{
	if (f & CLONE_NEWUSER || (f & CLONE_NEWNS && f & CLONE_FS))
		return false;
	if ((f & CLONE_PIDFD) && (f & (CLONE_THREAD | CLONE_DETACHED)))
		return false;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return false;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return false;
	if ((f & CLONE_PARENT) && !current->process->family.parent) /* pid 1; usermode.c's */
		return false;
	return true;
}

/* A bad address does not undo the child that is there already: Linux does not look either. */
static void tell_tid(uptr at, pid_t tid)
{
	int err = put_user(tid, at);

	(void)err;
}

/* What a new task does first, before EL0. It may sleep. */
static void first_run(void *unused)
{
	uint64_t at = current->set_tid;

	current->set_tid = 0;
	if (at)
		tell_tid(uptr_of(at), current->tid);
}

/* The child's registers: the parent's, but for x0, and SP and TPIDR_EL0 where asked for. */
static void copy_frame(struct task *child, const struct clone_args *rq)
{
	struct trapframe *tf = task_frame(child);

	*tf = *task_frame(current);
	tf->x[0] = 0;
	tf->syscall = -1;
	if (rq->stack)
		tf->sp = rq->stack;
	child->context.x19_x28[0] = (uintptr_t)first_run;
	child->tls = rq->flags & CLONE_SETTLS ? rq->tls : READ_SYSREG(tpidr_el0);
}

static void copy_small(struct task *child, const struct clone_args *rq)
{
	copy_frame(child, rq);
	fp_fork(child);
	child->work |= READ_ONCE(current->work) & WORK_TRACE;
	signal_fork(child, rq->flags);
	if (rq->flags & CLONE_CLEAR_SIGHAND)
		signal_exec(child);
	memcpy(child->comm, current->comm, sizeof(child->comm));
	sched_fork(child);
	child->fail.may = current->fail.may;
	child->trace_mark = current->trace_mark;
	child->login = current->login;
	child->slack_ns = child->default_slack_ns = current->slack_ns;
	child->vfork.borrows = rq->flags & CLONE_VFORK;
	if (rq->flags & CLONE_CHILD_CLEARTID)
		child->clear_tid = rq->child_tid;
	if (rq->flags & CLONE_CHILD_SETTID)
		child->set_tid = rq->child_tid;
}

/*
 * All that takes memory.  0, or -ENOMEM and what a part said; what there is then is task_discard's.
 */
static int copy_parts(struct task *child, uint64_t flags)
{
	child->process = flags & CLONE_THREAD ? current->process : process_copy();
	if (!child->process)
		return -ENOMEM;
	if (flags & CLONE_THREAD) {
		process_begin_sum();
		child->sum = &child->process->usage.sum;
	} else if (unlikely(child->process->rlimit[RLIMIT_CPU].rlim_cur != RLIM64_INFINITY)) {
		itimer_limit(child->process);
	}
	process_get(child->process);
	if (flags & CLONE_VM) {
		child->mm = current->mm;
		/* current has one, so it cannot be the last that goes meanwhile. */
		ref_get(&child->mm->refs);
	} else {
		child->mm = mm_fork(current->mm);
	}
	return child->mm ? 0 : -ENOMEM;
}

/* Frees a child that no other task has found yet, and with it a process of its own. */
static void task_discard(struct task *child)
{
	if (child->mm)
		mm_put(child->mm);
	if (child->process && child->process != current->process)
		process_put(child->process);
	task_put(child);
}

/* Whether current has no limit but the size of the tables. */
static bool is_roots(void)
{
	return current_cred()->user == &root_user || capable(CAP_SYS_RESOURCE) ||
	       capable(CAP_SYS_ADMIN);
}

/*
 * RLIMIT_NPROC: one task more of the user that current, and so the child, has.  From here on until
 * the child has left (its process been waited for, if it is a leader) it is counted, and changes
 * its user only with the count (cred_install).
 */
static bool charge_task(bool roots)
{
	return user_charge(current_cred()->user, USER_TASKS, 1,
			   roots ? USER_NO_LIMIT
				 : READ_ONCE(current->process->rlimit[RLIMIT_NPROC].rlim_cur));
}

/*
 * All users together leave a thirty-second part of the tasks, and as many numbers, to root, which
 * must be able to look at processes and to kill them.
 */
static unsigned int left_for_root(void)
{
	return (unsigned int)max(tasks_max() / 32, UINT64_C(1));
}

void task_link(struct task *t, pid_t tid)
{
	struct process *p = t->process;

	spin_assert_held(&proc_lock);
	t->tid = tid;
	/*
	 * A signal to the process looks at its threads under this lock: the new one is in the list,
	 * with its WORK_SIGNAL right, or not there at all.
	 */
	spin_lock(&p->signals.lock);
	/* behind the first, which has an address space, as current has */
	list_insert(&t->thread, p->nr_threads ? p->threads.next : &p->threads);
	p->nr_threads++;
	signal_check_new(t);
	spin_unlock(&p->signals.lock);
	pid_add_task(t);
}

static void link_process(struct process *p, const struct clone_args *rq, pid_t pid)
{
	struct process *me = current->process;

	p->pid = pid;
	p->family.parent = rq->flags & CLONE_PARENT ? me->family.parent : me;
	/*
	 * Of the thread that has current's process as its child, or of current.  proc_lock is held:
	 * the parent cannot leave its family between the choice and this.
	 */
	list_add_tail(rq->flags & CLONE_PARENT ? &me->family.born : &current->born,
		      &p->family.born);
	p->family.ppid = p->family.parent->pid;
	p->end.signal = rq->flags & CLONE_PARENT ? me->end.signal : (int)rq->exit_signal;
	p->program.parent_id = rq->flags & CLONE_PARENT ? me->program.parent_id : me->program.id;
	list_add_tail(&p->family.parent->family.children, &p->family.sibling.link);
	pid_add_process(p);
}

/*
 * Current's process may be ending, for which not all of its threads have the signal yet.  proc_lock
 * held.
 */
static void heed_end(void)
{
	struct process *p = current->process;

	if (likely(!READ_ONCE(p->end.exiting) && !p->program.successor))
		return; /* should it begin to end now, task_link sees that */
	spin_lock(&p->signals.lock);
	signal_kill_thread(current);
	spin_unlock(&p->signals.lock);
}

/*
 * The child gets its number, and others can find it.  A signal that has come in the meantime goes
 * first, so that one that is sent to a whole group finds either no child or all of it; and no
 * thread joins a process that is ending.  So many tasks and numbers are to be @left.
 */
static int publish(struct task *child, const struct clone_args *rq, unsigned int left)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int err = -EAGAIN;
	pid_t tid;

	heed_end();
	/*
	 * Under proc_lock, which a signal to a group takes too: one that comes later finds the
	 * child.
	 */
	if (signal_pending()) {
		err = -ERESTARTNOINTR;
	} else if (pid_counts.tasks + left < tasks_max() && (tid = pid_alloc(left))) {
		if (!(rq->flags & CLONE_THREAD))
			link_process(child->process, rq, tid);
		task_link(child, tid);
		task_get(child); /* the caller's */
		err = 0;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return err;
}

static __attribute__((noinline, cold)) void trace_child(const struct task *child,
							const struct clone_args *rq)
{
	trace_task_fork(child->tid, child->process->pid, rq->flags | rq->exit_signal, child->comm);
}

/* task_fork's work, with the child charged for. */
static struct task *fork_charged(const struct clone_args *rq, unsigned int left)
{
	struct task *child = task_alloc();
	int err;

	if (!child)
		return err_ptr(-ENOMEM);
	err = copy_parts(child, rq->flags);
	if (!err) {
		copy_small(child, rq);
		err = task_parts_fork(child, rq->flags);
		if (!err)
			err = publish(child, rq, left);
		if (err)
			task_parts_exit(child);
	}
	if (err) {
		task_discard(child);
		return err_ptr(err);
	}
	if (trace_on(TRACE_TASK))
		trace_child(child, rq);
	if (rq->flags & CLONE_PARENT_SETTID)
		tell_tid(uptr_of(rq->parent_tid), child->tid);
	return child;
}

struct task *task_fork(const struct clone_args *rq)
{
	struct task *child;
	bool roots;

	if (!flags_ok(rq->flags))
		return err_ptr(-EINVAL);
	if (rq->flags & CLONE_NAMESPACES) /* as a Linux that has none */
		return err_ptr(capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM);
	roots = is_roots();
	if (!charge_task(roots))
		return err_ptr(-EAGAIN);
	current->over_nproc = false;
	child = fork_charged(rq, roots ? 0 : left_for_root());
	if (is_err(child))
		user_uncharge(current_cred()->user, USER_TASKS, 1);
	return child;
}
