/*
 * sock.c - a socket: its life, its lock beside another's, and waiting at it.
 *
 * What all other files of net/ build on.  Invariants: a socket goes with its last reference, which
 * its file, its peer, a listener's queue or a message that it sent may have; two sockets' locks are
 * taken in the order of their addresses, so that two tasks that connect them both ways do not wait
 * for each other.
 */
#include "net/sock.h"

#include "drivers/timer/timer.h"
#include "fs/file.h"
#include "mm/slab.h"

#define BUFFER_SIZE 212992u /* bytes on their way that a socket may have sent, as Linux's */
#define BACKLOG	    10u	    /* messages in a queue, but for those from the socket's own peer */

/* ---- life ---- */

struct sock *sock_new(int type)
{
	struct sock *s = kzalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->charge = charge_mine(sizeof(*s));
	ref_init(&s->refs);
	s->type = (uint8_t)type;
	list_init(&s->queue);
	list_init(&s->pending);
	list_init(&s->flight);
	list_init(&s->work);
	mutex_init(&s->read_lock);
	mutex_init(&s->bind_lock);
	wait_init(&s->read_wait);
	wait_init(&s->write_wait);
	wait_init(&s->room_wait);
	async_init(&s->async);
	s->backlog = BACKLOG;
	s->send_size = s->receive_size = BUFFER_SIZE;
	s->low_water = 1;
	s->peek_offset = -1;
	s->receive_ns = s->send_ns = UINT64_MAX;
	return s;
}

void sock_put(struct sock *s)
{
	if (!ref_put(&s->refs))
		return;
	/*
	 * No lock: there is no other reference.  The name may be shared with a listener and its
	 * connections.
	 */
	if (s->name && ref_put(&s->name->refs))
		kfree(s->name);
	charge_drop(s->charge, sizeof(*s));
	kfree(s);
}

/* ---- two at a time ---- */

void lock_two(struct sock *a, struct sock *b)
{
	struct sock *first = a < b ? a : b, *second = a < b ? b : a;

	if (first && first != second)
		spin_lock(&first->lock);
	if (second)
		spin_lock(&second->lock);
}

void unlock_two(struct sock *a, struct sock *b)
{
	if (a)
		spin_unlock(&a->lock);
	if (b && b != a)
		spin_unlock(&b->lock);
}

struct sock *sock_peer(struct sock *s)
{
	struct sock *peer;

	spin_lock(&s->lock);
	peer = s->peer;
	/* Under the lock: sock_close takes the peer away under it before it puts the reference. */
	if (peer)
		sock_get(peer);
	spin_unlock(&s->lock);
	return peer;
}

int socket_error(struct sock *s)
{
	/*
	 * The exchange gives an error to one caller alone; the load before it spares the others a
	 * store.
	 */
	return READ_ONCE(s->error) ? -__atomic_exchange_n(&s->error, 0, __ATOMIC_RELAXED) : 0;
}

void socket_set_error(struct sock *s, int err)
{
	WRITE_ONCE(s->error, err);
}

/* ---- waiting ---- */

void wake_if_any(struct wait_queue *q)
{
	dmb(ish); /* what has changed, before the look at the waiters: wait_prepare's other half */
	if (READ_ONCE(q->waiters.next) != &q->waiters)
		wake_up(q);
}

void sock_wake(struct sock *s)
{
	/*
	 * Whatever was changed is stored already; each waiter looks for itself whether it concerns
	 * it.
	 */
	wake_if_any(&s->read_wait);
	wake_if_any(&s->write_wait);
	wake_if_any(&s->room_wait);
}

uint64_t sock_deadline(const struct sock *s, uint64_t timeout_ns, uint32_t flags)
{
	uint64_t t;

	/* The caller's descriptor holds s->file: no lock is needed to look at its flags. */
	if (flags & MSG_DONTWAIT || READ_ONCE(s->file->flags) & O_NONBLOCK || !timeout_ns)
		return 0;
	return __builtin_add_overflow(timer_now_ns(), timeout_ns, &t) ? UINT64_MAX : t;
}

int sock_give_up(bool late, uint64_t deadline_ns)
{
	if (late)
		return -EAGAIN;
	if (signal_pending())
		return deadline_ns == UINT64_MAX ? -ERESTARTSYS : -EINTR;
	return -EINPROGRESS;
}
