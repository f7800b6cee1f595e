/*
 * resource.h - what a process has used, getrusage(2), wait4(2); and may use: abi/rlimit.h.
 */
#pragma once

#include <stdint.h>

#include "abi/rlimit.h"
#include "abi/time.h"

struct rusage {
	struct timeval ru_utime, ru_stime;
	int64_t ru_maxrss; /* KiB */
	int64_t ru_ixrss, ru_idrss, ru_isrss;
	int64_t ru_minflt, ru_majflt;
	int64_t ru_nswap;
	int64_t ru_inblock, ru_oublock;
	int64_t ru_msgsnd, ru_msgrcv;
	int64_t ru_nsignals;
	int64_t ru_nvcsw, ru_nivcsw;
};

#define RUSAGE_SELF	0
#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD	1
