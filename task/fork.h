/*
 * fork.h - clone(2): a new task.
 */
#pragma once

#include <stdint.h>

#include "mm/uaccess.h"
#include "task/pid.h"

struct task;

/*
 * task_fork - clone(2)'s work: a copy of current, ready to run, asleep. @flags: CLONE_*,
 * without the exit signal.  @stack: the child's SP, 0 = as the parent's.  @tls with CLONE_SETTLS.
 * Return: the task with a reference for the caller (it starts with task_wake), or err_ptr(-EAGAIN,
 * -ENOMEM, -EINVAL, -ERESTARTNOINTR).
 */
struct clone_request {
	uint64_t flags;
	uint64_t stack, tls;
	uptr parent_tid, child_tid;
	int exit_signal;
};
struct task *task_fork(const struct clone_request *rq) __must_check;

/* task_link - @t gets its number and joins its process.  proc_lock held. */
void task_link(struct task *t, pid_t tid);
