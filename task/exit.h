/*
 * exit.h - the end of a thread and of a process.
 */
#pragma once

#include <stdbool.h>

#include "task/wait.h"

struct mm;
struct task;

/* How a process ends. */
struct ending {
	bool exiting;		/* all threads are on their way out; signals.lock */
	bool leaving;		/* its last thread is: it continues no job any more; proc_lock */
	bool zombie;		/* no thread left; waits to be waited for; proc_lock */
	bool reaped;		/* out of the tables; proc_lock */
	int code;		/* as wait4(2) gives it; signals.lock */
	int signal;		/* sent to the parent, SIGCHLD for fork; proc_lock */
	struct wait_queue wait; /* woken when it has ended, and when it is reaped: pidfds */
};

/* task_exit - this thread ends; @code as wait4(2) gives it, if it is the last of its process.
 * Never returns. */
__noreturn void task_exit(int code);
/* task_exit_group - the whole process ends. */
__noreturn void task_exit_group(int code);

/*
 * task_exec_alone - before execve(2) changes anything: the other threads of the process end,
 * current becomes its leader. 0, or -EAGAIN: the process is exiting, or another thread was first.
 */
int task_exec_alone(void) __must_check;

/* A child of vfork(2). */
struct vfork {
	bool borrows; /* its parent waits until it has given up the address space */
	struct wait_queue wait;
};

/* task_vfork_wait - sleep until @child has; its reference is dropped.  A deadly signal ends the
 * wait. */
void task_vfork_wait(struct task *child);

/*
 * The three steps in which current leaves its address space.  task_end_in_mm - writes what other
 * threads are to find there afterwards (set_robust_list(2), set_tid_address(2)).  task_change_mm -
 * it has @to instead, or NULL; returns the old one. task_put_old_mm - the reference to that is
 * dropped, and the parent that waits for it is woken (vfork(2)).
 */
void task_end_in_mm(void);
struct mm *task_change_mm(struct mm *to);
void task_put_old_mm(struct mm *mm);
