/*
 * spinlock.h - a lock that any core that finds it free takes, and a ticket for a core that has been
 * passed over often: so no core starves.
 *
 * Served strictly in the order of asking, a lock could not be taken whenever the core whose turn it
 * is has been stopped by its host, though others could go on; and each hand-over would wait for
 * that host's scheduler.
 *
 * A circle of cores that wait for each other's locks ends in a panic that names them (spin_wait);
 * any other long wait is reported in the log, and goes on.
 *
 * A lock taken from an interrupt handler is taken with spin_lock_irqsave() everywhere; others may
 * use spin_lock().  Holding one, a task must not sleep, and must not touch user memory with the
 * accessors that may fault.  The order between locks is written where each lock is declared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "arm/might_sleep.h"

struct spinlock {
	union {
		uint32_t word;
		struct {
			/* ticket that is served now: goes up each time the lock is given back */
			uint16_t owner;
			/* ticket that is drawn next; that which is served: it is free */
			uint16_t next;
		};
	};
	/*
	 * The task that took it last: the low word of current's address, and (in the low half) its
	 * ticket.  An interrupt's handler counts as the task that it has interrupted.
	 */
	struct {
		uint32_t task, ticket;
	} holder;
};

#define SPINLOCK_INIT     \
	{                 \
		.word = 0 \
	}

static inline void spin_init(struct spinlock *l)
{
	*l = (struct spinlock)SPINLOCK_INIT;
}

/* ---- who holds and who waits ---- */

/*
 * What a core waits for: its innermost wait, because an interrupt's handler may wait where the
 * interrupted code does.
 */
struct spin_waiter {
	struct spinlock *lock; /* NULL: it does not wait */
	uint32_t ticket;       /* or SPIN_NO_TICKET: it tries */
	uintptr_t pc;	       /* where in the code */
};

#define SPIN_NO_TICKET UINT32_MAX

/*
 * What this folder cannot do itself (el1/panic.c); NULL until it is set, at boot, for good.
 * running: the low word of the address of the task that runs on core @cpu, 0: no such core. slow:
 * this core has waited for SPIN_PATIENCE seconds, and is no part of a circle.  Once a wait, from
 * inside it.
 */
struct spin_ops {
	uint32_t (*running)(unsigned int cpu);
	void (*slow)(const struct spin_waiter *w);
};
extern const struct spin_ops *spin_ops;

/*
 * spin_wait - the slow half of spin_lock: until @l is the caller's; spin_hold is done.
 *
 * There is no limit of time: a core may be slow, or stopped by its host.  But where the core that
 * holds @l waits itself, and so on round to this core, none of them will ever go on: then it
 * executes BRK #BRK_DEADLOCK with the lock's address in x0.
 */
void spin_wait(struct spinlock *l);

#define SPIN_PATIENCE 10
#define BRK_DEADLOCK  0x10c

/*
 * spin_holder - the core that holds @l, or NR_CPUS: it is free, or just changing hands.
 * spin_waiting - for what core @cpu waits.
 */
unsigned int spin_holder(const struct spinlock *l);
struct spin_waiter spin_waiting(unsigned int cpu);

/*
 * spin_wait_suspend, spin_wait_resume - around the handlers of an interrupt that came to EL1: what
 * they hold they give back, so what the interrupted code waits for is not what this core waits for
 * meanwhile.
 */
struct spin_waiter spin_wait_suspend(void);
void spin_wait_resume(const struct spin_waiter *w);

/*
 * One instruction, and nothing to undo: the pair is that of the owner while its ticket is the one
 * that is served.
 */
static inline void spin_hold(struct spinlock *l, uint32_t mine)
{
	__asm__ volatile("stp w18, %w1, [%0, %2]" ::"r"(l), "r"(mine),
			 "i"(offsetof(struct spinlock, holder))
			 : "memory");
}

/*
 * spin_take - draw the ticket that is served, if the lock is free: acquire.  False: it is not.
 * Assembly, because the exclusive load is also the look whether it is free: one access in place of
 * two.
 */
static inline bool spin_take(struct spinlock *l)
{
	uint32_t word, drawn, busy;

	__asm__ volatile("1:	ldaxr	%w0, %3\n"
			 "	eor	%w2, %w0, %w0, ror #16\n"
			 "	cbnz	%w2, 2f\n"
			 "	add	%w1, %w0, #16, lsl #12\n"
			 "	stxr	%w2, %w1, %3\n"
			 "	cbnz	%w2, 1b\n"
			 "2:"
			 : "=&r"(word), "=&r"(drawn), "=&r"(busy), "+Q"(l->word)
			 :
			 : "memory");
	if (__builtin_expect(busy, 0))
		return false;
	spin_hold(l, word);
	return true;
}

/*
 * spin_lock, spin_unlock - acquire and release.  Not to be slept under.  What an interrupt handler
 * takes too is taken by spin_lock_irqsave everywhere else.
 */
static inline void spin_lock(struct spinlock *l)
{
	if (__builtin_expect(!spin_take(l), 0))
		spin_wait(l);
}

static inline bool spin_trylock(struct spinlock *l)
{
	return spin_take(l);
}

static inline void spin_unlock(struct spinlock *l)
{
	store_release(&l->owner, (uint16_t)(l->owner + 1));
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	uint32_t w = READ_ONCE(l->word);

	return (w & 0xffff) != w >> 16;
}

static inline unsigned long spin_lock_irqsave(struct spinlock *l)
{
	unsigned long flags = irq_save();

	spin_lock(l);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags)
{
	spin_unlock(l);
	irq_restore(flags);
}

/*
 * ASSERT_HELD - what a function relies on that is called with a lock held: in the kernel of make
 * CHECKED=1 BRK #BRK_NOT_HELD with the lock's @name in x0 if not @held; elsewhere nothing.
 * spin_assert_held - this core has taken @l.  task/wait.h has mutex_assert_held.
 */
#define BRK_NOT_HELD 0x10d
#ifdef CHECKED
#define ASSERT_HELD(held, name)                                                     \
	do {                                                                        \
		if (__builtin_expect(!(held), 0)) {                                 \
			register const char *name_ __asm__("x0") = (name);          \
			__asm__ volatile("brk %1" ::"r"(name_), "i"(BRK_NOT_HELD)); \
		}                                                                   \
	} while (0)
#else
#define ASSERT_HELD(held, name) ((void)0)
#endif
#define spin_assert_held(l) ASSERT_HELD(stretch_holds(l), #l)

/*
 * Who wants to know of each lock: the kernel that measures them (arm/stretch.h), and whoever looks
 * after modules (arm/might_sleep.h).  The hooks stand where the lock is taken and given back, and
 * know its name there.
 */
#ifdef MODULE
#define MODULE_LOCK_TAKEN(l, name) module_lock_taken(l, name)
#define MODULE_LOCK_GIVEN(l)	   module_lock_given(l)
/* What is measured is kept; a module's text goes with it. */
#define STRETCH_NAME(name)	   NULL
#else
#define STRETCH_NAME(name)	   (name)
#define MODULE_LOCK_TAKEN(l, name) ((void)0)
#define MODULE_LOCK_GIVEN(l)	   ((void)0)
#endif
#if defined(CHECKED) || defined(MODULE)
#define SPIN_TAKEN(l, name)                          \
	do {                                         \
		stretch_lock(l, STRETCH_NAME(name)); \
		MODULE_LOCK_TAKEN(l, name);          \
		compiler_barrier(); /* no tail */    \
	} while (0)
#define SPIN_GIVEN(l)                 \
	do {                          \
		MODULE_LOCK_GIVEN(l); \
		stretch_unlock(l);    \
	} while (0)
#define spin_lock(l)                          \
	({                                    \
		struct spinlock *lock_ = (l); \
		(spin_lock)(lock_);           \
		SPIN_TAKEN(lock_, #l);        \
	})
#define spin_trylock(l)                            \
	({                                         \
		struct spinlock *lock_ = (l);      \
		bool got_ = (spin_trylock)(lock_); \
		if (got_)                          \
			SPIN_TAKEN(lock_, #l);     \
		got_;                              \
	})
#define spin_unlock(l)                          \
	({                                      \
		struct spinlock *lock_u_ = (l); \
		SPIN_GIVEN(lock_u_);            \
		(spin_unlock)(lock_u_);         \
	})
#define spin_lock_irqsave(l)                       \
	({                                         \
		struct spinlock *lock_i_ = (l);    \
		unsigned long flags_ = irq_save(); \
		(spin_lock)(lock_i_);              \
		SPIN_TAKEN(lock_i_, #l);           \
		flags_;                            \
	})
#define spin_unlock_irqrestore(l, flags) \
	({                               \
		spin_unlock(l);          \
		irq_restore(flags);      \
	})
#endif
