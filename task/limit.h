/*
 * limit.h - the limits of a process (getrlimit(2)), and which process may change them.
 */
#pragma once

#include <stdint.h>

#include "mm/vm.h"
#include "task/cap.h"
#include "task/process.h"

/* What RLIMIT_NOFILE may be at most: /proc/sys/fs/nr_open. */
extern uint32_t limit_nr_open;

/*
 * limit_change - prlimit(2): limit @which, RLIMIT_*, of the process that @pid or one of its threads
 * is (0: current's).  *@old: what it was; @to: what it becomes, NULL: it stays.  0, -ESRCH,
 * -EINVAL, -EPERM.
 */
int limit_change(pid_t pid, unsigned int which, const struct rlimit64 *to,
		 struct rlimit64 *old) __must_check;

/* limit_mm - current's address space, which knows the limits of its process from now on. */
static inline struct mm *limit_mm(void)
{
	const struct rlimit64 *r = current->process->rlimit;
	struct mm *mm = current->mm;

	WRITE_ONCE(mm->limits.total, READ_ONCE(r[RLIMIT_AS].rlim_cur));
	WRITE_ONCE(mm->limits.data, READ_ONCE(r[RLIMIT_DATA].rlim_cur));
	WRITE_ONCE(mm->limits.locked,
		   capable(CAP_IPC_LOCK) ? UINT64_MAX : READ_ONCE(r[RLIMIT_MEMLOCK].rlim_cur));
	return mm;
}
