/*
 * stretch.c - the longest stretches of each core (arm/stretch.h); empty but in the kernel of make
 * CHECKED=1.
 *
 * Invariant: a core's record is changed by that core alone, with interrupts masked, and by nothing
 * that a hook is called from. The clock of the stretches is CNTVCT less what is hidden, so that an
 * interval is hidden from all that are running by one addition.
 */
#include "arm/stretch.h"

#ifdef CHECKED

#include <stddef.h>

#include "arm/atomic.h"
#include "arm/percpu.h"
#include "arm/spinlock.h"
#include "arm/sysreg.h"
#include "lib/export.h"

#define HELD_MAX 16

/* A stretch that has not ended; since is 0 while there is none. */
struct running {
	uint64_t since;
	uintptr_t start;
};

struct held {
	struct running run;
	const struct spinlock *lock;
	const char *name;
};

struct core {
	uint64_t hidden; /* ticks that count for no stretch */
	struct running masked, kept, waited;
	struct held held[HELD_MAX];
	unsigned int nr_held, nr_places, lost;
	uint32_t round; /* of stretch_clear, that the places are of */
	struct stretch place[STRETCH_PLACES];
};

static DEFINE_PERCPU(struct core, core);
static bool on;
static uint32_t rounds; /* atomic */

/* ---- inside a hook ---- */

/* The hooks are called with interrupts masked or not; what they do themselves is hidden. */
struct hook {
	struct core *core;
	unsigned long daif;
	uint64_t entered, now; /* CNTVCT; the clock of the stretches */
};

static inline struct hook enter_hook(void)
{
	struct hook h = { .daif = READ_SYSREG(daif) };

	/*
	 * Before the record is touched: an interrupt's handler calls hooks of its own on the same
	 * one.
	 */
	__asm__ volatile("msr daifset, #2" ::: "memory");
	h.core = &this_cpu(core);
	h.entered = READ_SYSREG(cntvct_el0);
	h.now = h.entered - h.core->hidden;
	return h;
}

static inline void leave_hook(const struct hook *h)
{
	/*
	 * Before interrupts come in: their hooks read the clock with this hook's time already
	 * hidden.
	 */
	h->core->hidden += READ_SYSREG(cntvct_el0) - h->entered;
	WRITE_SYSREG(daif, h->daif);
}

static void start(struct running *r, uint64_t now, uintptr_t where)
{
	r->since = now ? now : 1;
	r->start = where;
}

/* ---- keeping ---- */

/* The frame records from @fp on, as far as they are in one kernel stack: the last is the user's. */
static void walk_callers(uintptr_t *callers, const uintptr_t *fp)
{
	unsigned int n = 0;

	while (n < STRETCH_CALLERS) {
		uintptr_t next = fp[0];

		if (((next ^ (uintptr_t)fp) & ~(uintptr_t)(STRETCH_STACK - 1)) || next % 16 ||
		    next <= (uintptr_t)fp)
			break;
		fp = (const uintptr_t *)next;
		callers[n++] = fp[1];
	}
	while (n < STRETCH_CALLERS)
		callers[n++] = 0;
}

static struct stretch *place_of(struct core *c, enum stretch_kind kind, uintptr_t from,
				uintptr_t end)
{
	uint64_t hash = (from * 31 + end + kind) * 0x9e3779b97f4a7c15u >> 40;

	/*
	 * stretch_clear only counts: each core empties its own record, which no other core writes.
	 */
	if (c->round != READ_ONCE(rounds)) {
		c->round = READ_ONCE(rounds);
		c->nr_places = c->lost = 0;
		for (unsigned int i = 0; i < STRETCH_PLACES; i++)
			c->place[i].ticks = 0;
	}
	for (unsigned int i = 0; i < STRETCH_PLACES; i++) {
		struct stretch *s = &c->place[(hash + i) % STRETCH_PLACES];

		if (!s->ticks) {
			*s = (struct stretch){ .kind = kind, .start = from, .end = end };
			return s;
		}
		if (s->kind == kind && s->start == from && s->end == end)
			return s;
	}
	c->lost++;
	return NULL;
}

/* @r ends at @end; @fp: the frame record of the hook. */
static void finish_stretch(struct hook *h, enum stretch_kind kind, struct running *r,
			   const char *lock, uintptr_t end, const uintptr_t *fp)
{
	uint64_t ticks = h->now - r->since;
	struct stretch *s;

	if (!r->since)
		return;
	r->since = 0;
	if (ticks < STRETCH_LEAST || (int64_t)ticks < 0 || !READ_ONCE(on))
		return;
	s = place_of(h->core, kind, r->start, end);
	if (!s)
		return;
	s->count++;
	if (ticks <= s->ticks)
		return;
	s->ticks = ticks;
	s->lock = lock;
	walk_callers(s->callers, fp);
}

#define CALLER ((uintptr_t)__builtin_return_address(0))
#define FRAME  ((const uintptr_t *)__builtin_frame_address(0))

/* ---- the hooks ---- */

void stretch_mask(void)
{
	struct hook h = enter_hook();

	if (!h.core->masked.since)
		start(&h.core->masked, h.now, CALLER);
	leave_hook(&h);
}
EXPORT(stretch_mask);

void stretch_unmask(void)
{
	struct hook h = enter_hook();

	finish_stretch(&h, STRETCH_MASKED, &h.core->masked, NULL, CALLER, FRAME);
	leave_hook(&h);
}
EXPORT(stretch_unmask);

void stretch_lock(const struct spinlock *l, const char *name)
{
	struct hook h = enter_hook();

	/*
	 * A lock beyond that is not measured; its stretch_unlock finds no place and does nothing.
	 */
	if (h.core->nr_held < HELD_MAX) {
		struct held *held = &h.core->held[h.core->nr_held++];

		start(&held->run, h.now, CALLER);
		held->lock = l;
		held->name = name ?: "a module's";
	}
	leave_hook(&h);
}
EXPORT(stretch_lock);

/* Mostly the last that was taken. */
void stretch_unlock(const struct spinlock *l)
{
	struct hook h = enter_hook();
	struct core *c = h.core;

	for (unsigned int i = c->nr_held; i-- > 0;) {
		struct held *held = &c->held[i];

		if (held->lock != l)
			continue;
		finish_stretch(&h, STRETCH_LOCKED, &held->run, held->name, CALLER, FRAME);
		for (c->nr_held--; i < c->nr_held; i++)
			c->held[i] = c->held[i + 1];
		break;
	}
	leave_hook(&h);
}
EXPORT(stretch_unlock);

void stretch_wait(void)
{
	struct hook h = enter_hook();

	start(&h.core->waited, h.now, CALLER);
	leave_hook(&h);
}

/* From now on for all other stretches it is as if the wait had not been. */
void stretch_waited(void)
{
	struct hook h = enter_hook();
	uint64_t ticks = h.core->waited.since ? h.now - h.core->waited.since : 0;

	finish_stretch(&h, STRETCH_WAITED, &h.core->waited, NULL, CALLER, FRAME);
	h.core->hidden += ticks;
	leave_hook(&h);
}

void stretch_enter(uintptr_t where)
{
	struct hook h = enter_hook();

	start(&h.core->kept, h.now, where);
	leave_hook(&h);
}

void stretch_leave(void)
{
	struct hook h = enter_hook();

	/* The ERET lets interrupts in: there is no stretch_unmask on the way back. */
	finish_stretch(&h, STRETCH_MASKED, &h.core->masked, NULL, CALLER, FRAME);
	finish_stretch(&h, STRETCH_KEPT, &h.core->kept, NULL, CALLER, FRAME);
	leave_hook(&h);
}

void stretch_point(uintptr_t where)
{
	struct hook h = enter_hook();

	/* One stretch ends and the next begins at the same tick: no time lies between them. */
	finish_stretch(&h, STRETCH_KEPT, &h.core->kept, NULL, where, FRAME);
	start(&h.core->kept, h.now, where);
	leave_hook(&h);
}

uint64_t stretch_irq(void)
{
	struct hook h = enter_hook();

	start(&h.core->masked, h.now, CALLER);
	leave_hook(&h);
	return h.now;
}

void stretch_irq_of(uintptr_t where)
{
	this_cpu(core).masked.start = where;
}

void stretch_irq_done(uint64_t since)
{
	struct hook h = enter_hook();

	finish_stretch(&h, STRETCH_MASKED, &h.core->masked, NULL, CALLER, FRAME);
	/* All of the handler's time, for the stretches of the code that it has interrupted. */
	h.core->hidden += h.now - since;
	leave_hook(&h);
}

uint64_t stretch_hide(void)
{
	return READ_SYSREG(cntvct_el0) - this_cpu(core).hidden;
}
EXPORT(stretch_hide);

void stretch_show(uint64_t since)
{
	struct hook h = enter_hook();

	h.core->hidden += h.now - since;
	leave_hook(&h);
}
EXPORT(stretch_show);

/* ---- for others ---- */

void stretch_begin(void)
{
	this_cpu(core).kept.since = 0; /* what brought the first program up */
	WRITE_ONCE(on, true);
}

void stretch_end(void)
{
	WRITE_ONCE(on, false);
}

bool stretch_no_lock(void)
{
	return !this_cpu(core).nr_held;
}

bool stretch_holds(const struct spinlock *l)
{
	const struct core *c = &this_cpu(core);
	unsigned int i = 0;

	/*
	 * When all places are taken, the lock may be one of those that have none: the answer is
	 * yes.
	 */
	while (i < c->nr_held && c->held[i].lock != l)
		i++;
	return i < c->nr_held || i == HELD_MAX;
}
EXPORT(stretch_holds);

bool stretch_not_masked(void)
{
	return !(READ_SYSREG(daif) & IRQFLAGS_MASKED);
}

void stretch_clear(void)
{
	atomic_add(&rounds, 1);
}

bool stretch_get(unsigned int cpu, unsigned int i, struct stretch *s)
{
	const struct core *c = &per_cpu(core, cpu);

	/*
	 * Another core's record without a lock: a place may be read half written, which is good
	 * enough for a measurement.
	 */
	if (c->round != READ_ONCE(rounds))
		return false;
	*s = c->place[i];
	return s->ticks;
}

unsigned int stretch_lost(unsigned int cpu)
{
	return per_cpu(core, cpu).round == READ_ONCE(rounds) ? per_cpu(core, cpu).lost : 0;
}

#endif
