/*
 * task.h - what runs: a task (a thread, to the user) and the process it belongs to.
 *
 * A task is a kernel stack, a saved context and, for a user task, an address space and a frame at
 * the top of that stack.  A process is what kill(2), wait4(2) and exit_group(2) speak of: one or
 * more tasks that share a pid. x18 holds the running task everywhere in the kernel (current).
 *
 * Locks, in the order in which they are taken:
 *   proc_lock (irqsave)		processes, their threads, groups, sessions, ends; pid tables
 *   process->signals.lock (irqsave)	task/signal.h
 *   process->alarms_lock (irqsave)	task/time/cpu_clock.c
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
/* the trace wants to see it leave; set for good, inherited by fork */
#define WORK_TRACE	  0x8u
#define WORK_ALARM	  0x10u /* an alarm of CPU time is due (task/time/cpu_clock.c) */

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
#include "mm/charge.h"
#include "mm/layout.h"
#include "mm/vm.h"
#include "task/signal.h"
#include "task/time/cpu_alarm.h"
#include "task/time/itimer.h"
#include "task/time/posix_timer.h"
#include "task/wait.h"

typedef int32_t pid_t;

/* Why a task does not run, as a mask that a wake-up names (task/sched.h). */
enum task_state {
	TASK_RUNNING = 0,  /* on a core or in a run queue */
	TASK_SLEEPING = 1, /* until woken, or a signal comes */
	TASK_BLOCKED = 2,  /* until woken */
	TASK_KILLABLE = 4, /* until woken, or it is to die */
	TASK_STOPPED = 8,  /* by job control, until SIGCONT or death */
	TASK_DEAD = 16,	   /* will never run again */
};

/* The callee-saved registers of a task that is not running (task/switch.S). */
struct context {
	uint64_t x19_x28[10];
	uint64_t x29, pc, sp, unused;
};

/* The FP/SIMD registers while they are not in a core (task/fp.h). */
struct fp_state {
	/*
	 * as a signal's frame has them: struct fpsimd_context of abi/signal.h, whose head
	 * el1/signal.c fills, and the end
	 */
	__attribute__((aligned(16))) uint32_t magic;
	uint32_t size, fpsr, fpcr;
	uint64_t v[64];
	uint64_t end[2];
	int cpu; /* the core whose registers this state was last loaded into, or -1 */
};

#define RLIMITS 16

struct rlimit {
	uint64_t cur, max;
};

/*
 * Where a process is in a list that is walked a few at a time; or where a walk is, which is
 * nobody's place: NULL.  task/pid.h.
 */
struct walk_place {
	struct list_node link;
	struct process *process;
};

struct process {
	struct ref refs;
	pid_t pid, pgid, sid;
	pid_t ppid;		/* parent's, or 0; changes under proc_lock, may be read without */
	struct process *parent; /* NULL: pid 1.  proc_lock, as are the lists */
	struct list_node
		children; /* places, by sibling, in the order in which they became its children */
	struct walk_place sibling;
	/*
	 * changed under proc_lock and signals.lock both; who has let go of the address space is
	 * behind the others
	 */
	struct list_node threads;
	uint32_t nr_threads;
	struct avl_tree by_tid; /* of threads, but for who bears the process's number; proc_lock */
	struct list_node pid_hash; /* task/pid.c, as the next three */
	struct pid_group *group;   /* pgid's */
	struct walk_place member, all;

	bool exiting;		   /* all threads are on their way out; signals.lock */
	bool zombie;		   /* no thread left; waits to be waited for */
	bool execed;		   /* setpgid(2) by the parent is refused after exec */
	bool subreaper;		   /* prctl(2) */
	bool leaving;		   /* its last thread is: it continues no job any more; proc_lock */
	bool reaped;		   /* out of the tables; proc_lock */
	int exit_code;		   /* as wait4(2) gives it */
	int exit_signal;	   /* sent to the parent, SIGCHLD for fork */
	struct list_node mourners; /* threads with a parent_death_signal */
	struct list_node born_link; /* in the born of a thread of parent's */
	struct task *exec_task;	    /* the thread whose execve(2) is ending the others, or NULL */

	struct wait_queue child_wait;  /* this process's wait4 sleeps here */
	uint32_t child_news;	       /* how often children had something to tell; proc_lock */
	struct wait_queue thread_wait; /* woken when a thread has gone: execve(2) */
	struct wait_queue end_wait;    /* woken when it has ended, and when it is reaped: pidfds */

	struct mutex exec_lock;	 /* held, it becomes no other program: task/access.h.  Outermost */
	uint32_t exec_id;	 /* how many programs it has been; proc_lock */
	uint32_t parent_exec_id; /* and its parent, when it chose exit_signal; proc_lock */

	struct signals signals;
	const struct cred *cred; /* its leader's, also when that has ended: task/cred.h */
	struct rlimit rlimit[RLIMITS];
	uint32_t personality;

	/* what out of memory adds to what it has, in thousandths of RAM: /proc */
	int16_t oom_score_adj;
	int16_t oom_score_adj_min; /* who is not root does not set it lower */
	bool oom_given_up;	   /* it is to die and does not: others have to; task/oom.c's */
	struct charge *charge;	   /* what the kernel holds for it; until it is a zombie */
	char comm[16];		   /* of its last thread, when it is a zombie */
	uint64_t start_ns;
	uint64_t gone_faults, waited_faults; /* as gone and waited below */
	uint64_t peak_rss,
		/*
		 * pages: of address spaces that it has let go of; of children that were waited for,
		 * and theirs
		 */
		waited_peak_rss;
	struct itimers itimers;
	struct posix_timers timers;
	/* of its clocks, and the lock of its threads' too: task/time/cpu_clock.c */
	struct cpu_alarms cpu_alarms;
	struct spinlock alarms_lock; /* irqsave, a leaf */
	struct cpu_time gone;	     /* of threads that have gone */
	/* once it has had more than one thread: of all, those that have gone too; atomic */
	struct cpu_time sum;
	bool has_sum;		/* never goes back */
	uint64_t told_ns;	/* atomic: what process_runtime_ns has said */
	struct cpu_time waited; /* of children that were waited for, and theirs */
};

/* A call that a signal cut short and that goes on where it was (restart_syscall(2)). */
struct restart {
	long (*again)(void); /* NULL: there is none */
	uint64_t deadline_ns;
	int32_t clock;
	uptr left; /* where nanosleep(2) says what is left */
};

struct task {
	uint32_t work; /* WORK_*; atomic or, and */
	uint32_t cpu;  /* the core it runs on or ran on last */
	void *stack;   /* top of the kernel stack */
	struct context context;

	/* scheduling: task/sched.c */
	uint32_t state;	     /* enum task_state: set by itself, made RUNNING by whoever wakes it */
	bool on_rq;	     /* on its core or in that core's queue */
	bool kernel;	     /* never goes to EL0 */
	int8_t nice;	     /* -20 .. 19 */
	uint8_t policy;	     /* SCHED_* of abi/sched.h */
	uint8_t rt_priority; /* 1 .. 99; 0: not a real-time task */
	bool slice_over;     /* of its equals in priority another is next */
	/* children are not real-time, nor ahead of others; set by sched_setscheduler(2) */
	bool reset_on_fork;
	struct list_node rq;
	struct sched_group *group; /* its user's; changes while it is on its core */
	struct group_share *share; /* of that, on core cpu: both change together */
	/* for so many mutexes its group is that of one who waits: sched_lend; rq->lock */
	uint32_t lent;
	uint32_t weight;   /* by policy and nice value, 1024 for nice 0; 0: it is real-time */
	uint64_t vruntime; /* CPU time weighed by nice */
	uint64_t rr_ns;	   /* SCHED_RR: of its slice, used */
	uint64_t cpu_mask; /* sched_setaffinity(2) */
	uint64_t since_ns; /* while it runs: up to when its time has been counted */
	struct cpu_time time;
	struct cpu_time *sum;	      /* its process's, or NULL: that has no other thread */
	struct cpu_alarms cpu_alarms; /* of its clocks; process->alarms_lock */
	bool seen_in_kernel;	      /* by the last tick: what its time counts as until the next */
	uint64_t voluntary, involuntary; /* switches */
	uint64_t faults;		 /* resolved: getrusage(2)'s minflt */

	struct ref refs;
	pid_t tid;
	struct process *process;
	const struct cred *cred; /* written by itself alone, under cred_lock: task/cred.h */
	struct list_node thread; /* in process->threads */
	/* Processes that it forked, or that were left to it: by born_link; proc_lock. */
	struct list_node born;
	/* sent to its process when the thread ends that has that in its born; 0: none; proc_lock */
	int parent_death_signal;
	struct list_node mourner; /* in process->mourners, if it has one */
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
	bool may_fail, failed; /* task/fail.c; its own */
	bool starved;	       /* an allocation of its own found no memory: task/oom.c */
	bool dying;	       /* a sibling's execve(2) wants it gone */
	bool gone;	       /* it has left its process; proc_lock */
	/* a call like setuid(2) gave it a user with too many: execve(2) says so; its own */
	bool over_nproc;
	bool vforked; /* its parent waits in vfork_wait until it lets go of the address space */
	struct wait_queue vfork_wait;
	char comm[16];

	struct files *files;   /* open descriptors; fs/'s own */
	struct fs_context *fs; /* root, working directory, umask; fs/'s own */
	struct file *closing;  /* the file whose last reference it is giving up; fs/'s own */

	struct fp_state fp; /* the last: a child's is a copy, and not zeroed before */
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

/*
 * charge_mine - @n bytes more that the kernel holds for current's process: to whom they are charged
 * (mm/charge.h), NULL: nobody.
 */
struct charge *charge_mine(size_t n);

/* The frame of the task's last entry from EL0; user tasks only. */
static inline struct trapframe *task_frame(const struct task *t)
{
	return (struct trapframe *)((uintptr_t)t->stack - 16 - sizeof(struct trapframe));
}

/*
 * A part of a task that a folder above owns (fs/: descriptors, working directory).  Registered once
 * at boot; what is NULL is not called.  fork: give @child its own or share, as the CLONE_* @flags
 * say; 0 or -errno (then exit is not called for this part).  exec: a new program begins
 * (close-on-exec).  exit: let go, the part that was registered last first; called once, in the
 * exiting task, or for a child that never ran in its parent.
 */
struct task_part {
	int (*fork)(struct task *parent, struct task *child, uint64_t flags);
	void (*exec)(struct task *t);
	void (*exit)(struct task *t);
};
void task_register_part(const struct task_part *part);

/*
 * task_fork - clone(2)'s work: a copy of current, ready to run, not yet started. @flags: CLONE_*,
 * without the exit signal.  @stack: the child's SP, 0 = as the parent's.  @tls with CLONE_SETTLS.
 * Return: the task with a reference for the caller (start it with task_start), or err_ptr(-EAGAIN,
 * -ENOMEM, -EINVAL, -ERESTARTNOINTR).
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

/*
 * task_create_init - the first user task: pid 1, a process and a frame that nothing has filled yet,
 * not started.  It runs @fn(@arg) in the kernel, which calls exec_kernel() and returns: then it
 * goes to EL0.  NULL: no memory.
 */
struct task *task_create_init(void (*fn)(void *), void *arg) __must_check;

/* task_exit - this thread ends; @code as wait4(2) gives it, if it is the last of its process.
 * Never returns. */
__noreturn void task_exit(int code);
/* task_exit_group - the whole process ends. */
__noreturn void task_exit_group(int code);

/*
 * task_exec_alone - before execve(2) changes anything: the other threads of the process end,
 * current becomes its leader. 0, or -EAGAIN: the process is exiting, or another thread was first.
 */
int task_exec_alone(void) __must_check;

/* task_vfork_wait - sleep until @child has; its reference is dropped.  A deadly signal ends the
 * wait. */
void task_vfork_wait(struct task *child);

/* wait4(2)'s and waitid(2)'s work, task/wait4.c */
struct wait_request {
	int type; /* P_ALL, P_PID, P_PGID */
	pid_t id;
	uint32_t options; /* WNOHANG, WEXITED, WSTOPPED, WCONTINUED, WNOWAIT, __WALL … */
};
struct wait_result {
	pid_t pid;  /* 0: nothing yet, under WNOHANG */
	int status; /* as wait4(2) gives it */
	int code;   /* CLD_* */
	uint32_t uid;
	struct cpu_time time;
	uint64_t faults, peak_rss; /* pages */
};
/* task_wait - return 0 and *@res, or -ECHILD, -ERESTARTSYS. */
int task_wait(const struct wait_request *rq, struct wait_result *res) __must_check;

/*
 * task_mourn - prctl(2)'s PR_SET_PDEATHSIG of current, a valid number or 0: none.  Takes proc_lock.
 */
void task_mourn(int signo);

/*
 * task_find - the task with this tid, with a reference for the caller, or NULL.  task_find_or_self
 * likewise, and 0 is current.  process_find likewise, by pid.
 */
struct task *task_find(pid_t tid);
struct task *task_find_or_self(pid_t tid);
struct process *process_find(pid_t pid);
static inline void task_get(struct task *t)
{
	ref_get(&t->refs);
}
static inline void process_get(struct process *p)
{
	ref_get(&p->refs);
}
/*
 * task_put, process_put - drop a reference; the last one frees.  Not under signals.lock, nor from
 * an interrupt handler.
 */
void task_put(struct task *t);
void process_put(struct process *p);

/* process_first - the live process with the smallest pid >= @from, with a reference, or NULL: for
 * walks through all. */
struct process *process_first(pid_t from);

/* process_thread - the thread of @p with the smallest tid >= @from, with a reference, or NULL. */
struct task *process_thread(struct process *p, pid_t from);

/* process_time - CPU time of all threads of @p, those that have gone included. */
struct cpu_time process_time(struct process *p);
/* task_time - of one task, up to the last tick or switch. */
static inline struct cpu_time task_time(const struct task *t)
{
	return (struct cpu_time){ READ_ONCE(t->time.user_ns), READ_ONCE(t->time.kernel_ns) };
}
/* process_runtime_ns - the sum, up to now. */
uint64_t process_runtime_ns(struct process *p);

/* setpgid(2), setsid(2): task/jobs.c.  @pgid is not negative.  0 or what they say; setsid: the new
 * session's number. */
int job_set_group(pid_t pid, pid_t pgid) __must_check;
int job_new_session(void) __must_check;
/*
 * job_is_orphaned - nobody in group @pgid has a parent in the session outside the group, who could
 * continue it.  It may give way.
 */
bool job_is_orphaned(pid_t pgid);
/* job_numbers - getpgid(2), getsid(2) of @pid (0: current's process).  0, -ESRCH. */
int job_numbers(pid_t pid, pid_t *pgid, pid_t *sid) __must_check;

/*
 * process_mm - the address space of @p (of @t, if it is not NULL) with a reference, or NULL: it has
 * let go of it.
 */
struct mm *process_mm(struct process *p, const struct task *t);
/*
 * process_is_dumpable - whether it has one (likewise), and who has the same numbers may look into
 * that.
 */
bool process_is_dumpable(struct process *p, const struct task *t);
/* process_faults - page faults resolved, as process_time. */
uint64_t process_faults(struct process *p);

/* How many tasks there are (sysinfo(2)), may be, and ever were; the number given out last. */
unsigned int task_count(void);
uint64_t tasks_max(void);
uint64_t task_forks(void);
pid_t pid_last(void);

/* What the boot core stands on from start/head.S on, and its idle task in the end. */
extern struct task boot_task;

/* task_init - the tables ready, the boot core in the scheduler.  Once, with kmalloc ready. */
void task_init(void);

/*
 * task_create_idle - the idle task of core @cpu, which does not run yet, with a stack of its own
 * (t->stack is its top); NULL: no memory.  The core starts on that stack, with x18 = the task, and
 * calls sched_init_cpu().
 */
struct task *task_create_idle(unsigned int cpu) __must_check;

#endif
