/*
 * spinlock.h - a ticket lock: first come, first served, so that no core starves.
 *
 * A lock that is never given back ends in a panic that names it (spin_wait).
 *
 * A lock taken from an interrupt handler is taken with spin_lock_irqsave() everywhere; others may use
 * spin_lock().  Holding one, a task must not sleep, and must not touch user memory with the accessors
 * that may fault.  The order between locks is written where each lock is declared.
 */
#pragma once

#include <stdbool.h>
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
};

#define SPINLOCK_INIT     \
	{                 \
		.word = 0 \
	}

static inline void spin_init(struct spinlock *l)
{
	l->word = 0;
}

/*
 * spin_wait - the slow half of spin_lock: until @l serves ticket @mine.  After SPIN_PATIENCE seconds it executes
 * BRK #BRK_SPIN_STUCK with the lock's address in x0: whoever holds the lock will never give it back.
 */
void spin_wait(struct spinlock *l, uint16_t mine);

#define SPIN_PATIENCE  10
#define BRK_SPIN_STUCK 0x10c

/*
 * spin_lock, spin_unlock - in the order of asking; acquire and release.  Not to be slept under.  What an interrupt handler takes too
 * is taken by spin_lock_irqsave everywhere else.
 */
static inline void spin_lock(struct spinlock *l)
{
	uint16_t mine = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	if (__builtin_expect(load_acquire(&l->owner) != mine, 0))
		spin_wait(l, mine);
}

static inline bool spin_trylock(struct spinlock *l)
{
	uint32_t old = READ_ONCE(l->word);
	uint16_t owner = old & 0xffff, next = old >> 16;

	return owner == next && atomic_cmpxchg(&l->word, &old, old + 0x10000);
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
