/*
 * panic.h - exceptions that end the kernel, and those that end a task.
 */
#pragma once

#include <stdint.h>

#include "arm/trapframe.h"
#include "lib/util.h"

/*
 * die - an exception that EL1 did not expect: stop the other cores, print "newel: panic: …" and the
 * full dump, reset as panic= says.
 * @what: why it is fatal, in a few words ("Oops", "unexpected FIQ from EL1"); @tf: as saved at
 * entry. Any context, also on the emergency stack.
 */
__noreturn void die(const char *what, struct trapframe *tf);

/*
 * stack_overflow - el1/vectors.S, on the emergency stack: the exception in @tf found no room on the
 * kernel stack.
 */
__noreturn void stack_overflow(struct trapframe *tf);

/*
 * report_user_fault - one line in the log about a task that a fault of its own is going to kill;
 * with loglevel=8 or debug, its registers too.  Rate limited: 10 reports in 5 seconds.
 * @sig, @code: the signal and its si_code.  Context: may sleep (reads the task's memory map);
 * current is the task.
 */
void report_user_fault(const struct trapframe *tf, const char *comm, int pid, int sig, int code);

/*
 * panic_init - hand the ways to stop, dump and reset to log/panic.h.  Boot core, when interrupts
 * are there.
 */
void panic_init(void);
