/*
 * spinlock.h - a ticket lock: first come, first served, so that no core starves.
 *
 * A circle of cores that wait for each other's locks ends in a panic that names them (spin_wait); any other long wait is said in the
 * log, and goes on.
 *
 * A lock taken from an interrupt handler is taken with spin_lock_irqsave() everywhere; others may use
 * spin_lock().  Holding one, a task must not sleep, and must not touch user memory with the accessors
 * that may fault.  The order between locks is written where each lock is declared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "arm/stretch.h"

struct spinlock {
	union {
		uint32_t word;
		struct {
			uint16_t owner; /* ticket that is served now */
			uint16_t next;	/* ticket that the next comer draws */
		};
	};
	/* Who took it last: the low word of current's address, and his ticket.  An interrupt's handler goes under the name of
	 * the task that it has interrupted. */
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

/* What a core waits for: its innermost wait, because an interrupt's handler may wait where the interrupted code does. */
struct spin_waiter {
	struct spinlock *lock; /* NULL: it does not wait */
	uint32_t ticket;
	uintptr_t pc; /* where in the code */
};

/*
 * What this folder cannot do itself (el1/panic.c); NULL until it is set, at boot, for good.
 * running: the low word of the address of the task that runs on core @cpu, 0: no such core.
 * slow: this core has waited for SPIN_PATIENCE seconds, and is no part of a circle.  Once a wait, from inside it.
 */
struct spin_ops {
	uint32_t (*running)(unsigned int cpu);
	void (*slow)(const struct spin_waiter *w);
};
extern const struct spin_ops *spin_ops;

/*
 * spin_wait - the slow half of spin_lock: until @l serves ticket @mine; spin_hold is done.
 *
 * Nobody says how long: a core may be slow, or stopped by its host.  But where the core that holds @l waits itself, and so on round to
 * this core, nobody will ever go on: then it executes BRK #BRK_DEADLOCK with the lock's address in x0.
 */
void spin_wait(struct spinlock *l, uint16_t mine);

#define SPIN_PATIENCE 10
#define BRK_DEADLOCK  0x10c

/* spin_holder - the core that holds @l, or NR_CPUS: it is free, or just changing hands.  spin_waiting - for what core @cpu waits. */
unsigned int spin_holder(const struct spinlock *l);
struct spin_waiter spin_waiting(unsigned int cpu);

/*
 * spin_wait_suspend, spin_wait_resume - around the handlers of an interrupt that came to EL1: what they hold they give back, so what the interrupted
 * code waits for is not what this core waits for meanwhile.
 */
struct spin_waiter spin_wait_suspend(void);
void spin_wait_resume(const struct spin_waiter *w);

/* One instruction, and nothing to undo: the pair is that of the owner while its ticket is the one that is served. */
static inline void spin_hold(struct spinlock *l, uint16_t mine)
{
	__asm__ volatile("stp w18, %w1, [%0, %2]" ::"r"(l), "r"((uint32_t)mine),
			 "i"(offsetof(struct spinlock, holder))
			 : "memory");
}

/*
 * spin_lock, spin_unlock - in the order of asking; acquire and release.  Not to be slept under.  What an interrupt handler takes too
 * is taken by spin_lock_irqsave everywhere else.
 */
static inline void spin_lock(struct spinlock *l)
{
	uint16_t mine = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	if (__builtin_expect(load_acquire(&l->owner) == mine, 1))
		spin_hold(l, mine);
	else
		spin_wait(l, mine);
}

static inline bool spin_trylock(struct spinlock *l)
{
	uint32_t old = READ_ONCE(l->word);
	uint16_t owner = old & 0xffff, next = old >> 16;

	if (owner != next || !atomic_cmpxchg(&l->word, &old, old + 0x10000))
		return false;
	spin_hold(l, owner);
	return true;
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

/* The kernel that measures them: the hooks stand where the lock is taken and given back, and know its name there. */
#ifdef CHECKED
#define spin_lock(l)                              \
	({                                        \
		struct spinlock *lock_ = (l);     \
		(spin_lock)(lock_);               \
		stretch_lock(lock_, #l);          \
		compiler_barrier(); /* no tail */ \
	})
#define spin_trylock(l)                            \
	({                                         \
		struct spinlock *lock_ = (l);      \
		bool got_ = (spin_trylock)(lock_); \
		if (got_)                          \
			stretch_lock(lock_, #l);   \
		got_;                              \
	})
#define spin_unlock(l)                          \
	({                                      \
		struct spinlock *lock_u_ = (l); \
		stretch_unlock(lock_u_);        \
		(spin_unlock)(lock_u_);         \
	})
#define spin_lock_irqsave(l)                       \
	({                                         \
		struct spinlock *lock_i_ = (l);    \
		unsigned long flags_ = irq_save(); \
		(spin_lock)(lock_i_);              \
		stretch_lock(lock_i_, #l);         \
		flags_;                            \
	})
#define spin_unlock_irqrestore(l, flags) \
	({                               \
		spin_unlock(l);          \
		irq_restore(flags);      \
	})
#endif
