/*
 * jobs.h - job control: process groups and sessions.
 */
#pragma once

#include <stdbool.h>

#include "task/pid.h"

struct process;

/* setpgid(2), setsid(2): task/jobs.c.  @pgid is not negative.  0 or what they say; setsid: the new
 * session's number. */
int job_set_group(pid_t pid, pid_t pgid) __must_check;
int job_new_session(void) __must_check;
/*
 * job_is_orphaned - nobody in group @pgid has a parent in the session outside the group, who could
 * continue it.  It may give way.
 */
bool job_is_orphaned(pid_t pgid);
/* job_number - getpgid(2), or (@session) getsid(2) of @pid (0: current's process); or -ESRCH. */
int job_number(pid_t pid, bool session) __must_check;

/*
 * job_is_kept - @p has a parent in its session outside its group, who could continue it; proc_lock
 * held.
 * job_tell_orphans - group @pgid may have lost the last who could: its stopped ones, if there are
 * any, are told.  It gives way.
 */
bool job_is_kept(const struct process *p);
void job_tell_orphans(pid_t pgid);
