/*
 * panic.h - the end: a bug in the kernel, or a machine that cannot go on.
 *
 * Nothing that EL0, a file or a device can cause may lead here, but for PID 1's exit and a boot
 * that has nothing to run.
 */
#pragma once

#include <stdbool.h>
#include "arm/percpu.h"
#include "log/printk.h"
#include "log/taint.h"

struct trapframe;

/*
 * What the levels below el1/ cannot do by themselves.  Any of them may be NULL.  They are called
 * once, in this order, on the core that panics, with interrupts masked.
 */
struct panic_ops {
	void (*stop_others)(void); /* returns when they have stopped, or after a time limit */
	/* Registers and backtrace; NULL: of the caller. */
	void (*dump)(const struct trapframe *frame);
	void (*reset)(void); /* should not return */
};

/* panic_set_ops - @ops stays the caller's and must live for ever */
void panic_set_ops(const struct panic_ops *ops);

/*
 * panic_configure - take panic=N from a command line: seconds to the reset, 0 never, below 0 at
 * once
 */
void panic_configure(const char *cmdline);

/*
 * panic_seconds - what it is (/proc/sys/kernel/panic).  panic_set_seconds - what it is from now on;
 * any context.
 */
int panic_seconds(void);
void panic_set_seconds(int seconds);

/*
 * panic - print "newel: panic: " and the message at the start of a line, dump, and reset or stop
 * for ever
 *
 * Any context.  The first core that calls it wins, the others stop in it; a panic inside a panic
 * prints its message and goes straight to the reset.
 */
void panic(const char *fmt, ...) __noreturn __printf(1, 2);

/* panic_at - panic() about an exception: @frame is what the dump shows */
void panic_at(const struct trapframe *frame, const char *fmt, ...) __noreturn __printf(2, 3);

/* CHECK - what must hold if the kernel has no bug.  Always compiled in, evaluated once. */
#define CHECK(x)                                                           \
	do {                                                               \
		if (unlikely(!(x)))                                        \
			panic("%s:%d: CHECK(%s)", __FILE__, __LINE__, #x); \
	} while (0)

/*
 * CHECK_NO_IRQ - no interrupt handler runs on this core: for what none may do.  In the kernel of
 * make UBSAN=1 alone.
 * MARK_IRQ - one does from now on, or no longer; drivers/irq.c.
 */
#ifdef UBSAN
DECLARE_PERCPU(bool, irq_runs);
#define CHECK_NO_IRQ() CHECK(!this_cpu(irq_runs))
#define MARK_IRQ(yes)  (this_cpu(irq_runs) = (yes))
#else
#define CHECK_NO_IRQ() ((void)0)
#define MARK_IRQ(yes)  ((void)0)
#endif

/* WARN_ONCE - if @cond, say so the first time, and taint the kernel; its value is @cond */
#define WARN_ONCE(cond, fmt, ...)                                                       \
	({                                                                              \
		bool warn_ = !!(cond);                                                  \
		if (unlikely(warn_)) {                                                  \
			taint_add(TAINT_WARN);                                          \
			pr_warn_once("%s:%d: " fmt, __FILE__, __LINE__, ##__VA_ARGS__); \
		}                                                                       \
		warn_;                                                                  \
	})
