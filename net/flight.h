/*
 * flight.h - files on their way in messages (SCM_RIGHTS), and the collector of sockets that only
 * such messages hold.
 */
#pragma once

#include "net/sock.h"

struct user;

/* Files on their way from one process to another; the references are its own. */
struct parcel {
	uint32_t n, room;
	struct user *user; /* charged to, with a reference; NULL: not yet */
	struct file *file[];
};

/*
 * parcel_add - put current's file at @fd into *@p (made if NULL).  0, -EBADF, -EINVAL (SCM_MAX_FD
 * are in), -ENOMEM.
 */
int parcel_add(struct parcel **p, int fd) __must_check;
/* parcel_free - drop all of them; NULL is nothing. */
void parcel_free(struct parcel *p);

extern struct mutex flight_lock;

/* parcel_charge - count @p against current's user.  0, -ETOOMANYREFS, -ENOMEM. */
int parcel_charge(struct parcel *p) __must_check;
/* parcel_copy - another with the same files, for MSG_PEEK; or NULL. */
struct parcel *parcel_copy(struct parcel *p) __must_check;
/* flight_start, flight_end - @p's message goes into @to's queue, out of one; flight_lock held. */
void flight_start(struct sock *to, struct parcel *p);
void flight_end(struct parcel *p);
/* flight_collect - free the sockets that are held only by messages in their own queues. */
void flight_collect(void);
