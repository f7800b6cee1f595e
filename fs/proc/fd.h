/*
 * fd.h - what /proc/PID shows of files: its directories fd and fdinfo, where its links jump, and
 * its mounts.
 */
#pragma once

#include "fs/proc/entry.h"

extern const struct proc_numbers proc_fds, proc_fdinfos;

int proc_exe_jump(const struct proc_node *n, struct path *out);
int proc_cwd_jump(const struct proc_node *n, struct path *out);
int proc_root_jump(const struct proc_node *n, struct path *out);
int proc_mounts(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int proc_mountinfo(struct proc_text *t, const struct proc_node *n, uint64_t *at);
