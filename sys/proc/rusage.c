/*
 * rusage.c - what a process has used: getrusage(2), and struct rusage for wait4(2).
 *
 * Invariant: the sums are task/usage.c's, and never go back; what Linux has and we do not count is
 * zero.
 */
#include "sys/proc/rusage.h"

#include "abi/errno.h"
#include "abi/resource.h"
#include "lib/time.h"
#include "mm/vmstat.h"
#include "sys/syscall.h"
#include "task/process.h"

int put_rusage(uptr at, const struct task_usage *u, uint64_t voluntary, uint64_t involuntary)
{
	const struct rusage ru = { .ru_utime = timeval_from_ns(u->time.user_ns),
				   .ru_stime = timeval_from_ns(u->time.kernel_ns),
				   .ru_maxrss = (int64_t)(u->peak_rss << PAGE_SHIFT >> 10),
				   .ru_minflt = (int64_t)u->faults,
				   .ru_nvcsw = (int64_t)voluntary,
				   .ru_nivcsw = (int64_t)involuntary };

	return copy_to_user(at, &ru, sizeof(ru)) ? -EFAULT : 0;
}

long sys_getrusage(int who, uptr usage)
{
	struct process *p = current->process;
	uint64_t peak_rss = max(p->usage.gone.peak_rss, mm_peak_rss(current->mm));
	struct task_usage u = { .peak_rss = peak_rss };

	switch (who) {
	case RUSAGE_SELF:
		u.time = process_time(p);
		u.faults = process_faults(p);
		break;
	case RUSAGE_THREAD:
		u.time = cpu_time_read(&current->time);
		u.faults = current->faults;
		break;
	case RUSAGE_CHILDREN: return put_rusage(usage, &p->usage.waited, 0, 0);
	default: return -EINVAL;
	}
	return put_rusage(usage, &u, current->voluntary, current->involuntary);
}
