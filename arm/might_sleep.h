/*
 * might_sleep.h - module code that would sleep under a spin lock stops there, by name.
 *
 * The kernel's own code is held to that rule by the tests of make CHECKED=1, and pays nothing
 * elsewhere.  A module may be anybody's: in what is compiled with MODULE the macros of
 * arm/spinlock.h note each lock that this core takes, and those of task/wait.h and others ask here
 * before they may sleep, whether they would this time or not.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct spinlock;

/* A spin lock that module code has taken; without a lock: interrupts are masked. */
struct module_lock {
	const struct spinlock *lock;
	const char *name; /* in the source; the module's, there as long as the module is */
	uintptr_t pc;	  /* where it was taken */
};

/*
 * module_lock_taken, module_lock_given - this core has taken @l, and is about to give it back.
 * module_lock_held - the one that it took last and still has, or that interrupts are masked; NULL:
 * neither, it may sleep.
 * Any context.
 */
void module_lock_taken(const struct spinlock *l, const char *name);
void module_lock_given(const struct spinlock *l);
const struct module_lock *module_lock_held(void);

/* might_sleep - BRK #BRK_SLEEPS, with what is held in x0, if a module's lock is.  el1/panic.c. */
#define BRK_SLEEPS 0x10e
#ifdef MODULE
static inline __attribute__((always_inline)) void might_sleep(void)
{
	register const struct module_lock *held __asm__("x0") = module_lock_held();

	if (__builtin_expect(!!held, 0))
		__asm__ volatile("brk %1" ::"r"(held), "i"(BRK_SLEEPS));
}
#endif
