/*
 * cap.h - capabilities(7): the parts that root's privilege falls into.  Each check names the one
 * that it asks for.
 *
 * They belong to the thread, as its numbers do (task/cred.h), and what changes them works on a copy
 * that only its caller knows yet.  A program's file may give some (security.capability).
 */
#pragma once

#include <stdbool.h>

#include "abi/capability.h"
#include "task/cred.h"

#define CAP_ALL (BIT(CAP_LAST_CAP + 1) - 1)

/* cred_capable - whether @c may do what @cap, CAP_*, allows.  capable - whether current may. */
static inline bool cred_capable(const struct cred *c, int cap)
{
	return c->cap.effective & BIT(cap);
}

static inline bool capable(int cap)
{
	return cred_capable(current_cred(), cap);
}

/*
 * cap_set_uid - @c has other user numbers than @was: root's capabilities go with them.
 * cap_set_fsuid: another fsuid.
 */
void cap_set_uid(struct cred *c, const struct cred *was);
void cap_set_fsuid(struct cred *c, uint32_t was);

/* What a program's file gives. */
struct file_caps {
	uint64_t permitted, inheritable;
	bool effective; /* they are raised from the start */
	bool any;	/* it says something */
};

/*
 * cap_exec - what execve(2) makes of @c, a copy of current's, @was, to which the file's set-ID bits
 * have been applied, by the file's capabilities @file: the other numbers follow the effective ones,
 * and root gets capabilities.  A thread that may get no more than it has (no_new_privs; or @shared:
 * another process could steer the program) gets none of it.  1: the program gets, or would have
 * got, more; 0; -EPERM: it needs what it cannot have.
 * cap_gained - has @c, which cap_exec made, more than its user could have without the file?
 */
int cap_exec(struct cred *c, const struct cred *was, bool shared,
	     const struct file_caps *file) __must_check;
bool cap_gained(const struct cred *c, const struct file_caps *file);

/*
 * cap_set - capset(2): current's effective, permitted and inheritable become @to's.  0, -EPERM,
 * -ENOMEM.
 * cap_prctl - those of prctl(2)'s options that change current's credentials.  0, -EINVAL, -EPERM,
 * -ENOMEM.
 */
int cap_set(const struct caps *to) __must_check;
int cap_prctl(int option, uint64_t arg2, uint64_t arg3) __must_check;
