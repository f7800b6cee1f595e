/*
 * cred.h - credentials(7) of a thread: who it is to others, and what it may do.
 *
 * A struct cred never changes once a thread bears it: threads that have the same share it, and a
 * thread that changes its own (no other can) makes a copy, changes that and puts it in the place of
 * the old one (cred_change).  So a thread reads its own without a lock, and they stay what they are
 * as long as its call does not commit others.  A process is to others what its leader is, the
 * thread whose number it bears, and stays that when the leader has ended before the others, and as
 * a zombie: process->cred.
 *
 * The capabilities among them: task/cap.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/spinlock.h"
#include "task/task.h"
#include "task/user.h"

#define NGROUPS_MAX 65536

/* Supplementary groups; never changed once made. */
struct group_list {
	struct ref refs;
	uint32_t n;
	uint32_t gid[]; /* sorted */
};

/* capabilities(7), by number: task/cap.h */
struct caps {
	uint64_t effective, permitted, inheritable, bounding, ambient;
	uint32_t securebits; /* SECBIT_* */
};

struct cred {
	struct ref refs;
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	bool no_new_privs;	   /* prctl(2): no execve gives more rights than there are */
	struct group_list *groups; /* NULL: none */
	struct user *user;	   /* of uid */
	struct caps cap;
};

/*
 * cred_lock - of the pointers task->cred and process->cred, for a task that reads another's and for
 * one that changes its own.  Innermost, and irqsave: it may be taken under any lock, and nothing is
 * under it.
 */
extern struct spinlock cred_lock;

/* The first process's and the kernel's own tasks': root's, with all capabilities. */
extern struct cred root_cred;

/* current_cred - current's, for as long as it commits no others.  For longer: cred_get. */
static inline const struct cred *current_cred(void)
{
	return current->cred;
}

/*
 * cred_get - one more reference, for a caller that has one or asks for current's.  cred_put - drop
 * one, the last one frees; NULL is nothing.
 */
const struct cred *cred_get(const struct cred *c);
void cred_put(const struct cred *c);

/*
 * Another's, as they are at this moment: @at is &task->cred or &process->cred.  Any context.
 * cred_at - they, with a reference for the caller.
 * cred_user_of - their user, with a reference.
 */
const struct cred *cred_at(const struct cred *const *at) __must_check;
struct user *cred_user_of_other(const struct cred *const *at) __must_check;
static inline struct user *cred_user_of(const struct cred *const *at)
{
	const struct cred *own = current->cred;

	if (likely(READ_ONCE(*at) == own)) /* which stays */
		return user_get(own->user);
	return cred_user_of_other(at);
}

/* cred_ids - their numbers alone, to be compared.  Under any lock, and without a reference. */
struct cred_ids {
	uint32_t uid, euid, suid, gid, egid, sgid;
};
struct cred_ids cred_ids(const struct cred *const *at);

/*
 * cred_change - @change changes a copy of current's by @arg, and unless it answers an error, that
 * takes their place; for cred_is_another the address space is then not to be looked into, and no
 * signal comes with the parent's end.  0, @change's error, -ENOMEM.
 *
 * Its parts, for execve(2):
 * cred_copy - a copy of current's that only the caller knows, to be changed, and then given to
 * cred_install or to cred_put.  NULL: no memory.
 * cred_is_another - @c has other numbers than current, or a capability that it has not: processes
 * that could look into it as it was shall not any more.
 * cred_install - @c, with the caller's reference, becomes current's, and its process's if current
 * is the leader.
 */
int cred_change(int (*change)(struct cred *c, const void *arg), const void *arg) __must_check;
struct cred *cred_copy(void) __must_check;
bool cred_is_another(const struct cred *c);
void cred_install(struct cred *c);

/*
 * cred_lead - current has become its process's leader: proc_lock held. Returns what the process's
 * were; the caller puts them.
 */
const struct cred *cred_lead(void) __must_check;

/* groups_put - drop a reference, the last one frees; NULL is nothing. */
void groups_put(struct group_list *g);

/* groups_have - is @gid among @cred's supplementary groups? */
bool groups_have(const struct cred *cred, uint32_t gid);

/* cred_over_nproc - whether the user of @c has more tasks than current's RLIMIT_NPROC. */
bool cred_over_nproc(const struct cred *c);
