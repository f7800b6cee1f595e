/*
 * signal.c - what is sent, what is pending, and what a task has to do about it.
 *
 * Everything of one process is under its signals.lock.  Invariant: a task for which has_work() is
 * true has WORK_SIGNAL and has been woken from an interruptible sleep, or is about to look before
 * it sleeps; so no signal is slept through.
 */
#include "task/signal.h"

#include "abi/clone.h"
#include "abi/errno.h"
#include "abi/resource.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "abi/wait.h"
#include "drivers/timer/timer.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/cred.h"
#include "task/internal.h"
#include "task/pid.h"
#include "task/sched.h"

_Static_assert(NSIG == _NSIG, "NSIG");

#define SIGS_UNBLOCKABLE (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define SIGS_STOP	 (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SIGS_IGNORED	 (SIGBIT(SIGCHLD) | SIGBIT(SIGCONT) | SIGBIT(SIGURG) | SIGBIT(SIGWINCH))
#define SIGS_CORE                                                                                \
	(SIGBIT(SIGQUIT) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGABRT) | SIGBIT(SIGBUS) | \
	 SIGBIT(SIGFPE) | SIGBIT(SIGSEGV) | SIGBIT(SIGXCPU) | SIGBIT(SIGXFSZ) | SIGBIT(SIGSYS))
/* What an instruction of the task itself caused: acted on before anything else, while its cause is
 * still in the frame. */
#define SIGS_FAULT                                                                              \
	(SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGFPE) | \
	 SIGBIT(SIGSYS))

/* ---- pending sets ---- */

static void pending_init(struct pending *p)
{
	p->set = 0;
	list_init(&p->queue);
}

static struct signal_actions *new_actions(void)
{
	struct signal_actions *a = kzalloc(sizeof(*a));

	if (!a)
		return NULL;
	ref_init(&a->refs);
	spin_init(&a->lock);
	return a;
}

static void put_actions(struct signal_actions *a)
{
	if (ref_put(&a->refs))
		kfree(a);
}

/* All of @from, as they are at one time: whoever else has it may be changing them. */
static void copy_actions(struct signal_actions *to, struct signal_actions *from)
{
	unsigned long flags = spin_lock_irqsave(&from->lock);

	memcpy(to->of, from->of, sizeof(to->of));
	spin_unlock_irqrestore(&from->lock, flags);
}

bool signal_init(struct signals *s)
{
	spin_init(&s->lock);
	pending_init(&s->shared);
	list_init(&s->spare);
	s->actions = new_actions();
	return s->actions;
}

void signal_end(struct signals *s)
{
	put_actions(s->actions);
}

int signal_unshare(void)
{
	struct process *p = current->process;
	struct signal_actions *old = p->signals.actions, *own;
	unsigned long flags;

	if (READ_ONCE(old->refs.n) == 1)
		return 0;
	own = new_actions();
	if (!own)
		return -ENOMEM;
	copy_actions(own, old);
	flags = spin_lock_irqsave(&proc_lock); /* who looks at a parent's holds only this */
	spin_lock(&p->signals.lock);
	p->signals.actions = own;
	spin_unlock(&p->signals.lock);
	spin_unlock_irqrestore(&proc_lock, flags);
	put_actions(old);
	return 0;
}

void signal_init_task(struct task_signals *s)
{
	pending_init(&s->own);
	list_init(&s->first.link);
	s->first.in_task = true;
	s->altstack_flags = SS_DISABLE;
}

void signal_fork(struct task *child, uint64_t flags)
{
	struct signals *s = &current->process->signals, *to = &child->process->signals;

	if (to != s && (flags & CLONE_SIGHAND)) {
		put_actions(to->actions);
		to->actions = s->actions;
		ref_get(&to->actions->refs);
	} else if (to != s) {
		copy_actions(to->actions, s->actions);
	}
	child->signals.blocked = current->signals.blocked;
	if ((flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		return;
	child->signals.altstack_sp = current->signals.altstack_sp;
	child->signals.altstack_size = current->signals.altstack_size;
	child->signals.altstack_flags = current->signals.altstack_flags;
}

/*
 * @q has left its queue; @info: what is shown of it, or NULL.  It may be a timer's interrupt, or the terminal's, that throws it
 * away: its memory waits for free_spare(), or for the next that is queued.
 */
static void release(struct process *p, struct queued_signal *q, struct signal_info *info)
{
	list_del(&q->link);
	if (q->taken) {
		q->taken(q, info);
		return;
	}
	p->signals.queued--;
	if (!q->in_task)
		list_add_head(&p->signals.spare, &q->link);
}

static void free_spare(struct process *p)
{
	struct queued_signal *q;

	while ((q = list_pop(&p->signals.spare, struct queued_signal, link)))
		kfree(q);
}

/* Takes the signals of @set out of @pending, and out of the list what belongs to them. */
static void discard(struct process *p, struct pending *pending, uint64_t set)
{
	struct queued_signal *q, *next;

	if (!(pending->set & set))
		return;
	pending->set &= ~set;
	list_for_each_safe(q, next, &pending->queue, link) {
		if (!(SIGBIT(q->info.signo) & set))
			continue;
		release(p, q, NULL);
	}
}

static void discard_everywhere(struct process *p, uint64_t set)
{
	struct task *t;

	discard(p, &p->signals.shared, set);
	list_for_each(t, &p->threads, thread)
		discard(p, &t->signals.own, set);
}

void signal_flush(struct process *p, struct pending *pending)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	discard(p, pending, UINT64_MAX);
	free_spare(p);
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

/* Room for one more in the queue of @t or (NULL) @p; NULL: none. */
static struct queued_signal *new_queued(struct process *p, struct task *t)
{
	struct queued_signal *q;

	if (p->signals.queued >= p->rlimit[RLIMIT_SIGPENDING].cur)
		return NULL;
	if (t && !list_is_linked(&t->signals.first.link))
		return &t->signals.first;
	q = list_pop(&p->signals.spare, struct queued_signal, link);
	if (!q)
		q = kmalloc(sizeof(*q));
	if (q) {
		q->taken = NULL;
		q->in_task = false;
	}
	return q;
}

/* Makes one pending for @t, or (NULL) @p.  A standard signal that is there already is the same signal. */
static int add(struct process *p, struct task *t, const struct signal_info *info)
{
	struct pending *pending = t ? &t->signals.own : &p->signals.shared;
	struct queued_signal *q = NULL;

	if (info->signo < SIGRTMIN && (pending->set & SIGBIT(info->signo)))
		return 0;
	if (info->code != SI_KERNEL)
		q = new_queued(p, t);
	if (!q && info->signo >= SIGRTMIN && info->code != SI_USER && info->code != SI_KERNEL)
		return -EAGAIN;
	if (q) {
		signal_info_copy(&q->info, info);
		list_add_tail(&pending->queue, &q->link);
		p->signals.queued++;
	}
	pending->set |= SIGBIT(info->signo);
	return 0;
}

/* Takes the oldest @signo out of @pending; its bit stays while there are more. */
static void take_one(struct process *p, struct pending *pending, int signo,
		     struct signal_info *info)
{
	struct queued_signal *q, *found = NULL;
	bool more = false;

	list_for_each(q, &pending->queue, link) {
		if (q->info.signo != signo)
			continue;
		if (!found)
			found = q;
		else
			more = true;
	}
	if (!more)
		pending->set &= ~SIGBIT(signo);
	if (!found) {
		*info = signal_kernel(signo);
		return;
	}
	signal_info_copy(info, &found->info);
	release(p, found, info);
	free_spare(p);
}

/* ---- what a task has to do ---- */

static bool has_work(const struct task *t)
{
	const struct process *p = t->process;
	const struct task_signals *s = &t->signals;

	return p->exiting || t->dying || s->forced.signo || p->signals.cont_unsent ||
	       (p->signals.stop == STOPPING && !s->stopped) || p->signals.stop == STOPPED ||
	       ((s->own.set | p->signals.shared.set) & ~s->blocked);
}

bool signal_pending(void)
{
	return READ_ONCE(current->work) & WORK_SIGNAL;
}

/* Takes WORK_SIGNAL away from current if it is not needed; signals.lock held. */
static void settle(void)
{
	bool needed = has_work(current);

	if (needed == signal_pending())
		return;
	if (needed)
		atomic_or(&current->work, WORK_SIGNAL);
	else
		atomic_and(&current->work, ~WORK_SIGNAL);
}

void signal_check_new(struct task *t)
{
	if (has_work(t))
		atomic_or(&t->work, WORK_SIGNAL);
}

bool signal_pending_fatal(void)
{
	if (current->kernel)
		return false;
	return READ_ONCE(current->process->exiting) || READ_ONCE(current->dying);
}

/* Makes @t look at its signals; @states: what it is woken from. */
static void alert(struct task *t, uint32_t states)
{
	atomic_or(&t->work, WORK_SIGNAL);
	if (!task_wake_from(t, states))
		task_kick(t);
}

#define WAKE_TO_DIE (TASK_SLEEPING | TASK_KILLABLE | TASK_STOPPED)

void signal_kill_thread(struct task *t)
{
	WRITE_ONCE(t->dying, true);
	alert(t, WAKE_TO_DIE);
}

/* Threads that are alerted with the lock held: a process may have thousands. */
#define ALERTS_MAX 16

/* Some of those that have not been told that @p is exiting are, current too; false: no more.  signals.lock held. */
static bool alert_some(struct process *p)
{
	int left = ALERTS_MAX;
	struct task *t;

	list_for_each(t, &p->threads, thread) {
		if (t->signals.told)
			continue;
		if (!left--)
			return true;
		t->signals.told = true;
		alert(t, WAKE_TO_DIE);
	}
	return false;
}

/* The rest is told by a task of the kernel's, outside of whatever lock or interrupt the signal was sent under. */
static struct {
	struct spinlock lock;  /* irqsave, inside signals.lock */
	struct list_node list; /* of processes with a reference each, by signals.to_tell */
	struct wait_queue wait;
} to_tell = { .lock = SPINLOCK_INIT,
	      .list = LIST_INIT(to_tell.list),
	      .wait = WAIT_QUEUE_INIT(to_tell.wait) };

static void tell_later(struct process *p)
{
	process_get(p);
	spin_lock(&to_tell.lock);
	list_add_tail(&to_tell.list, &p->signals.to_tell);
	spin_unlock(&to_tell.lock);
	wake_up(&to_tell.wait);
}

static struct process *next_to_tell(void)
{
	unsigned long flags = spin_lock_irqsave(&to_tell.lock);
	struct process *p = list_pop(&to_tell.list, struct process, signals.to_tell);

	spin_unlock_irqrestore(&to_tell.lock, flags);
	return p;
}

static void tell_rest(struct process *p)
{
	unsigned long flags;
	bool more;

	do {
		flags = spin_lock_irqsave(&p->signals.lock);
		more = alert_some(p);
		spin_unlock_irqrestore(&p->signals.lock, flags);
		(void)give_way();
	} while (more);
	process_put(p);
}

static void teller(void *arg)
{
	struct process *p;

	for (;;) {
		wait_event(&to_tell.wait, (p = next_to_tell()));
		tell_rest(p);
	}
}

bool signal_start(void)
{
	struct task *t = task_create_kernel("signals", teller, NULL);

	if (t)
		task_start(t);
	return t;
}

bool signal_exit_group(struct process *p, int code)
{
	if (p->exiting)
		return false;
	p->exit_code = code;
	WRITE_ONCE(p->exiting, true);
	if (alert_some(p))
		tell_later(p);
	return true;
}

/* ---- watching ---- */

/*
 * One queue for many processes: it may be waited in by an epoll that outlives the process, so that the process can't
 * hold it.
 */
static struct wait_queue watchers[16];

static struct wait_queue *watch_queue(const struct process *p)
{
	return &watchers[(uint32_t)p->pid % ARRAY_SIZE(watchers)];
}

struct wait_queue *signal_watch(void)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	p->signals.watched = true;
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return watch_queue(p);
}

void signal_setup(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(watchers); i++)
		wait_init(&watchers[i]);
}

/* ---- sending ---- */

/* pid 1 gets only what it has a handler for, but for faults of its own. */
static bool is_shielded(const struct process *p)
{
	return p == init_process;
}

/* A signal that would have no effect on @t is not even kept; a blocked one is: the action may
 * change before it is let in. */
static bool is_ignored(const struct process *p, const struct task *t, int signo)
{
	uint64_t handler = p->signals.actions->of[signo - 1].handler;

	if (t->signals.blocked & SIGBIT(signo))
		return false;
	if (handler == SIG_HANDLER_DFL)
		return is_shielded(p) || (SIGS_IGNORED & SIGBIT(signo));
	return handler == SIG_HANDLER_IGN;
}

/* SIGCONT lets the process go on, whatever becomes of the signal itself. */
static void resume(struct process *p)
{
	struct signals *s = &p->signals;
	struct task *t;

	if (s->stop == NOT_STOPPED)
		return;
	s->cont_unreported = s->cont_unsent = s->stop == STOPPED;
	s->stop = NOT_STOPPED;
	s->stop_unreported = false;
	s->nr_stopped = 0;
	list_for_each(t, &p->threads, thread) {
		t->signals.stopped = false;
		alert(t, TASK_STOPPED);
	}
}

/* Stop signals and SIGCONT undo one another when they are sent. */
static void oppose(struct process *p, int signo)
{
	if (signo == SIGCONT) {
		p->signals.conts++;
		discard_everywhere(p, SIGS_STOP);
		resume(p);
	} else if (SIGS_STOP & SIGBIT(signo)) {
		discard_everywhere(p, SIGBIT(SIGCONT));
	}
}

static bool lets_in(const struct task *t, int signo)
{
	return !(t->signals.blocked & SIGBIT(signo)) || (t->signals.waiting & SIGBIT(signo));
}

/* The thread that a signal to the whole process goes to: the first that lets it in; NULL: none does
 * yet. */
static struct task *choose_thread(struct process *p, int signo)
{
	struct task *t;

	if (current->process == p && !current->dying && lets_in(current, signo))
		return current;
	list_for_each(t, &p->threads, thread)
		if (!t->dying && lets_in(t, signo))
			return t;
	return NULL;
}

/* Whether @signo ends @p at once, with no thread having a say. */
static bool is_deadly(const struct process *p, const struct task *t, int signo)
{
	if (signo == SIGKILL)
		return true;
	return p->signals.actions->of[signo - 1].handler == SIG_HANDLER_DFL &&
	       !((SIGS_IGNORED | SIGS_STOP | SIGS_CORE) & SIGBIT(signo)) &&
	       !(t->signals.waiting & SIGBIT(signo));
}

/* @signo has become pending, for @t alone or (NULL) for @p: those it concerns are told.  signals.lock held. */
static void notice(struct process *p, struct task *t, int signo)
{
	if (unlikely(p->signals.watched))
		wake_up(watch_queue(p));
	if (!t)
		t = choose_thread(p, signo);
	else if (!lets_in(t, signo))
		t = NULL;
	if (!t)
		return;
	if (is_deadly(p, t, signo))
		signal_exit_group(p, signo);
	alert(t, p->exiting ? WAKE_TO_DIE : TASK_SLEEPING);
}

/* signals.lock held.  @t: the only thread meant, or NULL. */
static int send_locked(struct process *p, struct task *t, const struct signal_info *info)
{
	int signo = info->signo, err;
	struct task *first;

	first = t ? t : list_first(&p->threads, struct task, thread);
	if (!first || p->exiting)
		return 0;
	oppose(p, signo);
	if (is_ignored(p, first, signo))
		return 0;
	err = add(p, t, info);
	if (!err)
		notice(p, t, signo);
	return err;
}

enum own_sent signal_send_own(struct process *p, struct task *t, struct queued_signal *q)
{
	struct pending *pending = t ? &t->signals.own : &p->signals.shared;
	struct task *first = t ? t : list_first(&p->threads, struct task, thread);

	if (!first || !list_is_linked(&first->thread) || p->exiting)
		return OWN_GONE;
	if (list_is_linked(&q->link))
		return OWN_THERE;
	oppose(p, q->info.signo);
	if (is_ignored(p, first, q->info.signo))
		return OWN_IGNORED;
	list_add_tail(&pending->queue, &q->link);
	pending->set |= SIGBIT(q->info.signo);
	notice(p, t, q->info.signo);
	return OWN_SENT;
}

void signal_unsend_own(struct process *p, struct task *t, struct queued_signal *q)
{
	struct pending *pending = t ? &t->signals.own : &p->signals.shared;
	struct queued_signal *other;

	if (!list_is_linked(&q->link))
		return;
	list_del(&q->link);
	pending->set &= ~SIGBIT(q->info.signo);
	list_for_each(other, &pending->queue, link)
		pending->set |= SIGBIT(other->info.signo);
}

int signal_send(struct task *t, const struct signal_info *info)
{
	struct process *p = t->process;
	unsigned long flags;
	int err;

	if (!p)
		return 0; /* a kernel task */
	flags = spin_lock_irqsave(&p->signals.lock);
	err = list_is_linked(&t->thread) ? send_locked(p, t, info) : 0;
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return err;
}

int signal_send_process_locked(struct process *p, const struct signal_info *info)
{
	return send_locked(p, NULL, info);
}

int signal_send_process(struct process *p, const struct signal_info *info)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	int err = send_locked(p, NULL, info);

	spin_unlock_irqrestore(&p->signals.lock, flags);
	return err;
}

int signal_send_group(int32_t pgid, const struct signal_info *info)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct process *p;
	int n = 0;

	pid_for_each_in_group(p, pgid) {
		signal_send_process(p, info);
		n++;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return n;
}

void signal_force(const struct signal_info *info)
{
	struct task *t = current;
	struct process *p = t->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	struct sigaction_k *a = &p->signals.actions->of[info->signo - 1];
	uint64_t bit = SIGBIT(info->signo);

	spin_lock(&p->signals.actions->lock);
	if (a->handler == SIG_HANDLER_IGN || (t->signals.blocked & bit)) {
		WRITE_ONCE(a->handler, SIG_HANDLER_DFL);
		t->signals.blocked &= ~bit;
	}
	spin_unlock(&p->signals.actions->lock);
	signal_info_copy(&t->signals.forced, info);
	atomic_or(&t->work, WORK_SIGNAL);
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

void signal_force_segv(int signo)
{
	const struct signal_info info = signal_kernel(SIGSEGV);
	struct signal_actions *a = current->process->signals.actions;
	unsigned long flags;

	if (signo == SIGSEGV) {
		flags = spin_lock_irqsave(&a->lock);
		WRITE_ONCE(a->of[SIGSEGV - 1].handler, SIG_HANDLER_DFL);
		spin_unlock_irqrestore(&a->lock, flags);
	}
	signal_force(&info);
}

/* ---- telling the parent ---- */

void signal_child(struct process *p, int signo, int code, int status)
{
	struct process *parent = p->parent;
	struct signal_info info = { .signo = signo,
				    .code = code,
				    .pid = p->pid,
				    .uid = ids_of_process(p).uid,
				    .status = status };
	const struct sigaction_k *a;

	if (!parent)
		return;
	info.utime = p->gone.user_ns / (1000000000 / 100);
	info.stime = p->gone.kernel_ns / (1000000000 / 100);
	a = &parent->signals.actions->of[SIGCHLD - 1];
	if (signo && signo <= NSIG &&
	    ((code != CLD_STOPPED && code != CLD_CONTINUED) || !(a->flags & SA_NOCLDSTOP)))
		signal_send_process(parent, &info);
	wake_up(&parent->child_wait);
}

/* Tells the parent of a stop or its end; signals.lock is not held. */
static void tell_parent(struct process *p, int code, int status)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	signal_child(p, SIGCHLD, code, status);
	spin_unlock_irqrestore(&proc_lock, flags);
}

/* ---- stopping ---- */

/* All threads of current's process are to stop. */
static void begin_stop(struct process *p, int signo)
{
	struct task *t;

	if (p->signals.stop != NOT_STOPPED)
		return;
	p->signals.stop = STOPPING;
	p->signals.stop_signal = signo;
	p->signals.nr_stopped = 0;
	p->signals.cont_unreported = false;
	list_for_each(t, &p->threads, thread) {
		t->signals.stopped = false;
		if (t != current)
			alert(t, TASK_SLEEPING);
	}
}

/* The last thread that had to stop has: true once. */
static bool completes_stop(struct process *p)
{
	if (p->signals.stop != STOPPING || p->signals.nr_stopped < p->nr_threads)
		return false;
	p->signals.stop = STOPPED;
	p->signals.stop_unreported = true;
	return true;
}

void signal_thread_gone(struct process *p)
{
	bool complete;

	spin_lock(&p->signals.lock);
	complete = completes_stop(p);
	spin_unlock(&p->signals.lock);
	if (complete)
		signal_child(p, SIGCHLD, CLD_STOPPED, p->signals.stop_signal);
}

static bool to_die(const struct task *t)
{
	return t->process->exiting || t->dying;
}

/* current stops with its process, until SIGCONT or death.  The lock is held, given up meanwhile,
 * and held again. */
static void stop_here(struct process *p, unsigned long *flags)
{
	struct task *t = current;

	t->signals.stopped = true;
	p->signals.nr_stopped++;
	if (completes_stop(p)) {
		int signo = p->signals.stop_signal;

		spin_unlock_irqrestore(&p->signals.lock, *flags);
		tell_parent(p, CLD_STOPPED, signo);
		*flags = spin_lock_irqsave(&p->signals.lock);
	}
	while (p->signals.stop != NOT_STOPPED && t->signals.stopped && !to_die(t)) {
		sched_set_state(TASK_STOPPED);
		spin_unlock_irqrestore(&p->signals.lock, *flags);
		schedule();
		*flags = spin_lock_irqsave(&p->signals.lock);
	}
}

/*
 * A stop signal's default action; the terminal's do nothing to a group that nobody could continue.
 */
static void stop_by(struct process *p, int signo, unsigned long *flags)
{
	uint32_t conts = p->signals.conts;
	bool orphaned = false;

	if (signo != SIGSTOP) {
		spin_unlock_irqrestore(&p->signals.lock, *flags);
		*flags = spin_lock_irqsave(&proc_lock);
		orphaned = group_is_orphaned(p->pgid, NULL);
		spin_unlock_irqrestore(&proc_lock, *flags);
		*flags = spin_lock_irqsave(&p->signals.lock);
		if (p->signals.conts != conts)
			return; /* SIGCONT came meanwhile and undid it */
	}
	if (!orphaned && !to_die(current))
		begin_stop(p, signo);
}

/* ---- taking ---- */

/* The number of the next signal in @set: a fault first, then the lowest; 0: none. */
static int next_in(uint64_t set)
{
	if (set & SIGS_FAULT)
		set &= SIGS_FAULT;
	return set ? __builtin_ctzl(set) + 1 : 0;
}

/* Takes the next pending signal that @blocked lets through; false: none. */
static bool dequeue(struct task *t, uint64_t blocked, struct signal_info *info)
{
	struct process *p = t->process;
	int signo = next_in(t->signals.own.set & ~blocked);

	if (t->signals.forced.signo) {
		signal_info_copy(info, &t->signals.forced);
		t->signals.forced.signo = 0;
		return true;
	}
	if (signo) {
		take_one(p, &t->signals.own, signo, info);
		return true;
	}
	signo = next_in(p->signals.shared.set & ~blocked);
	if (!signo)
		return false;
	take_one(p, &p->signals.shared, signo, info);
	if (signo == SIGALRM)
		itimer_taken(p);
	return true;
}

/* What the default action does with @signo, as a mask of signals would say it; false: the task goes
 * on. */
static bool default_ends(const struct process *p, int signo, bool forced)
{
	if (SIGS_IGNORED & SIGBIT(signo))
		return false;
	return forced || !is_shielded(p);
}

/* Stops, and news for the parent, before any signal is taken; signals.lock held as in stop_here. */
static void job_control(struct process *p, unsigned long *flags)
{
	if (p->signals.cont_unsent) {
		p->signals.cont_unsent = false;
		spin_unlock_irqrestore(&p->signals.lock, *flags);
		tell_parent(p, CLD_CONTINUED, SIGCONT);
		*flags = spin_lock_irqsave(&p->signals.lock);
	}
	while (p->signals.stop != NOT_STOPPED && !to_die(current))
		stop_here(p, flags);
}

void signal_take(struct signal_info *info, struct sigaction_k *action)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	for (;;) {
		struct sigaction_k *a;
		bool forced;

		job_control(p, &flags);
		if (to_die(current)) {
			spin_unlock_irqrestore(&p->signals.lock, flags);
			task_exit(p->exit_code);
		}
		forced = current->signals.forced.signo;
		info->signo = 0;
		if (!dequeue(current, current->signals.blocked, info))
			break;
		a = &p->signals.actions->of[info->signo - 1];
		spin_lock(&p->signals.actions->lock);
		*action = *a;
		if (action->handler > SIG_HANDLER_IGN && (action->flags & SA_RESETHAND))
			a->handler = SIG_HANDLER_DFL;
		spin_unlock(&p->signals.actions->lock);
		if (action->handler == SIG_HANDLER_IGN)
			continue;
		if (action->handler != SIG_HANDLER_DFL)
			break;
		if (!default_ends(p, info->signo, forced))
			continue;
		if (SIGS_STOP & SIGBIT(info->signo)) {
			stop_by(p, info->signo, &flags);
			continue;
		}
		spin_unlock_irqrestore(&p->signals.lock, flags);
		task_exit_group(info->signo);
	}
	settle();
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

bool signal_take_from(uint64_t set, struct signal_info *info)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	bool others;

	info->signo = 0;
	if (!current->signals.forced.signo)
		dequeue(current, ~set, info);
	settle();
	others = signal_pending();
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return others;
}

static void set_waiting(uint64_t set)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	current->signals.waiting = set;
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

int signal_wait_for(uint64_t set, uint64_t deadline_ns, struct signal_info *info)
{
	bool up = false, others;

	set &= ~SIGS_UNBLOCKABLE;
	/* what is not blocked does what it does without this: it is ignored, or ends the process */
	set_waiting(set & current->signals.blocked);
	for (;;) {
		sched_set_state(TASK_SLEEPING);
		others = signal_take_from(set, info);
		if (info->signo || up || others)
			break;
		up = timer_now_ns() >= deadline_ns || sched_sleep_deadline(deadline_ns);
	}
	sched_set_state(TASK_RUNNING);
	set_waiting(0);
	if (info->signo)
		return 0;
	return up ? -EAGAIN : -EINTR;
}

/* ---- masks and actions ---- */

void signal_set_mask(uint64_t mask)
{
	struct process *p = current->process;
	unsigned long flags;
	uint64_t newly;
	struct task *t;

	mask &= ~SIGS_UNBLOCKABLE;
	if (mask == current->signals.blocked)
		return;
	flags = spin_lock_irqsave(&p->signals.lock);
	newly = mask & ~current->signals.blocked & p->signals.shared.set;
	current->signals.blocked = mask;
	/* what was meant for this thread, and is not let in any more, another one may take */
	while (newly) {
		t = choose_thread(p, __builtin_ctzl(newly) + 1);
		if (t)
			alert(t, TASK_SLEEPING);
		newly &= newly - 1;
	}
	if (signal_pending() || ((current->signals.own.set | p->signals.shared.set) & ~mask))
		settle();
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

int signal_set_action(int signo, const struct sigaction_k *act, struct sigaction_k *old)
{
	struct process *p = current->process;
	struct sigaction_k *a;
	unsigned long flags;

	if (signo < 1 || signo > NSIG || (act && (SIGS_UNBLOCKABLE & SIGBIT(signo))))
		return -EINVAL;
	flags = spin_lock_irqsave(&p->signals.lock);
	a = &p->signals.actions->of[signo - 1];
	spin_lock(&p->signals.actions->lock);
	if (old)
		*old = *a;
	if (act) {
		*a = *act;
		a->mask &= ~SIGS_UNBLOCKABLE;
	}
	spin_unlock(&p->signals.actions->lock);
	if (act) {
		if (act->handler == SIG_HANDLER_IGN ||
		    (act->handler == SIG_HANDLER_DFL && (SIGS_IGNORED & SIGBIT(signo)))) {
			discard_everywhere(p, SIGBIT(signo));
			free_spare(p);
			settle();
		}
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return 0;
}

uint64_t signal_pending_set(void)
{
	return READ_ONCE(current->signals.own.set) |
	       READ_ONCE(current->process->signals.shared.set);
}

bool signal_blocked_or_ignored(int signo)
{
	return (current->signals.blocked & SIGBIT(signo)) ||
	       current->process->signals.actions->of[signo - 1].handler == SIG_HANDLER_IGN;
}

void signal_exec(struct task *t)
{
	struct process *p = t->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	for (int i = 0; i < NSIG; i++) {
		struct sigaction_k *a = &p->signals.actions->of[i];
		bool ignored = a->handler == SIG_HANDLER_IGN;

		*a = (struct sigaction_k){ .handler = ignored ? SIG_HANDLER_IGN : SIG_HANDLER_DFL };
	}
	t->signals.altstack_sp = t->signals.altstack_size = 0;
	t->signals.altstack_flags = SS_DISABLE;
	t->signals.restore_blocked = false;
	spin_unlock_irqrestore(&p->signals.lock, flags);
}
