/*
 * message.h - what was sent and not yet read, and the queues of it.
 */
#pragma once

#include "fs/iter.h"
#include "net/sock.h"

struct parcel;
struct sock_in;
struct sock_out;

struct message {
	struct list_node link;
	struct sock *from; /* with a reference */
	uint32_t len;
	uint32_t done;	      /* of them, read */
	uint64_t charge;      /* what of from->sent is for it */
	struct charge *owner; /* of the process that sent it */
	struct ucred cred;    /* pid 0: neither end asked for them */
	struct parcel *parcel;
	struct page **pages; /* NULL: the bytes are in data */
	char data[];
};

/* message_new - of @len bytes that @iter holds, charged to @from.  err_ptr(-ENOBUFS, -EFAULT). */
struct message *message_new(struct sock *from, struct iter *iter, size_t len) __must_check;
/* message_copy - @n bytes from @off on.  0, -EFAULT. */
int message_copy(const struct message *m, uint32_t off, uint32_t n, struct iter *to) __must_check;
/* message_free - with its files and its charge; a task that waits to send is woken.  May sleep. */
void message_free(struct message *m);
/*
 * message_may_claim - may current send @c as its SCM_CREDENTIALS?  0, -EPERM, -ESRCH (there is no
 * such process), -EINVAL.
 */
int message_may_claim(const struct ucred *c) __must_check;
/*
 * message_sign - the sender's credentials: what SCM_CREDENTIALS said, or if either end asked for
 * them, current's.
 */
void message_sign(struct message *m, const struct sock_out *out, const struct sock *to);

/* message_tell_from - @m's sender and its credentials, for the receiver @s, into @in. */
void message_tell_from(const struct message *m, const struct sock *s, struct sock_in *in);

/* queue_lock - @s's lock, to put @m in or take it out; queue_unlock. */
void queue_lock(struct sock *s, const struct message *m);
void queue_unlock(struct sock *s, const struct message *m);
void queue_take(struct sock *s, struct message *m); /* locked by queue_lock */
/*
 * queue_deliver - puts @m into the queue that queue_lock locked, unless there is an @err; unlocks
 * it, and wakes the readers.  Returns @err.
 */
int queue_deliver(struct sock *s, struct message *m, int err);
/* queue_first - or NULL; read_lock is held, so that it stays. */
struct message *queue_first(struct sock *s);
/* queue_next - the one behind @m, which is in the queue, or NULL; likewise. */
struct message *queue_next(struct sock *s, struct message *m);
/*
 * queue_purge - throw away what @s has received; read_lock is held, or no task can read any more.
 */
void queue_purge(struct sock *s);
static inline bool queue_full(const struct sock *s)
{
	return READ_ONCE(s->queued) > READ_ONCE(s->backlog);
}

/* is_deaf - nothing is put into @s's queue any more. */
static inline bool is_deaf(const struct sock *s)
{
	return READ_ONCE(s->dead) || READ_ONCE(s->shut) & RCV_CLOSED;
}

/* peek_moved - SO_PEEK_OFF: the next MSG_PEEK begins @by bytes later; read_lock is held. */
void peek_moved(struct sock *s, int64_t by);

/* send_room - until @s may send more.  0, -EPIPE, the socket's error, or sock_wait()'s. */
int send_room(struct sock *s, uint64_t deadline_ns) __must_check;
/* writable - is there enough room for POLLOUT? */
bool writable(const struct sock *s);
