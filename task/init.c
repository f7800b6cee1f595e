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

/* What Linux gives to init. */
static void first_rlimits(struct rlimit64 *r)
{
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++)
		r[i] = (struct rlimit64){ RLIM64_INFINITY, RLIM64_INFINITY };
	r[RLIMIT_STACK].rlim_cur = 8 << 20;
	r[RLIMIT_CORE].rlim_cur = 0;
	r[RLIMIT_NPROC] = (struct rlimit64){ tasks_max() / 2, tasks_max() / 2 };
	r[RLIMIT_NOFILE] = (struct rlimit64){ 1024, 4096 };
	r[RLIMIT_MEMLOCK] = (struct rlimit64){ 8 << 20, 8 << 20 };
	r[RLIMIT_SIGPENDING] = r[RLIMIT_NPROC];
	r[RLIMIT_MSGQUEUE] = (struct rlimit64){ 819200, 819200 };
	r[RLIMIT_NICE] = r[RLIMIT_RTPRIO] = (struct rlimit64){ 0, 0 };
}

struct task *task_create_init(void (*fn)(void *), void *arg)
{
	struct task *teller = task_create_kernel("signals", signal_teller, NULL);
	struct task *t = teller ? task_new(fn, arg) : NULL;
	struct process *p = t ? process_new() : NULL;
	unsigned long flags;

	if (!p) {
		if (t)
			task_put(t);
		return NULL;
	}
	task_wake(teller);
	t->process = p;
	process_get(p);
	first_rlimits(p->rlimit);
	user_charge_anyway(t->cred->user, USER_TASKS, 1);
	t->slack_ns = t->default_slack_ns = 50000; /* as Linux */
	t->sched.group = &root_user.group;
	t->sched.share = &t->sched.group->on[t->cpu];
	strlcpy(t->comm, "init", sizeof(t->comm));
	flags = spin_lock_irqsave(&proc_lock);
	p->pid = pid_alloc(0);
	p->end.signal = SIGCHLD;
	pid_add_process(p);
	task_link(t, p->pid);
	spin_unlock_irqrestore(&proc_lock, flags);
	init_process = p;
	return t;
}
