/*
 * itimer.h - setitimer(2).
 */
#pragma once

#include "abi/time.h"

#define ITIMER_REAL    0 /* SIGALRM, by the clock on the wall */
#define ITIMER_VIRTUAL 1 /* SIGVTALRM, by the process's time at EL0 */
#define ITIMER_PROF    2 /* SIGPROF, by all of its CPU time */

struct itimerval {
	struct timeval it_interval, it_value;
};
