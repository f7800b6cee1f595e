/*
 * reset.h - the end: switching the machine off, or starting it again.
 *
 * By PSCI where it answers, else by a board's own means (reset_register), else by a line in the log
 * and a halt.  Any context; interrupts may be on.  What the console still has queued is put out
 * first.
 */
#pragma once

#include "lib/util.h"

/*
 * machine_poweroff, machine_reset - send what the console still has, then by firmware or board;
 * where neither can: halt.  Any context.
 */
__noreturn void machine_poweroff(void);
__noreturn void machine_reset(void);

/*
 * machine_fail - the reset after a panic.  The command line's newel.semihosting, for tests under an
 * emulator, makes it end there with status 1, and machine_poweroff with status 0.
 */
__noreturn void machine_fail(void);

/* machine_halt - stop this core for ever, all exceptions masked. */
__noreturn void machine_halt(void);

/*
 * reset_register - a board's own way, for want of PSCI; the functions return only when they failed.
 * At boot.
 */
void reset_register(void (*poweroff)(void), void (*reset)(void));
