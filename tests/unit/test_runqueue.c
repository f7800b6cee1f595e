/*
 * test_runqueue.c - task/runqueue.c, the order of the tasks of one core, driven by a clock of the
 * test's own.
 *
 * The core below does what task/sched.c does: a tick every 4 ms looks at the queue.  A host may
 * take the core away between two ticks, as the hosts of virtual machines do.
 */
#include "unit.h"

#include "abi/sched.h"
#include "lib/string.h"
#include "task/runqueue.c"

#define MS     UINT64_C(1000000)
#define TICK   (4 * MS)
#define SECOND (1000 * MS)

enum { MANY = 5 };

struct core {
	struct run_queue rq;
	struct task idle, task[MANY];
	struct sched_group kernel, user[2];
	uint64_t had[MANY]; /* CPU time that each really had */
	uint64_t now;
};

static void start(struct core *c)
{
	memset(c, 0, sizeof(*c));
	rq_init_rates();
	c->idle.sched.share = &c->kernel.on[0];
	rq_init(&c->rq, 0, &c->idle);
	list_init(&c->idle.sched.rq);
	sched_group_init(&c->kernel);
	sched_group_init(&c->user[0]);
	sched_group_init(&c->user[1]);
	for (size_t i = 0; i < MANY; i++) {
		list_init(&c->task[i].sched.rq);
		c->task[i].sched.cpu_mask = 1;
		c->task[i].sched.policy = SCHED_NORMAL;
		c->task[i].sched.group = &c->user[0];
		c->task[i].sched.share = &c->user[0].on[0];
	}
}

static struct task *add(struct core *c, size_t i, uint8_t policy, uint8_t priority, int8_t nice)
{
	struct task *t = &c->task[i];

	t->sched.policy = policy;
	t->sched.rt_priority = priority;
	t->sched.nice = nice;
	rq_weigh(t);
	rq_catch_up(t);
	rq_enqueue(&c->rq, t);
	return t;
}

static void look(struct core *c)
{
	struct run_queue *rq = &c->rq;
	struct task *prev = rq->curr, *next;

	rq_account(rq, prev, c->now);
	next = rq_first(rq);
	if (!next || (prev != rq->idle && rq_stays(rq, prev, next)))
		return;
	rq_dequeue(rq, next);
	if (prev != rq->idle)
		rq_enqueue(rq, prev);
	rq->curr = next;
	next->sched.since_ns = c->now;
}

/* For @ns, of which the host takes @taken between any two ticks. */
static void go(struct core *c, uint64_t ns, uint64_t taken)
{
	uint64_t end = c->now + ns;

	look(c);
	while (c->now < end) {
		if (c->rq.curr != &c->idle)
			c->had[c->rq.curr - c->task] += TICK;
		c->now += TICK + taken;
		look(c);
		if (c->rq.curr != &c->idle)
			rq_spread(&c->rq, c->rq.curr);
	}
}

static void assert_about(uint64_t got, uint64_t want)
{
	if (got < want - want / 10 || got > want + want / 10)
		fail_msg("%llu ms, not about %llu", (unsigned long long)(got / MS),
			 (unsigned long long)(want / MS));
}

static void by_nice(void **state)
{
	struct core c;

	start(&c);
	for (size_t i = 0; i < MANY; i++)
		add(&c, i, SCHED_NORMAL, 0, 0);
	go(&c, 10 * SECOND, 0);
	for (size_t i = 0; i < MANY; i++)
		assert_about(c.had[i], 2 * SECOND);

	start(&c);
	add(&c, 0, SCHED_NORMAL, 0, 0);
	add(&c, 1, SCHED_NORMAL, 0, 5); /* three times less: 1.25^5 */
	go(&c, 40 * SECOND, 0);
	assert_about(c.had[0], 3 * c.had[1]);

	start(&c);
	add(&c, 0, SCHED_NORMAL, 0, 0);
	add(&c, 1, SCHED_IDLE, 0, 0);
	go(&c, 400 * SECOND, 0);
	assert_in_range(c.had[1], SECOND / 2, 2 * SECOND);
}

static void by_priority(void **state)
{
	struct core c;

	start(&c);
	add(&c, 0, SCHED_FIFO, 1, 0);
	add(&c, 1, SCHED_FIFO, 2, 0);
	add(&c, 2, SCHED_FIFO, 2, 0);
	go(&c, 10 * SECOND, 0);
	assert_about(c.had[1], 10 * SECOND); /* the first of the highest, to its end */

	start(&c);
	for (size_t i = 0; i < MANY; i++)
		add(&c, i, SCHED_RR, 7, 0);
	go(&c, 10 * SECOND, 0);
	for (size_t i = 0; i < MANY; i++)
		assert_about(c.had[i], 2 * SECOND);
}

/* Whoever is not real-time gets 50 ms of each second, of those that the host leaves too. */
static void none_is_shut_out(void **state)
{
	static const uint64_t taken[] = { 0, 2 * MS, 12 * MS, 28 * MS, 100 * MS, SECOND };
	struct core c;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		start(&c);
		add(&c, 0, SCHED_FIFO, 99, 0);
		add(&c, 1, SCHED_NORMAL, 0, 0);
		add(&c, 2, SCHED_NORMAL, 0, 0);
		go(&c, 4000 * (TICK + taken[i]), taken[i]);
		assert_in_range(c.had[1] + c.had[2], 16 * SECOND / 30, 16 * SECOND / 10);
		assert_true(c.had[1] && c.had[2]);
	}
}

/*
 * What it leaves goes back to it when nobody else wants it; and a new second begins when it has
 * slept.
 */
static void alone(void **state)
{
	struct core c;
	struct task *t;

	start(&c);
	t = add(&c, 0, SCHED_FIFO, 1, 0);
	go(&c, 10 * SECOND, 0);
	assert_about(c.had[0], 10 * SECOND);
	assert_true(c.rq.rt_ns > 0);
	rq_account(&c.rq, t, c.now);
	c.rq.curr = &c.idle;
	c.idle.sched.since_ns = c.now;
	go(&c, SECOND, 0);
	assert_int_equal(c.rq.rt_ns, 0);
}

/*
 * A host that stops the machine for a second while a task runs: that task does not stand back for
 * it.
 */
static void after_a_stop(void **state)
{
	struct core c;

	start(&c);
	add(&c, 0, SCHED_NORMAL, 0, 0);
	add(&c, 1, SCHED_NORMAL, 0, 0);
	go(&c, SECOND, 0);
	c.now += 10 * SECOND;
	memset(c.had, 0, sizeof(c.had));
	go(&c, SECOND / 10, 0);
	assert_in_range(c.had[0], 30 * MS, 70 * MS);
	assert_in_range(c.had[1], 30 * MS, 70 * MS);
}

/* As task_wake: what has slept comes back.  Whether it has the core at once. */
static bool wake(struct core *c, struct task *t)
{
	rq_catch_up(t);
	rq_enqueue(&c->rq, t);
	return c->rq.curr == &c->idle || rq_preempts(&c->rq, t, c->now);
}

/* The one that runs sleeps. */
static struct task *sleep_now(struct core *c)
{
	struct task *t = c->rq.curr;

	rq_account(&c->rq, t, c->now);
	c->rq.curr = rq_first(&c->rq);
	if (c->rq.curr)
		rq_dequeue(&c->rq, c->rq.curr);
	else
		c->rq.curr = &c->idle;
	c->rq.curr->sched.since_ns = c->now;
	return t;
}

/*
 * However many tasks a user has, they weigh what the one task of another does; nice goes among
 * one's own.
 */
static void by_user(void **state)
{
	struct core c;

	start(&c);
	for (size_t i = 0; i < 4; i++)
		add(&c, i, SCHED_NORMAL, 0, 0);
	c.task[4].sched.share = &c.user[1].on[0];
	add(&c, 4, SCHED_NORMAL, 0, 0);
	go(&c, 16 * SECOND, 0);
	assert_about(c.had[4], 8 * SECOND);
	for (size_t i = 0; i < 4; i++)
		assert_about(c.had[i], 2 * SECOND);

	start(&c);
	add(&c, 0, SCHED_NORMAL, 0, -20);
	add(&c, 1, SCHED_NORMAL, 0, -20);
	c.task[2].sched.share = c.task[3].sched.share = &c.user[1].on[0];
	add(&c, 2, SCHED_NORMAL, 0, 0);
	add(&c, 3, SCHED_NORMAL, 0, 5);
	go(&c, 40 * SECOND, 0);
	assert_about(c.had[0] + c.had[1], 20 * SECOND);
	assert_about(c.had[2], 3 * c.had[3]);
}

/*
 * A user whose tasks wait on four cores has on this one a quarter of his weight: a task of another
 * has four times as much.
 */
static void everywhere(void **state)
{
	struct core c;

	start(&c);
	for (size_t i = 0; i < 4; i++)
		add(&c, i, SCHED_NORMAL, 0, 0);
	for (unsigned int cpu = 1; cpu < 4; cpu++)
		c.user[0].on[cpu].load = 4 * NICE_0_WEIGHT;
	c.task[4].sched.group = &c.user[1];
	c.task[4].sched.share = &c.user[1].on[0];
	add(&c, 4, SCHED_NORMAL, 0, 0);
	go(&c, 20 * SECOND, 0);
	assert_about(c.had[4], 16 * SECOND);
	for (size_t i = 0; i < 4; i++)
		assert_about(c.had[i], SECOND);

	for (unsigned int cpu = 1; cpu < 4; cpu++) /* they have gone */
		c.user[0].on[cpu].load = 0;
	go(&c, SECOND, 0);
	memset(c.had, 0, sizeof(c.had));
	go(&c, 20 * SECOND, 0);
	assert_about(c.had[4], 10 * SECOND);
}

/*
 * A user whose only task is SCHED_IDLE takes what another leaves; beside one of its own that is
 * not, it makes no difference.
 */
static void idle_user(void **state)
{
	struct core c;

	start(&c);
	add(&c, 0, SCHED_IDLE, 0, 0);
	c.task[1].sched.share = &c.user[1].on[0];
	add(&c, 1, SCHED_NORMAL, 0, 0);
	go(&c, 400 * SECOND, 0);
	assert_in_range(c.had[0], SECOND / 2, 2 * SECOND);

	start(&c);
	add(&c, 0, SCHED_IDLE, 0, 0);
	add(&c, 1, SCHED_NORMAL, 0, 0);
	c.task[2].sched.share = &c.user[1].on[0];
	add(&c, 2, SCHED_NORMAL, 0, 0);
	go(&c, 40 * SECOND, 0);
	assert_about(c.had[2], 20 * SECOND);
}

/* Who has slept, of another user, has the core at once; and nothing saved up for later. */
static void woken(void **state)
{
	struct core c;
	struct task *t;

	start(&c);
	c.task[4].sched.share = &c.user[1].on[0];
	add(&c, 4, SCHED_NORMAL, 0, 0);
	go(&c, SECOND, 0);
	t = sleep_now(&c);
	assert_ptr_equal(t, &c.task[4]);
	for (size_t i = 0; i < 4; i++)
		add(&c, i, SCHED_NORMAL, 0, 0);
	go(&c, 10 * SECOND, 0);
	memset(c.had, 0, sizeof(c.had));
	assert_true(wake(&c, t));
	go(&c, 8 * TICK, 0);
	assert_in_range(c.had[4], 4 * TICK, 5 * TICK);
}

/* A user whose group is empty is not in the way of the others, and can go. */
static void forgotten(void **state)
{
	struct core c;

	start(&c);
	add(&c, 0, SCHED_NORMAL, 0, 0);
	c.task[1].sched.share = &c.user[1].on[0];
	add(&c, 1, SCHED_NORMAL, 0, 0);
	go(&c, SECOND, 0);
	while (c.rq.curr != &c.task[1])
		go(&c, TICK, 0);
	assert_ptr_equal(sleep_now(&c), &c.task[1]);
	rq_forget(&c.rq, &c.user[1]);
	memset(&c.user[1], 0xff, sizeof(c.user[1]));
	go(&c, SECOND, 0);
	assert_ptr_equal(c.rq.curr, &c.task[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_nice),	    cmocka_unit_test(by_priority),
		cmocka_unit_test(none_is_shut_out), cmocka_unit_test(alone),
		cmocka_unit_test(after_a_stop),	    cmocka_unit_test(by_user),
		cmocka_unit_test(idle_user),	    cmocka_unit_test(woken),
		cmocka_unit_test(forgotten),	    cmocka_unit_test(everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
