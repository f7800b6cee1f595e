/*
 * vbar.h - which vector table each core's VBAR_EL1 holds: one of the kernel's four (el1/vectors.S),
 * or somebody's in front of them.
 */
#pragma once

#include "arm/might_sleep.h"
#include "el1/vectors.h"
#include "lib/util.h"

/* Tables in front of the kernel's, as modules/own has them.  The caller's, while they are there. */
struct vectors_front {
	/* a table for each of NR_CPUS cores, side by side, aligned to 2 KiB; executable */
	const char *tables;
	/*
	 * behind - core @cpu's exceptions are to go on in the kernel's table @table from now on.
	 * On that core, before its VBAR_EL1 is written; interrupts masked, any lock: it must not
	 * sleep.
	 */
	void (*behind)(unsigned int cpu, unsigned int table);
};

/*
 * vectors_front_add - @front's tables are in every core's VBAR_EL1 when this returns.  0; -EBUSY:
 * somebody's are; -EINVAL: they are not aligned.  May sleep.
 * vectors_front_remove - the kernel's own are, and no core executes @front's any more.  May sleep.
 */
int vectors_front_add(const struct vectors_front *front) __must_check;
void vectors_front_remove(const struct vectors_front *front);

/*
 * vbar_init_cpu - this core's table is what the trace and el1/spectre.h ask for, and EL2 and EL3
 * have theirs (el1/levels.h).  On each core; on the first once more when the command line has said
 * what is asked for, and when these levels can be.
 * vbar_update - of every core, once more: the trace asks for something else.  May sleep.
 */
void vbar_init_cpu(void);
void vbar_update(void);
#ifdef MODULE
#define vectors_front_add(front)    (might_sleep(), (vectors_front_add)(front))
#define vectors_front_remove(front) (might_sleep(), (vectors_front_remove)(front))
#endif
