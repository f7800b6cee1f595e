/*
 * demos.h - a demonstration: one thing that EL0 must not be able to do, tried.
 *
 * Each file here has one or a few that belong together.  A demonstration runs in a process of its
 * own; what the kernel makes of it is in the wait status that the parent sees, which Linux and
 * Newel must agree on.
 */
#pragma once

#include <stdint.h>

struct demo {
	const char *name;
	const char *what;  /* completes "it …" */
	int signal;	   /* that must end it; 0: it must exit with 0 */
	int or_signal;	   /* another way to pass, for what machines differ in; 0: none */
	void (*run)(void); /* returning means that nothing stopped it */
};

/* The end of a demonstration that is not ended by a signal: all went as it must, or not. */
__attribute__((noreturn)) void demo_passes(void);
__attribute__((noreturn)) void demo_fails(const char *why);
/* A detail worth a line when a demonstration runs once. */
void demo_detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Where a kernel keeps itself: in the upper half of the addresses, here at the start of it. */
#define KERNEL_ADDRESS 0xffff000000000000UL

#define DEMOS(X)            \
	X(read_kernel)      \
	X(write_kernel)     \
	X(jump_kernel)      \
	X(read_null)        \
	X(read_gap)         \
	X(write_rodata)     \
	X(write_text)       \
	X(exec_stack)       \
	X(exec_heap)        \
	X(msr_sctlr)        \
	X(msr_daif)         \
	X(mrs_currentel)    \
	X(tlbi)             \
	X(eret)             \
	X(hvc)              \
	X(smc)              \
	X(undefined)        \
	X(breakpoint)       \
	X(divide)           \
	X(bad_pointers)     \
	X(bad_numbers)      \
	X(forged_sigreturn) \
	X(stack_overflow)   \
	X(unaligned_sp)     \
	X(unaligned_pc)     \
	X(busy_loop)

#define DECLARE(name) extern const struct demo demo_##name;
DEMOS(DECLARE)
#undef DECLARE
