/*
 * context.h - a task's root, working directory and umask, which tasks may share (CLONE_FS).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fs/mount.h"

struct task;

struct fs_context {
	struct ref refs;
	struct ref users;      /* the tasks whose own it is; refs has those that look at it, too */
	struct path root, cwd; /* dcache_lock */
	uint32_t umask;
};

/* fs_root, fs_cwd - current's, with references. */
void fs_root(struct path *out);
void fs_cwd(struct path *out);
/* fs_set_cwd, fs_set_root - takes over the references of @p. */
void fs_set_cwd(const struct path *p);
void fs_set_root(const struct path *p);
/*
 * fs_replace_root - every task whose root or working directory is @old: it is @with from now on
 * (pivot_root(2)).
 */
void fs_replace_root(const struct path *old, const struct path *with);
/*
 * fs_is_shared - whether another task has current's root, working directory and umask as its own
 * too (CLONE_FS).
 */
bool fs_is_shared(void);
/* fs_umask - current's umask; fs_set_umask - sets it and gives the old one. */
uint32_t fs_umask(void);
uint32_t fs_set_umask(uint32_t mask);

/* fs_create - give @t, the first user task, one of its own: "/", umask 022.  0, -ENOMEM. */
int fs_create(struct task *t) __must_check;

/*
 * What another task has: task_path - its root or working directory with references, false: the task
 * has given it up; task_umask - its umask, or -1.
 */
bool task_path(struct task *t, bool root, struct path *out);
int task_umask(struct task *t);

/* fs_context_register - from here on task/ calls fs/ at fork, exec and exit.  Boot core. */
void fs_context_register(void);
