/*
 * tracemark.c - see tracemark.h.  Invariants: a generation is given to tasks before the filter that
 * asks for it is in use, and never again; marks are written under proc_lock, read without.
 */
#include "el1/tracemark.h"

#include "abi/errno.h"
#include "task/process.h"
#include "trace/filter.h"

/* Process or thread @pid gets the mark, unless that is 0; false: there is none. */
static bool mark_pid(pid_t pid, uint32_t mark)
{
	/* A lock for each: the list may be long. */
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct process *p = pid_find_process(pid);
	struct task *t = p ? NULL : pid_find_task(pid);

	if (p && mark)
		WRITE_ONCE(p->trace_mark, mark);
	if (t && mark)
		WRITE_ONCE(t->trace_mark, mark);
	spin_unlock_irqrestore(&proc_lock, flags);
	return p || t;
}

int tracemark_check(const struct trace_filter *f)
{
	for (unsigned int i = 0; i < f->pid.n; i++)
		if (f->pid.pid[i] && !mark_pid(f->pid.pid[i], 0))
			return -ESRCH;
	return 0;
}

void tracemark_set(const struct trace_filter *f)
{
	for (unsigned int i = 0; i < f->pid.n; i++)
		if (f->pid.pid[i])
			mark_pid(f->pid.pid[i], f->generation);
}

bool tracemark_is(const struct trace_filter *f, const struct task *t)
{
	const struct process *p = t->process;

	/*
	 * What is made has its maker's marks: without children they count for whom the list names.
	 */
	if (READ_ONCE(t->trace_mark) == f->generation)
		return f->children || trace_filter_names(f, t->tid);
	return p && READ_ONCE(p->trace_mark) == f->generation &&
	       (f->children || trace_filter_names(f, p->pid));
}
