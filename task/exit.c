/*
 * exit.c - a thread ends, and with the last one its process.
 *
 * In this order: what it told others to look at in its memory, the memory, what other folders keep
 * for it (all this as a task like any other, that may sleep); then under proc_lock it leaves the
 * tables and, as the last of its process, makes that a zombie and tells the parent; then it leaves
 * its core for good, and the task after it frees its stack.
 */
#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/wait.h"
#include "arm/irqflags.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/giveway.h"
#include "mm/vmstat.h"
#include "task/cred.h"
#include "task/fp.h"
#include "task/futex.h"
#include "task/internal.h"
#include "task/kill.h"
#include "task/pid.h"
#include "task/sched.h"
#include "task/time/posix_timer.h"

/* ---- the address space ---- */

/* Current has let go of the address space that it borrowed: its parent goes on. */
static void vfork_done(void)
{
	if (!current->vforked)
		return;
	WRITE_ONCE(current->vforked, false);
	wake_up(&current->vfork_wait);
}

void task_vfork_wait(struct task *child)
{
	int err = wait_event_killable(&child->vfork_wait, !READ_ONCE(child->vforked));

	(void)err; /* a parent that is to die does so on its way out */
	task_put(child);
}

static void clear_tid(void)
{
	uint64_t at = current->clear_tid;

	current->clear_tid = 0;
	if (!at || READ_ONCE(current->mm->refs.n) == 1)
		return; /* nobody else can see it */
	if (put_user((uint32_t)0, uptr_of(at)) == 0)
		futex_wake_address(uptr_of(at), 1);
}

void task_end_in_mm(void)
{
	futex_exit_robust();
	clear_tid();
}

/* current has no address space any more: others are found first. */
static void go_behind(struct process *p)
{
	if (likely(current->thread.next == &p->threads))
		return;
	spin_lock(&p->signals.lock);
	list_del(&current->thread);
	list_add_tail(&p->threads, &current->thread);
	spin_unlock(&p->signals.lock);
}

struct mm *task_change_mm(struct mm *to)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&proc_lock); /* others look at it */
	struct mm *was = current->mm;

	if (was)
		p->peak_rss = max(p->peak_rss, mm_peak_rss(was));
	current->mm = to;
	if (!to)
		go_behind(p);
	mm_activate(to);
	spin_unlock_irqrestore(&proc_lock, flags);
	return was;
}

void task_put_old_mm(struct mm *mm)
{
	vfork_done();
	if (mm)
		mm_put(mm);
}

/* current lets go of its address space: who waits for that is told; it has none afterwards. */
static void leave_mm(void)
{
	if (!current->mm)
		return;
	task_end_in_mm();
	task_put_old_mm(task_change_mm(NULL));
}

/* ---- the family ---- */

/* Who takes the children of @p: the nearest ancestor that asked for it (prctl(2)), or pid 1. */
static struct process *new_parent(const struct process *p)
{
	struct process *a;

	for (a = p->parent; a && a != init_process; a = a->parent)
		if (a->subreaper && !a->exiting)
			return a;
	return init_process;
}

void process_reap(struct process *p)
{
	struct process *parent = p->parent;

	parent->waited.user_ns += p->gone.user_ns + p->waited.user_ns;
	parent->waited.kernel_ns += p->gone.kernel_ns + p->waited.kernel_ns;
	parent->waited_faults += p->gone_faults + p->waited_faults;
	parent->waited_peak_rss = max(parent->waited_peak_rss, process_peak_rss(p));
	list_del(&p->sibling.link);
	list_del(&p->born_link);
	pid_remove_process(p);
	/* The leader's charge; no thread is left that changes p->cred. */
	user_uncharge(p->cred->user, USER_TASKS, 1);
	WRITE_ONCE(p->reaped, true);
	wake_up(&p->end_wait);
}

/*
 * Tells the parent of zombie @p.  True: it does not want to wait for it (sigaction(2): SIG_IGN,
 * SA_NOCLDWAIT), so that is reaped.
 */
static bool tell_end(struct process *p)
{
	const struct sigaction_k *a = &p->parent->signals.actions->of[SIGCHLD - 1];
	/*
	 * Once its parent is another program, perhaps one with more rights, nobody has asked for a
	 * signal but this.
	 */
	bool changed = p->parent_exec_id != p->parent->exec_id;
	int signo = changed ? SIGCHLD : p->exit_signal, code = p->exit_code;
	bool chld = signo == SIGCHLD, ignores = a->handler == SIG_HANDLER_IGN;

	signal_child(p, chld && ignores ? 0 : signo, WIFSIGNALED(code) ? CLD_KILLED : CLD_EXITED,
		     WIFSIGNALED(code) ? WTERMSIG(code) : WEXITSTATUS(code));
	if (!chld || !(ignores || (a->flags & SA_NOCLDWAIT)))
		return false;
	process_reap(p);
	return true;
}

void task_mourn(int signo)
{
	unsigned long flags;

	if (!signo && !current->parent_death_signal)
		return;
	flags = spin_lock_irqsave(&proc_lock);
	if (current->parent_death_signal)
		list_del(&current->mourner);
	current->parent_death_signal = signo;
	if (signo)
		list_add_tail(&current->process->mourners, &current->mourner);
	spin_unlock_irqrestore(&proc_lock, flags);
}

/*
 * Thread @t asked for it, but comes from current: what it has become may be none of current's
 * business.
 */
static void tell_mourner(struct task *t)
{
	struct signal_info info = { .signo = t->parent_death_signal,
				    .pid = current->process->pid,
				    .uid = current_cred()->uid };

	if (may_signal(t->process, ids_of_task(t), info.signo))
		signal_send_process(t->process, &info);
}

/* So many children are given away, or threads told of it, before proc_lock is let go. */
#define GIVE_STEPS 16

/* What there is to do for the family of a process or thread that ends, once proc_lock is let go. */
struct farewell {
	struct list_node dead;	   /* children that nobody waits for */
	struct list_node mourners; /* threads that are to be told yet */
	pid_t pgid;		   /* a group that may have become orphaned */
	bool asked;		   /* and whether that is to be asked now */
};

/* True: all have been told. */
static bool tell_mourners(struct farewell *f)
{
	struct task *t;

	for (int i = 0; i < GIVE_STEPS; i++) {
		t = list_pop(&f->mourners, struct task, mourner);
		if (!t)
			break;
		list_add_tail(&t->process->mourners, &t->mourner);
		tell_mourner(t);
	}
	return list_empty(&f->mourners);
}

/* Process @c is @to's now; who mourns in it is to be told. */
static void leave_to(struct process *c, struct task *to, struct farewell *f)
{
	list_del(&c->born_link);
	list_add_tail(&to->born, &c->born_link);
	list_splice_tail(&f->mourners, &c->mourners);
}

/*
 * What current has born is left to a thread that goes on, a few at a time.  True: it has none any
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
	if (!to->mm) { /* none goes on: whoever is the last gives them away, and has it told */
		list_splice_tail(&to->born, &current->born);
		return true;
	}
	for (int i = 0; i < GIVE_STEPS; i++) {
		c = list_first(&current->born, struct process, born_link);
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
	c->parent = to;
	WRITE_ONCE(c->ppid, to->pid);
	c->exit_signal = SIGCHLD;
	list_del(&c->sibling.link);
	list_add_tail(&to->children, &c->sibling.link);
	leave_to(c, list_first(&to->threads, struct task, thread), f);
	if (c->zombie && tell_end(c))
		list_add_tail(&f->dead, &c->sibling.link);
}

/*
 * The next child of @p is given away.  False: it has none, or first it is to be asked what has
 * become of the last one's group.
 */
static bool give_next(struct process *p, struct process *to, struct farewell *f)
{
	struct walk_place *at = list_first(&p->children, struct walk_place, link);
	struct process *c =
		at ? at->process : NULL; /* no walk goes on there: those are current's siblings' */

	f->asked = f->pgid && (!c || c->pgid != f->pgid);
	if (!c || f->asked)
		return false;
	if (job_is_kept(c))
		f->pgid = c->pgid;
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

	if (likely(list_empty(&p->children) && !f->pgid))
		return true;
	to = new_parent(p);
	for (int i = 0; i < GIVE_STEPS; i++)
		if (!give_next(p, to, f))
			break;
	return list_empty(&p->children) && !f->pgid && list_empty(&f->dead);
}

/* @p, without children, continues no job any more.  True: that has been seen to. */
static bool leave_job(struct process *p, struct farewell *f)
{
	if (p->leaving)
		return true;
	f->asked = job_is_kept(p);
	f->pgid = f->asked ? p->pgid : 0;
	p->leaving = true;
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
	while ((p = list_pop(&f->dead, struct process, sibling.link)))
		process_put(p);
	(void)give_way(); /* it is on its way already */
}

/*
 * Takes proc_lock, when current is not the last thread of @p and has no children, or @p has none
 * and continues no job any more: that is seen to meanwhile, the lock let go in between.
 */
static unsigned long lock_childless(struct process *p)
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
		spin_unlock_irqrestore(&proc_lock, flags);
		say_farewell(&f);
	}
}

/*
 * The last thread of @p is gone, and so are its children.  Returns true when nobody will wait for
 * it: it has been reaped.
 */
static bool process_end(struct process *p)
{
	if (p == init_process)
		panic("Attempted to kill init! exitcode=0x%08x", (unsigned int)p->exit_code);
	WRITE_ONCE(p->zombie, true);
	wake_up(&p->end_wait);
	return tell_end(p);
}

/* ---- the thread ---- */

/*
 * current leaves its process, perhaps as the last one.  Returns the process if it has ended and
 * been reaped.
 */
static struct process *leave_process(int code, bool *was_last)
{
	struct task *t = current;
	struct process *p = t->process;
	struct cpu_time time;
	bool last, reaped = false;
	unsigned long flags = lock_childless(p);

	sched_count_current(); /* whoever has seen the sum must not see less */
	time = task_time(t);
	spin_lock(&p->signals.lock);
	list_del(&t->thread);
	last = --p->nr_threads == 0;
	if (last && !p->exiting)
		p->exit_code = code;
	spin_unlock(&p->signals.lock);
	pid_remove_task(t);
	if (t->parent_death_signal)
		list_del(&t->mourner);
	t->gone = true;
	t->sum = NULL; /* what it still needs to leave is nobody's */
	if (t->tid !=
	    p->pid) /* the leader's charge is the process's, until that is reaped; so is its name */
		user_uncharge(t->cred->user, USER_TASKS, 1);
	else
		memcpy(p->comm, t->comm, sizeof(p->comm));
	p->gone.user_ns += time.user_ns;
	p->gone.kernel_ns += time.kernel_ns;
	p->gone_faults += t->faults;
	if (last) {
		reaped = process_end(p);
	} else {
		signal_thread_gone(p);
		wake_up(&p->thread_wait);
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	*was_last = last;
	return reaped ? p : NULL;
}

/*
 * Off the core for good; interrupts stay masked, so that nothing finds the task dead and running.
 */
static __noreturn void leave_core(void)
{
	fp_changed(); /* nobody stores what is in the registers */
	irq_disable();
	WRITE_ONCE(current->state, TASK_DEAD);
	schedule();
	panic("a dead task runs");
}

/* Nothing is sent to current any more, or if it is the last thread to its process. */
static void end_signals(bool last)
{
	if (last)
		posix_timers_end(current->process);
	signal_flush_task(last);
}

__noreturn void task_exit(int code)
{
	struct process *reaped;
	bool last, alone;

	if (!current->kernel) {
		leave_mm();
		task_parts_exit(current);
		alone = signal_end_alone(code);
		/* before anybody can wait for it: then all that its user is charged for is back */
		if (alone)
			end_signals(true);
		reaped = leave_process(code, &last);
		if (!alone)
			end_signals(last);
		if (last) {
			charge_end(current->process->charge, user_get(current_cred()->user));
			current->process->charge = NULL;
		}
		if (reaped)
			process_put(reaped);
	}
	leave_core();
}

__noreturn void task_exit_group(int code)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	signal_exit_group(p, code);
	spin_unlock_irqrestore(&p->signals.lock, flags);
	task_exit(code);
}

/* ---- execve(2) in a process of several threads ---- */

#define KILLS_MAX 16 /* threads that are told with the lock held */

/* 0 when current is now the one whose exec goes on; proc_lock held. */
static int claim_exec(struct process *p)
{
	int err = 0;

	spin_lock(&p->signals.lock);
	if (p->exiting || p->exec_task) {
		err = -EAGAIN; /* which it does not live to see, should it not have been told yet */
		signal_kill_thread(current);
	} else {
		p->exec_task = current;
	}
	spin_unlock(&p->signals.lock);
	return err;
}

/*
 * Some of the other threads are told to leave, from number *@next on; false: all have been.  There
 * are no new ones: see heed_end.
 */
static bool kill_some(struct process *p, pid_t *next)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct task *t = NULL;

	spin_lock(&p->signals.lock);
	for (int i = 0; i < KILLS_MAX && (t = pid_next_thread(p, *next)); i++) {
		*next = t->tid + 1;
		if (t != current)
			signal_kill_thread(t);
	}
	spin_unlock(&p->signals.lock);
	spin_unlock_irqrestore(&proc_lock, flags);
	return t;
}

/*
 * The survivor bears the number of the process, which is what it is; the leader that was is counted
 * no more.  Returns that one's.
 */
static const struct cred *become_leader(void)
{
	struct task *t = current;
	const struct cred *was;

	if (t->tid == t->process->pid)
		return NULL;
	pid_remove_task(t);
	t->tid = t->process->pid;
	pid_add_task(t);
	was = cred_lead();
	user_uncharge(was->user, USER_TASKS, 1);
	return was;
}

int task_exec_alone(void)
{
	struct process *p = current->process;
	const struct cred *leader = NULL;
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int err = claim_exec(p);
	pid_t next = 0;

	spin_unlock_irqrestore(&proc_lock, flags);
	if (err)
		return err;
	while (kill_some(p, &next))
		(void)give_way(); /* the wait below ends at once, if it is to die */
	if (wait_event_killable(&p->thread_wait, READ_ONCE(p->nr_threads) == 1))
		err = -EAGAIN; /* a deadly signal: the caller will not see this */
	flags = spin_lock_irqsave(&proc_lock);
	if (!err)
		leader = become_leader();
	p->exec_task = NULL;
	spin_unlock_irqrestore(&proc_lock, flags);
	cred_put(leader);
	return err;
}

/* ---- time ---- */

/* The only thread of @p, which has no sum of its own; NULL: it has gone.  proc_lock held. */
static struct task *only_thread(const struct process *p)
{
	return list_first(&p->threads, struct task, thread);
}

/* What the cores have not counted yet of the threads that they run now. */
static uint64_t not_counted_ns(const struct process *p)
{
	uint64_t ns = 0;

	for (uint64_t m = sched_cpus_online(); m; m &= m - 1)
		ns += sched_running_ns((unsigned int)__builtin_ctzl(m), p);
	return ns;
}

/*
 * A thread that is counted between the two looks is missed: so no less is said than was said
 * before.
 */
static uint64_t sum_up_to_now(struct process *p)
{
	uint64_t ns = READ_ONCE(p->sum.user_ns) + READ_ONCE(p->sum.kernel_ns), told;

	ns += not_counted_ns(p);
	told = READ_ONCE(p->told_ns);
	while (told < ns && !atomic_cmpxchg(&p->told_ns, &told, ns))
		;
	return max(told, ns);
}

/*
 * Whether @p's time is to be taken from its sum; else it has at most one thread, and keeps so while
 * proc_lock is held: it is taken then, *flags being what to restore.
 */
static bool has_sum(const struct process *p, unsigned long *flags)
{
	if (load_acquire(&p->has_sum))
		return true;
	*flags = spin_lock_irqsave(&proc_lock);
	if (!p->has_sum)
		return false;
	spin_unlock_irqrestore(&proc_lock, *flags);
	return true;
}

/* Current's own process, which has no other thread, and gets none but by current. */
static bool is_own_alone(const struct process *p)
{
	return p == current->process && !READ_ONCE(p->has_sum);
}

uint64_t process_runtime_ns(struct process *p)
{
	unsigned long flags;
	struct task *t;
	uint64_t ns;

	if (is_own_alone(p))
		return p->gone.user_ns + p->gone.kernel_ns + sched_runtime_ns(current);
	if (has_sum(p, &flags))
		return sum_up_to_now(p);
	t = only_thread(p);
	ns = p->gone.user_ns + p->gone.kernel_ns + (t ? sched_runtime_ns(t) : 0);
	spin_unlock_irqrestore(&proc_lock, flags);
	return ns;
}

struct cpu_time process_time(struct process *p)
{
	struct cpu_time sum, one;
	unsigned long flags;
	struct task *t;

	if (has_sum(p, &flags))
		return (struct cpu_time){ READ_ONCE(p->sum.user_ns), READ_ONCE(p->sum.kernel_ns) };
	sum = p->gone;
	t = only_thread(p);
	if (t) {
		one = task_time(t);
		sum.user_ns += one.user_ns;
		sum.kernel_ns += one.kernel_ns;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return sum;
}

void process_begin_sum(void)
{
	struct process *p = current->process;
	unsigned long flags;

	if (likely(p->has_sum)) /* else it has no other thread that could begin it */
		return;
	flags = irq_save(); /* no tick counts meanwhile */
	sched_count_current();
	p->sum.user_ns = p->gone.user_ns + current->time.user_ns;
	p->sum.kernel_ns = p->gone.kernel_ns + current->time.kernel_ns;
	current->sum = &p->sum;
	store_release(&p->has_sum, true);
	irq_restore(flags);
}

/* Threads whose faults are summed up before proc_lock is let go. */
#define FAULTS_MAX 64

uint64_t process_faults(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	uint64_t sum = p->gone_faults;
	int left = FAULTS_MAX;
	struct task *t;

	for (pid_t tid = 0; (t = pid_next_thread(p, tid));) {
		sum += READ_ONCE(t->faults);
		tid = t->tid + 1;
		if (--left)
			continue;
		spin_unlock_irqrestore(&proc_lock, flags);
		(void)give_way(); /* a sum that nobody will see */
		flags = spin_lock_irqsave(&proc_lock);
		left = FAULTS_MAX;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return sum;
}

/* ---- the address space, for others ---- */

/* proc_lock held; threads that are leaving have none any more, and are behind the others. */
static struct mm *mm_of_any(const struct process *p)
{
	const struct task *t = list_first(&p->threads, struct task, thread);

	return t ? t->mm : NULL;
}

struct mm *process_mm(struct process *p, const struct task *only)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct mm *mm = only ? only->mm : mm_of_any(p);

	if (mm)
		ref_get(&mm->refs);
	spin_unlock_irqrestore(&proc_lock, flags);
	return mm;
}

bool process_is_dumpable(struct process *p, const struct task *only)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	const struct mm *mm = only ? only->mm : mm_of_any(p);
	bool is = mm && READ_ONCE(mm->dumpable);

	spin_unlock_irqrestore(&proc_lock, flags);
	return is;
}
