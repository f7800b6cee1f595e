/*
 * exit.h - the end of a thread and of a process.
 */
#pragma once

#include "lib/util.h"

struct mm;
struct task;

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

/* task_vfork_wait - sleep until @child has; its reference is dropped.  A deadly signal ends the
 * wait. */
void task_vfork_wait(struct task *child);

/*
 * The three steps in which current leaves its address space.  task_end_in_mm - what others were
 * promised to find in it when it does (set_robust_list(2), set_tid_address(2)).  task_change_mm -
 * it has @to instead, or NULL; returns the old one. task_put_old_mm - the reference to that is
 * dropped, and who waits for that is told (vfork(2)).
 */
void task_end_in_mm(void);
struct mm *task_change_mm(struct mm *to);
void task_put_old_mm(struct mm *mm);
