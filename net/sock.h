/*
 * sock.h - a socket of the one family there is, AF_UNIX: what the files of net/ know of it, and how
 * they wait at one.
 *
 * A socket is what socket(2) makes; the file that a descriptor leads to holds it.  It lives on,
 * closed, as long as a peer or a message that it sent still names it.
 *
 * Locks, in the order in which they are taken:
 *   sock->bind_lock (mutex)	a socket gets its name
 *   sock->read_lock (mutex)	who takes messages out of the queue, or looks into one
 *   flight_lock (mutex)	files on their way in messages (flight.c); held to put a message
 *				with a parcel into a queue or take it out
 *   sock->lock (spinlock)	a socket's state and queue; of two sockets, the one at the lower
 *				address first (lock_two)
 *   names_lock, a wait queue's, dcache_lock	leaves
 * None is taken from an interrupt handler.
 */
#pragma once

#include "abi/errno.h"
#include "abi/socket.h"
#include "fs/async.h"
#include "fs/mount.h"

/*
 * An address as user space has it: @len bytes, the family with them.  The byte behind the longest
 * path is its NUL.
 */
struct sock_address {
	uint32_t len;
	union {
		struct sockaddr_un un;
		char bytes[SOCKADDR_MAX];
	};
};

/* A name that a socket is bound to; those that a listener's connections have are the same. */
struct sock_name {
	struct ref refs;
	struct sock_address address;
};

/* The process at the other end when the connection was made (SO_PEERCRED). */
struct peer_cred {
	bool known;
	struct ucred cred;
};

#define NOBODY	   65534u /* uid and gid of a sender that is not known */

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
	int error;    /* positive; the next call returns it */
	/* With a reference.  Of a connection it stays until the file is closed. */
	struct sock *peer;
	/* Of struct message, oldest first; of a listener: struct sock, by pending. */
	struct list_node queue;
	struct list_node pending;
	uint32_t queued;  /* how many are in it */
	uint32_t parcels; /* how many of them carry files */
	uint32_t backlog; /* with more than this the queue is full */
	struct sock_name *name;
	struct path path; /* of a name in the file system */
	struct peer_cred peer_cred;
	struct waiter relay;   /* in the peer's room_wait, waking our write_wait: */
	struct sock *relay_at; /* the peer, while it is there */

	struct mutex read_lock, bind_lock;
	struct wait_queue read_wait;  /* for messages, connections, or the end */
	struct wait_queue write_wait; /* for fewer bytes on their way */
	struct wait_queue room_wait;  /* others', for room in our queue */
	struct async_list async;      /* files that want a signal */
	/* a send found no room: async is notified when there is some */
	bool crowded;
	uint64_t sent; /* memory of the messages it sent that are not read yet; atomic */

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

struct sock *sock_new(int type) __must_check;  /* one reference; NULL: no memory */
void lock_two(struct sock *a, struct sock *b); /* either may be NULL, or both the same */
void unlock_two(struct sock *a, struct sock *b);
/* sock_peer - the peer with a reference, or NULL. */
struct sock *sock_peer(struct sock *s);
/* sock_wake - something about @s has changed: all tasks that wait for it look again. */
void sock_wake(struct sock *s);
/* wake_if_any - wake_up(), which costs only a barrier when no task waits. */
void wake_if_any(struct wait_queue *q);
/*
 * sock_deadline - of a call on @s with @timeout_ns (send_ns, receive_ns) and @flags (MSG_*), as of
 * now.  0: it must not wait, by MSG_DONTWAIT or as its file is O_NONBLOCK.
 */
uint64_t sock_deadline(const struct sock *s, uint64_t timeout_ns, uint32_t flags);
/*
 * sock_wait - until @cond, which must not sleep: 0, -EAGAIN (the deadline; at once if that is 0),
 * -ERESTARTSYS, or -EINTR where there is a deadline, as Linux.
 */
#define sock_wait(q, cond, deadline_ns)                                                          \
	({                                                                                       \
		int wait_err_ = (deadline_ns) ? -EINPROGRESS : -EAGAIN;                          \
		struct waiter wait_w_;                                                           \
		bool wait_late_ = false;                                                         \
		while (wait_err_ == -EINPROGRESS) {                                              \
			wait_prepare((q), &wait_w_, TASK_SLEEPING);                              \
			wait_err_ = (cond) ? 0 : sock_give_up(wait_late_, (deadline_ns));        \
			if (wait_err_ == -EINPROGRESS)                                           \
				wait_late_ = sched_sleep_deadline(TIMER_MONOTONIC, deadline_ns); \
			wait_finish((q), &wait_w_);                                              \
		}                                                                                \
		wait_err_;                                                                       \
	})
/* sock_give_up - sock_wait's error when its condition does not hold; -EINPROGRESS: wait on. */
int sock_give_up(bool late, uint64_t deadline_ns);

/*
 * socket_error - takes the error that waits to be told (SO_ERROR): 0 or -errno.  socket_set_error -
 * the next call returns it.
 */
int socket_error(struct sock *s);
void socket_set_error(struct sock *s, int err);
