/*
 * pid.c - handing out numbers and finding who has them.
 *
 * Invariant: a number is handed out only while no task has it as tid, pid, pgid or sid, so that a
 * kill(2) can't reach another process than it meant.  Numbers go round, so that one that was just
 * given back is not the next.
 */
#include "task/pid.h"

#include "mm/giveway.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "task/process.h"

/* After the first round, the numbers of the first processes are not given again. */
#define PID_RESERVED 300

#define BUCKETS	     256

struct spinlock proc_lock = SPINLOCK_INIT;
struct process *init_process;

static struct list_node tasks[BUCKETS], processes[BUCKETS], groups[BUCKETS], sessions[BUCKETS];
static struct list_node all = LIST_INIT(all); /* processes' places */

/* Numbers, a bit each: those in any use, and those of processes. */
#define WORDS (PID_MAX / 64)
static uint64_t taken[WORDS], of_process[WORDS];

/* The session and group of pid 1. */
static struct pid_session first_session = { .groups = 1 };
static struct pid_group first_group = { .session = &first_session,
					.members = LIST_INIT(first_group.members) };

struct pid_counts pid_counts;
static unsigned int nr_taken; /* numbers */

static struct list_node *pid_bucket(struct list_node *table, pid_t n)
{
	return &table[(uint32_t)n % BUCKETS];
}

void pid_init(void)
{
	for (unsigned int i = 0; i < BUCKETS; i++) {
		list_init(&tasks[i]);
		list_init(&processes[i]);
		list_init(&groups[i]);
		list_init(&sessions[i]);
	}
	list_add_head(pid_bucket(groups, 0), &first_group.hash);
	list_add_head(pid_bucket(sessions, 0), &first_session.hash);
	list_init(&first_group.sending);
	taken[0] = 1; /* 0 is no task's */
}

/* ---- numbers ---- */

struct task *pid_find_task(pid_t tid)
{
	struct task *t;

	spin_assert_held(&proc_lock);
	list_for_each(t, pid_bucket(tasks, tid), tid_hash)
		if (t->tid == tid)
			return t;
	return NULL;
}

struct process *pid_find_process(pid_t pid)
{
	struct process *p;

	spin_assert_held(&proc_lock);
	list_for_each(p, pid_bucket(processes, pid), pid_hash)
		if (p->pid == pid)
			return p;
	return NULL;
}

struct pid_group *pid_find_group(pid_t pgid)
{
	struct pid_group *g;

	spin_assert_held(&proc_lock);
	list_for_each(g, pid_bucket(groups, pgid), hash)
		if (g->pgid == pgid)
			return g;
	return NULL;
}

static bool is_session(pid_t sid)
{
	const struct pid_session *s;

	list_for_each(s, pid_bucket(sessions, sid), hash)
		if (s->sid == sid)
			return true;
	return false;
}

/* The first number from @from on whose bit in @map is @set; 0: none. */
static pid_t find_number(const uint64_t *map, bool set, pid_t from)
{
	uint64_t first = UINT64_MAX << ((uint32_t)from % 64);

	for (uint32_t i = (uint32_t)from / 64; i < WORDS; i++, first = UINT64_MAX) {
		uint64_t found = (set ? map[i] : ~map[i]) & first;

		if (found)
			return (pid_t)(i * 64 + (uint32_t)__builtin_ctzl(found));
	}
	return 0;
}

pid_t pid_alloc(unsigned int left)
{
	pid_t n;

	if (left && nr_taken + left >= PID_MAX - PID_RESERVED)
		return 0;
	n = find_number(taken, false, pid_counts.last + 1);

	if (unlikely(!n))
		n = find_number(taken, false, PID_RESERVED);
	if (unlikely(!n))
		return 0;
	/*
	 * Under proc_lock, in one step with the link into the tables: a walk by number finds all or
	 * nothing of it.
	 */
	taken[n / 64] |= BIT(n % 64);
	nr_taken++;
	pid_counts.last = n;
	pid_counts.forks++;
	return n;
}

static void clear_taken(pid_t n)
{
	nr_taken -= taken[n / 64] >> n % 64 & 1;
	taken[n / 64] &= ~BIT(n % 64);
}

/*
 * @n is no longer the number of a process, a group or a session: it is free if none of the others
 * has it.
 */
static void free_number(pid_t n)
{
	if (!pid_find_process(n) && !pid_find_group(n) && !is_session(n))
		clear_taken(n);
}

static void add_thread(struct process *p, struct task *t)
{
	struct avl_node *at = p->by_tid.root, *parent = NULL;
	unsigned int side = 0;

	if (likely(!at)) {
		avl_insert_first(&p->by_tid, &t->by_tid);
		return;
	}
	while (at) {
		parent = at;
		side = list_entry(at, struct task, by_tid)->tid < t->tid;
		at = at->child[side];
	}
	avl_insert(&p->by_tid, &t->by_tid, parent, side);
}

/* A thread's number is in no other use: only processes have groups and sessions. */
static void remove_thread(struct process *p, struct task *t)
{
	if (p->by_tid.root == &t->by_tid && t->by_tid.height == 1)
		avl_erase_last(&p->by_tid);
	else
		avl_erase(&p->by_tid, &t->by_tid);
	clear_taken(t->tid);
}

struct task *pid_next_thread(const struct process *p, pid_t from)
{
	struct task *best = from <= p->pid ? pid_find_task(p->pid) : NULL;
	struct avl_node *at = p->by_tid.root;

	spin_assert_held(&proc_lock);
	while (at) {
		struct task *t = list_entry(at, struct task, by_tid);

		if (t->tid >= from && (!best || t->tid < best->tid))
			best = t;
		at = at->child[t->tid < from];
	}
	return best;
}

void pid_add_task(struct task *t)
{
	spin_assert_held(&proc_lock);
	list_add_head(pid_bucket(tasks, t->tid), &t->tid_hash);
	if (t->tid != t->process->pid)
		add_thread(t->process, t);
	pid_counts.tasks++;
}

void pid_remove_task(struct task *t)
{
	spin_assert_held(&proc_lock);
	list_del(&t->tid_hash);
	if (t->tid != t->process->pid)
		remove_thread(t->process, t); /* else the process still has the number */
	pid_counts.tasks--;
}

/* ---- groups ---- */

bool pid_spare_init(struct pid_spare *spare, bool session)
{
	*spare = (struct pid_spare){ .group = kzalloc(sizeof(*spare->group)) };
	if (session)
		spare->session = kzalloc(sizeof(*spare->session));
	if (spare->group && (spare->session || !session))
		return true;
	pid_spare_end(spare);
	return false;
}

void pid_spare_end(struct pid_spare *spare)
{
	kfree(spare->group);
	kfree(spare->session);
}

static struct pid_group *make_group(pid_t pgid, struct pid_session *s, struct pid_spare *spare)
{
	struct pid_group *g = spare->group;

	spare->group = NULL;
	g->pgid = pgid;
	g->session = s;
	s->groups++;
	list_init(&g->members);
	list_init(&g->sending);
	list_add_head(pid_bucket(groups, pgid), &g->hash);
	return g;
}

static struct pid_session *make_session(pid_t sid, struct pid_spare *spare)
{
	struct pid_session *s = spare->session;

	spare->session = NULL;
	s->sid = sid;
	list_add_head(pid_bucket(sessions, sid), &s->hash);
	return s;
}

/*
 * A group that has no member, no walk's mark in its list, and no signal on its way to it (to_send)
 * is freed: the last of the three to go frees it, under proc_lock.
 */
static void free_group(struct pid_group *g)
{
	if (!g->nr && list_empty(&g->members) && !list_is_linked(&g->sending) && g != &first_group)
		kfree(g);
}

static void end_session(struct pid_session *s)
{
	pid_t sid = s->sid;

	list_del(&s->hash);
	if (s != &first_session)
		kfree(s);
	free_number(sid);
}

/* The last member of @g has left it. */
static void end_group(struct pid_group *g)
{
	struct pid_session *s = g->session;

	list_del(&g->hash);
	/* The memory may stay for a walk that is under way; the number is free at once. */
	g->session = NULL;
	if (!--s->groups)
		end_session(s);
	free_number(g->pgid);
	free_group(g);
}

/* @p leaves its group, and is in none. */
static void leave_group(struct process *p)
{
	struct pid_group *g = p->job.group;

	list_del(&p->job.member.link);
	p->job.group = NULL;
	if (!--g->nr)
		end_group(g);
}

static void join_group(struct process *p, struct pid_group *g, struct list_node *after)
{
	p->job.group = g;
	p->job.pgid = g->pgid;
	p->job.sid = g->session->sid;
	g->nr++;
	list_insert(&p->job.member.link, after);
}

void pid_add_process(struct process *p)
{
	struct process *me = current->process;
	struct pid_group *g = me ? me->job.group : &first_group;

	spin_assert_held(&proc_lock);
	list_add_head(pid_bucket(processes, p->pid), &p->pid_hash);
	of_process[p->pid / 64] |= BIT(p->pid % 64);
	place_init(&p->job.member, p);
	place_init(&p->all, p);
	list_insert(&p->all.link, me ? &me->all.link : all.prev);
	join_group(p, g, me ? &me->job.member.link : g->members.prev);
}

void pid_remove_process(struct process *p)
{
	spin_assert_held(&proc_lock);
	list_del(&p->pid_hash);
	of_process[p->pid / 64] &= ~BIT(p->pid % 64);
	list_del(&p->all.link);
	leave_group(p);
	free_number(p->pid);
}

void pid_set_group(struct process *p, pid_t pgid, struct pid_spare *spare)
{
	struct pid_group *g = pid_find_group(pgid);

	spin_assert_held(&proc_lock);
	if (!g)
		g = make_group(pgid, p->job.group->session, spare);
	/* After the new group was found or made: the session must not end in between. */
	leave_group(p);
	join_group(p, g, g->members.prev);
}

void pid_set_session(struct process *p, struct pid_spare *spare)
{
	struct pid_group *g = make_group(p->pid, make_session(p->pid, spare), spare);

	spin_assert_held(&proc_lock);
	/*
	 * After the new group is in the tables: the old one may end, and with it the old session.
	 */
	leave_group(p);
	join_group(p, g, &g->members);
}

/* ---- walks ---- */

/* Steps between two points to give way, and in a walk: it passes each number twice at most. */
#define WALK_STEPS 16
#define WALK_MAX   (2 * PID_MAX)

/*
 * The mark goes behind what it passes.  So the walk goes on rightly even if that leaves the list
 * while proc_lock is free.
 */
struct walk_place *place_step(struct list_node *head, struct walk_place *here)
{
	struct list_node *next = here->link.next;

	if (next == head)
		return NULL;
	list_del(&here->link);
	list_insert(&here->link, next);
	return list_entry(next, struct walk_place, link);
}

static void start_walk(struct pid_walk *w, struct list_node *head, struct pid_group *g,
		       unsigned long flags)
{
	*w = (struct pid_walk){ .group = g, .flags = flags, .steps = WALK_STEPS, .left = WALK_MAX };
	place_init(&w->here, NULL);
	w->head = head ? head : &w->here.link;
	if (head)
		list_add_head(head, &w->here.link);
}

void pid_walk_of(struct pid_walk *w, struct pid_group *g, unsigned long flags)
{
	start_walk(w, g ? &g->members : NULL, g, flags);
}

void pid_walk_begin(struct pid_walk *w, pid_t pgid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	if (pgid == PID_ALL)
		start_walk(w, &all, NULL, flags);
	else
		pid_walk_of(w, pid_find_group(pgid), flags);
}

void pid_walk_pause(struct pid_walk *w)
{
	/* The mark stays in the list, and so keeps the group's memory. */
	spin_unlock_irqrestore(&proc_lock, w->flags);
	if (give_way() && !w->to_end)
		w->left = 0;
}

void pid_walk_resume(struct pid_walk *w)
{
	w->flags = spin_lock_irqsave(&proc_lock);
	w->steps = WALK_STEPS;
}

struct process *pid_walk_next(struct pid_walk *w)
{
	const struct walk_place *at;

	while (w->left--) {
		if (!w->steps--) {
			pid_walk_pause(w);
			pid_walk_resume(w);
			continue;
		}
		at = place_step(w->head, &w->here);
		if (!at)
			break;
		if (!at->process) /* it is where another walk is */
			continue;
		/* what is done with it may be done with each of its threads */
		w->steps -= min(w->steps, at->process->nr_threads);
		return at->process;
	}
	w->left = 0;
	return NULL;
}

void pid_walk_end(struct pid_walk *w)
{
	list_del(&w->here.link);
	if (w->group)
		free_group(w->group);
	spin_unlock_irqrestore(&proc_lock, w->flags);
}

/* ---- for others ---- */

struct task *task_find(pid_t tid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct task *t = pid_find_task(tid);

	/*
	 * Under proc_lock: a task in the tables has a reference, which its core drops only after it
	 * has left them.
	 */
	if (t)
		ref_get(&t->refs);
	spin_unlock_irqrestore(&proc_lock, flags);
	return t;
}

struct task *task_find_or_self(pid_t tid)
{
	if (tid)
		return task_find(tid);
	ref_get(&current->refs);
	return current;
}

struct process *process_find(pid_t pid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct process *p = pid_find_process(pid);

	if (p)
		ref_get(&p->refs);
	spin_unlock_irqrestore(&proc_lock, flags);
	return p;
}

struct process *process_first(pid_t from)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	/* By number, not by a pointer to the last one: that may be gone between two calls. */
	pid_t pid = from < PID_MAX ? find_number(of_process, true, max(from, 0)) : 0;
	struct process *p = pid ? pid_find_process(pid) : NULL;

	if (p)
		ref_get(&p->refs);
	spin_unlock_irqrestore(&proc_lock, flags);
	return p;
}

struct task *process_thread(struct process *p, pid_t from)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	/*
	 * The one with the least number from @from on: so a walk by numbers meets each thread once.
	 */
	struct task *t = pid_next_thread(p, from);

	if (t)
		ref_get(&t->refs);
	spin_unlock_irqrestore(&proc_lock, flags);
	return t;
}

/* Their stacks may take an eighth of memory, as in Linux: a fork bomb ends before memory does. */
uint64_t tasks_max(void)
{
	uint64_t n = page_total_count() / 8 / (STACK_SIZE / PAGE_SIZE);

	return min(max(n, UINT64_C(20)), (uint64_t)PID_MAX);
}
