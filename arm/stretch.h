/*
 * stretch.h - how long a core goes on without giving way: measured in the kernel of make CHECKED=1,
 * elsewhere nothing.
 *
 * Each core measures, in ticks of CNTVCT, its stretches of these kinds, and keeps the longest by
 * where they began and ended; the list is /dev/stretches (fs/stretches.c).  Time that the code of a
 * stretch cannot help is in no stretch: the time in an interrupt's handler (a masked stretch of its
 * own) is not time of what it interrupted, waiting for a lock that another core holds is of the
 * kind "waited" and of no other, and the idle wait, the printing of trace lines and the measuring
 * itself count nowhere.
 *
 * Bring-up is left out: the first program's first instruction is the beginning; a panic is the end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum stretch_kind {
	STRETCH_MASKED, /* with interrupts masked */
	STRETCH_LOCKED, /* with one spin lock held */
	/*
	 * in the kernel without a point to give way: from EL0 or a point to EL0 or the next point
	 */
	STRETCH_KEPT,
	STRETCH_WAITED, /* for one spin lock */
	STRETCH_KINDS
};

#define STRETCH_CALLERS 6
#define STRETCH_PLACES	512    /* that a core can tell apart */
#define STRETCH_LEAST	2000   /* ticks: what is shorter is not kept */
#define STRETCH_STACK	0x4000 /* the kernel's stacks are so large, and so aligned */

/* The longest of one kind between two places. */
struct stretch {
	uint64_t ticks;
	uint32_t kind, count;		    /* count: how many were as long as STRETCH_LEAST */
	uintptr_t start, end;		    /* addresses of code */
	const char *lock;		    /* its name in the source; NULL: no lock's stretch */
	uintptr_t callers[STRETCH_CALLERS]; /* of the end, 0 behind the last */
};

#ifdef CHECKED

/* stretch_begin - from here on it is measured; stretch_end - no longer: a panic. */
void stretch_begin(void);
void stretch_end(void);

/* Hooks of arm/irqflags.h: interrupts have been masked; they are about to be let in. */
void stretch_mask(void);
void stretch_unmask(void);

/*
 * Hooks of arm/spinlock.h: taken (@name: kept, NULL: a module's); about to be given back; waiting
 * for, and no longer.
 */
struct spinlock;
void stretch_lock(const struct spinlock *l, const char *name);
void stretch_unlock(const struct spinlock *l);
void stretch_wait(void);
void stretch_waited(void);

/*
 * stretch_enter - the task has come in from EL0, @where is called; stretch_leave - it goes back
 * there.
 */
void stretch_enter(uintptr_t where);
void stretch_leave(void);

/* stretch_point - a point to give way, at @where. */
void stretch_point(uintptr_t where);

/*
 * stretch_irq - an interrupt came to EL1; stretch_irq_done - and has been served, @since: what the
 * former returned.
 * stretch_irq_of - @where is the handler that runs.
 */
uint64_t stretch_irq(void);
void stretch_irq_done(uint64_t since);
void stretch_irq_of(uintptr_t where);

/*
 * stretch_hide, stretch_show - what is between them is time of no stretch; interrupts masked.
 * @since: as above.
 */
uint64_t stretch_hide(void);
void stretch_show(uint64_t since);

/*
 * stretch_no_lock - this core holds no spin lock; stretch_not_masked - interrupts can come in.
 * Elsewhere: true.
 * stretch_holds - this core holds @l, or more locks than are told apart.
 */
bool stretch_no_lock(void);
bool stretch_holds(const struct spinlock *l);
bool stretch_not_masked(void);

/*
 * stretch_clear - forget all of all cores.  stretch_get - place @i (< STRETCH_PLACES) of core @cpu
 * into *@s; false: it is free.
 */
void stretch_clear(void);
bool stretch_get(unsigned int cpu, unsigned int i, struct stretch *s);
/* stretch_lost - how many places of core @cpu found no room. */
unsigned int stretch_lost(unsigned int cpu);

#else

#define stretch_begin()		((void)0)
#define stretch_end()		((void)0)
#define stretch_mask()		((void)0)
#define stretch_unmask()	((void)0)
#define stretch_lock(l, name)	((void)(l))
#define stretch_unlock(l)	((void)(l))
#define stretch_wait()		((void)0)
#define stretch_waited()	((void)0)
#define stretch_enter(where)	((void)(where))
#define stretch_point(where)	((void)(where))
#define stretch_irq()		UINT64_C(0)
#define stretch_irq_done(since) ((void)(since))
#define stretch_irq_of(where)	((void)(where))
#define stretch_hide()		UINT64_C(0)
#define stretch_show(since)	((void)(since))
#define stretch_no_lock()	true
#define stretch_not_masked()	true

#endif
