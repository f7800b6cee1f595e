/*
 * kill.h - who may be sent a signal, and by which number: kill(2), tgkill(2), rt_sigqueueinfo(2),
 * pidfd_send_signal(2).
 *
 * All of these take the signal as a struct signal_info, with its number as the program said it; 0
 * only asks whether a signal could be sent.  0, -EINVAL: no such number; -ESRCH: there is no such
 * process; -EPERM: current may not; -EAGAIN: there is no room in the queue.  No lock is held.
 */
#pragma once

#include <stdbool.h>

#include "task/cred.h"
#include "task/pid.h"
#include "task/signal.h"

/* kill_number - as kill(2) reads @pid: a process, current's group (0), a group, or all (-1). */
int kill_number(pid_t pid, const struct signal_info *info);

/* kill_pid - to the process @pid, whose number may also be that of one of its threads. */
int kill_pid(pid_t pid, const struct signal_info *info);

/* kill_thread - to thread @tid, of process @tgid if that is not 0. */
int kill_thread(pid_t tgid, pid_t tid, const struct signal_info *info);

/* kill_pidfd - to @p, held by the caller; @how: PIDFD_SIGNAL_*, or 0. */
int kill_pidfd(struct process *p, uint32_t how, const struct signal_info *info);

/*
 * kill_may_say - whether a program may send @pid a siginfo with si_code @code: to others it may not
 * pretend that the signal comes from the kernel or from kill(2).
 */
bool kill_may_say(pid_t pid, int code);

/*
 * may_signal - whether current may send @signo to @to, which (or a thread of which) bears @c.  Any
 * locks.
 */
bool may_signal(const struct process *to, struct cred_ids c, int signo);
