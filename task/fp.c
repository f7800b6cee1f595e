/*
 * fp.c - to which task a core's FP/SIMD registers belong.  See task/fp.h for the invariant.
 *
 * A task's registers are stored each time it leaves a core (it may come back elsewhere), and loaded
 * when it comes and they are not still there.
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
DEFINE_PERCPU(struct fp_state *, fp_lent); /* whose they are, while not a task's */

/* Current's state is in task->fp alone. */
static bool is_stale_state(const struct task *t)
{
	return READ_ONCE(t->work) & WORK_FP;
}

static void load(struct task *t)
{
	unsigned int cpu = cpu_id();

	/*
	 * Both must hold: another task may have been here since, or this one's state was changed
	 * elsewhere.
	 */
	if (this_cpu(fp_owner) == t && t->fp.cpu == (int)cpu)
		return;
	t->fp.cpu = (int)cpu;
	this_cpu(fp_owner) = t;
	fp_load_regs(&t->fp);
}

void fp_switch_out(struct task *t)
{
	if (likely(!is_stale_state(t)))
		fp_save_regs(&t->fp);
	else if (unlikely(this_cpu(fp_lent)))
		fp_return();
}

void fp_switch_in(struct task *t)
{
	if (likely(!is_stale_state(t)))
		load(t);
}

void fp_load(void)
{
	/*
	 * A switch between the load and the flag would store registers that are not the task's yet.
	 */
	unsigned long flags = irq_save();

	load(current);
	atomic_and(&current->work, ~WORK_FP);
	irq_restore(flags);
}

void fp_changed(void)
{
	/*
	 * No core's registers count as the task's any more; the next way to EL0 loads them from
	 * memory.
	 */
	current->fp.cpu = -1;
	atomic_or(&current->work, WORK_FP);
}

void fp_lend(struct fp_state *to)
{
	if (!is_stale_state(current)) {
		fp_save_regs(&current->fp);
		fp_changed();
	}
	fp_return();
	/* They are not those of the task that had them last, whatever its fp.cpu says. */
	this_cpu(fp_owner) = NULL;
	this_cpu(fp_lent) = to;
	fp_load_regs(to);
}

void fp_return(void)
{
	unsigned long flags = irq_save();

	if (this_cpu(fp_lent))
		fp_save_regs(this_cpu(fp_lent));
	this_cpu(fp_lent) = NULL;
	irq_restore(flags);
}

void fp_reset(void)
{
	memset(&current->fp, 0, sizeof(current->fp));
	fp_changed();
}

void fp_fork(struct task *child)
{
	struct fp_state *to = &child->fp;

	if (is_stale_state(current)) {
		*to = current->fp;
	} else {
		to->magic = to->size = 0;
		fp_save_regs(to);
		to->end[0] = to->end[1] = 0;
	}
	/* In fp alone, as its work says: task_alloc's. */
	to->cpu = -1;
}
