/*
 * signal.h - signals on the way back to EL0: the frame on the user's stack, and calls that are run
 * again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

struct sigaltstack;
struct siginfo;
struct signal_info;
struct trapframe;

/*
 * signal_deliver - act on all signals that current has to act on; @tf is then what goes on at EL0:
 * the handler, the interrupted program, or the interrupted call again.  May not return.  Interrupts
 * on; may sleep.
 */
void signal_deliver(struct trapframe *tf);

/*
 * signal_is_fatal - whether a fault that raises @signo in current ends it: no handler, or blocked.
 */
bool signal_is_fatal(int signo);

/* signal_return - rt_sigreturn(2)'s work on @tf; the value of x0 after it. */
long signal_return(struct trapframe *tf);

/* siginfo_fill - the kernel's half of siginfo_t as EL0 sees it, zero behind that. */
void siginfo_fill(struct siginfo *to, const struct signal_info *from);

/* signal_set_altstack, signal_get_altstack - sigaltstack(2); @sp: the program's.  0, -EPERM,
 * -EINVAL, -ENOMEM. */
int signal_set_altstack(const struct sigaltstack *new_stack, uint64_t sp) __must_check;
void signal_get_altstack(struct sigaltstack *old, uint64_t sp);
