/*
 * mem.h - what /proc/PID shows of memory: show and show_mm of the files of these names.
 */
#pragma once

#include "fs/proc/entry.h"

int proc_maps(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_smaps(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_smaps_rollup(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_statm(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int proc_cmdline(struct proc_text *t, const struct proc_node *n, uint64_t *at);
int proc_environ(struct proc_text *t, struct mm *mm, uint64_t *at);
int proc_auxv(struct proc_text *t, struct mm *mm, uint64_t *at);
