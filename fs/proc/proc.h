/*
 * proc.h - /proc as a file system.  The tables of its files and what they say are in
 * fs/proc/system.c (the machine), fs/proc/sys.c (/proc/sys), fs/proc/pid.c, fs/proc/mem.c and
 * fs/proc/fd.c (processes).
 */
#pragma once

struct file;
struct process;

/* proc_process - the process whose directory in /proc @f is, held by @f; NULL: it is none. */
struct process *proc_process(const struct file *f);

/* proc_init - mount(2) knows "proc".  @cmdline: the kernel's, kept.  Boot core. */
void proc_init(const char *cmdline);
