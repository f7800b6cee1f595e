/*
 * cpu_alarm.c - see task/time/cpu_alarm.h.
 *
 * A process keeps the alarms that wait for its time, a thread those that wait for its own, each
 * clock's by deadline.  Where there are any, the scheduler's tick has the thread that it found look
 * at the first of each on its way to EL0, and at the time that has been counted so far: they go off
 * at most one tick late, and never early, and outside the interrupt, however many are due.
 */
#include "task/time/cpu_alarm.h"

#include "abi/timer.h"
#include "mm/giveway.h"
#include "task/process.h"

_Static_assert(ARRAY_SIZE(((struct cpu_alarms *)0)->queue) == CPU_CLOCK_SCHED + 1,
	       "a queue for each");

static struct deadlines *queue_of(const struct cpu_clock *c)
{
	struct cpu_alarms *all = c->task ? &c->task->cpu_alarms : &c->process->alarms.own;

	return &all->queue[c->which];
}

void cpu_alarm_set(struct cpu_alarm *a, uint64_t expiry_ns)
{
	struct spinlock *lock = &a->clock.process->alarms.lock;
	unsigned long flags = spin_lock_irqsave(lock);

	a->at.ns = expiry_ns;
	deadlines_add(queue_of(&a->clock), &a->at);
	spin_unlock_irqrestore(lock, flags);
}

void cpu_alarm_cancel(struct cpu_alarm *a)
{
	struct spinlock *lock = &a->clock.process->alarms.lock;
	unsigned long flags;
	bool running;

	do {
		flags = spin_lock_irqsave(lock);
		if (a->at.queued)
			deadlines_remove(queue_of(&a->clock), &a->at);
		/* by another core, with interrupts masked, so not for long; it may set it again */
		running = a->running;
		spin_unlock_irqrestore(lock, flags);
	} while (running);
}

/* What has been counted of @time, by clock @which. */
static uint64_t counted_ns(struct cpu_time time, unsigned int which)
{
	return time.user_ns + (which == CPU_CLOCK_VIRT ? 0 : time.kernel_ns);
}

/* The first of @all that is due when its clocks say @time; NULL: none is. */
static struct cpu_alarm *first_due_alarm(const struct cpu_alarms *all, struct cpu_time time)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(all->queue); i++) {
		struct deadline *first = all->queue[i].first;

		if (unlikely(first) && counted_ns(time, i) >= first->ns)
			return container_of(first, struct cpu_alarm, at);
	}
	return NULL;
}

/*
 * Counted so far; a process without a sum has @t alone, and perhaps some that have gone.  A core
 * that sees has_sum sees the sum of all before it.
 */
static struct cpu_time process_counted(const struct task *t)
{
	const struct process *p = t->process;

	if (load_acquire(&p->usage.has_sum))
		return cpu_time_read(&p->usage.sum);
	return cpu_time_sum(cpu_time_read(&t->time), cpu_time_read(&p->usage.gone.time));
}

uint64_t cpu_alarm_now_ns(const struct cpu_alarm *a)
{
	return counted_ns(a->clock.task ? cpu_time_read(&current->time) : process_counted(current),
			  a->clock.which);
}

static bool has_alarm(const struct cpu_alarms *all)
{
	return READ_ONCE(all->queue[0].first) || READ_ONCE(all->queue[1].first) ||
	       READ_ONCE(all->queue[2].first);
}

/* Without the lock: an alarm that is set just now is seen by the next tick. */
void cpu_alarm_tick(struct task *t)
{
	/* The alarms themselves are called on the way to EL0: the tick's interrupt stays short. */
	if (unlikely(has_alarm(&t->process->alarms.own) || has_alarm(&t->cpu_alarms)))
		atomic_or(&t->work, WORK_ALARM);
}

/* Calls the first that is due, without alarms.lock, which it may want; false: none is. */
static bool run_due_alarm(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&p->alarms.lock);
	struct cpu_alarm *a = first_due_alarm(&current->cpu_alarms, cpu_time_read(&current->time));

	if (!a)
		a = first_due_alarm(&p->alarms.own, process_counted(current));
	if (a) {
		deadlines_remove(queue_of(&a->clock), &a->at);
		/*
		 * Under the lock with the removal: cpu_alarm_cancel sees it in the queue or
		 * running, never neither.
		 */
		a->running = true;
	}
	spin_unlock(&p->alarms.lock);
	if (a) {
		/* interrupts stay masked: cpu_alarm_cancel on another core spins meanwhile */
		a->fn(a);
		spin_lock(&p->alarms.lock);
		a->running = false;
		spin_unlock(&p->alarms.lock);
	}
	irq_restore(flags);
	return a;
}

void cpu_alarms_run(void)
{
	struct process *p = current->process;

	/* before the look: a tick that finds one due from here on asks for another */
	atomic_and(&current->work, ~WORK_ALARM);
	while (run_due_alarm(p) && !give_way())
		;
}
