/*
 * asleep.h - /proc/PID/syscall, stack and wchan: what a task that sleeps waits for.  As
 * proc_pid_syscall(5), proc_pid_stack(5), proc_pid_wchan(5).
 */
#pragma once

#include "fs/proc/entry.h"

int proc_syscall(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int proc_stack(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int proc_wchan(struct proc_text *t, const struct proc_node *n, uint64_t *at);
