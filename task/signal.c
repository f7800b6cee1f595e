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
#include "abi/time.h"
#include "abi/wait.h"
#include "drivers/timer/timer.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/cred.h"
#include "task/exit.h"
#include "task/jobs.h"
#include "task/pid.h"
#include "task/process.h"
#include "task/sched.h"
#include "task/sleep.h"
#include "task/task.h"
#include "task/time/itimer.h"
#include "task/time/timer.h"
#include "task/user.h"
#include "task/wait.h"

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
	p->set = p->from_kernel = p->from_nobody = 0;
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

/*
 * What @p's signals do is whole and stands still from here on; signals.lock held.  True: others
 * have it as well, and unlock_actions() must know.
 */
static bool lock_actions(struct process *p)
{
	struct signal_actions *a = p->signals.actions;
	bool several = load_acquire(&a->refs.n) != 1; /* what one that had it did is seen */

	if (unlikely(several))
		spin_lock(&a->lock);
	return several;
}

static void unlock_actions(struct process *p, bool several)
{
	if (unlikely(several))
		spin_unlock(&p->signals.actions->lock);
}

/* All of @p's, as they are at one time. */
static void copy_actions(struct signal_actions *to, struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	bool several = lock_actions(p);

	memcpy(to->of, p->signals.actions->of, sizeof(to->of));
	unlock_actions(p, several);
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

/* @child has @p's. */
static void share_actions(struct signals *child, struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	child->actions = p->signals.actions;
	ref_get(&child->actions->refs);
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

bool signal_init(struct signals *s)
{
	spin_init(&s->lock);
	pending_init(&s->shared);
	list_init(&s->dropped);
	list_init(&s->to_tell);
	s->stops = 1; /* nobody is counted */
	s->actions = new_actions();
	return s->actions;
}

void signal_end(struct signals *s)
{
	CHECK(list_empty(&s->shared.queue) && list_empty(&s->dropped));
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
	copy_actions(own, p);
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
	queued_signal_init(&s->first);
	s->first.in_task = true;
	s->altstack_flags = SS_DISABLE;
}

void signal_fork(struct task *child, uint64_t flags)
{
	struct signals *s = &current->process->signals, *to = &child->process->signals;

	if (to != s && (flags & CLONE_SIGHAND)) {
		put_actions(to->actions);
		share_actions(to, current->process);
	} else if (to != s) {
		copy_actions(to->actions, current->process);
	}
	child->signals.blocked = current->signals.blocked;
	if ((flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		return;
	child->signals.altstack_sp = current->signals.altstack_sp;
	child->signals.altstack_size = current->signals.altstack_size;
	child->signals.altstack_flags = current->signals.altstack_flags;
}

/* The oldest in @pending's queue with number @signo; NULL: none. */
static struct queued_signal *first_of(const struct pending *pending, int signo)
{
	struct queued_signal *q;

	list_for_each(q, &pending->queue, link)
		if (q->info.signo == signo)
			return q;
	return NULL;
}

static inline void enqueue(struct process *p, struct pending *pending, struct queued_signal *q)
{
	struct queued_signal *first = NULL;

	if (unlikely(!list_empty(&pending->queue)))
		first = first_of(pending, q->info.signo);
	if (unlikely(first)) {
		list_add_tail(&first->line, &q->line);
		q->line_id = first->line_id;
	} else {
		list_add_tail(&pending->queue, &q->link);
		q->line_id = p->signals.next_line_id++;
	}
}

/* @q's place in a line, where it is not alone: if it was the first, the next one is. */
static void leave_others(struct queued_signal *q)
{
	struct queued_signal *next = list_entry(q->line.next, struct queued_signal, line);

	if (list_is_linked(&q->link))
		list_insert(&next->link, &q->link);
	list_del(&q->line);
}

/* Out of its line, if it is in one. */
static inline void leave_line(struct queued_signal *q)
{
	if (unlikely(list_is_linked(&q->line)))
		leave_others(q);
	list_del(&q->link);
}

/* Is @q, which is in a line, still to be taken?  Else that was dropped. */
static bool is_pending(const struct pending *pending, const struct queued_signal *q)
{
	const struct queued_signal *first = first_of(pending, q->info.signo);

	return first && first->line_id == q->line_id;
}

static void uncharge(struct queued_signal *q)
{
	user_uncharge(q->user, USER_SIGNALS, 1);
	user_put(q->user);
}

/* @q has left its line; @info: what is shown of it.  Not in an interrupt. */
static void release(struct queued_signal *q, struct signal_info *info)
{
	if (q->taken) {
		q->taken(q, info);
		return;
	}
	uncharge(q);
	if (!q->in_task)
		kfree(q);
}

/* ---- what is done later ---- */

/*
 * What is left of long work is done by a task of the kernel's (signal_teller), outside of whatever lock
 * or interrupt the signal was sent under: threads are told, and what was dropped is let go of.
 */
static struct {
	struct spinlock lock; /* irqsave, inside signals.lock */
	/* of processes with a reference each, by signals.to_tell, if that is linked */
	struct list_node list;
	struct wait_queue wait;
} to_tell = { .lock = SPINLOCK_INIT,
	      .list = LIST_INIT(to_tell.list),
	      .wait = WAIT_QUEUE_INIT(to_tell.wait) };

static void tell_later(struct process *p)
{
	spin_lock(&to_tell.lock);
	if (!list_is_linked(&p->signals.to_tell)) {
		process_get(p);
		list_add_tail(&to_tell.list, &p->signals.to_tell);
	}
	spin_unlock(&to_tell.lock);
	wake_up(&to_tell.wait);
}

/*
 * All threads of @p are walked through later, from the first on should such a walk be under way.
 * signals.lock held.
 */
static void walk_later(struct process *p)
{
	if (!p->signals.walking)
		tell_later(p);
	p->signals.walking = true;
	p->signals.walk_next = 0;
}

/* ---- dropping ---- */

/*
 * Takes the signals of @set out of @pending, a line at once: this may be a timer's interrupt, or
 * the terminal's.
 */
static void discard(struct process *p, struct pending *pending, uint64_t set)
{
	struct queued_signal *q, *next;

	if (likely(!(pending->set & set)))
		return;
	pending->set &= ~set;
	pending->from_kernel &= ~set;
	pending->from_nobody &= ~set;
	list_for_each_safe(q, next, &pending->queue, link) {
		if (!(SIGBIT(q->info.signo) & set))
			continue;
		list_del(&q->link);
		list_add_tail(&p->signals.dropped, &q->link);
	}
}

/*
 * Threads that are looked at with the lock held.  A process may have many thousands; those behind
 * are looked at later.
 */
#define LOOKS_MAX 1024

/* Of @set, what was dropped since @t's own signals were last without. */
static __attribute__((noinline)) uint64_t dropped_since(const struct task *t, uint64_t set)
{
	uint64_t gone = 0;

	for (; set; set &= set - 1)
		if (t->process->signals.dropped_at[__builtin_ctzl(set)] > t->signals.drops)
			gone |= set & -set;
	return gone;
}

/*
 * Was something dropped that may be among @t's own signals?  In a process that never had many
 * threads nothing was.
 */
static inline bool is_behind(const struct process *p, const struct task *t)
{
	return unlikely(p->signals.drops) && t->signals.drops != p->signals.drops;
}

static inline uint64_t own_set(const struct task *t)
{
	uint64_t set = t->signals.own.set;

	return is_behind(t->process, t) ? set & ~dropped_since(t, set) : set;
}

uint64_t signal_own_set(const struct task *t)
{
	return own_set(t);
}

static __attribute__((noinline)) void discard_late(struct process *p, struct task *t)
{
	discard(p, &t->signals.own, dropped_since(t, t->signals.own.set));
	t->signals.drops = p->signals.drops;
	if (!list_empty(&p->signals.dropped))
		tell_later(p);
}

/* @t's own signals are without what was dropped. */
static inline void catch_up(struct process *p, struct task *t)
{
	if (is_behind(p, t))
		discard_late(p, t);
}

static void discard_everywhere(struct process *p, uint64_t set)
{
	struct task *t;

	discard(p, &p->signals.shared, set);
	if (likely(p->nr_threads <= LOOKS_MAX)) {
		list_for_each(t, &p->threads, thread)
			discard(p, &t->signals.own, set);
		return;
	}
	p->signals.drops++;
	for (; set; set &= set - 1)
		p->signals.dropped_at[__builtin_ctzl(set)] = p->signals.drops;
	walk_later(p);
}

/*
 * So many that were dropped are let go of before others have their turn: for each a timer may start
 * again.
 */
#define DROPS_MAX 32

/* False: no more.  signals.lock held. */
static bool let_go_some(struct process *p)
{
	struct queued_signal *q;

	for (int left = DROPS_MAX; left--;) {
		q = list_first(&p->signals.dropped, struct queued_signal, link);
		if (!q)
			return false;
		leave_line(q);
		release(q, NULL);
	}
	return true;
}

static bool let_go_piece(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	bool more = let_go_some(p);

	spin_unlock_irqrestore(&p->signals.lock, flags);
	return more;
}

static void let_go(struct process *p)
{
	while (let_go_piece(p))
		(void)give_way();
}

bool signal_end_alone(int code)
{
	struct process *p = current->process;
	unsigned long flags;

	if (READ_ONCE(p->nr_threads) != 1) /* others may still come, or have not left yet */
		return false;
	flags = spin_lock_irqsave(&p->signals.lock);
	if (!p->exiting) {
		p->exit_code = code;
		WRITE_ONCE(p->exiting, true);
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return true;
}

void signal_flush_task(bool last)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	uint64_t shared = p->signals.shared.set;

	discard(p, &current->signals.own, UINT64_MAX);
	if (last) {
		discard(p, &p->signals.shared, UINT64_MAX);
		p->signals.shared.set = shared; /* which a zombie shows */
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	let_go(p); /* current's own place for one may be among what another dropped */
}

/* ---- adding and taking ---- */

/*
 * @q is one more of @u's signals, to whom the caller has a reference, which @q gets; false: it has
 * none.
 */
static inline bool charge(struct queued_signal *q, struct user *u, uint64_t limit)
{
	if (user_charge(u, USER_SIGNALS, 1, limit)) {
		q->user = u;
		return true;
	}
	user_put(u);
	return false;
}

bool signal_charge_own(struct queued_signal *q)
{
	return charge(q, user_get(current_cred()->user),
		      READ_ONCE(current->process->rlimit[RLIMIT_SIGPENDING].cur));
}

void signal_uncharge_own(struct queued_signal *q)
{
	uncharge(q);
}

/*
 * Room for @info in the queue of @t or (NULL) @p, charged to the receiver as in Linux: a standard
 * signal of the kernel's or of kill(2) is there once at most, and knows no limit.  NULL: none.
 */
static struct queued_signal *new_queued(struct process *p, struct task *t,
					const struct signal_info *info)
{
	bool any = info->signo < SIGRTMIN && info->code >= 0;
	uint64_t limit = any ? USER_NO_LIMIT : READ_ONCE(p->rlimit[RLIMIT_SIGPENDING].cur);
	struct queued_signal *q = t ? &t->signals.first : NULL;

	if (!q || queued_signal_is_in_line(q)) {
		q = kmalloc(sizeof(*q));
		if (!q)
			return NULL;
		queued_signal_init(q);
		q->taken = NULL;
		q->in_task = false;
	}
	if (likely(charge(q, cred_user_of(t ? &t->cred : &p->cred), limit)))
		return q;
	if (!q->in_task)
		kfree(q);
	return NULL;
}

/*
 * Makes one pending for @t, or (NULL) @p.  A standard signal that is there already is the same
 * signal.
 */
static int add(struct process *p, struct task *t, const struct signal_info *info)
{
	struct pending *pending = t ? &t->signals.own : &p->signals.shared;
	bool kernel = info->code == SI_KERNEL;
	struct queued_signal *q = NULL;
	uint64_t bit = SIGBIT(info->signo);

	if (t)
		catch_up(p, t);
	if (info->signo < SIGRTMIN && (pending->set & bit))
		return 0;
	if (!kernel && info->signo != SIGKILL)
		q = new_queued(p, t, info);
	if (!q && info->signo >= SIGRTMIN && info->code != SI_USER && !kernel)
		return -EAGAIN;
	if (likely(q)) {
		signal_info_copy(&q->info, info);
		enqueue(p, pending, q);
	} else if (kernel) {
		pending->from_kernel |= bit;
	} else {
		pending->from_nobody |= bit;
	}
	pending->set |= bit;
	return 0;
}

/* What is shown of one that is not in the queue. */
static struct signal_info bare_info(const struct pending *pending, int signo)
{
	struct signal_info info = signal_kernel(signo);

	if (pending->from_nobody & SIGBIT(signo))
		info.code = SI_USER;
	return info;
}

/* Takes the oldest @signo out of @pending; its bit stays while there are more in the queue. */
static void take_one(struct pending *pending, int signo, struct signal_info *info)
{
	struct queued_signal *q = first_of(pending, signo);
	bool alone = !q || !list_is_linked(&q->line);
	uint64_t bit = SIGBIT(signo);

	if (likely(alone))
		pending->set &= ~bit;
	if (unlikely(pending->from_kernel | pending->from_nobody)) {
		if (!q)
			*info = bare_info(pending, signo);
		pending->from_kernel &= pending->set;
		pending->from_nobody &= pending->set;
	}
	if (!q)
		return;
	signal_info_copy(info, &q->info);
	if (unlikely(!alone))
		leave_others(q);
	list_del(&q->link);
	release(q, info);
}

/* ---- what a task has to do ---- */

/* Whether @t is counted as one that has stopped with its process. */
static bool is_stopped(const struct task *t)
{
	return t->signals.stops == t->process->signals.stops;
}

static bool has_work(const struct task *t)
{
	const struct process *p = t->process;
	const struct task_signals *s = &t->signals;

	return p->exiting || t->dying || s->forced.signo || p->signals.cont_unsent ||
	       (p->signals.stop == STOPPING && !is_stopped(t)) || p->signals.stop == STOPPED ||
	       ((own_set(t) | p->signals.shared.set) & ~s->blocked);
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
	t->signals.drops = t->process->signals.drops; /* it has none yet */
	if (has_work(t))
		atomic_or(&t->work, WORK_SIGNAL);
}

/* Makes @t look at its signals; @states: what it is woken from. */
static void alert(struct task *t, uint32_t states)
{
	atomic_or(&t->work, WORK_SIGNAL);
	if (t == current && READ_ONCE(t->state) == TASK_RUNNING)
		/* nobody else changes that, and it looks at its work before it sleeps or leaves */
		return;
	if (!task_wake_from(t, states))
		task_kick(t);
}

#define WAKE_TO_DIE (TASK_SLEEPING | TASK_KILLABLE | TASK_STOPPED)

void signal_kill_thread(struct task *t)
{
	WRITE_ONCE(t->dying, true);
	alert(t, WAKE_TO_DIE);
}

/* Groups that have to_send; proc_lock. */
static struct list_node to_send = LIST_INIT(to_send);

static struct process *next_to_tell(void)
{
	unsigned long flags = spin_lock_irqsave(&to_tell.lock);
	struct process *p = list_pop(&to_tell.list, struct process, signals.to_tell);

	spin_unlock_irqrestore(&to_tell.lock, flags);
	return p;
}

/* What of @set, which is pending for all threads, @t lets in, it has to look at; returned. */
static uint64_t offer_to(struct task *t, uint64_t set)
{
	uint64_t heard = t->dying ? 0 : set & (~t->signals.blocked | t->signals.waiting);

	if (heard)
		alert(t, TASK_SLEEPING);
	return heard;
}

/* Threads that are alerted with the lock held. */
#define ALERTS_MAX 16

/* Some more of the threads are told.  False: all have been.  proc_lock and signals.lock held. */
static bool walk_some(struct process *p)
{
	struct signals *s = &p->signals;

	for (int i = 0; s->walking && i < ALERTS_MAX; i++) {
		struct task *t = pid_next_thread(p, s->walk_next);

		if (!t) {
			s->walking = false;
			s->alert_states = 0;
			s->to_offer = 0;
			break;
		}
		s->walk_next = t->tid + 1;
		catch_up(p, t);
		if (s->alert_states)
			alert(t, s->alert_states);
		s->to_offer &= s->shared.set;
		s->to_offer &= ~offer_to(t, s->to_offer);
	}
	return s->walking;
}

static bool walk_piece(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	bool more;

	spin_lock(&p->signals.lock);
	more = walk_some(p);
	spin_unlock(&p->signals.lock);
	spin_unlock_irqrestore(&proc_lock, flags);
	return more;
}

/* Pieces of one process's work before the next one's: it may make itself more of it without end. */
#define TURN 64

/* @p's turn, whose reference is given back. */
static void tell(struct process *p)
{
	int left = TURN;
	bool more;

	do {
		more = walk_piece(p);
		more |= let_go_piece(p);
		(void)give_way();
	} while (more && --left);
	if (more) {
		unsigned long flags = spin_lock_irqsave(&p->signals.lock);

		tell_later(p);
		spin_unlock_irqrestore(&p->signals.lock, flags);
	}
	process_put(p);
}

/*
 * All threads of @p have to look, current too; who sleeps so is woken from @states.  Many are a
 * little later.  signals.lock held; any context.
 */
static void alert_all(struct process *p, uint32_t states)
{
	struct task *t;

	if (likely(p->nr_threads <= ALERTS_MAX)) {
		list_for_each(t, &p->threads, thread)
			alert(t, states);
		return;
	}
	p->signals.alert_states |= states;
	walk_later(p);
}

/*
 * The threads of @p that were not looked at may let in some of @set, which is pending for all: each
 * is asked later.
 */
static void offer_later(struct process *p, uint64_t set)
{
	p->signals.to_offer |= set;
	walk_later(p);
}

bool signal_exit_group(struct process *p, int code)
{
	if (p->exiting)
		return false;
	p->exit_code = code;
	WRITE_ONCE(p->exiting, true);
	alert_all(p, WAKE_TO_DIE);
	return true;
}

/* ---- watching ---- */

/*
 * One queue for many processes: it may be waited in by an epoll that outlives the process, so that
 * the process can't hold it.
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

	if (s->stop == NOT_STOPPED)
		return;
	s->cont_unreported = s->cont_unsent = s->stop == STOPPED;
	s->stop = NOT_STOPPED;
	s->stop_unreported = false;
	s->nr_stopped = 0;
	s->stops++;
	alert_all(p, TASK_STOPPED);
}

/* Stop signals and SIGCONT undo one another when they are sent. */
static void oppose(struct process *p, int signo)
{
	if (likely(!((SIGS_STOP | SIGBIT(SIGCONT)) & SIGBIT(signo))))
		return;
	if (signo == SIGCONT) {
		p->signals.conts++;
		discard_everywhere(p, SIGS_STOP);
		resume(p);
	} else {
		discard_everywhere(p, SIGBIT(SIGCONT));
	}
	if (!list_empty(&p->signals.dropped))
		tell_later(p);
}

static bool lets_in(const struct task *t, int signo)
{
	return !(t->signals.blocked & SIGBIT(signo)) || (t->signals.waiting & SIGBIT(signo));
}

/* The thread that a signal to the whole process goes to: the first that lets it in; NULL: none does
 * yet, or it is one far behind and hears of it later. */
static struct task *choose_thread(struct process *p, int signo)
{
	int left = LOOKS_MAX;
	struct task *t;

	if (current->process == p && !current->dying && lets_in(current, signo))
		return current;
	list_for_each(t, &p->threads, thread) {
		if (!left--) {
			offer_later(p, SIGBIT(signo));
			break;
		}
		if (!t->dying && lets_in(t, signo))
			return t;
	}
	return NULL;
}

/* Whether @signo ends @p at once, with no thread having a say. */
static bool is_deadly(const struct process *p, const struct task *t, int signo)
{
	if (likely(p->signals.actions->of[signo - 1].handler != SIG_HANDLER_DFL))
		return false;
	return !(((SIGS_IGNORED | SIGS_STOP | SIGS_CORE) | t->signals.waiting) & SIGBIT(signo));
}

/*
 * @signo has become pending, for @t alone or (NULL) for @p: those it concerns are told.
 * signals.lock held.
 */
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
	if (t)
		catch_up(p, t);
	if (queued_signal_is_in_line(q) && is_pending(pending, q))
		return OWN_THERE;
	leave_line(q); /* of those that were dropped */
	oppose(p, q->info.signo);
	if (is_ignored(p, first, q->info.signo))
		return OWN_IGNORED;
	enqueue(p, pending, q);
	pending->set |= SIGBIT(q->info.signo);
	notice(p, t, q->info.signo);
	return OWN_SENT;
}

void signal_unsend_own(struct process *p, struct task *t, struct queued_signal *q)
{
	struct pending *pending = t ? &t->signals.own : &p->signals.shared;
	uint64_t bit;

	if (!queued_signal_is_in_line(q)) /* it may have no number: SIGEV_NONE */
		return;
	bit = SIGBIT(q->info.signo);
	leave_line(q);
	if (!((pending->from_kernel | pending->from_nobody) & bit) &&
	    !first_of(pending, q->info.signo))
		pending->set &= ~bit;
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

/* A walk through a group that has been begun, to its end. */
static void send_in_walk(struct pid_walk *w, int signo)
{
	const struct signal_info info = signal_kernel(signo);
	struct process *p;

	w->to_end = true;
	while ((p = pid_walk_next(w)))
		(void)signal_send_process(p, &info); /* it needs no room in a queue */
	pid_walk_end(w);
}

void signal_walk_group(int32_t pgid, int signo)
{
	struct pid_walk w;

	pid_walk_begin(&w, pgid);
	send_in_walk(&w, signo);
}

/* Members that are signalled with the lock held. */
#define MEMBERS_MAX 16

static void send_to_few(struct pid_group *g, int signo)
{
	const struct signal_info info = signal_kernel(signo);
	struct walk_place *at;

	list_for_each(at, &g->members, link)
		if (at->process)
			(void)signal_send_process(at->process, &info);
}

static void send_later(struct pid_group *g, int signo)
{
	g->to_send |= SIGBIT(signo);
	if (list_is_linked(&g->sending))
		return;
	list_add_tail(&to_send, &g->sending);
	wake_up(&to_tell.wait);
}

void signal_send_group(int32_t pgid, int signo)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct pid_group *g = pid_find_group(pgid);

	if (g && g->nr <= MEMBERS_MAX && !list_is_linked(&g->sending))
		send_to_few(g, signo);
	else if (g)
		send_later(g, signo);
	spin_unlock_irqrestore(&proc_lock, flags);
}

/* The next of the signals that are to be sent to large groups is. */
static void send_next(void)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct pid_group *g = list_first(&to_send, struct pid_group, sending);
	struct pid_walk w;
	int signo;

	if (!g) {
		spin_unlock_irqrestore(&proc_lock, flags);
		return;
	}
	signo = __builtin_ctzl(g->to_send) + 1;
	g->to_send &= g->to_send - 1;
	pid_walk_of(&w, g, flags);
	if (!g->to_send)
		list_del(&g->sending);
	send_in_walk(&w, signo);
}

__noreturn void signal_teller(void *arg)
{
	struct process *p = NULL;

	for (;;) {
		wait_event(&to_tell.wait, (p = next_to_tell()) || !list_empty(&to_send));
		if (p)
			tell(p);
		send_next();
	}
}

void signal_force(const struct signal_info *info)
{
	struct task *t = current;
	struct process *p = t->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	struct sigaction_k *a = &p->signals.actions->of[info->signo - 1];
	uint64_t bit = SIGBIT(info->signo);
	bool several = lock_actions(p);

	if (a->handler == SIG_HANDLER_IGN || (t->signals.blocked & bit)) {
		WRITE_ONCE(a->handler, SIG_HANDLER_DFL);
		t->signals.blocked &= ~bit;
	}
	unlock_actions(p, several);
	signal_info_copy(&t->signals.forced, info);
	atomic_or(&t->work, WORK_SIGNAL);
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

void signal_force_segv(int signo)
{
	const struct signal_info info = signal_kernel(SIGSEGV);
	struct process *p = current->process;
	unsigned long flags;
	bool several;

	if (signo == SIGSEGV) {
		flags = spin_lock_irqsave(&p->signals.lock);
		several = lock_actions(p);
		WRITE_ONCE(p->signals.actions->of[SIGSEGV - 1].handler, SIG_HANDLER_DFL);
		unlock_actions(p, several);
		spin_unlock_irqrestore(&p->signals.lock, flags);
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
	info.utime = p->gone.user_ns / NS_PER_TICK;
	info.stime = p->gone.kernel_ns / NS_PER_TICK;
	a = &parent->signals.actions->of[SIGCHLD - 1];
	WRITE_ONCE(parent->child_news, parent->child_news + 1);
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
	if (p->signals.stop != NOT_STOPPED)
		return;
	p->signals.stop = STOPPING;
	p->signals.stop_signal = signo;
	p->signals.nr_stopped = 0;
	p->signals.cont_unreported = false;
	p->signals.stops++;
	alert_all(p, TASK_SLEEPING);
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

	t->signals.stops = p->signals.stops;
	p->signals.nr_stopped++;
	if (completes_stop(p)) {
		int signo = p->signals.stop_signal;

		spin_unlock_irqrestore(&p->signals.lock, *flags);
		tell_parent(p, CLD_STOPPED, signo);
		*flags = spin_lock_irqsave(&p->signals.lock);
	}
	while (p->signals.stop != NOT_STOPPED && is_stopped(t) && !to_die(t)) {
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
		orphaned = job_is_orphaned(p->pgid);
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
	int signo = next_in(own_set(t) & ~blocked);

	if (unlikely(t->signals.forced.signo)) {
		signal_info_copy(info, &t->signals.forced);
		t->signals.forced.signo = 0;
		return true;
	}
	if (signo) {
		take_one(&t->signals.own, signo, info);
		return true;
	}
	signo = next_in(p->signals.shared.set & ~blocked);
	if (!signo)
		return false;
	take_one(&p->signals.shared, signo, info);
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
		bool forced, several;

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
		several = lock_actions(p);
		*action = *a;
		if (action->handler > SIG_HANDLER_IGN && (action->flags & SA_RESETHAND))
			a->handler = SIG_HANDLER_DFL;
		unlock_actions(p, several);
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
		up = timer_now_ns() >= deadline_ns ||
		     sched_sleep_deadline(TIMER_MONOTONIC, deadline_ns);
	}
	sched_set_state(TASK_RUNNING);
	set_waiting(0);
	if (info->signo)
		return 0;
	return up ? -EAGAIN : -EINTR;
}

/* ---- masks and actions ---- */

/* What of @set, which is pending for all of @p, a thread lets in, it has to look at. */
static void offer(struct process *p, uint64_t set)
{
	int left = LOOKS_MAX;
	struct task *t;

	list_for_each(t, &p->threads, thread) {
		if (!left--) {
			offer_later(p, set);
			break;
		}
		set &= ~offer_to(t, set);
		if (!set)
			break;
	}
}

void signal_set_mask(uint64_t mask)
{
	struct process *p = current->process;
	unsigned long flags;
	uint64_t newly;

	mask &= ~SIGS_UNBLOCKABLE;
	if (mask == current->signals.blocked)
		return;
	flags = spin_lock_irqsave(&p->signals.lock);
	newly = mask & ~current->signals.blocked & p->signals.shared.set;
	current->signals.blocked = mask;
	/* what was meant for this thread, and is not let in any more, another one may take */
	if (unlikely(newly))
		offer(p, newly);
	if (signal_pending() || ((current->signals.own.set | p->signals.shared.set) & ~mask))
		settle();
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

/*
 * @signo has @handler now, which is none of the program: if that ignores it, what is pending of it
 * is so too.  signals.lock is held, and given back.
 */
static void forget_ignored(struct process *p, int signo, uint64_t handler, unsigned long flags)
{
	bool dropped = false;

	if (handler == SIG_HANDLER_IGN || (SIGS_IGNORED & SIGBIT(signo))) {
		discard_everywhere(p, SIGBIT(signo));
		settle();
		dropped = !list_empty(&p->signals.dropped);
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	if (dropped)
		let_go(p);
}

int signal_set_action(int signo, const struct sigaction_k *act, struct sigaction_k *old)
{
	struct process *p = current->process;
	unsigned int i = (unsigned int)signo - 1;
	struct sigaction_k *a;
	unsigned long flags;
	bool several;

	if (i >= NSIG || (act && (signo == SIGKILL || signo == SIGSTOP)))
		return -EINVAL;
	flags = spin_lock_irqsave(&p->signals.lock);
	a = &p->signals.actions->of[i];
	several = lock_actions(p);
	if (old)
		*old = *a;
	if (act) {
		a->handler = act->handler;
		a->flags = act->flags;
		a->restorer = act->restorer;
		a->mask = act->mask & ~SIGS_UNBLOCKABLE;
	}
	unlock_actions(p, several);
	if (act && act->handler <= SIG_HANDLER_IGN)
		forget_ignored(p, (int)i + 1, act->handler, flags);
	else
		spin_unlock_irqrestore(&p->signals.lock, flags);
	return 0;
}

uint64_t signal_pending_set(void)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	uint64_t set = own_set(current) | p->signals.shared.set;

	spin_unlock_irqrestore(&p->signals.lock, flags);
	return set;
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
