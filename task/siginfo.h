/*
 * siginfo.h - siginfo_t, as a program sees it (abi/signal.h).
 */
#pragma once

#include <stdbool.h>

#include "abi/signal.h"

struct signal_info;

/* siginfo_fill - the kernel's half of it, zero behind that. */
void siginfo_fill(struct siginfo *to, const struct signal_info *from);

/*
 * siginfo_is_fault - whether @signo is one that a fault of the thread's own raises, with its
 * address.
 */
static inline bool siginfo_is_fault(int signo)
{
	return signo == SIGSEGV || signo == SIGBUS || signo == SIGILL || signo == SIGFPE ||
	       signo == SIGTRAP;
}
