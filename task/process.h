/*
 * process.h - what kill(2), wait4(2) and exit_group(2) speak of: one or more tasks that share a
 * pid.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/rlimit.h"
#include "mm/charge.h"
#include "task/access.h"
#include "task/exit.h"
#include "task/family.h"
#include "task/oom.h"
#include "task/signal.h"
#include "task/time/itimer.h"
#include "task/time/posix_timer.h"

struct cred;
struct mm;
struct task;

struct process {
	struct ref refs;
	pid_t pid;
	struct list_node pid_hash; /* task/pid.c's, as all */
	struct walk_place all;
	/*
	 * changed under proc_lock and signals.lock both; those that have given up the address space
	 * are behind the others
	 */
	struct list_node threads;
	uint32_t nr_threads;
	struct avl_tree by_tid; /* of threads, but for who bears the process's number; proc_lock */
	struct wait_queue thread_wait; /* woken when a thread has gone: execve(2) */

	struct job job;
	struct family family;
	struct ending end;
	struct program program;

	struct signals signals;
	const struct cred *cred; /* its leader's, also when that has ended: task/cred.h */
	struct rlimit64 rlimit[RLIM_NLIMITS];
	uint32_t personality;
	/*
	 * of the trace's filter (el1/tracemark.h); a child's is its parent's.  Beside personality,
	 * so that one load and one store copy both.
	 */
	uint32_t trace_mark;

	struct oom oom;
	struct charge *charge; /* what the kernel holds for it; until it is a zombie */
	char comm[16];	       /* of its last thread, when it is a zombie */
	uint64_t start_ns;
	struct itimers itimers;
	struct posix_timers timers;
	struct process_alarms alarms;
	struct process_usage usage;
};

/*
 * process_new - a process that bears current's credentials, as its first thread will; NULL: no
 * memory.  process_copy - and is like current's.  The first reference is that of the tables, which
 * process_reap's caller drops; each task has one more.
 */
struct process *process_new(void) __must_check;
struct process *process_copy(void) __must_check;

static inline void process_get(struct process *p)
{
	ref_get(&p->refs);
}
/*
 * process_put - drop a reference; the last one frees.  Not under signals.lock, nor from an
 * interrupt handler.
 */
void process_put(struct process *p);

/*
 * charge_mine - @n bytes more that the kernel holds for current's process: the charge that counts
 * them (mm/charge.h), NULL: none.
 */
struct charge *charge_mine(size_t n);

/*
 * process_mm - the address space of @p (of @t, if it is not NULL) with a reference, or NULL: it has
 * given it up.
 */
struct mm *process_mm(struct process *p, const struct task *t);
/*
 * process_is_dumpable - whether it has one (likewise), and a process with the same numbers may look
 * into it.
 */
bool process_is_dumpable(struct process *p, const struct task *t);
/*
 * process_mm_peek - that of any thread of @p, or NULL: proc_lock held, which keeps a thread from
 * giving it up.  Threads that have none any more are behind the others.
 */
struct mm *process_mm_peek(const struct process *p);
