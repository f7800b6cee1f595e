/*
 * datagram.c - SOCK_DGRAM and SOCK_SEQPACKET: messages whole, each to one receiver.
 *
 * Comes from socket.c and connect.c, goes through message.c into the receiver's queue.  Invariants:
 * a queue holds no more than its backlog of messages and one, but for what the socket's own peer
 * sends, whose own limit bounds it; a socket that waits for room at its peer does so on the peer's
 * room_wait, and only as long as that is its peer.
 */
#include "net/datagram.h"

#include "net/flight.h"
#include "net/message.h"
#include "net/names.h"

/* ---- peers ---- */

/* In the peer's room_wait, its lock held: a task that waits to write to us looks again. */
static bool wake_relayed(struct waiter *w)
{
	wake_up(&container_of(w, struct sock, relay)->write_wait);
	return false;
}

void relay_stop(struct sock *s)
{
	/* s->lock is held, and the peer still is: its room_wait lies in it. */
	if (s->relay_at)
		wait_remove(&s->relay_at->room_wait, &s->relay);
	s->relay_at = NULL;
}

bool peer_has_room(struct sock *s)
{
	struct sock *peer;
	bool room = true;

	spin_lock(&s->lock);
	peer = s->peer;
	if (peer && READ_ONCE(peer->peer) != s && queue_full(peer)) {
		if (!s->relay_at) {
			wait_add(&peer->room_wait, &s->relay, wake_relayed);
			s->relay_at = peer;
			dmb(ish); /* there before the second look */
		}
		room = !queue_full(peer);
	}
	spin_unlock(&s->lock);
	return room;
}

/*
 * @s was connected to @old and is no more: what was in its queue is lost, and @old, if it is still
 * connected to @s, gets an error.
 */
static void disconnected(struct sock *s, struct sock *old)
{
	bool lost;

	/* Against a reader that is copying one of these messages to user space. */
	if (mutex_lock_killable(&s->read_lock))
		return; /* the last close of @s will throw them away */
	lost = READ_ONCE(s->queued);
	queue_purge(s);
	mutex_unlock(&s->read_lock);
	if (!lost)
		return;
	wake_if_any(&s->room_wait);
	if (!READ_ONCE(old->dead) && READ_ONCE(old->peer) == s) {
		socket_set_error(old, ECONNRESET);
		sock_wake(old);
	}
}

static bool datagram_may_send(const struct sock *s, const struct sock *to)
{
	return !to->peer || to->peer == s;
}

int datagram_connect(struct sock *s, struct sock *other)
{
	struct sock *old;

	/* Both: whether @other takes from @s is asked, and the peer set, at one moment. */
	lock_two(s, other);
	if (other && !datagram_may_send(s, other)) {
		unlock_two(s, other);
		return -EPERM;
	}
	old = s->peer;
	relay_stop(s);
	if (other)
		sock_get(other);
	WRITE_ONCE(s->peer, other);
	unlock_two(s, other);
	if (!old)
		return 0;
	wake_if_any(&s->write_wait);
	if (old != other)
		disconnected(s, old);
	sock_put(old);
	return 0;
}

/* The peer is dead: -ECONNREFUSED if it still was the peer, else 0. */
static int lose_peer(struct sock *s, struct sock *dead)
{
	spin_lock(&s->lock);
	/*
	 * Another thread has connected @s elsewhere meanwhile, and has put the old peer's
	 * reference.
	 */
	if (s->peer != dead) {
		spin_unlock(&s->lock);
		return 0;
	}
	relay_stop(s);
	WRITE_ONCE(s->peer, NULL);
	spin_unlock(&s->lock);
	disconnected(s, dead);
	sock_put(dead);
	return -ECONNREFUSED;
}

/* ---- sending ---- */

/*
 * Puts @m into @to's queue.  0, -EAGAIN: there is no room; -EINPROGRESS: it is dead; -EPERM,
 * -EPIPE.
 */
static int put_message(struct sock *s, struct sock *to, struct message *m,
		       const struct sock_out *out)
{
	int err = 0;

	queue_lock(to, m);
	/*
	 * All tests under the receiver's lock, in one step with putting the message in: it may be
	 * closing, or connecting to another.
	 */
	if (!datagram_may_send(s, to))
		err = -EPERM;
	else if (to->dead)
		err = -EINPROGRESS;
	else if (to->shut & RCV_CLOSED)
		err = -EPIPE;
	else if (to != s && to->peer != s && queue_full(to))
		err = -EAGAIN;
	if (!err)
		message_sign(m, out, to);
	return queue_deliver(to, m, err);
}

/* @to, whose reference is ours, was found dead.  0: look again; or -errno. */
static int found_dead(struct sock *s, struct sock *to)
{
	return s->type == SOCK_SEQPACKET ? -EPIPE : lose_peer(s, to);
}

/*
 * Until @m is in @to's queue (its reference is put), or in that of the socket that has the name.  0
 * or -errno, and @m is still the caller's.
 */
static int deliver_message(struct sock *s, struct sock *to, struct message *m,
			   const struct sock_out *out, uint64_t deadline)
{
	for (;;) {
		int err;

		if (!to)
			to = out->to ? name_find(out->to, s->type) : err_ptr(-ECONNRESET);
		if (is_err(to))
			return (int)ptr_err(to);
		err = put_message(s, to, m, out);
		if (err == -EAGAIN && deadline) {
			err = sock_wait(&to->room_wait, !queue_full(to) || is_deaf(to), deadline);
			/*
			 * Room was seen without the lock: another sender may have taken it, so try
			 * again.
			 */
			if (!err)
				continue;
		}
		if (err == -EINPROGRESS)
			err = found_dead(s, to) ?: -EINPROGRESS;
		sock_put(to);
		if (err != -EINPROGRESS)
			return err;
		to = NULL;
	}
}

/*
 * Where it goes, with a reference; NULL: to be found by its name.  err_ptr(-ENOTCONN, -EINVAL, …).
 */
static struct sock *destination(struct sock *s, struct sock_out *out)
{
	struct sock *peer;
	int err = 0;

	if (s->type == SOCK_SEQPACKET) {
		err = socket_error(s);
		if (!err && READ_ONCE(s->state) != SOCK_CONNECTED)
			err = -ENOTCONN;
		out->to = NULL;
	}
	if (!err && out->to)
		err = address_check(out->to);
	if (err || out->to)
		return err ? err_ptr(err) : NULL;
	peer = sock_peer(s);
	return peer ? peer : err_ptr(-ENOTCONN);
}

static struct message *make_message(struct sock *s, struct iter *from, struct sock_out *out,
				    uint64_t deadline)
{
	int err = name_need(s);

	if (!err && from->left > READ_ONCE(s->send_size) - 32)
		err = -EMSGSIZE;
	if (!err)
		err = send_room(s, deadline);
	if (!err && out->parcel)
		err = parcel_charge(out->parcel);
	return err ? err_ptr(err) : message_new(s, from, from->left);
}

long datagram_send(struct sock *s, struct iter *from, struct sock_out *out)
{
	uint64_t deadline = sock_deadline(s, READ_ONCE(s->send_ns), out->flags);
	size_t n = from->left;
	struct sock *to = destination(s, out);
	struct message *m;
	int err;

	if (is_err(to))
		return ptr_err(to);
	m = make_message(s, from, out, deadline);
	if (is_err(m)) {
		if (to)
			sock_put(to);
		return ptr_err(m);
	}
	m->parcel = out->parcel;
	err = deliver_message(s, to, m, out, deadline);
	if (err) {
		m->parcel = NULL;
		message_free(m);
		return err;
	}
	out->parcel = NULL;
	return (long)n;
}

/* ---- receiving ---- */

/* The message that is next, with MSG_PEEK behind @*skip bytes (SO_PEEK_OFF); read_lock held. */
static struct message *choose_message(struct sock *s, uint32_t *skip)
{
	struct message *m = queue_first(s);

	while (m && *skip && *skip >= m->len) {
		*skip -= m->len;
		m = queue_next(s, m);
	}
	return m;
}

/*
 * Waits for a message: it, with read_lock held; or NULL without it, and what the call answers in
 * *@answer: -errno, or 0 at the end.
 */
static struct message *wait_for_message(struct sock *s, bool peek, uint32_t *skip,
					uint64_t deadline, int *answer)
{
	for (;;) {
		struct message *m = NULL;
		bool over;

		*answer = mutex_lock_killable(&s->read_lock);
		if (*answer)
			return NULL;
		*skip = peek ? (uint32_t)max(READ_ONCE(s->peek_offset), 0) : 0;
		/*
		 * Read before the look into the queue: what came before the shutdown is still
		 * received.
		 */
		over = READ_ONCE(s->shut) & RCV_CLOSED;
		dmb(ish);
		*answer = socket_error(s);
		if (!*answer)
			m = choose_message(s, skip);
		if (m)
			return m;
		mutex_unlock(&s->read_lock);
		if (*answer)
			return NULL;
		if (over && (deadline || s->type == SOCK_SEQPACKET))
			return NULL;
		*answer = sock_wait(&s->read_wait,
				    READ_ONCE(s->queued) || READ_ONCE(s->error) ||
					    READ_ONCE(s->shut) & RCV_CLOSED,
				    deadline);
		if (*answer)
			return NULL;
	}
}

/* Takes @m, or with MSG_PEEK looks at it: @n more bytes of it have been read, or tried. */
static void take_message(struct sock *s, struct message *m, struct sock_in *in, uint32_t n)
{
	if (in->flags & MSG_PEEK) {
		peek_moved(s, n);
		if (m->parcel)
			in->parcel = parcel_copy(m->parcel);
		return;
	}
	queue_lock(s, m);
	queue_take(s, m);
	queue_unlock(s, m);
	peek_moved(s, -(int64_t)m->len);
	in->parcel = m->parcel;
	m->parcel = NULL;
	/* After the message has left the queue: a sender that looks now finds the room. */
	wake_if_any(&s->room_wait);
}

long datagram_recv(struct sock *s, struct iter *to, struct sock_in *in)
{
	uint64_t deadline = sock_deadline(s, READ_ONCE(s->receive_ns), in->flags);
	bool peek = in->flags & MSG_PEEK;
	struct message *m;
	uint32_t skip, n;
	long ret;
	int err;

	if (s->type == SOCK_SEQPACKET && READ_ONCE(s->state) != SOCK_CONNECTED)
		return -ENOTCONN;
	m = wait_for_message(s, peek, &skip, deadline, &err);
	if (!m)
		return err;
	n = (uint32_t)min((size_t)(m->len - skip), to->left);
	if (n < m->len - skip)
		in->said |= MSG_TRUNC;
	ret = in->flags & MSG_TRUNC ? (long)(m->len - skip) : (long)n;
	message_tell_from(m, s, in);
	err = message_copy(m, skip, n, to);
	take_message(s, m, in, n);
	/* Held until here, so that the message was not freed under message_copy. */
	mutex_unlock(&s->read_lock);
	if (!peek)
		message_free(m);
	return err ? err : ret;
}
