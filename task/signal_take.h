/*
 * signal_take.h - the receiving side: masks, actions, and how current acts on its signals.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "task/signal.h"

struct process;
struct task;

/* signal_set_mask - current's mask becomes @mask (SIGKILL and SIGSTOP never are in it). */
void signal_set_mask(uint64_t mask);
/*
 * signal_set_action - rt_sigaction(2): *@old (or NULL) gets the former one; @act NULL: only that.
 * 0, -EINVAL.
 */
int signal_set_action(int signo, const struct sigaction *act, struct sigaction *old) __must_check;
/* signal_pending_set - what is pending for current, blocked or not. */
uint64_t signal_pending_set(void);

/*
 * signal_take - take the next signal that current has to act on, with its action; stops and default
 * actions are dealt with inside (it may not return).  @info->signo 0 on return: none left.
 * SA_RESETHAND has been done.
 */
void signal_take(struct signal_info *info, struct sigaction *action);

/* signal_wait_for - rt_sigtimedwait(2): sleep until one of @set comes, and take it.  0, -EAGAIN:
 * the time is up, -EINTR. */
int signal_wait_for(uint64_t set, uint64_t deadline_ns, struct signal_info *info) __must_check;

/* signal_check_new - @t has just joined its process, which may be on its way out or stopping.
 * signals.lock held. */
void signal_check_new(struct task *t);

/*
 * signal_take_from - rt_sigtimedwait(2): one of @set that is pending, or signo 0.  True: another
 * signal was to be acted on at that moment; what signal_pending() says later may be about one of
 * @set.
 */
bool signal_take_from(uint64_t set, struct signal_info *info);
/* signal_blocked_or_ignored - whether current would ignore or does block @signo (the terminal asks,
 * before SIGTTIN and SIGTTOU). */
bool signal_blocked_or_ignored(int signo);
