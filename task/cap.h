/*
 * cap.h - capabilities(7): the parts that root's privilege falls into.  Each check names the one that it asks for.
 *
 * They belong to the process, as its numbers do (el1/sys_cred.c), and are changed under cred_lock (task/cred.h), which
 * the caller of what changes a process's holds.  Files have none of their own.
 */
#pragma once

#include <stdbool.h>

#include "abi/capability.h"
#include "task/task.h"

#define CAP_ALL (BIT(CAP_LAST_CAP + 1) - 1)

/* cred_capable - whether @c may do what @cap, CAP_*, allows.  capable - whether current's process may. */
static inline bool cred_capable(const struct cred *c, int cap)
{
	return c->cap.effective & BIT(cap);
}

static inline bool capable(int cap)
{
	return cred_capable(&current->process->cred, cap);
}

/* cap_of_init - what the first process has: all. */
struct caps cap_of_init(void);

/* cap_set_uid - @c has other user numbers than @was: root's capabilities go with them.  cap_set_fsuid: another fsuid. */
void cap_set_uid(struct cred *c, const struct cred *was);
void cap_set_fsuid(struct cred *c, uint32_t was);

/* cap_exec - what execve(2) leaves of @c's capabilities, and what root gets; @set_id: the file changed its numbers. */
void cap_exec(struct cred *c, bool set_id);

/* cap_change - capset(2): 0, or -EPERM. */
int cap_change(struct cred *c, uint64_t effective, uint64_t permitted,
	       uint64_t inheritable) __must_check;
