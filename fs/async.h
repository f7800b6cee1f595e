/*
 * async.h - signal-driven I/O: O_ASYNC, and the owner that is told (fcntl(2): F_SETOWN, F_SETSIG
 * and their kin).
 *
 * What may become readable or writable has a struct async_list for each way; an open file with
 * O_ASYNC is in those that its kind names (file_ops.async).  The code that makes a file ready says
 * so by async_notify(), at once, as Linux does: when write(2) returns, the signal is on its way.
 *
 * Lock: async_lock (async.c, leaf but for references) guards all lists and all owners.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/fcntl.h"
#include "abi/signal.h"
#include "arm/atomic.h"
#include "lib/list.h"

struct file;

struct async_list {
	struct list_node entries;
};

static inline void async_init(struct async_list *l)
{
	list_init(&l->entries);
}

/* async_send - the slow half of async_notify. */
void async_send(struct async_list *l, int reason);

/*
 * async_notify - something has happened of @reason (POLL_IN, POLL_OUT, POLL_HUP).  Task context, no
 * spinlock held: with many listeners it gives way between them.
 */
static inline void async_notify(struct async_list *l, int reason)
{
	if (unlikely(READ_ONCE(l->entries.next) != &l->entries))
		async_send(l, reason);
}

/* async_drop_all - O_ASYNC is off for all in @l: a terminal's line is dead.  No spinlock held. */
void async_drop_all(struct async_list *l);

/*
 * async_turn - O_ASYNC of @f, by its descriptor @fd, on or off.  0, -ENOTTY: its kind has none,
 * -ENOMEM.
 */
int async_turn(struct file *f, int fd, bool on) __must_check;

/* async_close - @f, which has an owner, is going: from the last file_put(). */
void async_close(struct file *f);

/*
 * async_set_owner - F_SETOWN_EX: 0, -EINVAL, -ESRCH, -ENOMEM.  async_set_owner_number - F_SETOWN: a
 * group is negative.
 */
int async_set_owner(struct file *f, const struct f_owner_ex *ex) __must_check;
int async_set_owner_number(struct file *f, int32_t who) __must_check;
/*
 * async_get_owner - F_GETOWN_EX; pid 0: none, or it has gone.  async_get_owner_number - F_GETOWN.
 */
void async_get_owner(struct file *f, struct f_owner_ex *ex);
int32_t async_get_owner_number(struct file *f);
/* async_get_ids - F_GETOWNER_UIDS: the real and effective user of the caller that set the owner. */
void async_get_ids(struct file *f, uint32_t ids[2]);

/*
 * async_set_signal - F_SETSIG: 0, -EINVAL, -ENOMEM.  async_get_signal - F_GETSIG: 0: SIGIO, without
 * siginfo.
 */
int async_set_signal(struct file *f, uint64_t signo) __must_check;
int async_get_signal(struct file *f);
