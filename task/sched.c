/*
 * sched.c - the run queues, the switch, and waking up.
 *
 * Invariant: a task is on a core, in exactly one run queue, or asleep; never two of these.  What
 * keeps it true is the lock of the run queue of the core task->cpu names, held from before a task
 * is taken off its core until its registers are saved: a task that wants to wake it takes that lock
 * first and so finds it either still on (then it only sets its state back, and schedule() lets it
 * go on) or off for good (then it is queued).  No flag is spun on.
 *
 * Order between two run queues: the second one is only tried for.  Interrupts are masked under
 * these locks.
 */
#include "task/sched.h"

#include "abi/errno.h"
#include "abi/sched.h"
#include "abi/syscall.h"
#include "drivers/irq.h"
#include "drivers/timer/timer.h"
#include "lib/export.h"
#include "mm/giveway.h"
#include "mm/vm.h"
#include "task/fp.h"
#include "task/runqueue.h"
#include "task/sleep.h"
#include "task/switch.h"
#include "task/time/clock.h"
#include "task/watch.h"
#include "trace/events.h"
#include "trace/levels.h"

/*
 * Ticks of a task that is alone, by which its CPU time is split into that at EL0 and that at EL1.
 */
#define SAMPLE_NS (10 * NS_PER_MS)

void (*sched_dead_hook)(struct task *t);
static uint64_t idle_set; /* atomic: cores that wait in the idle loop for work */

/* ---- taking from the others ---- */

/* One task of @from's queue that may run here, core @cpu; its lock and our queue's are held. */
static struct task *steal(struct run_queue *from, unsigned int cpu)
{
	struct task *t = rq_first_for(from, cpu);

	if (!t)
		return NULL;
	rq_dequeue(from, t);
	rq_enter(t, cpu);
	t->cpu = cpu;
	return t;
}

/* The core with the longest queue, if it has at least @least; else none (NR_CPUS). */
static unsigned int busiest(uint32_t least)
{
	uint64_t others = READ_ONCE(cores_mask) & ~BIT(cpu_id());
	unsigned int found = NR_CPUS;

	/* Without the queues' locks: a length that is old by now costs one look in vain (pull). */
	for (; others; others &= others - 1) {
		unsigned int cpu = (unsigned int)__builtin_ctzl(others);
		uint32_t nr = READ_ONCE(rq_of(cpu)->nr);

		if (nr >= least) {
			least = nr + 1;
			found = cpu;
		}
	}
	return found;
}

/* Fetches one task into this queue from the busiest core. */
static void pull(struct run_queue *rq, uint32_t least)
{
	unsigned int cpu = busiest(least);
	struct run_queue *from;
	struct task *t;

	if (likely(cpu == NR_CPUS))
		return;
	from = rq_of(cpu);
	if (!spin_trylock(&from->lock))
		return; /* its holder may be waiting for ours */
	t = steal(from, cpu_id());
	spin_unlock(&from->lock);
	if (t)
		rq_enqueue(rq, t);
}

/* ---- placing a task that becomes runnable ---- */

/* Makes the core that runs @rq look at its queue; its lock is held. */
static void poke(struct run_queue *rq, unsigned int cpu)
{
	atomic_or(&rq->curr->work, WORK_RESCHED);
	if (cpu != cpu_id())
		irq_send_ipi(cpu, IPI_RESCHED);
}

/* Takes a core out of the idle set for the caller's task; false: another core has. */
static bool claim_idle(unsigned int cpu)
{
	return atomic_and(&idle_set, ~BIT(cpu)) & BIT(cpu);
}

/* A core that runs a task of less priority than @t; NR_CPUS: none. */
static unsigned int lower_cpu(const struct task *t, uint64_t allowed)
{
	for (; allowed; allowed &= allowed - 1) {
		unsigned int cpu = (unsigned int)__builtin_ctzl(allowed);

		if (READ_ONCE(rq_of(cpu)->curr_priority) < t->sched.rt_priority)
			return cpu;
	}
	return NR_CPUS;
}

/* The core for a task that becomes runnable: its own if that is idle, else an idle one, else (for a
 * real-time task) one that it may take from another, else its own. */
static unsigned int choose_cpu(const struct task *t)
{
	uint64_t allowed = t->sched.cpu_mask & READ_ONCE(cores_mask), idle;

	/*
	 * claim_idle takes the core out of the set in one atomic step: of two wakers one alone gets
	 * it.
	 */
	while ((idle = READ_ONCE(idle_set) & allowed)) {
		unsigned int cpu = idle & BIT(t->cpu) ? t->cpu : (unsigned int)__builtin_ctzl(idle);

		if (claim_idle(cpu))
			return cpu;
	}
	if (unlikely(is_real_time(t)) &&
	    READ_ONCE(rq_of(t->cpu)->curr_priority) >= t->sched.rt_priority) {
		unsigned int cpu = lower_cpu(t, allowed);

		if (cpu != NR_CPUS)
			return cpu;
	}
	return (allowed & BIT(t->cpu)) ? t->cpu : (unsigned int)__builtin_ctzl(allowed);
}

static struct run_queue *lock_rq_of(struct task *t)
{
	for (;;) {
		struct run_queue *rq = rq_of(READ_ONCE(t->cpu));

		/*
		 * cpu changes only under the lock of the queue that the task leaves: once it still
		 * is the same with the lock held, it stays so.
		 */
		spin_lock(&rq->lock);
		if (rq == rq_of(t->cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* @t waits in @rq, its core's, from now on, unless it should have that core at once. */
static inline void put_in(struct run_queue *rq, struct task *t, uint64_t now)
{
	rq_enqueue(rq, t);
	if (rq->curr == rq->idle || rq_preempts(rq, t, now))
		poke(rq, t->cpu);
}

/*
 * What orders @t is about to change: it leaves its core's queue, @rq, or if it runs is charged as
 * what it was.  True: it left, and put_in() is due.
 */
static bool take_out(struct run_queue *rq, struct task *t)
{
	bool waits = t->on_rq && rq->curr != t;

	if (waits)
		rq_dequeue(rq, t);
	else if (t->on_rq)
		rq_account(rq, t, timer_now_ns());
	return waits;
}

/* Puts @t, which is off and marked runnable, into the queue of the core chosen for it, whose number
 * it gives.  @rq is its old one, locked; no lock is held afterwards. */
static unsigned int place(struct run_queue *rq, struct task *t)
{
	unsigned int cpu = choose_cpu(t);
	struct run_queue *to = rq_of(cpu);
	uint64_t now;

	if (to != rq) {
		/*
		 * In no queue, and marked runnable: a waker that comes to the new queue from here
		 * on finds nothing to do, so the old lock can go before the new one is taken.
		 */
		WRITE_ONCE(t->cpu, cpu);
		spin_unlock(&rq->lock);
		spin_lock(&to->lock);
		rq_enter(t, cpu);
	}
	/*
	 * on_rq under the lock of the queue that it is in: a task that changes its priority looks
	 * at that.
	 */
	rq_catch_up(t);
	t->on_rq = true;
	now = timer_now_ns();
	t->sched.asleep_ns += now - t->sched.since_ns;
	put_in(to, t, now);
	spin_unlock(&to->lock);
	return cpu;
}

/* ---- the switch ---- */

/* The task to run next: @prev itself if it is runnable and none is before it. */
static struct task *pick(struct run_queue *rq, struct task *prev)
{
	bool wants = prev != rq->idle && READ_ONCE(prev->state) == TASK_RUNNING;
	bool stays = wants && (prev->sched.cpu_mask >> rq->cpu & 1);
	struct task *next;

	/* Only tried for (pull): the other core may hold its lock and want ours. */
	if (!rq->nr && !stays)
		pull(rq, 1);
	next = rq_first(rq);
	if (stays && (!next || rq_stays(rq, prev, next)))
		return prev;
	if (next)
		rq_dequeue(rq, next);
	if (stays)
		rq_enqueue(rq, prev);
	else if (prev != rq->idle)
		/* Asleep, or not allowed here: then finish_switch() places it. */
		prev->on_rq = false;
	if (wants)
		prev->involuntary++;
	else
		prev->voluntary++;
	return next ? next : rq->idle;
}

static void arm_tick(struct run_queue *rq, uint64_t now)
{
	if (rq->tick_armed)
		return;
	rq->tick_armed = true;
	timer_set_tick(now + (rq->nr ? SCHED_SLICE_NS : SAMPLE_NS));
}

/* @prev is off its core, for which @rq is locked: the lock goes. */
static inline void unlock_switched(struct run_queue *rq, struct task *prev)
{
	if (unlikely(!prev->on_rq && prev->state == TASK_RUNNING))
		place(rq, prev);
	else
		spin_unlock(&rq->lock);
}

/* Why @prev is off its core, for the trace.  Its queue's lock is held. */
static uint32_t why_off(const struct run_queue *rq, const struct task *prev)
{
	if (prev == rq->idle)
		return TRACE_WHY_IDLE;
	switch (prev->state) {
	case TASK_SLEEPING: return TRACE_WHY_SLEEPS;
	case TASK_BLOCKED:
	case TASK_KILLABLE: return TRACE_WHY_BLOCKED;
	case TASK_STOPPED: return TRACE_WHY_STOPPED;
	case TASK_DEAD: return TRACE_WHY_ENDED;
	}
	/* sched_yield(2) is the only one that yields, and its frame says so: no flag has to. */
	if (!prev->kernel && stack_frame(prev->stack)->syscall == NR_sched_yield)
		return TRACE_WHY_YIELDED;
	return TRACE_WHY_PREEMPTED;
}

static __attribute__((noinline)) void unlock_switched_traced(struct run_queue *rq,
							     struct task *prev)
{
	/* Under the lock: later it may run, and die, elsewhere. */
	uint32_t why = why_off(rq, prev);
	pid_t tid = prev->tid;

	unlock_switched(rq, prev);
	/* Without the lock: a record may be printed. */
	trace_levels(tid);
	if (trace_on(TRACE_SCHED))
		trace_sched_record(tid, current->tid, current->comm, why);
}

/*
 * After a switch, on the new task's stack: releases the run queue's lock, which reschedule() took
 * on @prev's stack.  Until here no other core could run @prev: its registers were not all saved.  A
 * task that has ended loses the reference that its core had; its stack is free from here on.
 */
static void finish_switch(struct task *prev)
{
	struct run_queue *rq = &this_cpu(run_queue);
	/* read under the lock: later it may run, and die, elsewhere */
	bool dead = prev->state == TASK_DEAD;

	if (trace_any())
		unlock_switched_traced(rq, prev);
	else
		unlock_switched(rq, prev);
	if (unlikely(dead))
		sched_dead_hook(prev);
}

static __sched void switch_to(struct run_queue *rq, struct task *prev, struct task *next,
			      uint64_t now)
{
	/*
	 * task_kick on another core reads curr without the lock: if it still sees the task before,
	 * the flag that it has set is seen by this task on its way to EL0.
	 */
	rq->curr = next;
	WRITE_ONCE(rq->curr_priority, next->sched.rt_priority);
	rq->switches++;
	next->sched.since_ns = now;
	if (next != rq->idle)
		arm_tick(rq, now);
	if (!prev->kernel) {
		prev->tls = READ_SYSREG(tpidr_el0);
		/* While prev is still the core's: only here its registers are complete. */
		fp_switch_out(prev);
	}
	if (next->mm != prev->mm)
		mm_activate(next->mm);
	if (!next->kernel) {
		WRITE_SYSREG(tpidr_el0, next->tls);
		fp_switch_in(next);
	}
	finish_switch(cpu_switch(prev, next));
}

/* @caller: where in the code this is a point to give way. */
static __sched void reschedule(bool yield, void *caller)
{
	unsigned long flags;
	struct run_queue *rq = &this_cpu(run_queue);
	struct task *prev = current, *next;
	uint64_t now;

	CHECK(stretch_no_lock());
	stretch_point((uintptr_t)caller);
	/* Masked over the switch; the new task's own flags are restored on its stack. */
	flags = irq_save();
	now = timer_now_ns();
	spin_lock(&rq->lock);
	rq_account(rq, prev, now);
	/* Before pick(): a task that comes to this queue afterwards sets the flag again. */
	if (prev->work & WORK_RESCHED)
		atomic_and(&prev->work, ~(WORK_RESCHED | WORK_WATCH));
	if (yield)
		rq_yield(prev);
	next = pick(rq, prev);
	if (next != prev)
		switch_to(rq, prev, next, now);
	else
		spin_unlock(&rq->lock);
	/*
	 * On both ways: after a switch it is this task, when it is switched back to, that goes on.
	 */
	irq_restore(flags);
	stretch_enter((uintptr_t)caller);
}

__sched void schedule(void)
{
	reschedule(false, __builtin_return_address(0));
}
EXPORT(schedule);

/* mm/giveway.h */
static __sched int let_others_run(void)
{
	if (unlikely(READ_ONCE(current->work) & WORK_RESCHED))
		reschedule(false, __builtin_return_address(0));
	return signal_pending_fatal() ? -EINTR : 0;
}

bool sched_is_wanted(void)
{
	return READ_ONCE(this_cpu(run_queue).nr) != 0;
}

__sched void sched_yield(void)
{
	reschedule(true, __builtin_return_address(0));
}

void sched_start_new(struct task *prev)
{
	finish_switch(prev);
	stretch_enter((uintptr_t)sched_start_new);
	irq_enable();
}

/* ---- waking ---- */

/* @t, which is marked runnable, is on a core, or in a queue, of the number that this gives. */
static inline unsigned int wake_up_on(struct run_queue *rq, struct task *t)
{
	unsigned int cpu = rq->cpu;

	/* still on: it has not got as far as schedule(), and will not sleep there */
	if (t->on_rq)
		spin_unlock(&rq->lock);
	else
		cpu = place(rq, t);
	return cpu;
}

/*
 * What the record says is taken before @t can run: on another core it may have ended, and be gone,
 * when we come to making it, which is not for here, under the queue's lock.
 */
static __attribute__((noinline)) void wake_up_recorded(struct run_queue *rq, struct task *t)
{
	uint64_t ticks = counter_read();
	int32_t tid = t->tid;

	trace_wake_record(tid, wake_up_on(rq, t), ticks);
}

bool task_wake_from(struct task *t, uint32_t states)
{
	struct run_queue *rq;
	unsigned long flags;

	/* what the sleeper waits for is written before its state is read (sched_set_state) */
	dmb(ish);
	if (!(READ_ONCE(t->state) & states))
		return false;
	flags = irq_save();
	rq = lock_rq_of(t);
	if (!(READ_ONCE(t->state) & states)) {
		spin_unlock_irqrestore(&rq->lock, flags);
		return false;
	}
	WRITE_ONCE(t->state, TASK_RUNNING);
	if (trace_on(TRACE_WAKE))
		wake_up_recorded(rq, t);
	else
		(void)wake_up_on(rq, t);
	irq_restore(flags);
	return true;
}

bool task_wake(struct task *t)
{
	return task_wake_from(t, TASK_SLEEPING | TASK_BLOCKED | TASK_KILLABLE);
}

void sched_set_state(uint32_t state)
{
	WRITE_ONCE(current->state, state);
	dmb(ish);
}

void task_kick(struct task *t)
{
	unsigned int cpu;

	/*
	 * the flag is written before curr is read: a task that is just being put on sees the flag
	 */
	dmb(ish);
	cpu = READ_ONCE(t->cpu);
	if (t != current && READ_ONCE(rq_of(cpu)->curr) == t)
		irq_send_ipi(cpu, IPI_RESCHED);
}

/* ---- sleeping for a time ---- */

struct sleeper {
	struct timer timer;
	struct task *task;
	bool up; /* the time is */
};

static void sleeper_wake(struct timer *timer)
{
	struct sleeper *s = container_of(timer, struct sleeper, timer);

	WRITE_ONCE(s->up, true);
	task_wake(s->task);
}

__sched bool sched_sleep_deadline(enum timer_clock clock, uint64_t deadline_ns)
{
	struct sleeper s = { .task = current };

	if (deadline_ns == UINT64_MAX) {
		schedule();
		return false;
	}
	timer_start(clock, &s.timer, deadline_ns, sleeper_wake);
	schedule();
	/*
	 * The timer lies on this stack: timer_cancel waits until no core is calling sleeper_wake.
	 */
	timer_cancel(&s.timer);
	return s.up;
}

__sched int sched_sleep_until(enum timer_clock clock, uint64_t deadline_ns)
{
	int err = 0;

	while (clock_read_ns(clock) < deadline_ns) {
		/*
		 * The state before the look at signals: one that comes after the look wakes the
		 * task.
		 */
		sched_set_state(TASK_SLEEPING);
		if (signal_pending()) {
			err = -ERESTARTSYS;
			break;
		}
		if (sched_sleep_deadline(clock, deadline_ns))
			break;
	}
	sched_set_state(TASK_RUNNING);
	return err;
}

/* ---- the tick ---- */

/*
 * Wakes an idle core that could take the first task that waits here: it missed it when it went
 * idle, because the lock was taken.
 */
static void offer(struct run_queue *rq)
{
	const struct task *t = rq_first(rq);
	uint64_t idle = t ? READ_ONCE(idle_set) & t->sched.cpu_mask : 0;

	if (idle)
		irq_send_ipi((unsigned int)__builtin_ctzl(idle), IPI_RESCHED);
}

/* timer_tick_hook */
static void sched_tick(uint64_t now)
{
	struct run_queue *rq = &this_cpu(run_queue);
	struct task *t = rq->curr;

	rq->tick_armed = false;
	cores_count_load(now);
	if (t == rq->idle)
		return; /* the next task arms it again */
	spin_lock(&rq->lock);
	t->seen = t->in_guest					     ? SEEN_GUEST
		  : t->kernel || stack_frame(t->stack)->syscall >= 0 ? SEEN_KERNEL
								     : 0;
	rq_account(rq, t, now);
	rq_spread(rq, t);
	if (++rq->ticks % 4 == 0)
		pull(rq, rq->nr + 2);
	/* The switch itself is done on the way out, never inside the interrupt. */
	if (rq->nr || !(t->sched.cpu_mask & BIT(rq->cpu)))
		atomic_or(&t->work, WORK_RESCHED);
	offer(rq);
	arm_tick(rq, now);
	spin_unlock(&rq->lock);
	watch_tick(t, now);
	if (!t->kernel)
		cpu_alarm_tick(t);
}

/* ---- the idle task ---- */

/*
 * WFI ends when an interrupt is pending, masked or not: so the last look at the queue and the WFI
 * are one step against whatever an interrupt brings, and a task that another core puts here comes
 * with an interrupt.
 */
__noreturn void sched_idle(void)
{
	uint64_t bit = BIT(cpu_id()), hidden;
	struct run_queue *rq = &this_cpu(run_queue);

	for (;;) {
		irq_disable();
		/*
		 * In the set first, then the look at the queue: a task that another core puts here
		 * later comes with an interrupt.
		 */
		atomic_or(&idle_set, bit);
		dmb(ish);
		hidden = stretch_hide();
		if (!READ_ONCE(rq->nr) && !(READ_ONCE(current->work) & WORK_RESCHED))
			wfi();
		stretch_show(hidden);
		atomic_and(&idle_set, ~bit);
		irq_enable();
		schedule();
	}
}

static void ipi_resched(void *arg)
{
	/* the way back to EL0, or the idle loop, looks at the work flags and the queue */
}

void sched_init_cpu(struct task *idle)
{
	struct run_queue *rq = &this_cpu(run_queue);
	unsigned int cpu = cpu_id();

	if (cpu == 0) {
		rq_init_rates();
		sched_group_init(&kernel_group);
		irq_register_ipi(IPI_RESCHED, ipi_resched);
		give_way_hook = let_others_run;
		timer_tick_hook = sched_tick;
	}
	idle->sched.group = &kernel_group;
	idle->sched.share = &kernel_group.on[cpu];
	rq_init(rq, cpu, idle);
	idle->cpu = cpu;
	idle->on_rq = true;
	idle->sched.since_ns = timer_now_ns();
	WRITE_SYSREG(tpidr_el0, 0);
	WRITE_SYSREG(tpidrro_el0, 0);
	/* Last: from here on other cores put tasks into this queue. */
	cores_join();
}

/* ---- settings and figures ---- */

uint64_t sched_runtime_ns(struct task *t)
{
	unsigned long flags = irq_save();
	/* Under the lock since_ns and the sums are of one moment: no time counts twice. */
	struct run_queue *rq = lock_rq_of(t);
	uint64_t ns = t->time.user_ns + t->time.kernel_ns;

	if (rq->curr == t)
		ns += timer_now_ns() - t->sched.since_ns;
	spin_unlock_irqrestore(&rq->lock, flags);
	return ns;
}

/*
 * It has waited for what is left of all time without its sleep and what it ran: so a switch need
 * not count that, only a wake-up does (place).
 */
struct sched_figures sched_figures(struct task *t)
{
	unsigned long flags = irq_save();
	struct run_queue *rq = lock_rq_of(t);
	uint64_t now = timer_now_ns(), counted = t->time.user_ns + t->time.kernel_ns;
	bool runs = rq->curr == t, waits = t->on_rq && !runs;
	struct sched_figures f = {
		.ran_ns = counted + (runs ? now - t->sched.since_ns : 0),
		.waited_ns = (waits ? now : t->sched.since_ns) - t->sched.asleep_ns - counted,
		.runs = t->voluntary + t->involuntary + runs,
	};

	spin_unlock_irqrestore(&rq->lock, flags);
	return f;
}

uint64_t sched_running_ns(unsigned int cpu, const struct process *p)
{
	struct run_queue *rq = rq_of(cpu);
	unsigned long flags = spin_lock_irqsave(&rq->lock);
	const struct task *t = rq->curr;
	uint64_t ns = t->process == p ? timer_now_ns() - t->sched.since_ns : 0;

	spin_unlock_irqrestore(&rq->lock, flags);
	return ns;
}

void sched_count_current(void)
{
	unsigned long flags = irq_save();
	struct run_queue *rq = &this_cpu(run_queue);

	spin_lock(&rq->lock);
	rq_account(rq, current, timer_now_ns());
	spin_unlock_irqrestore(&rq->lock, flags);
}

int sched_set_affinity(struct task *t, uint64_t mask)
{
	struct run_queue *rq;
	unsigned long flags;

	if (!(mask & READ_ONCE(cores_mask)))
		return -EINVAL;
	flags = irq_save();
	rq = lock_rq_of(t);
	t->sched.cpu_mask = mask;
	/* A sleeper is placed by the new mask when it is woken. */
	if (!t->on_rq || (mask & BIT(t->cpu))) {
		spin_unlock(&rq->lock);
	} else if (rq->curr == t) {
		poke(rq, t->cpu); /* schedule() moves it */
		spin_unlock(&rq->lock);
	} else {
		rq_dequeue(rq, t);
		t->on_rq = false;
		t->sched.since_ns = timer_now_ns(); /* it has not slept */
		place(rq, t);
	}
	irq_restore(flags);
	return 0;
}

void sched_set_group(struct sched_group *g)
{
	unsigned long flags = irq_save();
	struct run_queue *rq = &this_cpu(run_queue);
	struct task *t = current;

	spin_lock(&rq->lock);
	/* What it has run until now is the old group's. */
	rq_account(rq, t, timer_now_ns());
	t->sched.group = g;
	rq_enter(t, t->cpu);
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* ---- lending: for the holder of a mutex that root waits for ---- */

bool sched_may_lend(void)
{
	return current->sched.group->is_systems;
}

/* @t, in no queue, goes to @g. */
static void change_group(struct task *t, struct sched_group *g)
{
	t->sched.group = g;
	rq_enter(t, t->cpu);
	rq_weigh(t);
}

bool sched_lend(struct task *t)
{
	struct run_queue *rq = lock_rq_of(t);
	bool needs = !is_real_time(t) && (t->sched.lent || !t->sched.group->is_systems);

	/*
	 * lent counts the mutexes for which it was lent; the group goes back with the last
	 * (sched_lend_end).
	 */
	if (needs && !t->sched.lent++) {
		bool waits = take_out(rq, t);

		change_group(t, current->sched.group);
		/* Whatever its nice value: it neither waits longer nor is charged more. */
		t->sched.weight = NICE_0_WEIGHT;
		if ((int64_t)(t->sched.vruntime - t->sched.share->min_vruntime) > 0)
			t->sched.vruntime = t->sched.share->min_vruntime;
		if (waits)
			put_in(rq, t, timer_now_ns());
	}
	spin_unlock(&rq->lock);
	return needs;
}

/* The group that @t would be in were nothing lent to it: current, or one that current makes. */
static struct sched_group *own_group(const struct task *t)
{
	return t->sched.lent ? &t->cred->user->group : t->sched.group;
}

void sched_lend_end(void)
{
	unsigned long flags = irq_save();
	struct run_queue *rq = &this_cpu(run_queue);
	struct task *t = current;

	spin_lock(&rq->lock);
	if (t->sched.lent == 1) {
		rq_account(rq, t, timer_now_ns());
		change_group(t, own_group(t));
	}
	t->sched.lent--;
	spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_group_end(struct sched_group *g)
{
	for (uint64_t m = cores_online(); m; m &= m - 1) {
		struct run_queue *rq = rq_of((unsigned int)__builtin_ctzl(m));
		/*
		 * An emptied group stays in a core's list until it is found there: it must be out
		 * of all before its user is freed.
		 */
		unsigned long flags = spin_lock_irqsave(&rq->lock);

		rq_forget(rq, g);
		spin_unlock_irqrestore(&rq->lock, flags);
	}
}

void sched_set_policy(struct task *t, int policy, uint8_t rt_priority, int nice, bool reset_on_fork)
{
	unsigned long flags = irq_save();
	struct run_queue *rq = lock_rq_of(t);
	bool waits = take_out(rq, t);

	t->sched.nice = (int8_t)nice;
	t->sched.policy = (uint8_t)policy;
	t->sched.rt_priority = rt_priority;
	t->sched.reset_on_fork = reset_on_fork;
	rq_weigh(t);
	t->sched.rr_ns = 0;
	rq_catch_up(t);
	if (waits) {
		put_in(rq, t, timer_now_ns());
	} else if (t->on_rq) {
		WRITE_ONCE(rq->curr_priority, rt_priority);
		poke(rq, t->cpu);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_fork(struct task *child)
{
	child->sched.nice = current->sched.nice;
	child->sched.policy = current->sched.policy;
	child->sched.rt_priority = current->sched.rt_priority;
	child->sched.cpu_mask = current->sched.cpu_mask;
	child->sched.vruntime = current->sched.vruntime;
	child->sched.group = own_group(current);
	child->sched.share = &child->sched.group->on[child->cpu];
	child->sched.weight = current->sched.weight;
	/* By its own group's clock and its own weight. */
	if (unlikely(current->sched.lent)) {
		child->sched.vruntime = child->sched.share->min_vruntime;
		rq_weigh(child);
	}
	if (!current->sched.reset_on_fork)
		return;
	child->sched.nice = max(child->sched.nice, (int8_t)0);
	if (is_real_time(child)) {
		child->sched.policy = SCHED_NORMAL;
		child->sched.rt_priority = 0;
		child->sched.nice = 0;
	}
	rq_weigh(child);
}

const struct task *sched_running(unsigned int cpu)
{
	return READ_ONCE(rq_of(cpu)->curr);
}
