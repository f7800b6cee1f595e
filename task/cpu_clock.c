/*
 * cpu_clock.c - see task/cpu_clock.h.
 *
 * A process keeps the alarms that wait for its time, or that of one of its threads.  The scheduler's tick looks at them, so they go
 * off at most one tick late, and never early: the tick only says when to look at the clock.
 */
#include "task/cpu_clock.h"

#include "abi/errno.h"
#include "abi/timer.h"
#include "task/pid.h"
#include "task/sched.h"

/* irqsave: all lists of alarms.  Inside it proc_lock, signals.lock and run queues may be taken. */
static struct spinlock alarms_lock = SPINLOCK_INIT;

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

void cpu_alarm_add(struct cpu_alarm *a)
{
	unsigned long flags = spin_lock_irqsave(&alarms_lock);

	list_add_tail(&a->clock.process->cpu_alarms, &a->link);
	spin_unlock_irqrestore(&alarms_lock, flags);
}

void cpu_alarm_remove(struct cpu_alarm *a)
{
	unsigned long flags = spin_lock_irqsave(&alarms_lock);

	list_del(&a->link);
	spin_unlock_irqrestore(&alarms_lock, flags);
}

static bool is_due(const struct cpu_alarm *a, const struct task *ran)
{
	uint64_t expiry = READ_ONCE(a->expiry_ns);

	if (a->clock.task && a->clock.task != ran)
		return false; /* its time has not gone on */
	return expiry != UINT64_MAX && cpu_clock_ns(&a->clock) >= expiry;
}

void cpu_alarm_tick(struct task *t)
{
	struct process *p = t->process;
	struct cpu_alarm *a;

	if (likely(list_empty(&p->cpu_alarms)))
		return;
	spin_lock(&alarms_lock);
	list_for_each(a, &p->cpu_alarms, link) {
		if (!is_due(a, t))
			continue;
		WRITE_ONCE(a->expiry_ns, UINT64_MAX);
		a->fn(a);
	}
	spin_unlock(&alarms_lock);
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
	task_wake(s->task);
}

int cpu_clock_sleep(const struct cpu_clock *c, uint64_t deadline_ns)
{
	struct cpu_sleeper s = {
		.alarm = { .clock = *c, .expiry_ns = deadline_ns, .fn = wake_sleeper },
		.task = current
	};
	int err = 0;

	if (cpu_clock_ns(c) >= deadline_ns)
		return 0;
	cpu_alarm_add(&s.alarm);
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
	cpu_alarm_remove(&s.alarm);
	return err;
}
