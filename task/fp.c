/*
 * fp.c - whose FP/SIMD registers these are.  See task/fp.h for the invariant.
 *
 * A task's registers are stored each time it leaves a core (it may come back elsewhere), but loaded
 * only when it is about to return to EL0 and they are not still there.
 */
#include "task/fp.h"

#include "arm/irqflags.h"
#include "lib/string.h"
#include "task/switch.h"
#include "task/task.h"

_Static_assert(offsetof(struct fp_state, fpsr) == 8 && offsetof(struct fp_state, fpcr) == 12 &&
		       offsetof(struct fp_state, v) == 16,
	       "switch.S");

static DEFINE_PERCPU(struct task *, fp_owner);

/* Whether this core's registers are @t's.  Interrupts masked, or t is current. */
static bool live(const struct task *t)
{
	return this_cpu(fp_owner) == t && t->fp.cpu == (int)cpu_id();
}

void fp_switch_out(struct task *t)
{
	if (live(t) && !(READ_ONCE(t->work) & WORK_FP))
		fp_save_regs(&t->fp);
}

void fp_switch_in(struct task *t)
{
	if (!live(t))
		atomic_or(&t->work, WORK_FP);
}

void fp_load(void)
{
	unsigned long flags = irq_save();

	fp_load_regs(&current->fp);
	current->fp.cpu = (int)cpu_id();
	this_cpu(fp_owner) = current;
	atomic_and(&current->work, ~WORK_FP);
	irq_restore(flags);
}

void fp_sync(void)
{
	fp_switch_out(current);
}

void fp_changed(void)
{
	current->fp.cpu = -1;
	atomic_or(&current->work, WORK_FP);
}

void fp_reset(void)
{
	memset(&current->fp, 0, sizeof(current->fp));
	fp_changed();
}

void fp_fork(struct task *child)
{
	fp_sync();
	child->fp = current->fp;
	child->fp.cpu = -1;
	child->work |= WORK_FP;
}
