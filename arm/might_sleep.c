/*
 * might_sleep.c - which spin locks module code holds on each core.
 *
 * Invariant: nobody but the core itself reads or writes its record; an interrupt's handler leaves
 * it as it was, because it gives back what it takes.
 */
#include "arm/might_sleep.h"

#include <stddef.h>

#include "arm/atomic.h"
#include "arm/barrier.h"
#include "arm/percpu.h"
#include "lib/export.h"

/* Of more at once only the number is kept. */
#define HELD_MAX 8

struct module_locks {
	unsigned int nr;
	struct module_lock held[HELD_MAX];
};

static DEFINE_PERCPU(struct module_locks, module_locks);

void module_lock_taken(const struct spinlock *l, const char *name)
{
	struct module_locks *m = &this_cpu(module_locks);
	unsigned int i = m->nr;

	/* First: an interrupt that comes here notes its own behind it. */
	WRITE_ONCE(m->nr, i + 1);
	compiler_barrier();
	if (i < HELD_MAX)
		m->held[i] = (struct module_lock){
			.lock = l,
			.name = name,
			.pc = (uintptr_t)__builtin_return_address(0),
		};
}
EXPORT(module_lock_taken);

/* Mostly the last that was taken. */
void module_lock_given(const struct spinlock *l)
{
	struct module_locks *m = &this_cpu(module_locks);
	unsigned int i = m->nr;

	if (i > HELD_MAX) {
		m->nr--;
		return;
	}
	while (i && m->held[i - 1].lock != l)
		i--;
	/* None: the kernel took it, and a module was to give it back. */
	if (!i)
		return;
	for (; i < m->nr; i++)
		m->held[i - 1] = m->held[i];
	compiler_barrier();
	/* Last: what an interrupt notes meanwhile lies behind all of these. */
	WRITE_ONCE(m->nr, m->nr - 1);
}
EXPORT(module_lock_given);

const struct module_lock *module_lock_held(void)
{
	/* As good as a lock: what masks interrupts, an interrupt's handler among them. */
	static const struct module_lock masked = { .lock = NULL };
	const struct module_locks *m = &this_cpu(module_locks);
	unsigned int nr = m->nr;

	if (nr > HELD_MAX)
		nr = HELD_MAX;
	if (__builtin_expect(nr != 0, 0))
		return &m->held[nr - 1];
	return READ_SYSREG(daif) & PSR_I ? &masked : NULL;
}
EXPORT(module_lock_held);
