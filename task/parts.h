/*
 * parts.h - parts of a task that belong to a folder above.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

struct task;

/*
 * A part of a task that a folder above owns (fs/: descriptors, working directory).  Registered once
 * at boot; fork and exec may be NULL.  fork: give @child its own or share, as the CLONE_* @flags
 * say; 0 or -errno.  exec: a new program begins (close-on-exec).  exit: give up what the task has
 * of it, the part that was registered last first; called once, in the exiting task, or in its
 * parent for a child that never ran, which may have got nothing.
 */
struct task_part {
	int (*fork)(struct task *parent, struct task *child, uint64_t flags);
	void (*exec)(struct task *t);
	void (*exit)(struct task *t);
};
void task_register_part(const struct task_part *part);

/*
 * task_parts_fork - @child, which current makes, gets all of them: 0, or what one of them said;
 * then task_parts_exit is due.  task_parts_exec, task_parts_exit - for all of them.
 */
int task_parts_fork(struct task *child, uint64_t flags) __must_check;
void task_parts_exec(struct task *t);
void task_parts_exit(struct task *t);
