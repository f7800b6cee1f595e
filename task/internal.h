/*
 * internal.h - what the files of task/ share among themselves.
 */
#pragma once

#include "task/task.h"

/* pid 1: orphans go to it, and it must not end. */
extern struct process *init_process;

/* The kernel's own tasks are a group of their own in the scheduler. */
extern struct sched_group kernel_group;

/* task_parts_exec, task_parts_exit - what others registered with task_register_part. */
void task_parts_exec(struct task *t);
void task_parts_exit(struct task *t);

/*
 * The three steps in which current leaves its address space.  task_end_in_mm - what others were
 * promised to find in it when it does (set_robust_list(2), set_tid_address(2)).  task_change_mm -
 * it has @to instead, or NULL; returns the old one. task_put_old_mm - the reference to that is
 * dropped, and who waits for that is told (vfork(2)).
 */
void task_end_in_mm(void);
struct mm *task_change_mm(struct mm *to);
void task_put_old_mm(struct mm *mm);

/*
 * process_begin_sum - current's process is about to have a second thread: from here on the time of
 * all is summed up as it is used.
 */
void process_begin_sum(void);

/* process_reap - a zombie goes for good: out of the tables, its parent counts its time.  proc_lock
 * held; the caller then drops the process's own reference with process_put, without the lock. */
void process_reap(struct process *p);

/* process_peak_rss - of @p, which has ended, and those it waited for, in pages.  proc_lock held. */
static inline uint64_t process_peak_rss(const struct process *p)
{
	return max(p->peak_rss, p->waited_peak_rss);
}

/*
 * job_is_kept - @p has a parent in its session outside its group, who could continue it; proc_lock
 * held.
 * job_tell_orphans - group @pgid may have lost the last who could: its stopped ones, if there are
 * any, are told.  It gives way.
 */
bool job_is_kept(const struct process *p);
void job_tell_orphans(pid_t pgid);
