/*
 * rusage.c - what a process has used: getrusage(2), and struct rusage for wait4(2).
 */
#include "sys/proc/rusage.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "lib/time.h"
#include "mm/vmstat.h"
#include "sys/syscall.h"
#include "task/process.h"
#include "task/task.h"

void rusage_fill(struct rusage *ru, struct cpu_time time, uint64_t voluntary, uint64_t involuntary)
{
	memset(ru, 0, sizeof(*ru));
	ru->ru_utime = timeval_from_ns(time.user_ns);
	ru->ru_stime = timeval_from_ns(time.kernel_ns);
	ru->ru_nvcsw = (int64_t)voluntary;
	ru->ru_nivcsw = (int64_t)involuntary;
}

int64_t rusage_maxrss(uint64_t pages)
{
	return (int64_t)(pages << PAGE_SHIFT >> 10);
}

long sys_getrusage(int who, uptr usage)
{
	struct process *p = current->process;
	uint64_t peak = max(p->peak_rss, (uint64_t)mm_peak_rss(current->mm));
	struct rusage ru;

	switch (who) {
	case RUSAGE_SELF:
		rusage_fill(&ru, process_time(p), current->voluntary, current->involuntary);
		ru.ru_minflt = (int64_t)process_faults(p);
		break;
	case RUSAGE_THREAD:
		rusage_fill(&ru, task_time(current), current->voluntary, current->involuntary);
		ru.ru_minflt = (int64_t)current->faults;
		break;
	case RUSAGE_CHILDREN:
		rusage_fill(&ru, p->waited, 0, 0);
		ru.ru_minflt = (int64_t)p->waited_faults;
		peak = p->waited_peak_rss;
		break;
	default: return -EINVAL;
	}
	ru.ru_maxrss = rusage_maxrss(peak);
	return copy_to_user(usage, &ru, sizeof(ru)) ? -EFAULT : 0;
}
