/*
 * fork.h - clone(2): a new task.
 */
#pragma once

#include <stdint.h>

#include "mm/uaccess.h"
#include "task/pid.h"

struct clone_args;
struct task;

/*
 * task_fork - clone(2)'s work: a copy of current, ready to run, asleep.  @rq: clone3(2)'s, checked,
 * but for stack: the child's SP, 0 = as the parent's.
 * Return: the task with a reference for the caller (it starts with task_wake), or err_ptr(-EAGAIN,
 * -ENOMEM, -EINVAL, -ERESTARTNOINTR).
 */
struct task *task_fork(const struct clone_args *rq) __must_check;

/* task_link - @t gets its number and joins its process.  proc_lock held. */
void task_link(struct task *t, pid_t tid);
