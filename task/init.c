/*
 * init.c - the tables of tasks at boot, and the first process.
 *
 * Comes from el1/main.c, before there is a second core or task, and from el1/init.c.  Invariant:
 * pid 1 is in all tables, and init_process is set, before it runs for the first time.
 */
#include "task/init.h"

#include "lib/string.h"
#include "task/fork.h"
#include "task/kernel_task.h"
#include "task/oncores.h"
#include "task/process.h"
#include "task/runqueue.h"
#include "task/orphan.h"
#include "task/usermode.h"

void task_init(void)
{
	pid_init();
	oom_init();
	signal_setup();
	sched_group_init(&root_user.group);
	sched_dead_hook = task_put;
	sched_init_cpu(&boot_task);
	cores_call_init();
}

struct task *task_create_init(void (*fn)(void *), void *arg)
{
	struct task *teller = task_create_kernel("signals", signal_teller, NULL);
	struct task *starter = teller ? usermode_init() : NULL;
	struct task *t = starter ? task_create_orphan("init", fn, arg) : NULL;

	if (!t || is_err(t))
		return NULL; /* and the kernel goes no further */
	task_wake(teller);
	task_wake(starter);
	init_process = t->process;
	return t;
}
