/*
 * parts.c - what others keep for each task: fs/ its descriptors, and the like.
 */
#include "task/parts.h"

#include "log/panic.h"
#include "task/task.h"

#define PARTS_MAX 4

static struct task_part parts[PARTS_MAX];
static unsigned int nr_parts;

void task_register_part(const struct task_part *part)
{
	CHECK(nr_parts < PARTS_MAX);
	parts[nr_parts++] = *part;
}

void task_parts_exec(struct task *t)
{
	for (unsigned int i = 0; i < nr_parts; i++)
		if (parts[i].exec)
			parts[i].exec(t);
}

/* In the reverse order, from the @n-th down. */
static void parts_exit(struct task *t, unsigned int n)
{
	while (n--)
		parts[n].exit(t);
}

void task_parts_exit(struct task *t)
{
	parts_exit(t, nr_parts);
}

int task_parts_fork(struct task *child, uint64_t flags)
{
	for (unsigned int i = 0; i < nr_parts; i++) {
		int err = parts[i].fork ? parts[i].fork(current, child, flags) : 0;

		if (err) {
			parts_exit(child, i);
			return err;
		}
	}
	return 0;
}
