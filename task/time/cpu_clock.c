/*
 * cpu_clock.c - see task/time/cpu_clock.h.
 *
 * Invariant: a clock that was found holds the process, and the thread if it is a thread's, until
 * cpu_clock_put: the number in its id may change hands meanwhile.
 */
#include "task/time/cpu_clock.h"

#include "abi/errno.h"
#include "abi/timer.h"
#include "task/process.h"

static int find_clock_thread(pid_t tid, struct cpu_clock *c)
{
	struct task *t = task_find_or_self(tid);

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

	/* By a thread's number only a reader may name its process, as on Linux. */
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
		return find_clock_thread(0, c);
	if (id >= 0 || CPU_CLOCK_WHICH(id) > CPU_CLOCK_SCHED)
		return -EINVAL;
	c->which = CPU_CLOCK_WHICH(id);
	if (CPU_CLOCK_IS_OF_THREAD(id))
		return find_clock_thread(CPU_CLOCK_PID(id), c);
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

	/*
	 * These take run queues' locks, and proc_lock: no caller has a lock that is inside those.
	 */
	if (c->which == CPU_CLOCK_SCHED)
		return c->task ? sched_runtime_ns(c->task) : process_runtime_ns(c->process);
	t = c->task ? cpu_time_read(&c->task->time) : process_time(c->process);
	return t.user_ns + (c->which == CPU_CLOCK_PROF ? t.kernel_ns : 0);
}
