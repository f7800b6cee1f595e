/*
 * fork.c - a new task: for clone(2) a copy of current, for the kernel one of its own.
 *
 * All that can fail comes first, on a task that nobody knows; then it gets its number and is linked
 * in, in one step under proc_lock, after which nothing fails.
 */
#include "abi/clone.h"
#include "abi/errno.h"
#include "abi/resource.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "arm/irqflags.h"
#include "drivers/timer/timer.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/cred.h"
#include "task/fp.h"
#include "task/internal.h"
#include "task/oom.h"
#include "task/pid.h"
#include "task/sched.h"
#include "task/switch.h"

#define PARTS_MAX 4

static struct task_part parts[PARTS_MAX];
static unsigned int nr_parts;

struct process *init_process;

void task_register_part(const struct task_part *part)
{
	CHECK(nr_parts < PARTS_MAX);
	parts[nr_parts++] = *part;
}

void task_parts_exec(struct task *t)
{
	for (unsigned int i = 0; i < nr_parts; i++)
		if (parts[i].exec)
			parts[i].exec(t);
}

/* In the reverse order, from the @n-th down. */
static void parts_exit(struct task *t, unsigned int n)
{
	while (n--)
		parts[n].exit(t);
}

void task_parts_exit(struct task *t)
{
	parts_exit(t, nr_parts);
}

static int parts_fork(struct task *child, uint64_t flags)
{
	for (unsigned int i = 0; i < nr_parts; i++) {
		int err = parts[i].fork ? parts[i].fork(current, child, flags) : 0;

		if (err) {
			parts_exit(child, i);
			return err;
		}
	}
	return 0;
}

/* ---- a task, a process ---- */

/*
 * A kernel stack and a struct task that begins at task_entry, asleep.  It bears current's
 * credentials.  What it has of EL0, its frame and its FP registers, is left for the caller to fill.
 */
static struct task *task_alloc(void)
{
	struct task *t = kmalloc(sizeof(*t));
	uintptr_t top;

	if (!t)
		return NULL;
	memset(t, 0, offsetof(struct task, fp));
	t->stack = kstack_alloc();
	if (!t->stack) {
		kfree(t);
		return NULL;
	}
	top = (uintptr_t)t->stack - 16;
	*(struct task **)top = t;
	t->context.pc = (uintptr_t)task_entry;
	t->context.sp = top - sizeof(struct trapframe);
	ref_init(&t->refs);
	t->cred = cred_get(current_cred());
	t->state = TASK_BLOCKED;
	t->cpu = cpu_id();
	t->cpu_mask = UINT64_MAX;
	t->work = WORK_FP;
	t->group = &kernel_group;
	t->share = &kernel_group.on[t->cpu];
	t->weight = 1024;
	wait_init(&t->vfork_wait);
	signal_init_task(&t->signals);
	list_init(&t->born);
	return t;
}

/*
 * One that begins with fn(arg), if there is one, and with nothing in its registers when it goes to
 * EL0.
 */
static struct task *task_new(void (*fn)(void *), void *arg)
{
	struct task *t = task_alloc();

	if (!t)
		return NULL;
	t->context.x19_x28[0] = (uintptr_t)fn;
	t->context.x19_x28[1] = (uintptr_t)arg;
	memset(task_frame(t), 0, sizeof(struct trapframe));
	memset(&t->fp, 0, sizeof(t->fp));
	t->fp.cpu = -1;
	return t;
}

void task_put(struct task *t)
{
	if (!ref_put(&t->refs))
		return;
	if (t->process)
		process_put(t->process);
	cred_put(t->cred);
	kstack_free(t->stack);
	kfree(t);
}

struct charge *charge_mine(size_t n)
{
	struct charge *c = current->process ? current->process->charge : NULL;

	charge_add(c, n);
	return c;
}

/* A process that bears current's credentials, as its first thread will. */
static struct process *process_new(void)
{
	struct process *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->charge = charge_new();
	if (!p->charge || !signal_init(&p->signals)) {
		kfree(p->charge);
		kfree(p);
		return NULL;
	}
	p->cred = cred_get(current_cred());
	ref_init(&p->refs);
	list_init(&p->children);
	list_init(&p->mourners);
	list_init(&p->born_link);
	place_init(&p->sibling, p);
	list_init(&p->threads);
	wait_init(&p->child_wait);
	wait_init(&p->thread_wait);
	wait_init(&p->end_wait);
	mutex_init(&p->timers.lock);
	mutex_init(&p->exec_lock);
	spin_init(&p->alarms_lock);
	p->start_ns = timer_now_ns();
	return p;
}

void process_put(struct process *p)
{
	if (!ref_put(&p->refs))
		return;
	itimer_end(p);
	signal_end(&p->signals);
	if (p->charge) /* it has never run */
		charge_end(p->charge, user_get(p->cred->user));
	cred_put(p->cred);
	kfree(p);
}

/* A process like current's.  The first reference is that of the tables, which process_reap's caller
 * drops; each task has one more. */
static struct process *process_copy(void)
{
	const struct process *old = current->process;
	struct process *p = process_new();

	if (!p)
		return NULL;
	memcpy(p->rlimit, old->rlimit, sizeof(p->rlimit));
	if (unlikely(p->rlimit[RLIMIT_CPU].cur != RLIM64_INFINITY))
		itimer_limit(p);
	p->personality = old->personality;
	p->oom_score_adj = old->oom_score_adj;
	p->oom_score_adj_min = old->oom_score_adj_min;
	return p;
}

/* ---- fork ---- */

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
	if ((f & CLONE_PARENT) && current->process == init_process)
		return false;
	return true;
}

/* The child's registers: the parent's, but for x0, and SP and TPIDR_EL0 where asked for. */
static void copy_frame(struct task *child, const struct clone_request *rq)
{
	struct trapframe *tf = task_frame(child);

	*tf = *task_frame(current);
	tf->x[0] = 0;
	tf->syscall = -1;
	if (rq->stack)
		tf->sp = rq->stack;
	child->tls = rq->flags & CLONE_SETTLS ? rq->tls : READ_SYSREG(tpidr_el0);
}

static void copy_small(struct task *child, const struct clone_request *rq)
{
	copy_frame(child, rq);
	fp_fork(child);
	child->work |= READ_ONCE(current->work) & WORK_TRACE;
	signal_fork(child, rq->flags);
	if (rq->flags & CLONE_CLEAR_SIGHAND)
		signal_exec(child);
	memcpy(child->comm, current->comm, sizeof(child->comm));
	sched_fork(child);
	child->may_fail = current->may_fail;
	child->slack_ns = child->default_slack_ns = current->slack_ns;
	child->vforked = rq->flags & CLONE_VFORK;
	if (rq->flags & CLONE_CHILD_CLEARTID)
		child->clear_tid = rq->child_tid.va;
	if (rq->flags & CLONE_CHILD_SETTID)
		child->set_tid = rq->child_tid.va;
}

/*
 * All that takes memory.  0, or -ENOMEM and what a part said; what there is then is task_discard's.
 */
static int copy_large(struct task *child, uint64_t flags)
{
	child->process = flags & CLONE_THREAD ? current->process : process_copy();
	if (!child->process)
		return -ENOMEM;
	if (flags & CLONE_THREAD) {
		process_begin_sum();
		child->sum = &child->process->sum;
	}
	process_get(child->process);
	if (flags & CLONE_VM) {
		child->mm = current->mm;
		ref_get(&child->mm->refs);
	} else {
		child->mm = mm_fork(current->mm);
	}
	return child->mm ? 0 : -ENOMEM;
}

/* A child that nobody knows yet goes again, and with it a process of its own. */
static void task_discard(struct task *child)
{
	if (child->mm)
		mm_put(child->mm);
	if (child->process && child->process != current->process)
		process_put(child->process);
	task_put(child);
}

/* Their stacks may take an eighth of memory, as in Linux: a fork bomb ends before memory does. */
uint64_t tasks_max(void)
{
	uint64_t n = page_total_count() / 8 / (STACK_SIZE / PAGE_SIZE);

	return min(max(n, UINT64_C(20)), (uint64_t)PID_MAX);
}

/* Whom nothing limits but what there is. */
static bool is_roots(void)
{
	return current_cred()->user == &root_user || capable(CAP_SYS_RESOURCE) ||
	       capable(CAP_SYS_ADMIN);
}

/*
 * RLIMIT_NPROC: one task more of the user that current, and so the child, has.  From here on until
 * the child has left (its process been waited for, if it is a leader) it is counted, and changes
 * its user only with the count (cred_commit).
 */
static bool charge_task(bool roots)
{
	return user_charge(current_cred()->user, USER_TASKS, 1,
			   roots ? USER_NO_LIMIT
				 : READ_ONCE(current->process->rlimit[RLIMIT_NPROC].cur));
}

/*
 * All users together leave a thirty-second part of the tasks, and as many numbers, to root, who is
 * to be able to look what there is and to end it.
 */
static unsigned int left_for_root(void)
{
	return (unsigned int)max(tasks_max() / 32, UINT64_C(1));
}

static void link_process(struct process *p, const struct clone_request *rq, pid_t pid)
{
	struct process *me = current->process;

	p->pid = pid;
	p->parent = rq->flags & CLONE_PARENT ? me->parent : me;
	/* the same thread's as current's process is, or current's */
	list_add_tail(rq->flags & CLONE_PARENT ? &me->born_link : &current->born, &p->born_link);
	p->ppid = p->parent->pid;
	p->exit_signal = rq->flags & CLONE_PARENT ? me->exit_signal : rq->exit_signal;
	p->parent_exec_id = rq->flags & CLONE_PARENT ? me->parent_exec_id : me->exec_id;
	list_add_tail(&p->parent->children, &p->sibling.link);
	pid_add_process(p);
}

/* @t gets its number and joins its process.  proc_lock held. */
static void link_task(struct task *t, pid_t tid)
{
	struct process *p = t->process;

	t->tid = tid;
	spin_lock(&p->signals.lock);
	/* behind the first, who has an address space as current has */
	list_insert(&t->thread, p->nr_threads ? p->threads.next : &p->threads);
	p->nr_threads++;
	signal_check_new(t);
	spin_unlock(&p->signals.lock);
	pid_add_task(t);
}

/*
 * Current's process may be ending, which not all of its threads need have been told.  proc_lock
 * held.
 */
static void heed_end(void)
{
	struct process *p = current->process;

	if (likely(!READ_ONCE(p->exiting) && !p->exec_task))
		return; /* should it begin to end now, link_task sees that */
	spin_lock(&p->signals.lock);
	signal_kill_thread(current);
	spin_unlock(&p->signals.lock);
}

/*
 * The child gets its number and is there.  A signal that has come in the meantime goes first, so
 * that one that is sent to a whole group finds either no child or all of it; and nobody is born
 * into a process that is ending.  So many tasks and numbers are to be @left.
 */
static int publish(struct task *child, const struct clone_request *rq, unsigned int left)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int err = -EAGAIN;
	pid_t tid;

	heed_end();
	if (signal_pending()) {
		err = -ERESTARTNOINTR;
	} else if (task_count() + left < tasks_max() && (tid = pid_alloc(left))) {
		if (!(rq->flags & CLONE_THREAD))
			link_process(child->process, rq, tid);
		link_task(child, tid);
		task_get(child); /* the caller's */
		err = 0;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return err;
}

/* A bad address does not undo the child that is there already: Linux does not look either. */
static void tell_tid(uptr at, pid_t tid)
{
	int err = put_user(tid, at);

	(void)err;
}

/* task_fork's work, with the child charged for. */
static struct task *fork_charged(const struct clone_request *rq, unsigned int left)
{
	struct task *child = task_alloc();
	int err;

	if (!child)
		return err_ptr(-ENOMEM);
	err = copy_large(child, rq->flags);
	if (!err) {
		copy_small(child, rq);
		err = parts_fork(child, rq->flags);
	}
	if (!err) {
		err = publish(child, rq, left);
		if (err)
			task_parts_exit(child);
	}
	if (err) {
		task_discard(child);
		return err_ptr(err);
	}
	if (rq->flags & CLONE_PARENT_SETTID)
		tell_tid(rq->parent_tid, child->tid);
	return child;
}

struct task *task_fork(const struct clone_request *rq)
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

void task_start(struct task *t)
{
	task_wake(t);
}

void task_first_run(void)
{
	uint64_t at = current->set_tid;

	current->set_tid = 0;
	if (at)
		tell_tid(uptr_of(at), current->tid);
}

/* ---- tasks of the kernel's own ---- */

struct kernel_start {
	void (*fn)(void *);
	void *arg;
};

static void kernel_main(void *arg)
{
	struct kernel_start start = *(struct kernel_start *)arg;

	kfree(arg);
	start.fn(start.arg);
	task_exit(0);
}

struct task *task_create_kernel(const char *name, void (*fn)(void *), void *arg)
{
	struct kernel_start *start = kmalloc(sizeof(*start));
	struct task *t = start ? task_new(kernel_main, start) : NULL;

	if (!t) {
		kfree(start);
		return NULL;
	}
	*start = (struct kernel_start){ .fn = fn, .arg = arg };
	t->kernel = true;
	strlcpy(t->comm, name, sizeof(t->comm));
	return t;
}

/* What Linux gives to init. */
static void first_rlimits(struct rlimit *r)
{
	for (unsigned int i = 0; i < RLIMITS; i++)
		r[i] = (struct rlimit){ RLIM64_INFINITY, RLIM64_INFINITY };
	r[RLIMIT_STACK].cur = 8 << 20;
	r[RLIMIT_CORE].cur = 0;
	r[RLIMIT_NPROC] = (struct rlimit){ tasks_max() / 2, tasks_max() / 2 };
	r[RLIMIT_NOFILE] = (struct rlimit){ 1024, 4096 };
	r[RLIMIT_MEMLOCK] = (struct rlimit){ 8 << 20, 8 << 20 };
	r[RLIMIT_SIGPENDING] = r[RLIMIT_NPROC];
	r[RLIMIT_MSGQUEUE] = (struct rlimit){ 819200, 819200 };
	r[RLIMIT_NICE] = r[RLIMIT_RTPRIO] = (struct rlimit){ 0, 0 };
}

struct task *task_create_init(void (*fn)(void *), void *arg)
{
	struct task *t = signal_start() ? task_new(fn, arg) : NULL;
	struct process *p = t ? process_new() : NULL;
	unsigned long flags;

	if (!p) {
		if (t)
			task_put(t);
		return NULL;
	}
	t->process = p;
	process_get(p);
	first_rlimits(p->rlimit);
	user_charge_anyway(t->cred->user, USER_TASKS, 1);
	t->slack_ns = t->default_slack_ns = 50000; /* as Linux */
	t->group = &root_user.group;
	t->share = &t->group->on[t->cpu];
	strlcpy(t->comm, "init", sizeof(t->comm));
	flags = spin_lock_irqsave(&proc_lock);
	p->pid = pid_alloc(0);
	p->exit_signal = SIGCHLD;
	pid_add_process(p);
	link_task(t, p->pid);
	spin_unlock_irqrestore(&proc_lock, flags);
	init_process = p;
	return t;
}

/* ---- idle tasks ---- */

struct task boot_task = { .on_rq = true,
			  .kernel = true,
			  .comm = "swapper/0",
			  .cred = &root_cred,
			  .cpu_mask = 1,
			  .refs = { 1 },
			  .fp = { .cpu = -1 } };

void task_init(void)
{
	pid_init();
	oom_init();
	signal_setup();
	sched_group_init(&root_user.group);
	sched_init_cpu(&boot_task);
}

struct task *task_create_idle(unsigned int cpu)
{
	struct task *t = task_new(NULL, NULL);

	if (!t)
		return NULL;
	t->kernel = true;
	t->state = TASK_RUNNING;
	t->cpu = cpu;
	t->cpu_mask = BIT(cpu);
	strlcpy(t->comm, "swapper/0", sizeof(t->comm));
	t->comm[8] = (char)('0' + cpu);
	return t;
}
