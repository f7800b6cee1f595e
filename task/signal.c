/*
 * signal.c - sending: to which process or thread a signal goes, and which threads are woken, now or
 * a little later.
 *
 * Everything of one process is under its signals.lock.  What its tasks do about it is
 * task/signal_take.c; what is pending, task/signal_queue.c.
 */
#include "task/signal.h"

#include "abi/errno.h"
#include "lib/time.h"
#include "mm/giveway.h"
#include "task/signal_action.h"
#include "task/signal_queue.h"
#include "task/sleep.h"
#include "trace/events.h"

#define SIGS_CORE                                                                                \
	(SIGBIT(SIGQUIT) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGABRT) | SIGBIT(SIGBUS) | \
	 SIGBIT(SIGFPE) | SIGBIT(SIGSEGV) | SIGBIT(SIGXCPU) | SIGBIT(SIGXFSZ) | SIGBIT(SIGSYS))

/* ---- what is done later ---- */

/*
 * What is left of long work is done by a task of the kernel's (signal_teller), outside of the locks
 * and the interrupt under which the signal was sent: it wakes threads, and frees what was dropped.
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
	/* One place in the list for each process, however much there is to do for it. */
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
	spin_assert_held(&p->signals.lock);
	if (!p->signals.walking)
		tell_later(p);
	p->signals.walking = true;
	p->signals.walk_next = 0;
}

/* ---- dropping ---- */

static __attribute__((noinline)) void discard_late(struct process *p, struct task *t)
{
	pending_discard(p, &t->signals.own, signal_dropped_since(t, t->signals.own.set));
	t->signals.drops = p->signals.drops;
	if (!list_empty(&p->signals.dropped))
		tell_later(p);
}

/* @t's own signals are without what was dropped. */
static inline void catch_up(struct process *p, struct task *t)
{
	if (signals_dropped_since(p, t))
		discard_late(p, t);
}

void signal_discard(struct process *p, uint64_t set)
{
	struct task *t;

	pending_discard(p, &p->signals.shared, set);
	if (likely(p->nr_threads <= SIGNAL_LOOKS_MAX)) {
		list_for_each(t, &p->threads, thread)
			pending_discard(p, &t->signals.own, set);
		return;
	}
	/*
	 * Too many threads to walk through under the lock: each drops its own when it is next
	 * looked at (catch_up), as dropped_at says what came before.
	 */
	p->signals.drops++;
	for (; set; set &= set - 1)
		p->signals.dropped_at[__builtin_ctzl(set)] = p->signals.drops;
	walk_later(p);
}

/*
 * So many that were dropped are freed before the task gives way: for each a timer may start again.
 */
#define DROPS_MAX 32

/* False: no more. */
static bool let_go_piece(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	struct queued_signal *q;
	int left = DROPS_MAX;

	while (left && (q = list_first(&p->signals.dropped, struct queued_signal, link))) {
		queued_leave_line(q);
		/*
		 * Under signals.lock: a POSIX timer starts again by this, and its owner stops it
		 * under the same.
		 */
		queued_release(q, NULL);
		left--;
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return !left;
}

void signal_let_go(struct process *p)
{
	while (let_go_piece(p))
		(void)give_way();
}

bool signal_end_alone(int code)
{
	struct process *p = current->process;
	unsigned long flags;

	/* One thread can only become more by its own clone: no lock for the test. */
	if (READ_ONCE(p->nr_threads) != 1) /* others may still come, or have not left yet */
		return false;
	flags = spin_lock_irqsave(&p->signals.lock);
	if (!p->end.exiting) {
		p->end.code = code;
		WRITE_ONCE(p->end.exiting, true);
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return true;
}

void signal_flush_task(bool last)
{
	struct process *p = current->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	uint64_t shared = p->signals.shared.set;

	pending_discard(p, &current->signals.own, UINT64_MAX);
	if (last) {
		pending_discard(p, &p->signals.shared, UINT64_MAX);
		p->signals.shared.set = shared; /* which a zombie shows */
	}
	spin_unlock_irqrestore(&p->signals.lock, flags);
	signal_let_go(p); /* current's own place for one may be among what another dropped */
}

static __attribute__((noinline, cold)) void sent_traced(const struct process *p,
							const struct task *t,
							const struct signal_info *info,
							uint32_t did)
{
	trace_signal_send(info->signo, info->code, t ? t->tid : p->pid, did);
}

/*
 * For the trace: what has become of a signal to @t, or (NULL) to @p.  Not trace_signal_send at
 * once: its arguments would be put together before it is known that nobody wants them.
 */
static inline void sent(const struct process *p, const struct task *t,
			const struct signal_info *info, uint32_t did)
{
	if (trace_on(TRACE_SIGNAL))
		sent_traced(p, t, info, did);
}

/*
 * Makes one pending for @t, or (NULL) @p.  A standard signal that is there already is the same
 * signal.
 */
static int add_pending(struct process *p, struct task *t, const struct signal_info *info)
{
	struct pending *pending = t ? &t->signals.own : &p->signals.shared;
	bool kernel = info->code == SI_KERNEL;
	struct queued_signal *q = NULL;
	uint64_t bit = SIGBIT(info->signo);

	if (t)
		catch_up(p, t);
	if (info->signo < SIGRTMIN && (pending->set & bit)) {
		sent(p, t, info, TRACE_SENT_PENDING);
		return 0;
	}
	if (!kernel && info->signo != SIGKILL)
		q = queued_new(p, t, info);
	/*
	 * A standard signal is kept as a bit alone when there is no memory; a queued one must say
	 * so.
	 */
	if (!q && info->signo >= SIGRTMIN && info->code != SI_USER && !kernel) {
		sent(p, t, info, TRACE_SENT_FAILED);
		return -EAGAIN;
	}
	if (likely(q)) {
		signal_info_copy(&q->info, info);
		pending_enqueue(p, pending, q);
	} else if (kernel) {
		pending->from_kernel |= bit;
	} else {
		pending->from_nobody |= bit;
	}
	pending->set |= bit;
	sent(p, t, info, TRACE_SENT_QUEUED);
	return 0;
}

/* Makes @t look at its signals; @states: what it is woken from. */
static void alert_thread(struct task *t, uint32_t states)
{
	/*
	 * The flag before the wake-up and before task_kick reads what runs: a task on its way to
	 * EL0 sees the flag, or gets the interrupt.
	 */
	atomic_or(&t->work, WORK_SIGNAL);
	if (t == current && READ_ONCE(t->state) == TASK_RUNNING)
		/*
		 * no other task changes that, and it looks at its work before it sleeps or leaves
		 */
		return;
	if (!task_wake_from(t, states))
		task_kick(t);
}

#define WAKE_TO_DIE (TASK_SLEEPING | TASK_KILLABLE | TASK_STOPPED)

void signal_kill_thread(struct task *t)
{
	WRITE_ONCE(t->dying, true);
	alert_thread(t, WAKE_TO_DIE);
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

uint64_t signal_offer_to(struct task *t, uint64_t set)
{
	uint64_t heard = t->dying ? 0 : set & (~t->signals.blocked | t->signals.waiting);

	if (heard)
		alert_thread(t, TASK_SLEEPING);
	return heard;
}

/* Threads that are alerted with the lock held. */
#define ALERTS_MAX 16

/*
 * Some more of the threads are made to look.  False: all have been.  proc_lock and signals.lock
 * held.
 */
static bool walk_some(struct process *p)
{
	struct signals *s = &p->signals;

	spin_assert_held(&p->signals.lock);
	for (int i = 0; s->walking && i < ALERTS_MAX; i++) {
		struct task *t = pid_next_thread(p, s->walk_next);

		if (!t) {
			s->walking = false;
			s->alert_states = 0;
			s->to_offer = 0;
			break;
		}
		/* Remembered by number, as this thread may be gone when the walk goes on. */
		s->walk_next = t->tid + 1;
		catch_up(p, t);
		if (s->alert_states)
			alert_thread(t, s->alert_states);
		s->to_offer &= s->shared.set;
		s->to_offer &= ~signal_offer_to(t, s->to_offer);
	}
	return s->walking;
}

static bool walk_piece(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	bool more;

	/* proc_lock keeps the tree of threads, signals.lock what is pending. */
	spin_lock(&p->signals.lock);
	more = walk_some(p);
	spin_unlock(&p->signals.lock);
	spin_unlock_irqrestore(&proc_lock, flags);
	return more;
}

/*
 * Pieces of one process's work before the next one's: a process could make more of it for itself
 * without end.
 */
#define TURN 64

/* @p's turn, whose reference is given back. */
static void tell_process(struct process *p)
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

void signal_alert_all(struct process *p, uint32_t states)
{
	struct task *t;

	spin_assert_held(&p->signals.lock);
	if (likely(p->nr_threads <= ALERTS_MAX)) {
		list_for_each(t, &p->threads, thread)
			alert_thread(t, states);
		return;
	}
	p->signals.alert_states |= states;
	walk_later(p);
}

void signal_offer_later(struct process *p, uint64_t set)
{
	p->signals.to_offer |= set;
	walk_later(p);
}

void signal_exit_group(struct process *p, int code)
{
	spin_assert_held(&p->signals.lock);
	if (p->end.exiting)
		return;
	p->end.code = code;
	/*
	 * exit_code first: a thread that sees exiting, also without the lock, ends with this code.
	 */
	WRITE_ONCE(p->end.exiting, true);
	signal_alert_all(p, WAKE_TO_DIE);
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

/*
 * A signal that would have no effect on @t is not even kept; a blocked one is: the action may
 * change before it is unblocked.  pid 1 gets only what it has a handler for, but for faults of its
 * own.
 */
static bool is_ignored(const struct process *p, const struct task *t, int signo)
{
	uint64_t handler = p->signals.actions->of[signo - 1].sa_handler;

	if (t->signals.blocked & SIGBIT(signo))
		return false;
	if (handler == SIG_HANDLER_DFL)
		return p == init_process || (SIGS_IGNORED & SIGBIT(signo));
	return handler == SIG_HANDLER_IGN;
}

/* SIGCONT lets the process go on, whatever becomes of the signal itself. */
static void resume_process(struct process *p)
{
	struct job_stop *s = &p->signals.stop;

	if (s->state == NOT_STOPPED)
		return;
	s->cont_untold = s->cont_unsent = s->state == STOPPED;
	s->state = NOT_STOPPED;
	s->stop_untold = false;
	s->nr_threads = 0;
	/*
	 * A thread that counted as stopped does so for the old number only: it goes on by that
	 * alone.
	 */
	s->count++;
	signal_alert_all(p, TASK_STOPPED);
}

/* Stop signals and SIGCONT undo one another when they are sent. */
static void undo_opposite(struct process *p, int signo)
{
	if (likely(!((SIGS_STOP | SIGBIT(SIGCONT)) & SIGBIT(signo))))
		return;
	if (signo == SIGCONT) {
		p->signals.stop.conts++;
		signal_discard(p, SIGS_STOP);
		resume_process(p);
	} else {
		signal_discard(p, SIGBIT(SIGCONT));
	}
	if (!list_empty(&p->signals.dropped))
		tell_later(p);
}

static bool lets_in(const struct task *t, int signo)
{
	return !(t->signals.blocked & SIGBIT(signo)) || (t->signals.waiting & SIGBIT(signo));
}

/*
 * The thread that a signal to the whole process goes to: the first that does not block it; NULL:
 * none yet, or it is far behind in the list, and signal_teller finds it later.
 */
static struct task *choose_thread(struct process *p, int signo)
{
	int left = SIGNAL_LOOKS_MAX;
	struct task *t;

	if (current->process == p && !current->dying && lets_in(current, signo))
		return current;
	list_for_each(t, &p->threads, thread) {
		if (!left--) {
			signal_offer_later(p, SIGBIT(signo));
			break;
		}
		if (!t->dying && lets_in(t, signo))
			return t;
	}
	return NULL;
}

/* Whether @signo ends @p at once, whatever its threads do. */
static bool is_deadly(const struct process *p, const struct task *t, int signo)
{
	if (likely(p->signals.actions->of[signo - 1].sa_handler != SIG_HANDLER_DFL))
		return false;
	return !(((SIGS_IGNORED | SIGS_STOP | SIGS_CORE) | t->signals.waiting) & SIGBIT(signo));
}

/*
 * @signo has become pending, for @t alone or (NULL) for @p: makes the threads look that may take
 * it. signals.lock held.
 */
static void tell_threads(struct process *p, struct task *t, int signo)
{
	spin_assert_held(&p->signals.lock);
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
	alert_thread(t, p->end.exiting ? WAKE_TO_DIE : TASK_SLEEPING);
}

int signal_send_locked(struct process *p, struct task *t, const struct signal_info *info)
{
	int signo = info->signo, err;
	struct task *first;

	spin_assert_held(&p->signals.lock);
	first = t ? t : list_first(&p->threads, struct task, thread);
	if (!first || p->end.exiting) {
		sent(p, t, info, TRACE_SENT_GONE);
		return 0;
	}
	/* Also if the signal itself is ignored (POSIX): SIGCONT continues in any case. */
	undo_opposite(p, signo);
	if (is_ignored(p, first, signo)) {
		sent(p, t, info, TRACE_SENT_IGNORED);
		return 0;
	}
	err = add_pending(p, t, info);
	if (!err)
		tell_threads(p, t, signo);
	return err;
}

/* Is @q, which is in a line, still to be taken?  Else that was dropped. */
static bool pending_holds(const struct pending *pending, const struct queued_signal *q)
{
	const struct queued_signal *first = pending_first(pending, q->info.signo);

	return first && first->line_id == q->line_id;
}

static enum own_sent send_own(struct process *p, struct task *t, struct queued_signal *q)
{
	struct pending *pending = t ? &t->signals.own : &p->signals.shared;
	struct task *first = t ? t : list_first(&p->threads, struct task, thread);

	if (!first || !list_is_linked(&first->thread) || p->end.exiting)
		return OWN_GONE;
	if (t)
		catch_up(p, t);
	if (queued_signal_is_in_line(q) && pending_holds(pending, q))
		return OWN_THERE;
	queued_leave_line(q); /* if it is in a line that was dropped */
	undo_opposite(p, q->info.signo);
	if (is_ignored(p, first, q->info.signo))
		return OWN_IGNORED;
	pending_enqueue(p, pending, q);
	pending->set |= SIGBIT(q->info.signo);
	tell_threads(p, t, q->info.signo);
	return OWN_SENT;
}

enum own_sent signal_send_own(struct process *p, struct task *t, struct queued_signal *q)
{
	static const uint8_t did[] = { [OWN_SENT] = TRACE_SENT_QUEUED,
				       [OWN_THERE] = TRACE_SENT_PENDING,
				       [OWN_IGNORED] = TRACE_SENT_IGNORED,
				       [OWN_GONE] = TRACE_SENT_GONE };
	enum own_sent sent = send_own(p, t, q);

	trace_signal_send(q->info.signo, q->info.code, t ? t->tid : p->pid, did[sent]);
	return sent;
}

void signal_unsend_own(struct process *p, struct task *t, struct queued_signal *q)
{
	struct pending *pending = t ? &t->signals.own : &p->signals.shared;
	uint64_t bit;

	if (!queued_signal_is_in_line(q)) /* it may have no number: SIGEV_NONE */
		return;
	bit = SIGBIT(q->info.signo);
	queued_leave_line(q);
	if (!((pending->from_kernel | pending->from_nobody) & bit) &&
	    !pending_first(pending, q->info.signo))
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
	/* Under the lock with which a thread leaves: no signal goes to one that has left. */
	err = list_is_linked(&t->thread) ? signal_send_locked(p, t, info) : 0;
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return err;
}

int signal_send_process(struct process *p, const struct signal_info *info)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	int err = signal_send_locked(p, NULL, info);

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
	/* proc_lock is held, perhaps by an interrupt: a large group is not walked through here. */
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
			tell_process(p);
		send_next();
	}
}

/* @for_good: the action is the default one from now on, whatever it was. */
static void force_signal(const struct signal_info *info, bool for_good)
{
	struct task *t = current;
	struct process *p = t->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	struct sigaction *a = &p->signals.actions->of[info->signo - 1];
	uint64_t bit = SIGBIT(info->signo);
	/*
	 * CLONE_SIGHAND's other process sends under its own signals.lock: the actions have a lock
	 * of their own then.
	 */
	bool several = actions_lock(p);

	if (for_good || a->sa_handler == SIG_HANDLER_IGN || (t->signals.blocked & bit)) {
		WRITE_ONCE(a->sa_handler, SIG_HANDLER_DFL);
		t->signals.blocked &= ~bit;
	}
	actions_unlock(p, several);
	/* Besides the queue: it needs no memory, and comes before all that is pending. */
	signal_info_copy(&t->signals.forced, info);
	atomic_or(&t->work, WORK_SIGNAL);
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

void signal_force(const struct signal_info *info)
{
	force_signal(info, false);
}

void signal_force_segv(int signo)
{
	const struct signal_info info = signal_kernel(SIGSEGV);

	trace_signal_send(SIGSEGV, SI_KERNEL, current->tid, TRACE_SENT_QUEUED);
	force_signal(&info, signo == SIGSEGV);
}

/* ---- telling the parent ---- */

void signal_child(struct process *p, int signo, int code, int status)
{
	struct process *parent = p->family.parent;
	struct signal_info info = { .signo = signo,
				    .code = code,
				    .pid = p->pid,
				    .uid = cred_ids(&p->cred).uid,
				    .status = status };
	const struct sigaction *a;

	spin_assert_held(&proc_lock);
	if (!parent)
		return;
	info.utime = p->usage.gone.time.user_ns / NS_PER_TICK;
	info.stime = p->usage.gone.time.kernel_ns / NS_PER_TICK;
	a = &parent->signals.actions->of[SIGCHLD - 1];
	/* Before the wake-up: the parent compares it with what it had read before its look. */
	WRITE_ONCE(parent->family.news, parent->family.news + 1);
	if (signo && signo <= _NSIG &&
	    ((code != CLD_STOPPED && code != CLD_CONTINUED) || !(a->sa_flags & SA_NOCLDSTOP)))
		signal_send_process(parent, &info);
	wake_up(&parent->family.wait);
}
