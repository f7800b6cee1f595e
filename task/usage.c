/*
 * usage.c - the CPU time and the page faults of a process: those of its threads, and of those that
 * have gone.
 *
 * Invariant: a process that has ever had a second thread has a sum, to which each core adds what it
 * counts (rq_account); before that its only thread's time is the process's.  What a clock says
 * never goes back.
 */
#include "task/usage.h"

#include "mm/giveway.h"
#include "task/cores.h"
#include "task/process.h"

/* The only thread of @p, which has no sum of its own; NULL: it has gone.  proc_lock held. */
static struct task *only_thread(const struct process *p)
{
	spin_assert_held(&proc_lock);
	return list_first(&p->threads, struct task, thread);
}

/* What the cores have not counted yet of the threads that they run now. */
static uint64_t not_counted_ns(const struct process *p)
{
	uint64_t ns = 0;

	for (uint64_t m = cores_online(); m; m &= m - 1)
		ns += sched_running_ns((unsigned int)__builtin_ctzl(m), p);
	return ns;
}

/*
 * A thread that is counted between the two looks is missed: so the clock never says less than
 * before.
 */
static uint64_t sum_up_to_now(struct process *p)
{
	uint64_t ns = READ_ONCE(p->usage.sum.user_ns) + READ_ONCE(p->usage.sum.kernel_ns), told;

	ns += not_counted_ns(p);
	told = READ_ONCE(p->usage.told_ns);
	while (told < ns && !atomic_cmpxchg(&p->usage.told_ns, &told, ns))
		;
	return max(told, ns);
}

/*
 * Whether @p's time is to be taken from its sum; else it has at most one thread, and keeps so while
 * proc_lock is held: it is taken then, *flags being what to restore.
 */
static bool has_sum(const struct process *p, unsigned long *flags)
{
	if (load_acquire(&p->usage.has_sum))
		return true;
	*flags = spin_lock_irqsave(&proc_lock);
	if (!p->usage.has_sum)
		return false;
	spin_unlock_irqrestore(&proc_lock, *flags);
	return true;
}

/* Current's own process, which has no other thread, and gets none but by current. */
static bool is_own_alone(const struct process *p)
{
	return p == current->process && !READ_ONCE(p->usage.has_sum);
}

uint64_t process_runtime_ns(struct process *p)
{
	unsigned long flags;
	struct task *t;
	uint64_t ns;

	if (is_own_alone(p))
		return p->usage.gone.time.user_ns + p->usage.gone.time.kernel_ns +
		       sched_runtime_ns(current);
	if (has_sum(p, &flags))
		return sum_up_to_now(p);
	t = only_thread(p);
	ns = p->usage.gone.time.user_ns + p->usage.gone.time.kernel_ns +
	     (t ? sched_runtime_ns(t) : 0);
	spin_unlock_irqrestore(&proc_lock, flags);
	return ns;
}

struct cpu_time process_time(struct process *p)
{
	struct cpu_time time;
	unsigned long flags;
	struct task *t;

	if (has_sum(p, &flags))
		return cpu_time_read(&p->usage.sum);
	time = p->usage.gone.time;
	t = only_thread(p);
	if (t)
		time = cpu_time_sum(time, cpu_time_read(&t->time));
	spin_unlock_irqrestore(&proc_lock, flags);
	return time;
}

uint64_t process_guest_ns(struct process *p)
{
	unsigned long flags;
	struct task *t;
	uint64_t ns;

	if (has_sum(p, &flags))
		return READ_ONCE(p->usage.sum_guest_ns);
	t = only_thread(p);
	ns = p->usage.gone.guest_ns + (t ? READ_ONCE(t->guest_ns) : 0);
	spin_unlock_irqrestore(&proc_lock, flags);
	return ns;
}

void process_begin_sum(void)
{
	struct process *p = current->process;
	unsigned long flags;

	if (likely(p->usage.has_sum)) /* else it has no other thread that could begin it */
		return;
	flags = irq_save(); /* no tick counts meanwhile */
	sched_count_current();
	p->usage.sum = cpu_time_sum(p->usage.gone.time, current->time);
	p->usage.sum_guest_ns = p->usage.gone.guest_ns + current->guest_ns;
	current->sum = &p->usage.sum;
	/*
	 * Last: a core that sees has_sum (load_acquire) sees the sum with all that was counted
	 * before.
	 */
	store_release(&p->usage.has_sum, true);
	irq_restore(flags);
}

/* Threads whose faults are summed up before proc_lock is dropped. */
#define FAULTS_MAX 64

uint64_t process_faults(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	uint64_t sum = p->usage.gone.faults;
	int left = FAULTS_MAX;
	struct task *t;

	for (pid_t tid = 0; (t = pid_next_thread(p, tid));) {
		sum += READ_ONCE(t->faults);
		tid = t->tid + 1;
		if (--left)
			continue;
		spin_unlock_irqrestore(&proc_lock, flags);
		(void)give_way(); /* a sum that no task will see */
		flags = spin_lock_irqsave(&proc_lock);
		left = FAULTS_MAX;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	return sum;
}
