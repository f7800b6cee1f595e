/*
 * kernel_task.c - tasks of the kernel's own, which never see EL0.
 *
 * Comes from whoever needs one (the console, the signals' teller).  Invariant: such a task has no
 * process, no address space and no signals; task->kernel says so.
 */
#include "task/kernel_task.h"

#include "lib/string.h"
#include "mm/slab.h"
#include "task/exit.h"
#include "task/task.h"

struct kernel_start {
	void (*fn)(void *);
	void *arg;
};

static void kernel_main(void *arg)
{
	struct kernel_start start = *(struct kernel_start *)arg;

	/* Copied first: the creator does not wait for us. */
	kfree(arg);
	start.fn(start.arg);
	task_exit(0);
}

struct task *task_create_kernel(const char *name, void (*fn)(void *), void *arg)
{
	struct kernel_start *start = kmalloc(sizeof(*start));
	struct task *t = start ? task_new(kernel_main, start) : NULL;

	if (!t) {
		kfree(start);
		return NULL;
	}
	*start = (struct kernel_start){ .fn = fn, .arg = arg };
	t->kernel = true;
	strlcpy(t->comm, name, sizeof(t->comm));
	return t;
}
