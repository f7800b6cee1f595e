/*
 * runqueue.c - the order of the tasks that wait for a core.
 *
 * Invariant: the list of fair tasks is sorted by vruntime, that of real-time tasks by priority; a task's vruntime,
 * policy and priority change only while it is in neither.
 */
#include "task/runqueue.h"

#include "abi/sched.h"
#include "task/sched.h"

/* A sleeper comes back with at most so much ahead of the others. */
#define WAKE_NS	      UINT64_C(3000000)
/*
 * Ticks come oftener than this.  A task that seems to have run for longer did not: the host of a virtual machine had taken
 * its core away, and it need not stand back for that.
 */
#define CHARGE_MAX_NS UINT64_C(16000000)
/* Real-time tasks get so much of each second that others want too. */
#define WINDOW_NS     UINT64_C(1000000000)
#define RT_NS	      UINT64_C(950000000)
/* SCHED_IDLE's clock against that of nice 0: as Linux's weight of 3 against 1024. */
#define IDLE_SCALE    (1024 / 3)

void rq_init(struct run_queue *rq, struct task *idle)
{
	spin_init(&rq->lock);
	list_init(&rq->fair);
	list_init(&rq->real_time);
	rq->idle = rq->curr = idle;
}

/* ---- time, weighed ---- */

/* How fast a nice value's clock goes, nice 0 = 1024: a quarter faster each step. */
static uint32_t nice_rate[40];

void rq_init_rates(void)
{
	nice_rate[20] = 1024;
	for (int i = 21; i < 40; i++)
		nice_rate[i] = nice_rate[i - 1] * 5 / 4;
	for (int i = 19; i >= 0; i--)
		nice_rate[i] = (nice_rate[i + 1] * 4 + 4) / 5;
}

static uint64_t weigh(const struct task *t, uint64_t ns)
{
	if (likely(t->nice == 0 && t->policy != SCHED_IDLE))
		return ns;
	return t->policy == SCHED_IDLE ? ns * IDLE_SCALE : ns * nice_rate[t->nice + 20] / 1024;
}

/* vruntimes are compared by their difference: they may wrap. */
static bool before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* ---- the queue ---- */

static struct task *first_fair(const struct run_queue *rq)
{
	return list_first(&rq->fair, struct task, rq);
}

static struct task *first_real_time(const struct run_queue *rq)
{
	return list_first(&rq->real_time, struct task, rq);
}

/* Behind those of its priority, but for one that was pushed off before its time: in front of them. */
static struct list_node *real_time_place(const struct run_queue *rq, const struct task *t)
{
	struct task *o;

	list_for_each(o, &rq->real_time, rq)
		if (o->rt_priority < t->rt_priority ||
		    (o->rt_priority == t->rt_priority && t == rq->curr && !t->slice_over))
			return o->rq.prev;
	return rq->real_time.prev;
}

/* Most who come belong near the end, so the place is looked for from there. */
static struct list_node *fair_place(const struct run_queue *rq, const struct task *t)
{
	struct list_node *at = rq->fair.prev;

	while (at != &rq->fair && before(t->vruntime, list_entry(at, struct task, rq)->vruntime))
		at = at->prev;
	return at;
}

void rq_enqueue(struct run_queue *rq, struct task *t)
{
	list_insert(&t->rq, is_real_time(t) ? real_time_place(rq, t) : fair_place(rq, t));
	t->slice_over = false;
	WRITE_ONCE(rq->nr, rq->nr + 1);
}

void rq_dequeue(struct run_queue *rq, struct task *t)
{
	list_del(&t->rq);
	WRITE_ONCE(rq->nr, rq->nr - 1);
}

/* ---- who is first ---- */

/* What real-time tasks may take of this second has been taken. */
static bool is_used_up(const struct run_queue *rq)
{
	return rq->rt_ns >= RT_NS;
}

struct task *rq_first(const struct run_queue *rq)
{
	struct task *fair = first_fair(rq), *rt = first_real_time(rq);

	return likely(!rt) || (fair && is_used_up(rq)) ? fair : rt;
}

struct task *rq_first_for(const struct run_queue *rq, unsigned int cpu)
{
	struct task *t;

	list_for_each(t, &rq->real_time, rq)
		if (t->cpu_mask & BIT(cpu))
			return t;
	list_for_each(t, &rq->fair, rq)
		if (t->cpu_mask & BIT(cpu))
			return t;
	return NULL;
}

/* The order between the two kinds: the higher goes first. */
static int rank(const struct run_queue *rq, const struct task *t)
{
	if (likely(!is_real_time(t)))
		return 0;
	return is_used_up(rq) ? -1 : t->rt_priority;
}

bool rq_stays(const struct run_queue *rq, const struct task *t, const struct task *next)
{
	int mine = rank(rq, t), theirs = rank(rq, next);

	if (mine != theirs)
		return mine > theirs;
	return is_real_time(t) ? !t->slice_over : before(t->vruntime, next->vruntime);
}

bool rq_preempts(const struct run_queue *rq, const struct task *t, uint64_t now_ns)
{
	const struct task *curr = rq->curr;
	int mine = rank(rq, t), theirs = rank(rq, curr);

	if (curr == rq->idle)
		return true;
	if (mine != theirs || is_real_time(t))
		return mine > theirs;
	if (t->policy != SCHED_NORMAL)
		return false;
	return before(t->vruntime + GRAIN_NS,
		      curr->vruntime + weigh(curr, now_ns - curr->since_ns));
}

/* ---- counting ---- */

/* The clock of the queue goes with whoever is least far of those that are here. */
static void advance_min(struct run_queue *rq, const struct task *running)
{
	const struct task *head = first_fair(rq);
	uint64_t least = running->vruntime;

	if (head && before(head->vruntime, least))
		least = head->vruntime;
	if (before(rq->min_vruntime, least))
		rq->min_vruntime = least;
}

/* The share of real-time tasks is one of the time that is charged: what the host takes away is nobody's. */
static void account_window(struct run_queue *rq, uint64_t ns)
{
	rq->charged_ns += ns;
	if (unlikely(rq->rt_ns) && rq->charged_ns - rq->rt_window_ns >= WINDOW_NS)
		rq->rt_ns = 0;
}

static void account_real_time(struct run_queue *rq, struct task *t, uint64_t ns)
{
	if (!rq->rt_ns)
		rq->rt_window_ns = rq->charged_ns - ns;
	rq->rt_ns += ns;
	if (t->policy != SCHED_RR)
		return;
	t->rr_ns += ns;
	if (t->rr_ns >= SCHED_RR_NS) {
		t->rr_ns = 0;
		t->slice_over = true;
	}
}

void rq_account(struct run_queue *rq, struct task *t, uint64_t now_ns)
{
	uint64_t ns = now_ns - t->since_ns;

	t->since_ns = now_ns;
	if (t == rq->idle) {
		rq->idle_ns += ns;
		account_window(rq, ns);
		return;
	}
	if (unlikely(t->sum))
		atomic_add(t->seen_in_kernel ? &t->sum->kernel_ns : &t->sum->user_ns, ns);
	if (t->seen_in_kernel) {
		t->time.kernel_ns += ns;
		rq->times.kernel_ns += ns;
	} else {
		t->time.user_ns += ns;
		if (unlikely(t->nice > 0))
			rq->times.nice_ns += ns;
		else
			rq->times.user_ns += ns;
	}
	ns = min(ns, CHARGE_MAX_NS);
	account_window(rq, ns);
	if (unlikely(is_real_time(t))) {
		account_real_time(rq, t, ns);
		return;
	}
	t->vruntime += weigh(t, ns);
	advance_min(rq, t);
}

void rq_yield(const struct run_queue *rq, struct task *t)
{
	const struct task *last = list_last(&rq->fair, struct task, rq);

	if (is_real_time(t))
		t->slice_over = true;
	else if (last && before(t->vruntime, last->vruntime))
		t->vruntime = last->vruntime;
}

void rq_catch_up(const struct run_queue *rq, struct task *t)
{
	if (before(t->vruntime, rq->min_vruntime - WAKE_NS))
		t->vruntime = rq->min_vruntime - WAKE_NS;
}
