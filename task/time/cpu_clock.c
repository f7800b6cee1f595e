/*
 * cpu_clock.c - see task/time/cpu_clock.h.
 *
 * A process keeps the alarms that wait for its time, a thread those that wait for its own, each
 * clock's by deadline.  The scheduler's tick looks at the first of each alone, and at the time that
 * has been counted so far: they go off at most one tick late, and never early.  However many are
 * due, they go off outside the interrupt, one by one, in the thread that it found.
 */
#include "task/time/cpu_clock.h"

#include "abi/errno.h"
#include "abi/timer.h"
#include "mm/giveway.h"
#include "task/pid.h"
#include "task/sched.h"

_Static_assert(ARRAY_SIZE(((struct cpu_alarms *)0)->tree) == CPU_CLOCK_SCHED + 1,
	       "a tree for each");

/* ---- whose ---- */

static int find_thread(pid_t tid, struct cpu_clock *c)
{
	struct task *t = tid ? task_find(tid) : current;

	if (!tid)
		task_get(t);
	if (!t)
		return -EINVAL;
	if (t->process != current->process) {
		task_put(t);
		return -EINVAL;
	}
	c->task = t;
	c->process = t->process;
	process_get(c->process);
	return 0;
}

static int find_process(pid_t pid, bool to_read, struct cpu_clock *c)
{
	struct process *own = current->process;

	if (!pid || pid == own->pid || (to_read && pid == current->tid)) {
		process_get(own);
		c->process = own;
		return 0;
	}
	c->process = process_find(pid);
	return c->process ? 0 : -EINVAL;
}

int cpu_clock_find(int32_t id, bool to_read, struct cpu_clock *c)
{
	*c = (struct cpu_clock){ .which = CPU_CLOCK_SCHED };
	if (id == CLOCK_PROCESS_CPUTIME_ID)
		return find_process(0, to_read, c);
	if (id == CLOCK_THREAD_CPUTIME_ID)
		return find_thread(0, c);
	if (id >= 0 || CPU_CLOCK_WHICH(id) > CPU_CLOCK_SCHED)
		return -EINVAL;
	c->which = CPU_CLOCK_WHICH(id);
	if (CPU_CLOCK_IS_OF_THREAD(id))
		return find_thread(CPU_CLOCK_PID(id), c);
	return find_process(CPU_CLOCK_PID(id), to_read, c);
}

void cpu_clock_put(struct cpu_clock *c)
{
	if (c->task)
		task_put(c->task);
	process_put(c->process);
}

uint64_t cpu_clock_ns(const struct cpu_clock *c)
{
	struct cpu_time t;

	if (c->which == CPU_CLOCK_SCHED)
		return c->task ? sched_runtime_ns(c->task) : process_runtime_ns(c->process);
	t = c->task ? task_time(c->task) : process_time(c->process);
	return t.user_ns + (c->which == CPU_CLOCK_PROF ? t.kernel_ns : 0);
}

/* ---- alarms ---- */

static struct avl_tree *tree_of(const struct cpu_clock *c)
{
	struct cpu_alarms *all = c->task ? &c->task->cpu_alarms : &c->process->cpu_alarms;

	return &all->tree[c->which];
}

/* alarms_lock held, as for those below. */
static void insert(struct cpu_alarm *a)
{
	struct avl_tree *tree = tree_of(&a->clock);
	struct avl_node *parent = NULL, *at = tree->root;
	unsigned int side = 0;

	while (at) {
		parent = at;
		side = a->expiry_ns >= container_of(at, struct cpu_alarm, node)->expiry_ns;
		at = at->child[side];
	}
	avl_insert(tree, &a->node, parent, side);
	a->queued = true;
}

static void take_out(struct cpu_alarm *a)
{
	avl_erase(tree_of(&a->clock), &a->node);
	a->queued = false;
}

void cpu_alarm_set(struct cpu_alarm *a, uint64_t expiry_ns)
{
	struct spinlock *lock = &a->clock.process->alarms_lock;
	unsigned long flags = spin_lock_irqsave(lock);

	a->expiry_ns = expiry_ns;
	insert(a);
	spin_unlock_irqrestore(lock, flags);
}

void cpu_alarm_cancel(struct cpu_alarm *a)
{
	struct spinlock *lock = &a->clock.process->alarms_lock;
	unsigned long flags;
	bool running;

	do {
		flags = spin_lock_irqsave(lock);
		if (a->queued)
			take_out(a);
		running =
			/* on another core, which has interrupts masked; it may set it again */
			a->running;
		spin_unlock_irqrestore(lock, flags);
	} while (running);
}

/* What has been counted of @time, by clock @which. */
static uint64_t counted_ns(struct cpu_time time, unsigned int which)
{
	return time.user_ns + (which == CPU_CLOCK_VIRT ? 0 : time.kernel_ns);
}

/* The first of @all that is due when its clocks say @time; NULL: none is. */
static struct cpu_alarm *first_due(const struct cpu_alarms *all, struct cpu_time time)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(all->tree); i++) {
		struct avl_node *n = all->tree[i].root;
		struct cpu_alarm *a;

		if (likely(!n))
			continue;
		while (n->child[0])
			n = n->child[0];
		a = container_of(n, struct cpu_alarm, node);
		if (counted_ns(time, i) >= a->expiry_ns)
			return a;
	}
	return NULL;
}

/* Counted so far; a process without a sum has @t alone, and perhaps some that have gone. */
static struct cpu_time process_counted(const struct task *t)
{
	const struct process *p = t->process;
	struct cpu_time time = task_time(t);

	if (load_acquire(&p->has_sum))
		return (struct cpu_time){ READ_ONCE(p->sum.user_ns), READ_ONCE(p->sum.kernel_ns) };
	time.user_ns += READ_ONCE(p->gone.user_ns);
	time.kernel_ns += READ_ONCE(p->gone.kernel_ns);
	return time;
}

uint64_t cpu_alarm_now_ns(const struct cpu_alarm *a)
{
	return counted_ns(a->clock.task ? task_time(current) : process_counted(current),
			  a->clock.which);
}

static bool has_alarm(const struct cpu_alarms *all)
{
	return READ_ONCE(all->tree[0].root) || READ_ONCE(all->tree[1].root) ||
	       READ_ONCE(all->tree[2].root);
}

/* alarms_lock held. */
static struct cpu_alarm *due_for(struct task *t)
{
	struct cpu_alarm *a = first_due(&t->cpu_alarms, task_time(t));

	return a ? a : first_due(&t->process->cpu_alarms, process_counted(t));
}

void cpu_alarm_tick(struct task *t)
{
	struct process *p = t->process;
	struct cpu_alarm *a;

	if (likely(!has_alarm(&p->cpu_alarms) && !has_alarm(&t->cpu_alarms)))
		return;
	spin_lock(&p->alarms_lock);
	a = due_for(t);
	spin_unlock(&p->alarms_lock);
	if (a)
		atomic_or(&t->work, WORK_ALARM);
}

/* Calls the first that is due; false: none is. */
static bool run_one(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&p->alarms_lock);
	struct cpu_alarm *a = due_for(current);

	if (a) {
		take_out(a);
		a->running = true;
	}
	spin_unlock(&p->alarms_lock);
	if (a) {
		a->fn(a);
		spin_lock(&p->alarms_lock);
		a->running = false;
		spin_unlock(&p->alarms_lock);
	}
	irq_restore(flags);
	return a;
}

void cpu_alarms_run(void)
{
	struct process *p = current->process;

	atomic_and(&current->work, ~WORK_ALARM);
	while (run_one(p) && !give_way())
		;
}

/* ---- sleeping ---- */

struct cpu_sleeper {
	struct cpu_alarm alarm;
	struct task *task;
	bool up;
};

static void wake_sleeper(struct cpu_alarm *a)
{
	struct cpu_sleeper *s = container_of(a, struct cpu_sleeper, alarm);

	WRITE_ONCE(s->up, true);
	task_wake(s->task); /* it cannot go before this alarm has run */
}

int cpu_clock_sleep(const struct cpu_clock *c, uint64_t deadline_ns)
{
	struct cpu_sleeper s = { .alarm = { .clock = *c, .fn = wake_sleeper }, .task = current };
	int err = 0;

	if (cpu_clock_ns(c) >= deadline_ns)
		return 0;
	cpu_alarm_set(&s.alarm, deadline_ns);
	for (;;) {
		sched_set_state(TASK_SLEEPING);
		if (READ_ONCE(s.up))
			break;
		if (signal_pending()) {
			err = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	sched_set_state(TASK_RUNNING);
	cpu_alarm_cancel(&s.alarm);
	return err;
}
