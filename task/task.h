/*
 * task.h - what runs: a task (a thread, to the user) and the process it belongs to.
 *
 * A task is a kernel stack, a saved context and, for a user task, an address space and a frame at the top of
 * that stack.  A process is what kill(2), wait4(2) and exit_group(2) speak of: one or more tasks that share a pid.
 * x18 holds the running task everywhere in the kernel (current).
 *
 * Locks: proc_lock protects the tree of processes, their lists of threads, process groups, sessions, exit status and
 * the pid table.  task->lock orders wake-ups (task/sched.c).  Order: proc_lock, signal lock, task->lock, run queue.
 */
#pragma once

#define TASK_WORK	 0  /* offsets that assembly uses; asserted below */
#define TASK_STACK	 8
#define TASK_CONTEXT	 16
#define TASK_CONTEXT_SIZE 112

/* task->work: why the way back to EL0 must stop in C (one load, one branch in el1/vectors.S) */
#define WORK_RESCHED 0x1u /* another task should run */
#define WORK_SIGNAL  0x2u /* a signal may have to be acted on */
#define WORK_FP	     0x4u /* this task's FP state is not in the registers */
#define WORK_TRACE   0x8u /* the trace wants to see it leave; set for good, inherited by fork */

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/percpu.h"
#include "arm/spinlock.h"
#include "arm/trapframe.h"
#include "lib/list.h"
#include "lib/util.h"
#include "mm/layout.h"
#include "mm/vm.h"
#include "task/signal.h"
#include "task/wait.h"

typedef int32_t pid_t;

enum task_state {
	TASK_RUNNING,	/* on a core or in a run queue */
	TASK_SLEEPING,	/* until woken, or a signal comes */
	TASK_BLOCKED,	/* until woken */
	TASK_DEAD,	/* will never run again */
};

/* The callee-saved registers of a task that is not running (task/switch.S). */
struct context {
	uint64_t x19_x28[10];
	uint64_t x29, pc, sp, unused;
};

struct fp_state {
	__attribute__((aligned(16))) uint64_t v[64];
	uint32_t fpsr, fpcr;
	int cpu; /* the core whose registers hold this state last loaded, or -1 (task/fp.c) */
};

struct cred {
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
};

#define RLIMITS 16

struct process {
	struct ref refs;
	pid_t pid, pgid, sid;
	struct process *parent; /* proc_lock, as are the lists */
	struct list_node children, sibling;
	struct list_node threads;
	uint32_t nr_threads;
	bool exiting;  /* exit_group or a deadly signal: all threads are on their way out */
	bool zombie;   /* no thread left; waits to be waited for */
	bool execed;   /* setpgid(2) by the parent is refused after exec */
	int exit_code; /* as wait4(2) gives it */
	int exit_signal; /* sent to the parent, SIGCHLD for fork */
	struct wait_queue child_wait; /* the parent's wait4 sleeps here */
	struct signals signals;
	struct cred cred;
	struct { uint64_t cur, max; } rlimit[RLIMITS];
	struct list_node pid_hash; /* task/pid.c */
	uint64_t start_ns, user_ns, kernel_ns; /* of threads that have gone */
	uint64_t child_user_ns, child_kernel_ns;
	char *cmdline; /* reserved for /proc; may be NULL */
};

struct task {
	uint32_t work; /* WORK_*; atomic or, and */
	uint32_t cpu;  /* the core it runs on or ran on last */
	void *stack;   /* top of the kernel stack */
	struct context context;

	struct spinlock lock; /* wake-ups */
	uint32_t state;	      /* enum task_state */
	bool on_rq, on_cpu;
	bool kernel;	      /* never goes to EL0 */
	struct list_node rq;  /* in a run queue */
	uint64_t slice_end_ns;
	uint64_t cpu_mask;    /* sched_setaffinity(2) */
	uint64_t ran_ns, since_ns; /* CPU time so far; when it was put on the core */

	struct ref refs;
	pid_t tid;
	struct process *process;
	struct list_node thread; /* in process->threads */
	struct list_node tid_hash;
	struct mm *mm; /* NULL: a kernel task */
	uint64_t tls;  /* TPIDR_EL0 while not running */
	struct fp_state fp;
	struct task_signals signals;
	uint64_t clear_tid; /* user address: set_tid_address(2), CLONE_CHILD_CLEARTID */
	uint64_t robust_list;
	struct task *vfork_parent; /* woken when this one execs or exits */
	char comm[16];

	struct files *files; /* open descriptors; fs/'s own */
	struct fs_context *fs; /* root, working directory, umask; fs/'s own */
};

_Static_assert(offsetof(struct task, work) == TASK_WORK, "TASK_WORK");
_Static_assert(offsetof(struct task, stack) == TASK_STACK, "TASK_STACK");
_Static_assert(offsetof(struct task, context) == TASK_CONTEXT, "TASK_CONTEXT");
_Static_assert(sizeof(struct context) == TASK_CONTEXT_SIZE, "TASK_CONTEXT_SIZE");

extern struct spinlock proc_lock;

/* The running task.  It does not change under a function's feet: each task sees itself. */
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
	return (struct trapframe *)((uintptr_t)t->stack - 16 - sizeof(struct trapframe));
}

/*
 * A part of a task that a folder above owns (fs/: descriptors, working directory).  Registered once at boot.
 * fork: give @child its own or share, as the CLONE_* @flags say; 0 or -errno (then exit is not called for this part).
 * exec: a new program begins (close-on-exec).  exit: let go; called once, in the exiting task.
 */
struct task_part {
	int (*fork)(struct task *parent, struct task *child, uint64_t flags);
	void (*exec)(struct task *t);
	void (*exit)(struct task *t);
};
void task_register_part(const struct task_part *part);

/*
 * task_fork - clone(2)'s work: a copy of current, ready to run, not yet started.
 * @flags: CLONE_* and the exit signal in the low byte.  @stack: the child's SP, 0 = as the parent's.  @tls with CLONE_SETTLS.
 * Return: the task (start it with task_start), or err_ptr(-EAGAIN, -ENOMEM, -EINVAL).
 */
struct clone_request {
	uint64_t flags;
	uint64_t stack, tls;
	uptr parent_tid, child_tid;
	int exit_signal;
};
struct task *task_fork(const struct clone_request *rq) __must_check;

/* task_start - let it run for the first time. */
void task_start(struct task *t);

/* task_create_kernel - a kernel task that runs @fn(@arg), not started; NULL: no memory. */
struct task *task_create_kernel(const char *name, void (*fn)(void *), void *arg) __must_check;

/* task_exit - this thread ends; @code as wait4(2) gives it, if it is the last of its process.  Never returns. */
__noreturn void task_exit(int code);
/* task_exit_group - the whole process ends. */
__noreturn void task_exit_group(int code);

/* wait4(2)'s work, task/wait4.c */
struct wait_result {
	pid_t pid;
	int status;
	uint64_t user_ns, kernel_ns;
	uint32_t uid;
};
/* task_wait - @pid as in wait4(2): >0 that child, 0 own group, -1 any, <-1 group -pid.  @options: WNOHANG …
 * Return 0 and *@res (res->pid 0: nothing yet under WNOHANG), or -ECHILD, -EINTR. */
int task_wait(pid_t pid, int options, struct wait_result *res) __must_check;

/* task_find - the task with this tid, with a reference for the caller, or NULL.  process_find likewise, by pid. */
struct task *task_find(pid_t tid);
struct process *process_find(pid_t pid);
void task_put(struct task *t);
void process_put(struct process *p);

/* How many tasks there are (sysinfo(2)). */
unsigned int task_count(void);

/* task_init - make the caller (the boot stack) the boot core's idle task, and the tables ready. */
void task_init(void);

#endif
