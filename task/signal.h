/*
 * signal.h - signals: sending, masks, actions, and what is pending.  Delivery to EL0 is el1/signal.c.
 *
 * Lock: process->signals.lock (irqsave: the terminal sends from an interrupt) protects the actions, both sets of pending
 * signals and every thread's mask of the process.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/spinlock.h"
#include "lib/util.h"

#define NSIG 64

struct task;
struct process;

/* What came with a signal: the kernel's half of siginfo_t, before el1/ lays it out for EL0. */
struct signal_info {
	int signo, code, error;
	int32_t pid;	 /* SI_USER and SIGCHLD */
	uint32_t uid;
	int status;	 /* SIGCHLD */
	uint64_t addr;	 /* faults */
	uint64_t value;	 /* SI_QUEUE, timers */
};

struct sigaction_k {
	uint64_t handler; /* user address, or SIG_DFL 0, SIG_IGN 1 */
	uint64_t flags, restorer, mask;
};

struct pending {
	uint64_t set; /* bit signo-1 */
	struct signal_info info[32]; /* of the standard signals: the first one wins, as POSIX lets it */
};

struct signals {
	struct spinlock lock;
	struct sigaction_k action[NSIG];
	struct pending shared;
};

struct task_signals {
	struct pending own;
	uint64_t blocked;
	uint64_t saved_blocked; /* sigsuspend, ppoll: put back after the handler */
	bool restore_blocked;
	uint64_t altstack_sp, altstack_size;
	uint32_t altstack_flags;
};

/* signal_send - to one thread (@t) or to a process (any thread that lets it in).  0, or -EAGAIN.  Any context. */
int signal_send(struct task *t, const struct signal_info *info);
int signal_send_process(struct process *p, const struct signal_info *info);
/* signal_send_group - to every process of group @pgid; number reached.  proc_lock is taken. */
int signal_send_group(int32_t pgid, const struct signal_info *info);
/* signal_force - a fault of current: blocked or ignored means death, as Linux's force_sig_fault. */
void signal_force(const struct signal_info *info);
