/*
 * membarrier.c - membarrier(2), by an interrupt to every other core.
 *
 * Taking an exception and returning from it is what the commands for self-modifying code ask for (a
 * context synchronization event), and cores_call() has its DMBs: one way serves all.  A core that
 * does not run the caller's threads is interrupted for nothing; it is asked for rarely.
 */
#include "task/membarrier.h"

#include "abi/errno.h"
#include "abi/membarrier.h"
#include "mm/vm.h"
#include "task/oncores.h"
#include "task/sched.h"
#include "task/task.h"

/* Each expedited command has a bit, and the one that registers for it the next. */
#define REGISTERS                                                                               \
	(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)
#define EXPEDITED (MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)
#define ANYWAY	  (MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED)

long membarrier(uint32_t cmd, uint32_t flags)
{
	uint32_t *registered = &current->mm->membarrier;

	if (flags || (cmd & (cmd - 1)))
		return -EINVAL;
	if (cmd == MEMBARRIER_CMD_QUERY)
		return REGISTERS | EXPEDITED | ANYWAY | MEMBARRIER_CMD_GET_REGISTRATIONS;
	if (cmd == MEMBARRIER_CMD_GET_REGISTRATIONS)
		return READ_ONCE(*registered);
	if (cmd & REGISTERS) {
		atomic_or(registered, cmd);
		return 0;
	}
	if (!(cmd & (EXPEDITED | ANYWAY)))
		return -EINVAL;
	if ((cmd & EXPEDITED) && !(READ_ONCE(*registered) & (cmd << 1)))
		return -EPERM;
	/*
	 * What the caller has stored before is seen by each core behind it, and the other way
	 * round.
	 */
	cores_call(NULL, NULL);
	return 0;
}
