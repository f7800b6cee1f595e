/*
 * time.h - clocks and the units of time: clock_gettime(2), nanosleep(2), gettimeofday(2), times(2).
 */
#pragma once

#include <stdint.h>

struct timespec {
	int64_t tv_sec;
	int64_t tv_nsec; /* 0 to 999999999 */
};

struct timeval {
	int64_t tv_sec;
	int64_t tv_usec; /* 0 to 999999 */
};

struct timezone {
	int32_t tz_minuteswest;
	int32_t tz_dsttime;
};

/* times(2), in clock ticks of 1/USER_HZ s */
struct tms {
	int64_t tms_utime, tms_stime;
	int64_t tms_cutime, tms_cstime;
};

#define USER_HZ			 100 /* AT_CLKTCK's value */

#define CLOCK_REALTIME		 0
#define CLOCK_MONOTONIC		 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID	 3
#define CLOCK_MONOTONIC_RAW	 4
#define CLOCK_REALTIME_COARSE	 5
#define CLOCK_MONOTONIC_COARSE	 6
#define CLOCK_BOOTTIME		 7
#define CLOCK_REALTIME_ALARM	 8
#define CLOCK_BOOTTIME_ALARM	 9
#define CLOCK_TAI		 11

#define TIMER_ABSTIME		 1
