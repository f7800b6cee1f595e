/*
 * task.h - what runs: a task (a thread, to the user).
 *
 * A task is a kernel stack, a saved context and, for a user task, an address space and a frame at
 * the top of that stack; the process it belongs to: task/process.h.  x18 holds the running task
 * everywhere in the kernel (current).
 *
 * Locks, in the order in which they are taken:
 *   proc_lock (irqsave)		processes, their threads, groups, sessions, ends; pid tables
 *   process->signals.lock (irqsave)	task/signal.h
 *   process->alarms.lock (irqsave)	task/time/cpu_clock.c
 *   a wait queue's lock (irqsave)	task/wait.h
 *   a run queue's lock (irqsave)	task/sched.c: state, on_rq, cpu of the tasks of that core
 *   cred_lock (irqsave)		whose credentials are which: task/cred.h
 */
#pragma once

#define TASK_WORK	  0 /* offsets that assembly uses; asserted below */
#define TASK_STACK	  8
#define TASK_CONTEXT	  16
#define TASK_CONTEXT_SIZE 112

/* task->work: why the way back to EL0 must stop in C (one load, one branch in el1/vectors.S) */
#define WORK_RESCHED	  0x1u /* another task should run */
#define WORK_SIGNAL	  0x2u /* a signal may have to be acted on */
#define WORK_FP		  0x4u /* this task's FP state is in task->fp alone (task/fp.h) */
/* the trace records its ways back to EL0; set for good, inherited by fork */
#define WORK_TRACE	  0x8	/* no u: el1/vectors.S compares */
#define WORK_ALARM	  0x10u /* an alarm of CPU time is due (task/time/cpu_clock.c) */
/*
 * No point to give way has been reached since it was set, with WORK_RESCHED (task/watch.c); the bit
 * next to that one, all the way round: one immediate takes both away.
 */
#define WORK_WATCH	  0x80000000u

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/percpu.h"
#include "arm/spinlock.h"
#include "arm/trapframe.h"
#include "lib/avl.h"
#include "lib/list.h"
#include "lib/util.h"
#include "mm/uaccess.h"
#include "task/exit.h"
#include "task/fail.h"
#include "task/fp.h"
#include "task/mourn.h"
#include "task/pid.h"
#include "task/sched.h"
#include "task/signal.h"
#include "task/switch.h"
#include "task/time/cpu_alarm.h"
#include "task/cpu_time.h"
#include "task/wait.h"

struct cred;
struct files;
struct fs_context;
struct group_share;
struct mm;
struct process;
struct sched_group;

/* A call that a signal cut short and that goes on where it was (restart_syscall(2)). */
struct restart {
	long (*again)(void); /* NULL: there is none */
	uint64_t deadline_ns;
	int32_t clock;
	uptr left; /* where nanosleep(2) writes the time that is left */
};

/* What the trace must know of a call when it returns: its registers will be other's then. */
struct traced_call {
	uint64_t arg[6];
	uint32_t nr;
	uint8_t missed; /* a bit an argument: not all of what it points to was in memory */
	bool locked;	/* its address space is, until its record is written */
	uint64_t came;	/* when it came in, as its frame says; 0: none has, or it has returned */
};

struct task {
	uint32_t work; /* WORK_*; atomic or, and */
	uint32_t cpu;  /* the core it runs on or ran on last */
	void *stack;   /* top of the kernel stack */
	struct context context;

	/* scheduling: task/sched.c */
	uint32_t state; /* enum task_state: set by itself, made RUNNING by a wake-up */
	bool on_rq;	/* on its core or in that core's queue */
	bool kernel;	/* never goes to EL0 */
	struct sched_entity sched;
	struct cpu_time time;		 /* up to sched.since_ns */
	struct cpu_time *sum;		 /* its process's, or NULL: that has no other thread */
	uint64_t guest_ns;		 /* of time.user_ns: in a guest */
	struct cpu_alarms cpu_alarms;	 /* of its clocks; process->alarms.lock */
	const struct kvm_vcpu *vcpu;	 /* that it runs: in KVM_RUN, or NULL; kvm/'s */
	uint64_t voluntary, involuntary; /* switches */
	uint64_t faults;		 /* resolved: getrusage(2)'s minflt */

	struct ref refs;
	pid_t tid;
	struct process *process;
	const struct cred *cred; /* written by itself alone, under cred_lock: task/cred.h */
	struct list_node thread; /* in process->threads */
	/* Processes that it forked, or that were left to it: by family.born; proc_lock. */
	struct list_node born;
	struct mourning mourning; /* for the thread that has its process in its born */
	struct list_node tid_hash;
	struct avl_node by_tid; /* in process->by_tid */
	struct mm *mm;		/* NULL: a kernel task */
	uint64_t tls;		/* TPIDR_EL0 while not running */
	struct task_signals signals;
	uint64_t clear_tid;   /* user address: set_tid_address(2), CLONE_CHILD_CLEARTID */
	uint64_t set_tid;     /* user address: CLONE_CHILD_SETTID, until its first run */
	uint64_t robust_list; /* user address */
	/* prctl(2)'s PR_SET_TIMERSLACK: how late it lets its timers be; they are not */
	uint64_t slack_ns, default_slack_ns;
	struct restart restart;
	struct failing fail;
	/* of it, not of its process, and of what it makes: el1/tracemark.h */
	uint32_t trace_mark;
	/*
	 * who logged in, that it and what it makes comes from (/proc/self/loginuid), and the number
	 * of that session: each plus one, so that 0 is none; its own
	 */
	struct task_login {
		uint32_t uid, session;
	} login;
	bool starved; /* an allocation of its own found no memory: task/oom.c */
	bool dying;   /* a sibling's execve(2) ends it */
	bool gone;    /* it has left its process; proc_lock */
	/* a call like setuid(2) gave it a user with too many: execve(2) says so; its own */
	bool over_nproc;
	int8_t seen;   /* SEEN_*, by the last tick: what its time counts as until the next */
	bool in_guest; /* the interrupt that is taken has ended a guest's run */
	struct vfork vfork;
	struct traced_call traced_call; /* el1/capture.c's */
	char comm[16];

	struct files *files;	  /* open descriptors; fs/'s own */
	struct fs_context *fs;	  /* root, working directory, umask; fs/'s own */
	struct vm_held **closing; /* while it releases a file: those that wait for it; fs/'s own */

	struct fp_state fp; /* the last: a child's is a copy, and not zeroed before */
};

_Static_assert(offsetof(struct task, work) == TASK_WORK, "TASK_WORK");
_Static_assert(offsetof(struct task, stack) == TASK_STACK, "TASK_STACK");
_Static_assert(offsetof(struct task, context) == TASK_CONTEXT, "TASK_CONTEXT");
_Static_assert(sizeof(struct context) == TASK_CONTEXT_SIZE, "TASK_CONTEXT_SIZE");

/* The running task.  It does not change while a function runs: each task sees itself. */
static inline struct task *task_current(void)
{
	struct task *t;

	__asm__("mov %0, x18" : "=r"(t));
	return t;
}
#define current task_current()

/* The frame of the task's last entry from EL0; user tasks only. */
static inline struct trapframe *task_frame(const struct task *t)
{
	return stack_frame(t->stack);
}

/*
 * task_alloc - a kernel stack and a struct task that begins at task_entry, asleep.  It bears
 * current's credentials.  What it has of EL0, its frame and its FP registers, is left for the
 * caller to fill.
 * task_new - one that begins with @fn(@arg), if there is one, and with nothing in its registers
 * when it goes to EL0.  NULL: no memory.
 */
struct task *task_alloc(void) __must_check;
struct task *task_new(void (*fn)(void *), void *arg) __must_check;

static inline void task_get(struct task *t)
{
	ref_get(&t->refs);
}
/* task_put - drop a reference; the last one frees.  Not under signals.lock, nor in an interrupt. */
void task_put(struct task *t);

/* What the boot core stands on from start/head.S on, and its idle task in the end. */
extern struct task boot_task;

/*
 * task_create_idle - the idle task of core @cpu, which does not run yet, with a stack of its own
 * (t->stack is its top); NULL: no memory.  The core starts on that stack, with x18 = the task, and
 * calls sched_init_cpu().
 */
struct task *task_create_idle(unsigned int cpu) __must_check;

#endif
