/*
 * unix.h - what the files of net/ share among themselves.
 *
 * Locks, in the order in which they are taken:
 *   sock->bind_lock (mutex)	a socket gets its name
 *   sock->read_lock (mutex)	who takes messages out of the queue, or looks into one
 *   flight_lock (mutex)	what is on its way in messages (flight.c); who puts in or takes out
 *				a message with a parcel holds it
 *   sock->lock (spinlock)	a socket's state and queue; of two sockets, the one at the lower
 *				address first (lock_two)
 *   names_lock, a wait queue's, dcache_lock	leaves
 * None is taken from an interrupt handler.
 */
#pragma once

#include "net/socket.h"

#include "arm/atomic.h"
#include "arm/spinlock.h"
#include "fs/async.h"
#include "fs/vfs.h"
#include "lib/list.h"
#include "task/wait.h"

/* A name that a socket is bound to; those that a listener's connections have are the same. */
struct sock_name {
	struct ref refs;
	struct sock_address address;
};

/* Who was at the other end when the connection was made (SO_PEERCRED). */
struct peer_cred {
	bool known;
	struct ucred cred;
};

#define NOBODY	   65534u /* uid and gid of who is not known */

#define RCV_CLOSED 1u /* bits of sock->shut */
#define SND_CLOSED 2u

enum sock_state { SOCK_IDLE, SOCK_LISTENS, SOCK_CONNECTED };

struct sock {
	struct inode inode; /* of its file; the last reference to it is one of refs */
	/* Of the file, of the peer, of messages it sent, or of the listener's queue. */
	struct ref refs;
	uint8_t type; /* SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */

	struct spinlock lock;
	/*
	 * enum sock_state, of a connection's ends and a listener; this and the next are looked at
	 * without the lock too
	 */
	uint8_t state;
	uint8_t shut; /* RCV_CLOSED, SND_CLOSED */
	bool dead;    /* its file is closed */
	int error;    /* positive, to be told next */
	/* With a reference.  Of a connection it stays until the file is closed. */
	struct sock *peer;
	/* Of struct message, oldest first; of a listener: struct sock, by pending. */
	struct list_node queue;
	struct list_node pending;
	uint32_t queued;  /* how many are in it */
	uint32_t parcels; /* how many of them carry files */
	uint32_t backlog; /* more than this in the queue is too many */
	struct sock_name *name;
	struct path path; /* of a name in the file system */
	struct peer_cred peer_cred;
	struct waiter relay;   /* in the peer's room_wait, waking our write_wait: */
	struct sock *relay_at; /* the peer, while it is there */

	struct mutex read_lock, bind_lock;
	struct wait_queue read_wait;  /* for messages, connections, or the end */
	struct wait_queue write_wait; /* for fewer bytes on their way */
	struct wait_queue room_wait;  /* others', for room in our queue */
	struct async_list async;      /* who wants a signal */
	/* something that was to be sent found no room: when there is, async is told */
	bool crowded;
	uint64_t sent; /* memory of the messages it sent that nobody has read; atomic */

	/* options; a reader takes what it sees */
	uint32_t send_size, receive_size, low_water, priority;
	uint32_t switches; /* bit: the option of this number is on */
	int32_t peek_offset;
	struct linger linger;
	uint64_t receive_ns, send_ns; /* timeouts; UINT64_MAX: none */

	struct charge *charge;	/* of who made it */
	struct hash_node named; /* in names.c's table while it is findable; names_lock */
	bool findable;

	/* flight_lock; see flight.c */
	struct file *file;  /* the open one, or NULL: not accepted yet */
	uint32_t in_flight; /* how many of the references to it are in messages */
	uint32_t inside;    /* of those, not in the queues of candidates */
	uint8_t mark;
	struct list_node flight, work;
};

/*
 * sock_get, sock_put - a reference; the last one frees.  sock_put may sleep (the name it was bound
 * to).
 */
static inline void sock_get(struct sock *s)
{
	ref_get(&s->refs);
}
void sock_put(struct sock *s);

static inline bool connects(const struct sock *s)
{
	return s->type != SOCK_DGRAM;
}

static inline bool switched_on(const struct sock *s, unsigned int option)
{
	return READ_ONCE(s->switches) & BIT(option);
}

/* ---- sock.c ---- */

struct sock *sock_new(int type) __must_check; /* one reference; NULL: no memory */
/*
 * sock_file - the file of @s, whose reference it takes; err_ptr(-ENFILE, -ENOMEM), and it does not.
 */
struct file *sock_file(struct sock *s, uint32_t flags) __must_check;
void lock_two(struct sock *a, struct sock *b); /* either may be NULL, or both the same */
void unlock_two(struct sock *a, struct sock *b);
/* sock_peer - the peer with a reference, or NULL. */
struct sock *sock_peer(struct sock *s);
/* sock_wake - something about @s has changed: all who wait for it look again. */
void sock_wake(struct sock *s);
/* wake_if_any - wake_up(), which costs a barrier only when nobody waits. */
void wake_if_any(struct wait_queue *q);
/* sock_deadline - of a call with this timeout, as of now: 0 when it must not wait. */
uint64_t sock_deadline(uint64_t timeout_ns, bool nonblock);
/*
 * sock_wait - until @ready(@s, @arg): 0, -EAGAIN (the deadline), -ERESTARTSYS, or -EINTR where
 * there is a deadline, as Linux.
 */
int sock_wait(struct wait_queue *q, bool (*ready)(struct sock *s, const void *arg), struct sock *s,
	      const void *arg, uint64_t deadline_ns) __must_check;

/* ---- names.c ---- */

/* address_check - is it one of AF_UNIX with a name?  0, -EINVAL. */
int address_check(const struct sock_address *a) __must_check;
/*
 * name_find - the socket of @type bound to @a, with a reference, or err_ptr(-ECONNREFUSED,
 * -EPROTOTYPE, -ENOENT, -EACCES …).
 */
struct sock *name_find(const struct sock_address *a, int type) __must_check;
/* name_need - before it sends or connects: who wants credentials wants a name to go with them. */
int name_need(struct sock *s) __must_check;
/* name_drop - nobody finds it any more.  name_put - let go of what sock->name was. */
void name_drop(struct sock *s);
void name_put(struct sock_name *n);

/* ---- connect.c ---- */

/* sock_close - the file has gone.  @unborn: nobody has accepted it. */
void sock_close(struct sock *s, bool unborn);

/* ---- message.c ---- */

struct message {
	struct list_node link;
	struct sock *from; /* with a reference */
	uint32_t len;
	uint32_t done;	      /* of them, read */
	uint64_t charge;      /* what of from->sent is for it */
	struct charge *owner; /* of whoever sent it */
	struct ucred cred;    /* pid 0: nobody wanted to know */
	struct parcel *parcel;
	struct page **pages; /* NULL: the bytes are in data */
	char data[];
};

/* message_new - of @len bytes that @iter holds, charged to @from.  err_ptr(-ENOBUFS, -EFAULT). */
struct message *message_new(struct sock *from, struct iter *iter, size_t len) __must_check;
/* message_copy - @n bytes from @off on.  0, -EFAULT. */
int message_copy(const struct message *m, uint32_t off, uint32_t n, struct iter *to) __must_check;
/* message_free - with its files and its charge; who waits to send is told.  May sleep. */
void message_free(struct message *m);
/*
 * message_sign - the sender's credentials: what SCM_CREDENTIALS said, or if either end asked for
 * them, current's.
 */
void message_sign(struct message *m, const struct sock_out *out, const struct sock *to);

/* queue_lock - @s's lock, to put @m in or take it out; queue_unlock. */
void queue_lock(struct sock *s, const struct message *m);
void queue_unlock(struct sock *s, const struct message *m);
void queue_put(struct sock *s, struct message *m); /* locked by queue_lock */
void queue_take(struct sock *s, struct message *m);
/* queue_first - or NULL; read_lock is held, so that it stays. */
struct message *queue_first(struct sock *s);
/* queue_next - the one behind @m, which is in the queue, or NULL; likewise. */
struct message *queue_next(struct sock *s, struct message *m);
/* queue_purge - throw away what @s has received; read_lock is held, or nobody reads any more. */
void queue_purge(struct sock *s);
static inline bool queue_full(const struct sock *s)
{
	return READ_ONCE(s->queued) > READ_ONCE(s->backlog);
}

/* peek_moved - SO_PEEK_OFF: the next MSG_PEEK begins @by bytes later; read_lock is held. */
void peek_moved(struct sock *s, int64_t by);

/* send_room - until @s may send more.  0, -EPIPE, the socket's error, or sock_wait()'s. */
int send_room(struct sock *s, uint64_t deadline_ns) __must_check;
/* writable - is there room, so that it is worth while? */
bool writable(const struct sock *s);

/* ---- stream.c, datagram.c ---- */

/* socket_send and socket_recv of each kind. */
long stream_send(struct sock *s, struct iter *from, struct sock_out *out) __must_check;
long stream_recv(struct sock *s, struct iter *to, struct sock_in *in) __must_check;
long datagram_send(struct sock *s, struct iter *from, struct sock_out *out) __must_check;
long datagram_recv(struct sock *s, struct iter *to, struct sock_in *in) __must_check;
/* datagram_connect - @other (NULL: nobody) is its peer from now on.  0, -EPERM. */
int datagram_connect(struct sock *s, struct sock *other) __must_check;
/* relay_stop - @s no longer waits for room at its peer; s->lock held, or nobody uses it. */
void relay_stop(struct sock *s);
/* peer_has_room - can @s send to its peer?  If not, its write_wait is woken when that changes. */
bool peer_has_room(struct sock *s);

/* ---- flight.c ---- */

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
