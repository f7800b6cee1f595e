/*
 * kernel_task.c - tasks of the kernel's own, which never see EL0.
 *
 * Made for the console and for the later walks of task/signal.c.  Invariant: such a task has no
 * process, no address space and no signals; task->kernel says so.
 */
#include "task/kernel_task.h"

#include "lib/export.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/exit.h"
#include "task/task.h"

struct task *task_create_kernel(const char *name, void (*fn)(void *), void *arg)
{
	struct task *t = task_new(fn, arg);

	if (!t)
		return NULL;
	t->kernel = true;
	strlcpy(t->comm, name, sizeof(t->comm));
	return t;
}
