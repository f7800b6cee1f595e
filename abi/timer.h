/*
 * timer.h - POSIX timers and timer descriptors: timer_create(2), timerfd_create(2); and the clocks
 * of CPU time.
 */
#pragma once

#include <stdint.h>

#include "abi/fcntl.h"
#include "abi/time.h"

struct itimerspec {
	struct timespec it_interval; /* 0: once */
	struct timespec it_value;    /* 0: not at all */
};

/* What a timer does when its time has come. */
struct sigevent {
	uint64_t sigev_value;
	int32_t sigev_signo;
	int32_t sigev_notify; /* SIGEV_* */
	int32_t sigev_tid;    /* SIGEV_THREAD_ID */
	int32_t pad[11];
};
_Static_assert(sizeof(struct sigevent) == 64, "struct sigevent");

#define SIGEV_SIGNAL		   0
#define SIGEV_NONE		   1
#define SIGEV_THREAD		   2 /* the C library's: a signal, to the kernel */
#define SIGEV_THREAD_ID		   4

/* timerfd_settime(2) */
#define TFD_TIMER_ABSTIME	   1
#define TFD_TIMER_CANCEL_ON_SET	   2
#define TFD_CLOEXEC		   O_CLOEXEC
#define TFD_NONBLOCK		   O_NONBLOCK

/*
 * A clock with a negative number is of somebody's CPU time (clock_getcpuclockid(3)): ~number >> 3
 * is the process or thread, 0 the caller's own.
 */
#define CPU_CLOCK_WHICH(id)	   ((uint32_t)(id)&3)
#define CPU_CLOCK_PROF		   0 /* all of it */
#define CPU_CLOCK_VIRT		   1 /* at EL0 */
#define CPU_CLOCK_SCHED		   2 /* all of it, to the nanosecond */
#define CPU_CLOCK_IS_OF_THREAD(id) ((uint32_t)(id)&4)
#define CLOCK_IS_OF_DESCRIPTOR(id) (((uint32_t)(id)&7) == 3)
#define CPU_CLOCK_PID(id)	   (~(id) >> 3)
