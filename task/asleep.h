/*
 * asleep.h - what a task that does not run does: its last system call, and the way to where it
 * sleeps in the kernel.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task;

#define ASLEEP_CALLS 64 /* innermost first; as many as Linux shows */

/* A call on a kernel stack that has not returned. */
struct asleep_call {
	uintptr_t back; /* where it returns to: behind the call; of the first, where the task is */
	/*
	 * What an exception from EL1 interrupted, if @back is in the code that took the exception:
	 * only then does it mean anything.
	 */
	uintptr_t interrupted;
};

struct asleep {
	bool sleeps; /* or is current: what follows is of one moment */
	/* the system call that it is in, or -1; its arguments; EL0's SP and PC */
	int64_t nr;
	uint64_t arg[6], sp, pc;
	/* also of one that waits for a core; 0: it runs on another core */
	size_t calls;
	struct asleep_call call[ASLEEP_CALLS];
};

/*
 * asleep_look - what @t, a user task with a reference, does, into @a.  It may run, exit, or be
 * switched in meanwhile: then it counts as running, and what was read is of before.  The addresses
 * are what the stack says, and may be anything: they are to be shown, not followed.  Any context.
 */
void asleep_look(struct task *t, struct asleep *a);

/* asleep_in_sched - is @pc in code that puts tasks to sleep for others (__sched, task/sched.h)? */
bool asleep_in_sched(uintptr_t pc);
