/*
 * signal.h - signals: sending, masks, actions, and what is pending.  Delivery to EL0 is
 * el1/signal.c.
 *
 * Lock: process->signals.lock (irqsave: the terminal sends from an interrupt) protects the actions,
 * both sets of pending signals, every thread's mask and the stopped state of the process.  It is
 * taken inside proc_lock.
 *
 * WORK_SIGNAL of a task is set whenever it has a signal to act on; only the task itself takes it
 * away.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/signal.h"
#include "arm/spinlock.h"
#include "lib/list.h"
#include "task/stop.h"

/*
 * What an interrupted call answers inside the kernel; never seen by EL0 (el1/signal.c turns it into
 * -EINTR or runs the call again).  Linux's names and numbers.
 */
#define ERESTARTSYS	      512 /* again, unless a handler without SA_RESTART ran */
#define ERESTARTNOINTR	      513 /* always again */
#define ERESTARTNOHAND	      514 /* again, unless a handler ran */
#define ERESTART_RESTARTBLOCK 516 /* as NOHAND, but by restart_syscall(2) with task->restart */

struct task;
struct process;
struct wait_queue;

/* What came with a signal: the kernel's half of siginfo_t, before el1/ lays it out for EL0. */
struct signal_info {
	int signo, code, error;
	/*
	 * SI_USER and SIGCHLD; signal-driven I/O: POLL*, with uid 0, which is how they lie in
	 * siginfo_t
	 */
	int32_t pid;
	uint32_t uid;
	int status;	       /* SIGCHLD */
	uint64_t utime, stime; /* SIGCHLD, in USER_HZ */
	uint64_t addr;	       /* faults */
	uint64_t value;	       /* SI_QUEUE, timers; signal-driven I/O: the descriptor */
};

/*
 * One signal in a queue.  It is kfree'd when it leaves that, unless it is task_signals.first, or
 * has @taken: then it belongs to a timer, and @taken is called, with the info that the program will
 * see, or NULL when it is only dropped.  signals.lock is held.
 *
 * Those of one number stand in a line, and only the first of each line is in the queue itself: so
 * the next of a number is at hand, and a whole line leaves at once, however long it is.
 */
struct queued_signal {
	struct list_node link; /* the first of its line: in pending.queue, or in signals.dropped */
	struct list_node line; /* a ring, the oldest first */
	uint32_t line_id; /* the same for the whole line, and for no other one of its process */
	bool in_task;
	struct user *user; /* with a reference; it is one of the user's USER_SIGNALS */
	struct signal_info info;
	void (*taken)(struct queued_signal *q, struct signal_info *info);
};

/*
 * What signals do: of one process, or of several that clone(2) made with CLONE_SIGHAND and without
 * CLONE_THREAD.  A word of it may be read under a signals.lock alone; what is read whole, or
 * written, is under that and, where there are several processes, under lock too.  Of one it becomes
 * several's under that one's signals.lock.
 */
struct signal_actions {
	struct ref refs;      /* processes */
	struct spinlock lock; /* inside signals.lock; a leaf */
	struct sigaction of[_NSIG];
};

/*
 * Signals that have come and were not acted on.  A standard signal is there once, a real-time one
 * as often as it was sent. One that is not in the queue says only that it came: from the kernel, or
 * without its info (there was no memory, or RLIMIT_SIGPENDING was reached).
 */
struct pending {
	uint64_t set; /* bit signo-1: all of them */
	uint64_t from_kernel, from_nobody;
	struct list_node queue; /* struct queued_signal, the oldest of each number */
};

struct signals {
	struct spinlock lock;
	struct signal_actions *actions; /* changes only while the process has one thread, by that */
	struct pending shared;
	/* lines that no thread will take: they are freed in pieces, outside of interrupts */
	struct list_node dropped;
	uint32_t next_line_id;
	struct job_stop stop;
	bool watched; /* a signalfd looks: see signal_watch() */
	/*
	 * a walk through the threads that is made later, task/signal.c: the next by number; the
	 * states from which they are woken, and the signals that they may take
	 */
	bool walking;
	int32_t walk_next;
	uint32_t alert_states;
	uint64_t to_offer;
	struct list_node to_tell; /* there is work left */
	/*
	 * how often signals were dropped that are threads' own, and when each number last was:
	 * task_signals.drops
	 */
	uint64_t drops, dropped_at[_NSIG];
};

struct task_signals {
	struct pending own;	    /* with those that were dropped since drops: signal_own_set() */
	uint64_t drops;		    /* its process's when own was last without */
	struct queued_signal first; /* for one of those in own, while it is in no queue */
	struct signal_info forced;  /* a fault's, not yet delivered; signo 0: none */
	uint64_t blocked;
	uint64_t saved_blocked; /* sigsuspend, ppoll: put back after the handler */
	bool restore_blocked;
	uint64_t waiting; /* rt_sigtimedwait(2): of the blocked ones, those that end the sleep */
	uint64_t stops;	  /* its process's, if it is counted as stopped; 0 at first */
	uint64_t altstack_sp, altstack_size;
	uint32_t altstack_flags;
};

#define SIGBIT(n) (UINT64_C(1) << ((n)-1))

/*
 * signal_send - to one thread (@t) or to a process (any thread that does not block it).  0, or
 * -EAGAIN (a real-time signal with data that can't be queued).  Any context when @info->code is
 * SI_KERNEL; else not from an interrupt handler.
 */
int signal_send(struct task *t, const struct signal_info *info);
int signal_send_process(struct process *p, const struct signal_info *info);
/*
 * signal_send_locked - to @t, a thread of @p, or (NULL) to @p.  signals.lock held, interrupts
 * masked.
 */
int signal_send_locked(struct process *p, struct task *t, const struct signal_info *info);
/*
 * signal_send_group - the kernel's @signo to every process of group @pgid; of a large one a little
 * later.  proc_lock is taken; any context.
 * signal_walk_group - the same, all of it at once, where one may give way; @pgid's members get it
 * also if current is to die.
 */
void signal_send_group(int32_t pgid, int signo);
void signal_walk_group(int32_t pgid, int signo);
/*
 * signal_send_own - @q, which belongs to the sender and stays charged, to @t or (NULL) to @p.
 * signals.lock held, interrupts masked.
 * signal_unsend_own - if it is still in the queue (of @t, or of @p), it is not any more.
 * signals.lock held.
 */
enum own_sent {
	OWN_SENT,
	OWN_THERE,   /* it is in the queue already */
	OWN_IGNORED, /* the receiver ignores it */
	OWN_GONE,    /* the receiver has ended */
};
enum own_sent signal_send_own(struct process *p, struct task *t, struct queued_signal *q);
void signal_unsend_own(struct process *p, struct task *t, struct queued_signal *q);
/* signal_force - a fault of current: blocked or ignored means death, as Linux's force_sig_fault. */
void signal_force(const struct signal_info *info);
/*
 * signal_force_segv - there is no frame for signal @signo: SIGSEGV, for that of SIGSEGV itself for
 * good.
 */
void signal_force_segv(int signo);

/* signal_kernel - the info of a signal that the kernel itself sends. */
static inline struct signal_info signal_kernel(int signo)
{
	return (struct signal_info){ .signo = signo, .code = SI_KERNEL };
}

/* ---- for el1/signal.c and sys/proc/signal.c ---- */

/*
 * signal_setup - once, from task_init(); signal_teller - the kernel task that does the later walks,
 * made before there is a process.
 */
void signal_setup(void);
__noreturn void signal_teller(void *arg);
/*
 * signal_end_alone - current ends; if it is its process's only thread, that ends with @code too,
 * unless it does so already, and nothing is sent to it from here on: true.
 */
bool signal_end_alone(int code);
/*
 * signal_flush_task - current is on its way out, and nothing is sent to it any more: what is queued
 * for it, and if it is the @last thread for its process, is freed.  Gives way.
 */
void signal_flush_task(bool last);

/*
 * signal_watch - a queue that is woken when a signal becomes pending for current or its process,
 * and perhaps at other times; it never goes away (signalfd(2)).
 */
struct wait_queue *signal_watch(void);

/*
 * signal_child - reports @p's end, stop or continuing (@code CLD_*) to its parent; a @signo that is
 * no signal (0, above _NSIG) is not sent, and the parent is woken all the same.  proc_lock held.
 */
void signal_child(struct process *p, int signo, int code, int status);

/*
 * signal_exit_group - all threads of @p are to leave, with exit status @code, unless they already
 * are.  signals.lock held.  Of many threads only some are woken at once, the others soon after.
 */
void signal_exit_group(struct process *p, int code);
/*
 * signal_kill_thread - @t is to leave at once: for a sibling's execve(2), or it is current and its
 * process is ending. signals.lock held.
 */
void signal_kill_thread(struct task *t);

/* ---- for signal_take.c: signals.lock held ---- */

/*
 * Threads that are looked at with the lock held.  A process may have many thousands; those behind
 * are looked at later.
 */
#define SIGNAL_LOOKS_MAX 1024

/*
 * All threads of @p have to look, current too; those that sleep in one of @states are woken.  Of
 * many, some a little later.  signals.lock held; any context.
 */
void signal_alert_all(struct process *p, uint32_t states);

void signal_discard(struct process *p, uint64_t set);

void signal_let_go(struct process *p);

/*
 * The threads of @p that were not looked at may have some of @set, which is pending for all,
 * unblocked: each is asked later.
 */
void signal_offer_later(struct process *p, uint64_t set);

/*
 * Makes @t look at those of @set, which is pending for all threads, that it does not block; returns
 * them.
 */
uint64_t signal_offer_to(struct task *t, uint64_t set);
