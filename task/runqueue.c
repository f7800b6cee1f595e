/*
 * runqueue.c - the order of the tasks that wait for a core.
 *
 * Invariant: the list of groups is sorted by vruntime, that of real-time tasks by priority; a
 * task's group, policy and priority change only while it is in no list, and so does its vruntime,
 * by which a group's list is sorted as far as a walk of bounded length can (fair_place).  A group
 * that has become empty stays where it is until it is found there, so that one that is alone on its
 * core costs nothing each time.
 */
#include "task/runqueue.h"

#include "abi/sched.h"

/* A sleeper comes back with at most so much ahead of the others. */
#define WAKE_NS	      UINT64_C(3000000)
/*
 * Ticks come oftener than this.  A task that seems to have run for longer did not: the host of a
 * virtual machine had taken its core away, and it is not charged for that.
 */
#define CHARGE_MAX_NS UINT64_C(0x1000000)
/* Real-time tasks get so much of each second that others want too. */
#define WINDOW_NS     NS_PER_S
#define RT_NS	      UINT64_C(950000000)
/* SCHED_IDLE's clock against that of nice 0: as Linux's weight of 3 against 1024. */
#define IDLE_SCALE    (1024 / 3)
#define IDLE_WEIGHT   3
/* A group that has no task but on this core. */
#define SPREAD_NONE   16u
/*
 * How many tasks a walk of a group's list looks at: the lock is held, and a user may have
 * thousands.
 */
#define WALK_MAX      64

struct sched_group kernel_group = { .is_systems = true };

void sched_group_init(struct sched_group *g)
{
	for (unsigned int i = 0; i < NR_CPUS; i++) {
		g->on[i] = (struct group_share){ .spread = SPREAD_NONE };
		list_init(&g->on[i].link);
		list_init(&g->on[i].tasks);
	}
}

void rq_init(struct run_queue *rq, unsigned int cpu, struct task *idle)
{
	rq->cpu = cpu;
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

/* vruntime goes as CPU time does for nice 0, and so much faster or slower for the others. */
static uint64_t weigh_time(const struct task *t, uint64_t ns)
{
	if (likely(t->sched.weight == NICE_0_WEIGHT))
		return ns;
	return t->sched.policy == SCHED_IDLE ? ns * IDLE_SCALE
					     : ns * nice_rate[t->sched.nice + 20] / 1024;
}

void rq_weigh(struct task *t)
{
	if (is_real_time(t))
		t->sched.weight = 0;
	else if (t->sched.policy == SCHED_IDLE)
		t->sched.weight = IDLE_WEIGHT;
	else
		t->sched.weight = NICE_0_WEIGHT * 1024 / nice_rate[t->sched.nice + 20];
}

/* vruntimes are compared by their difference: they may wrap. */
static bool before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* ---- the groups ---- */

/* Groups are as many as users, and a user cannot make users. */
static void place_group(struct run_queue *rq, struct group_share *g)
{
	struct list_node *at = rq->fair.prev;

	while (at != &rq->fair &&
	       before(g->vruntime, list_entry(at, struct group_share, link)->vruntime))
		at = at->prev;
	list_insert(&g->link, at);
}

static void remove_group(struct run_queue *rq, struct group_share *g)
{
	list_del(&g->link);
	rq->nr_groups--;
}

/*
 * The group that has had least of those with tasks that wait; NULL: none.  Empty ones in front of
 * it go.
 */
static struct group_share *first_group(struct run_queue *rq)
{
	struct group_share *g;

	while ((g = list_first(&rq->fair, struct group_share, link)) && list_empty(&g->tasks))
		remove_group(rq, g);
	return g;
}

/* The clock of the groups goes with whichever is least far of those that wait or run. */
static void advance_groups(struct run_queue *rq)
{
	const struct group_share *head = first_group(rq), *curr = rq->curr->sched.share;
	uint64_t least;

	if (rq->curr == rq->idle || !rq->curr->sched.weight) {
		if (!head)
			return;
		curr = head;
	}
	least = head && before(head->vruntime, curr->vruntime) ? head->vruntime : curr->vruntime;
	if (before(rq->min_vruntime, least))
		rq->min_vruntime = least;
}

/*
 * @g, which had nothing to run here, comes (again): as a task that comes, with no more than a small
 * lead on the others.  It may be in the list still, though empty.
 */
static void group_comes(struct run_queue *rq, struct group_share *g)
{
	if (list_is_linked(&g->link))
		remove_group(rq, g);
	advance_groups(rq);
	if (before(g->vruntime, rq->min_vruntime - WAKE_NS))
		g->vruntime = rq->min_vruntime - WAKE_NS;
	place_group(rq, g);
	rq->nr_groups++;
}

void rq_forget(struct run_queue *rq, struct sched_group *g)
{
	if (list_is_linked(&g->on[rq->cpu].link))
		remove_group(rq, &g->on[rq->cpu]);
}

/* ---- the queue ---- */

static struct task *first_fair(struct run_queue *rq)
{
	const struct group_share *g = first_group(rq);

	return g ? list_first(&g->tasks, struct task, sched.rq) : NULL;
}

/*
 * Behind those of its priority, but for one that was pushed off before its time: in front of them.
 */
static struct list_node *real_time_place(const struct run_queue *rq, const struct task *t)
{
	struct task *o;

	list_for_each(o, &rq->real_time, sched.rq)
		if (o->sched.rt_priority < t->sched.rt_priority ||
		    (o->sched.rt_priority == t->sched.rt_priority && t == rq->curr &&
		     !t->sched.slice_over))
			return o->sched.rq.prev;
	return rq->real_time.prev;
}

/*
 * Most tasks that come belong near the end, or at the beginning. A task whose place is not found
 * from either side goes behind those that were looked at last: it is among its own user's tasks,
 * and its turn comes a little early.
 */
static struct list_node *fair_place(struct group_share *g, const struct task *t)
{
	struct list_node *at = g->tasks.prev, *head = &g->tasks;
	int left = WALK_MAX;

	while (at != head &&
	       before(t->sched.vruntime, list_entry(at, struct task, sched.rq)->sched.vruntime)) {
		at = at->prev;
		if (unlikely(!--left))
			break;
	}
	if (likely(left))
		return at;
	for (at = head; left < WALK_MAX; left++) {
		if (before(t->sched.vruntime,
			   list_entry(at->next, struct task, sched.rq)->sched.vruntime))
			break;
		at = at->next;
	}
	return at;
}

void rq_enqueue_among(struct run_queue *rq, struct task *t)
{
	struct group_share *g = t->sched.share;
	const struct task *last = list_entry(g->tasks.prev, struct task, sched.rq);

	if (unlikely(is_real_time(t))) {
		list_insert(&t->sched.rq, real_time_place(rq, t));
		t->sched.slice_over = false;
	} else if (list_empty(&g->tasks)) {
		list_add_tail(&g->tasks, &t->sched.rq);
		group_comes(rq, g);
	} else if (before(t->sched.vruntime, last->sched.vruntime)) {
		list_insert(&t->sched.rq, fair_place(g, t));
	} else {
		list_add_tail(&g->tasks, &t->sched.rq);
	}
}

/* ---- which task is first ---- */

/* What real-time tasks may take of this second has been taken. */
static bool is_used_up(const struct run_queue *rq)
{
	return rq->rt_ns >= RT_NS;
}

struct task *rq_first_of_many(struct run_queue *rq)
{
	struct task *fair = first_fair(rq);
	struct task *rt = list_first(&rq->real_time, struct task, sched.rq);

	return likely(!rt) || (fair && is_used_up(rq)) ? fair : rt;
}

/* The first of the first WALK_MAX in @list that may run on core @cpu. */
static struct task *first_allowed(const struct list_node *list, unsigned int cpu)
{
	int left = WALK_MAX;
	struct task *t;

	list_for_each(t, list, sched.rq) {
		if (t->sched.cpu_mask & BIT(cpu))
			return t;
		if (!--left)
			break;
	}
	return NULL;
}

struct task *rq_first_for(const struct run_queue *rq, unsigned int cpu)
{
	struct task *t = first_allowed(&rq->real_time, cpu);
	const struct group_share *g;

	if (t)
		return t;
	list_for_each(g, &rq->fair, link) {
		t = first_allowed(&g->tasks, cpu);
		if (t)
			return t;
	}
	return NULL;
}

/* The order between the two kinds: the higher goes first. */
static int rank(const struct run_queue *rq, const struct task *t)
{
	if (likely(!is_real_time(t)))
		return 0;
	return is_used_up(rq) ? -1 : t->sched.rt_priority;
}

bool rq_stays_among(const struct run_queue *rq, const struct task *t, const struct task *next)
{
	int mine = rank(rq, t), theirs = rank(rq, next);

	if (mine != theirs)
		return mine > theirs;
	if (is_real_time(t))
		return !t->sched.slice_over;
	if (t->sched.share == next->sched.share)
		return before(t->sched.vruntime, next->sched.vruntime);
	return before(t->sched.share->vruntime, next->sched.share->vruntime);
}

bool rq_preempts(const struct run_queue *rq, const struct task *t, uint64_t now_ns)
{
	const struct task *curr = rq->curr;

	if (unlikely(t->sched.rt_priority | curr->sched.rt_priority)) {
		int mine = rank(rq, t), theirs = rank(rq, curr);

		if (mine != theirs || is_real_time(t))
			return mine > theirs;
	}
	if (t->sched.policy != SCHED_NORMAL)
		return false;
	if (likely(t->sched.share == curr->sched.share))
		return before(t->sched.vruntime + GRAIN_NS,
			      curr->sched.vruntime +
				      weigh_time(curr, now_ns - curr->sched.since_ns));
	return before(t->sched.share->vruntime + GRAIN_NS,
		      curr->sched.share->vruntime + now_ns - curr->sched.since_ns);
}

/* ---- counting ---- */

/* The clock of the group follows the task that has had least of those that are here. */
static void advance_min(struct group_share *g, const struct task *running)
{
	const struct task *head = list_entry(g->tasks.next, struct task, sched.rq);
	uint64_t least = running->sched.vruntime;

	if (!list_empty(&g->tasks) && before(head->sched.vruntime, least))
		least = head->sched.vruntime;
	if (before(g->min_vruntime, least))
		g->min_vruntime = least;
}

/*
 * What @t's group @g is charged for @ns: more, if its tasks together weigh less than one of nice 0.
 */
static uint64_t charge(const struct task *t, const struct group_share *g, uint64_t ns)
{
	uint32_t load = t->sched.weight + g->load;

	return load < NICE_0_WEIGHT ? ns * NICE_0_WEIGHT / load : ns;
}

void rq_spread(struct run_queue *rq, const struct task *t)
{
	struct group_share *g = t->sched.share;
	uint64_t here = t->sched.weight + g->load, all = here;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (cpu != rq->cpu)
			all += READ_ONCE(t->sched.group->on[cpu].load);
	if (here)
		g->spread =
			(uint32_t)min(all * SPREAD_NONE / here, (uint64_t)SPREAD_NONE * NR_CPUS);
}

/* @t has run for @ns. */
static void account_fair(struct run_queue *rq, struct task *t, uint64_t ns)
{
	struct group_share *g = t->sched.share;
	uint64_t share = ns;

	if (likely(t->sched.weight == NICE_0_WEIGHT)) {
		t->sched.vruntime += ns;
	} else {
		t->sched.vruntime += weigh_time(t, ns);
		share = charge(t, g, ns);
	}
	if (unlikely(rq->nr_groups > 1))
		share = share * g->spread / SPREAD_NONE;
	g->vruntime += share;
	advance_min(g, t);
	if (unlikely(rq->nr_groups > 1) && list_is_linked(&g->link)) {
		list_del(&g->link);
		place_group(rq, g);
	}
}

/*
 * The share of real-time tasks is one of the time that is charged: what the host takes away is
 * charged to none.  The second goes on.
 */
static void account_window(struct run_queue *rq, uint64_t ns)
{
	rq->rt_window_ns += ns;
	if (rq->rt_window_ns >= WINDOW_NS)
		rq->rt_ns = 0;
}

static void account_real_time(struct run_queue *rq, struct task *t, uint64_t ns)
{
	if (!rq->rt_ns)
		rq->rt_window_ns = ns; /* one begins */
	rq->rt_ns += ns;
	if (t->sched.policy != SCHED_RR)
		return;
	t->sched.rr_ns += ns;
	if (t->sched.rr_ns >= SCHED_RR_NS) {
		t->sched.rr_ns = 0;
		t->sched.slice_over = true;
	}
}

/* Beside the user's time, which it is too. */
static void account_guest(struct run_queue *rq, struct task *t, uint64_t ns)
{
	if (t->sum)
		atomic_add(&container_of(t->sum, struct process_usage, sum)->sum_guest_ns, ns);
	t->guest_ns += ns;
	if (t->sched.nice > 0)
		rq->times.guest_nice_ns += ns;
	else
		rq->times.guest_ns += ns;
}

void rq_account(struct run_queue *rq, struct task *t, uint64_t now_ns)
{
	uint64_t ns = now_ns - t->sched.since_ns;
	int seen = t->seen;

	t->sched.since_ns = now_ns;
	if (t == rq->idle) {
		rq->times.idle_ns += ns;
		if (unlikely(rq->rt_ns))
			account_window(rq, ns);
		return;
	}
	if (unlikely(t->sum))
		atomic_add(seen < 0 ? &t->sum->kernel_ns : &t->sum->user_ns, ns);
	if (seen < 0) {
		t->time.kernel_ns += ns;
		rq->times.kernel_ns += ns;
	} else {
		t->time.user_ns += ns;
		if (unlikely(t->sched.nice > 0))
			rq->times.nice_ns += ns;
		else
			rq->times.user_ns += ns;
		if (unlikely(seen))
			account_guest(rq, t, ns);
	}
	ns = min(ns, CHARGE_MAX_NS);
	if (unlikely(rq->rt_ns))
		account_window(rq, ns);
	if (unlikely(is_real_time(t))) {
		account_real_time(rq, t, ns);
		return;
	}
	account_fair(rq, t, ns);
}

void rq_catch_up(struct task *t)
{
	uint64_t least = t->sched.share->min_vruntime - WAKE_NS;

	if (before(t->sched.vruntime, least))
		t->sched.vruntime = least;
}
