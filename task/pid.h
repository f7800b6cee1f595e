/*
 * pid.h - the numbers by which tasks, processes, groups and sessions are known.  proc_lock is held
 * by every caller.
 */
#pragma once

#include "task/task.h"

#define PID_MAX 32768

/* pid_alloc - a number that no task, process, group or session has; 0: all are taken. */
pid_t pid_alloc(void);

/* Into the table and out of it, by t->tid; the task of that number, without a reference, or NULL. */
void pid_add_task(struct task *t);
void pid_remove_task(struct task *t);
struct task *pid_find_task(pid_t tid);

/* The same for processes, by p->pid; their groups and sessions too. */
void pid_add_process(struct process *p);
void pid_remove_process(struct process *p);
struct process *pid_find_process(pid_t pid);

/* pid_set_group, pid_set_session - setpgid(2), setsid(2). */
void pid_set_group(struct process *p, pid_t pgid);
void pid_set_session(struct process *p, pid_t sid);

/* Walks: all processes; those of group @pgid_, or of session @sid_.  The list of a number holds
 * those of other numbers too. */
#define PID_BUCKETS 256
extern struct list_node pid_processes[PID_BUCKETS], pid_groups[PID_BUCKETS],
	pid_sessions[PID_BUCKETS];
#define pid_for_each_process(p)                                          \
	for (unsigned int bucket_ = 0; bucket_ < PID_BUCKETS; bucket_++) \
		list_for_each(p, &pid_processes[bucket_], pid_hash)
#define pid_for_each_in_group(p, pgid_)                                            \
	list_for_each(p, &pid_groups[(uint32_t)(pgid_) % PID_BUCKETS], group_hash) \
		if (p->pgid == (pgid_))
#define pid_for_each_in_session(p, sid_)                                              \
	list_for_each(p, &pid_sessions[(uint32_t)(sid_) % PID_BUCKETS], session_hash) \
		if (p->sid == (sid_))

void pid_init(void);
