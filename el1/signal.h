/*
 * signal.h - signals on the way back to EL0: the frame on the user's stack, and calls that are run
 * again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

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
