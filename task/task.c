/*
 * task.c - a task by itself: its stack, its context, its references.
 *
 * Comes from fork.c and the kernel's own tasks.  Invariant: the last reference frees the stack, and
 * a task that runs has one for its core, which the next task on that core puts (finish_switch).
 */
#include "task/task.h"

#include "lib/string.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "task/runqueue.h"
#include "task/signal_action.h"
#include "task/switch.h"

struct task *task_alloc(void)
{
	struct task *t = kmalloc(sizeof(*t));
	uintptr_t top;

	if (!t)
		return NULL;
	memset(t, 0, offsetof(struct task, fp));
	t->stack = kstack_alloc();
	if (!t->stack) {
		kfree(t);
		return NULL;
	}
	top = (uintptr_t)t->stack - 16;
	/*
	 * At the stack's top, where the vectors find the task when SP is all that can be trusted.
	 */
	*(struct task **)top = t;
	t->context.pc = (uintptr_t)task_entry;
	t->context.x19_x28[2] = (uintptr_t)sched_start_new;
	t->context.sp = top - sizeof(struct trapframe);
	ref_init(&t->refs);
	t->cred = cred_get(current_cred());
	/* In no queue, and not to be woken by a signal: it begins when fork wakes it. */
	t->state = TASK_BLOCKED;
	t->cpu = cpu_id();
	t->sched.cpu_mask = UINT64_MAX;
	t->work = WORK_FP;
	t->sched.group = &kernel_group;
	t->sched.share = &kernel_group.on[t->cpu];
	t->sched.weight = NICE_0_WEIGHT;
	wait_init(&t->vfork.wait);
	signal_init_task(&t->signals);
	list_init(&t->born);
	return t;
}

struct task *task_new(void (*fn)(void *), void *arg)
{
	struct task *t = task_alloc();

	if (!t)
		return NULL;
	t->context.x19_x28[0] = (uintptr_t)fn;
	t->context.x19_x28[1] = (uintptr_t)arg;
	memset(task_frame(t), 0, sizeof(struct trapframe));
	memset(&t->fp, 0, sizeof(t->fp));
	t->fp.cpu = -1;
	return t;
}

void task_put(struct task *t)
{
	if (!ref_put(&t->refs))
		return;
	if (t->process)
		process_put(t->process);
	cred_put(t->cred);
	kstack_free(t->stack);
	kfree(t);
}

struct task boot_task = { .on_rq = true,
			  .kernel = true,
			  .comm = "swapper/0",
			  .cred = &root_cred,
			  .sched.cpu_mask = 1,
			  .refs = { 1 },
			  .fp = { .cpu = -1 } };

struct task *task_create_idle(unsigned int cpu)
{
	struct task *t = task_new(NULL, NULL);

	if (!t)
		return NULL;
	t->kernel = true;
	t->state = TASK_RUNNING;
	t->cpu = cpu;
	t->sched.cpu_mask = BIT(cpu);
	strlcpy(t->comm, "swapper/0", sizeof(t->comm));
	t->comm[8] = (char)('0' + cpu);
	return t;
}
