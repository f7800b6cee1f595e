/*
 * cred.h - credentials(7) of a process: what one of its threads may change while another, or another process, reads.
 *
 * The capabilities among them: task/cap.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/spinlock.h"
#include "task/task.h"

/*
 * cred_lock - of the credentials of all processes: its own threads write them, and hold it.  Who needs more than one
 * number of the same moment holds it too (cred_get); one alone may be read without.  proc_lock may be taken under it.
 */
extern struct spinlock cred_lock;

/* CRED_LOCKED - the value of @expr, which changes or reads a process's credentials, under cred_lock; it must not sleep. */
#define CRED_LOCKED(expr)                  \
	({                                 \
		spin_lock(&cred_lock);     \
		long cred_value_ = (expr); \
		spin_unlock(&cred_lock);   \
		cred_value_;               \
	})

/* cred_get - @to becomes what @from is at one moment, with a reference to its groups: cred_put drops it, and leaves none. */
void cred_get(struct cred *to, const struct cred *from);
void cred_put(struct cred *c);

/*
 * Supplementary groups, which another thread may replace at any time.
 * groups_get - @cred's with a reference, or NULL: none.  groups_put - drop it; NULL is nothing.
 * groups_set - @g, with the caller's reference, takes the place of @cred's.  groups_have - is @gid among @cred's?
 */
struct group_list *groups_get(const struct cred *cred);
void groups_put(struct group_list *g);
void groups_set(struct cred *cred, struct group_list *g);
bool groups_have(const struct cred *cred, uint32_t gid);
