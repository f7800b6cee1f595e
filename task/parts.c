/*
 * parts.c - what others keep for each task: fs/ its descriptors, and the like.
 *
 * Comes from fork, exec and exit.  Invariant: what a part has made for a child is undone by its
 * exit, also when a later part fails; the exits run in the reverse order.
 */
#include "task/parts.h"

#include "log/panic.h"
#include "task/task.h"

#define PARTS_MAX 4

/*
 * By what they do, so that nothing is tested when a task comes or goes.  Written at boot, before
 * there is a second one.
 */
static int (*forks[PARTS_MAX])(struct task *parent, struct task *child, uint64_t flags);
static void (*execs[PARTS_MAX])(struct task *t);
static void (*exits[PARTS_MAX])(struct task *t);
static unsigned int nr_forks, nr_execs, nr_exits;

void task_register_part(const struct task_part *part)
{
	CHECK(nr_exits < PARTS_MAX);
	exits[nr_exits++] = part->exit;
	if (part->fork)
		forks[nr_forks++] = part->fork;
	if (part->exec)
		execs[nr_execs++] = part->exec;
}

void task_parts_exec(struct task *t)
{
	for (unsigned int i = 0; i < nr_execs; i++)
		execs[i](t);
}

void task_parts_exit(struct task *t)
{
	for (unsigned int n = nr_exits; n--;)
		exits[n](t);
}

int task_parts_fork(struct task *child, uint64_t flags)
{
	int err = 0;

	for (unsigned int i = 0; i < nr_forks && !err; i++)
		err = forks[i](current, child, flags);
	return err;
}
