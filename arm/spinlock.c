/*
 * spinlock.c - waiting for a lock that another core holds, and finding out that it will never be
 * given back.
 *
 * Invariant: no core waits for ever without a report.  The event stream (drivers/timer) ends a WFE
 * that no store ends, so the clock is looked at.
 *
 * A circle that is found is one.  Each core of it was seen waiting, twice, for the same lock with
 * the same ticket, and each lock twice with the same owner's ticket and the same holder by that
 * ticket: so at the moment between the two looks all of them held and waited at once.  What stands
 * still cannot be undone by those that stand; the handler of an interrupt that has come in a wait
 * goes on and is taken out of the record (spin_wait_suspend).
 */
#include "arm/spinlock.h"

#include "arm/percpu.h"
#include "lib/export.h"

#define LOOKS_HZ 64 /* how often a waiting core looks for a circle */

/* Written by its core alone; odd: being written. */
struct record {
	uint32_t seq;
	struct spin_waiter waiter;
};
static DEFINE_PERCPU(struct record, waiting);

const struct spin_ops *spin_ops;

/* ---- the record ---- */

static void write_record(const struct spin_waiter *w)
{
	struct record *r = &this_cpu(waiting);

	WRITE_ONCE(r->seq, r->seq + 1);
	dmb(ishst);
	WRITE_ONCE(r->waiter.lock, w->lock);
	WRITE_ONCE(r->waiter.ticket, w->ticket);
	WRITE_ONCE(r->waiter.pc, w->pc);
	store_release(&r->seq, r->seq + 1);
}

static bool cpu_there(unsigned int cpu)
{
	return !cpu || percpu_offset[cpu];
}

/*
 * For what core @cpu waits; its lock is NULL when that cannot be said.  *@seq: by which it is known
 * again.
 */
static struct spin_waiter read_record(unsigned int cpu, uint32_t *seq)
{
	const struct record *r;
	struct spin_waiter w = { NULL, 0, 0 };

	*seq = 1;
	if (!cpu_there(cpu))
		return w;
	r = &per_cpu(waiting, cpu);
	*seq = load_acquire(&r->seq);
	w.lock = READ_ONCE(r->waiter.lock);
	w.ticket = READ_ONCE(r->waiter.ticket);
	w.pc = READ_ONCE(r->waiter.pc);
	dmb(ishld);
	if (*seq % 2 || READ_ONCE(r->seq) != *seq)
		w.lock = NULL;
	return w;
}

struct spin_waiter spin_waiting(unsigned int cpu)
{
	uint32_t seq;

	return read_record(cpu, &seq);
}

struct spin_waiter spin_wait_suspend(void)
{
	static const struct spin_waiter nobody;
	struct spin_waiter w = this_cpu(waiting).waiter;

	if (w.lock)
		write_record(&nobody);
	return w;
}

void spin_wait_resume(const struct spin_waiter *w)
{
	if (w->lock)
		write_record(w);
}

/* The core that runs the task whose address ends so, if it is one alone. */
static unsigned int core_of(uint32_t task)
{
	unsigned int found = NR_CPUS;
	uint32_t self;

	if (!spin_ops) { /* early: the boot core is alone */
		__asm__("mov %w0, w18" : "=r"(self));
		return task == self ? cpu_id() : NR_CPUS;
	}
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		if (!cpu_there(cpu) || spin_ops->running(cpu) != task)
			continue;
		if (found != NR_CPUS)
			return NR_CPUS;
		found = cpu;
	}
	return found;
}

/* The owner's ticket too, for callers that look twice. */
static unsigned int holder_of_lock(const struct spinlock *l, uint16_t *owner)
{
	uint32_t word = READ_ONCE(l->word), task, ticket;

	*owner = (uint16_t)word;
	if (*owner == word >> 16)
		return NR_CPUS;
	task = READ_ONCE(l->holder.task);
	ticket = READ_ONCE(l->holder.ticket);
	return (uint16_t)ticket == *owner ? core_of(task) : NR_CPUS;
}

unsigned int spin_holder(const struct spinlock *l)
{
	uint16_t owner;

	return holder_of_lock(l, &owner);
}

/* ---- the circle ---- */

/* One core of a way from waiter to holder. */
struct link {
	unsigned int cpu;
	uint32_t seq;
	struct spin_waiter waiter;
	uint16_t owner;
};

/* How many links there are from this core back to it; 0: the way ends somewhere. */
static unsigned int follow(struct link way[NR_CPUS])
{
	unsigned int cpu = cpu_id();

	for (unsigned int n = 0; n < NR_CPUS; n++) {
		struct link *k = &way[n];

		k->cpu = cpu;
		k->waiter = read_record(cpu, &k->seq);
		if (!k->waiter.lock)
			return 0;
		cpu = holder_of_lock(k->waiter.lock, &k->owner);
		if (cpu == NR_CPUS || k->owner == k->waiter.ticket)
			return 0;
		if (cpu == cpu_id())
			return n + 1;
	}
	return 0;
}

static bool in_circle(void)
{
	struct link way[NR_CPUS], again[NR_CPUS];
	unsigned int n = follow(way);

	if (!n)
		return false;
	dmb(ish);
	if (follow(again) != n)
		return false;
	for (unsigned int i = 0; i < n; i++)
		if (way[i].cpu != again[i].cpu || way[i].seq != again[i].seq ||
		    way[i].waiter.lock != again[i].waiter.lock || way[i].owner != again[i].owner)
			return false;
	return true;
}

static void deadlocked(struct spinlock *l)
{
	register struct spinlock *x0 __asm__("x0") = l;

	__asm__ volatile("brk %1" ::"r"(x0), "i"(BRK_DEADLOCK));
}

/* ---- waiting ---- */

/* So often the lock goes to others before a core that waits draws a ticket. */
#define PASSES_MAX 16

struct wait {
	struct spin_waiter me;
	uint64_t hz, start, looked;
	bool said;
};

/*
 * The exclusive load arms the monitor: the owner's store to the word is the event that ends the
 * WFE, no SEV is needed.
 */
static uint32_t load_and_arm(const uint32_t *p)
{
	uint32_t v;

	__asm__ volatile("ldaxr %w0, %1" : "=r"(v) : "Q"(*p) : "memory");
	return v;
}

/* Until something has happened, or it is time to look round. */
static void pause_in_wait(struct wait *w)
{
	uint64_t now;

	wfe();
	now = READ_SYSREG(cntvct_el0);
	if (now - w->looked < w->hz / LOOKS_HZ)
		return;
	w->looked = now;
	if (in_circle())
		deadlocked(w->me.lock);
	if (!w->said && spin_ops && now - w->start > SPIN_PATIENCE * w->hz) {
		w->said = true;
		spin_ops->slow(&w->me);
	}
}

/* The first core that sees it free gets it.  False: too often that was another. */
static bool wait_and_try(struct wait *w)
{
	struct spinlock *l = w->me.lock;
	uint16_t seen = READ_ONCE(l->owner);

	for (int passes = 0; passes < PASSES_MAX;) {
		uint32_t word = load_and_arm(&l->word);

		if ((uint16_t)word == word >> 16) {
			if (spin_take(l))
				return true;
			continue;
		}
		passes += (uint16_t)word != seen;
		seen = (uint16_t)word;
		pause_in_wait(w);
	}
	return false;
}

/* Its turn comes when the tickets that were drawn before have been served. */
static void wait_in_order(struct wait *w)
{
	struct spinlock *l = w->me.lock;
	uint16_t mine = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	w->me.ticket = mine;
	write_record(&w->me);
	while ((uint16_t)load_and_arm(&l->word) != mine)
		pause_in_wait(w);
	spin_hold(l, mine);
}

void spin_wait(struct spinlock *l)
{
	struct spin_waiter outer = this_cpu(waiting).waiter;
	uint64_t now = READ_SYSREG(cntvct_el0);
	struct wait w = { .me = { l, SPIN_NO_TICKET, (uintptr_t)__builtin_return_address(0) },
			  .hz = READ_SYSREG(cntfrq_el0),
			  .start = now,
			  .looked = now };

	stretch_wait();
	write_record(&w.me);
	if (!wait_and_try(&w))
		wait_in_order(&w);
	write_record(&outer);
	stretch_waited();
}
EXPORT(spin_wait);
