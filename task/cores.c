/*
 * cores.c - see cores.h.
 *
 * A core's numbers are read here without its queue's lock: each word is whole, and all of them
 * together are of about one moment.
 */
#include "task/cores.h"

#include "drivers/timer/timer.h"
#include "lib/export.h"
#include "task/runqueue.h"

DEFINE_PERCPU(struct run_queue, run_queue);
uint64_t cores_mask;

uint64_t cores_online(void)
{
	return load_acquire(&cores_mask);
}
EXPORT(cores_online);

unsigned int cores_count(void)
{
	unsigned int n = 0;

	for (uint64_t m = cores_online(); m; m &= m - 1)
		n++;
	return n;
}
EXPORT(cores_count);

void cores_join(void)
{
	/* released: the queue was made before, and is to be found so */
	__atomic_fetch_or(&cores_mask, BIT(cpu_id()), __ATOMIC_RELEASE);
}

unsigned int cores_running(void)
{
	unsigned int n = 0;

	for (uint64_t m = cores_online(); m; m &= m - 1) {
		const struct run_queue *rq = rq_of((unsigned int)__builtin_ctzl(m));

		n += READ_ONCE(rq->nr) + (READ_ONCE(rq->curr) != rq->idle);
	}
	return n;
}
EXPORT(cores_running);

uint64_t cores_switches(void)
{
	uint64_t n = 0;

	for (uint64_t m = cores_online(); m; m &= m - 1)
		n += READ_ONCE(rq_of((unsigned int)__builtin_ctzl(m))->switches);
	return n;
}

struct core_times core_times(unsigned int cpu)
{
	const struct run_queue *rq = rq_of(cpu);
	uint64_t idle_ns = READ_ONCE(rq->times.idle_ns);

	if (READ_ONCE(rq->curr) == rq->idle)
		idle_ns += timer_now_ns() - READ_ONCE(rq->idle->sched.since_ns);
	return (struct core_times){
		READ_ONCE(rq->times.user_ns),	READ_ONCE(rq->times.nice_ns),
		READ_ONCE(rq->times.kernel_ns), idle_ns,
		READ_ONCE(rq->times.guest_ns),	READ_ONCE(rq->times.guest_nice_ns)
	};
}

/* ---- the load ---- */

static uint64_t next_load_ns; /* atomic */
static uint64_t load_avg[3];

#define LOAD_NS	       UINT64_C(5000000000)
#define LOAD_ONE       UINT64_C(2048)
#define LOAD_STEPS_MAX 1000 /* after that all of it has decayed */

/* 2048 / exp(5 s / 1 min, 5 min, 15 min) */
static const uint64_t load_decay[3] = { 1884, 2014, 2037 };

static void load_step(uint64_t active)
{
	for (int i = 0; i < 3; i++) {
		uint64_t v = load_avg[i] * load_decay[i] + active * (LOAD_ONE - load_decay[i]);

		load_avg[i] = (v + (active >= load_avg[i] ? LOAD_ONE - 1 : 0)) / LOAD_ONE;
	}
}

/*
 * The averages go on every 5 s; for the time in which all cores were idle, and none counted,
 * nothing is taken.
 */
void cores_count_load(uint64_t now)
{
	uint64_t due = READ_ONCE(next_load_ns), steps;

	if (now < due || !atomic_cmpxchg(&next_load_ns, &due, now + LOAD_NS))
		return;
	steps = due ? (now - due) / LOAD_NS : 0;
	for (uint64_t i = 0; i < min(steps, (uint64_t)LOAD_STEPS_MAX); i++)
		load_step(0);
	load_step(cores_running() * LOAD_ONE);
}

void cores_loads(uint64_t loads[3])
{
	cores_count_load(timer_now_ns());
	for (int i = 0; i < 3; i++)
		loads[i] = READ_ONCE(load_avg[i]);
}
