/*
 * tracefiles.h - the trace's settings: /sys/kernel/newel/trace/ and, by the same words,
 * newel.trace.NAME= on the command line.
 *
 *	kinds	what is recorded: trace/kinds.h
 *	pid, nr, result, level, core	which of that: trace/filter.h
 *	children	1: pid means what its processes fork, too; or 0
 *	output	log: each record is printed as well; ring: it is not, as "ring" in kinds
 *	size	of a core's ring in bytes, with a suffix (256K) if one likes
 *	written, lost	records of each core; those overwritten that nobody had read
 *	clear	1: the rings are empty
 *
 * Each for CAP_SYS_ADMIN alone, whoever has opened it.  A text that is not understood is -EINVAL
 * and changes nothing; what a file says is what it takes.  When a write returns, it is so on every
 * core.
 */
#pragma once

/*
 * tracefiles_configure - what the command line says of the filters.  Boot core, behind
 * trace_configure.
 * tracefiles_size - and of the rings' size, before they are made.  After task_init.
 * tracefiles_init - the files will be there when sysfs is mounted.  After fs_init.
 * tracefiles_start - pid 1 is there, and has not run: it is marked, if the command line names it.
 */
void tracefiles_configure(const char *cmdline);
void tracefiles_size(const char *cmdline);
void tracefiles_init(void);
void tracefiles_start(void);
