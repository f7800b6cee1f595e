/*
 * membarrier.c - membarrier(2), by an interrupt to every other core.
 *
 * Taking an exception and returning from it is what the commands for self-modifying code ask for (a
 * context synchronization event), and the handler has a DMB: one way serves all.  A core that does
 * not run the caller's threads is interrupted for nothing; it is asked for rarely.
 */
#include "task/membarrier.h"

#include "abi/errno.h"
#include "abi/membarrier.h"
#include "drivers/irq.h"
#include "mm/vm.h"
#include "task/cores.h"
#include "task/sched.h"
#include "task/task.h"

/* One at a time, so that pending has one meaning. */
static struct mutex asking = MUTEX_INIT(asking);
static uint32_t pending; /* cores that have not answered yet; atomic */

static void answer_barrier(void *arg)
{
	dmb(ish);
	__atomic_sub_fetch(&pending, 1, __ATOMIC_RELEASE);
}

void membarrier_init(void)
{
	irq_register_ipi(IPI_BARRIER, answer_barrier);
}

/*
 * Sent and waited for without sleeping: the caller stays on its core, which passes the barrier by
 * itself.
 */
static void all_cores(void)
{
	uint64_t others;

	mutex_lock(&asking);
	/* What the caller has stored before is seen by each core that has answered. */
	dmb(ish);
	others = cores_online() & ~BIT(cpu_id());
	/*
	 * All are counted before the first interrupt is sent: an early answer must not make it 0
	 * too soon.
	 */
	for (uint64_t left = others; left; left &= left - 1)
		atomic_add(&pending, 1);
	dmb(ish);
	for (; others; others &= others - 1)
		irq_send_ipi((unsigned int)__builtin_ctzl(others), IPI_BARRIER);
	while (load_acquire(&pending))
		__asm__ volatile("yield");
	dmb(ish);
	mutex_unlock(&asking);
}

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
	all_cores();
	return 0;
}
