/*
 * stream.c - SOCK_STREAM: bytes in order, without borders but where credentials or files go with
 * them.
 *
 * Comes from socket.c; a write goes through message.c into the peer's queue, a read takes from the
 * socket's own.  Invariant: a reader holds read_lock, so that a message stays in the queue while
 * its bytes go to user space, and the next reader goes on exactly behind them.
 */
#include "net/stream.h"

#include "fs/pipe.h"
#include "net/flight.h"
#include "net/message.h"

#define PIECE 36544u /* bytes that go into one message at the most, as on Linux */

/* ---- sending ---- */

static long broken_pipe(const struct sock_out *out)
{
	return out->flags & MSG_NOSIGNAL ? -EPIPE : pipe_broken();
}

/*
 * 0; or -EPIPE, and the message is still the caller's.  Whether the peer reads no more is asked
 * under its lock: sock_close sets it there before it empties the queue, so nothing is put in after.
 */
static int deliver_piece(struct sock *peer, struct message *m)
{
	queue_lock(peer, m);
	return queue_deliver(peer, m, is_deaf(peer) ? -EPIPE : 0);
}

/*
 * One message's worth.  Bytes, or -errno; *@broken: it is an -EPIPE for which SIGPIPE is due.
 */
static long send_piece(struct sock *s, struct sock *peer, struct iter *from, struct sock_out *out,
		       uint64_t deadline, bool *broken)
{
	struct parcel *parcel = out->parcel;
	uint32_t most = min(PIECE, READ_ONCE(s->send_size) / 2 - 64);
	size_t n = min(from->left, (size_t)most);
	struct message *m;
	int err = send_room(s, deadline);

	if (err)
		return err;
	m = message_new(s, from, n);
	if (is_err(m))
		return ptr_err(m);
	message_sign(m, out, peer);
	m->parcel = parcel; /* the first piece's only */
	err = deliver_piece(peer, m);
	if (err) {
		*broken = true;
		/* The files stay the caller's: message_free must not put them. */
		m->parcel = NULL;
		message_free(m);
		return err;
	}
	out->parcel = NULL;
	return (long)n;
}

static long stream_may_send(struct sock *s, const struct sock_out *out)
{
	/*
	 * Pairs with meet_listener's store_release: a task that sees the peer sees its state too.
	 */
	bool connected = load_acquire(&s->peer);

	if (out->to)
		return connected ? -EISCONN : -EOPNOTSUPP;
	if (!connected)
		return -ENOTCONN;
	return READ_ONCE(s->shut) & SND_CLOSED ? broken_pipe(out) : 0;
}

long stream_send(struct sock *s, struct iter *from, struct sock_out *out)
{
	uint64_t deadline = sock_deadline(s, READ_ONCE(s->send_ns), out->flags);
	bool broken = false;
	size_t done = 0;
	long n = stream_may_send(s, out);

	if (!n && from->left && out->parcel)
		n = parcel_charge(out->parcel);
	if (n)
		return n;
	while (from->left) {
		/*
		 * Without s->lock: a connection's peer stays until the file is closed, and the
		 * caller holds that.
		 */
		n = send_piece(s, s->peer, from, out, deadline, &broken);
		if (n < 0)
			break;
		done += (size_t)n;
		if (from->left && !file_may_continue())
			break;
	}
	if (done)
		return (long)done;
	return broken ? broken_pipe(out) : n;
}

/* ---- receiving ---- */

/* Is there something for a reader that has seen all up to @seen? */
static bool has_bytes(struct sock *s, const struct message *seen)
{
	bool news;

	/*
	 * Senders do not take read_lock, which is not held here: the queue's own lock makes the
	 * list whole.
	 */
	spin_lock(&s->lock);
	news = list_last(&s->queue, struct message, link) != seen;
	spin_unlock(&s->lock);
	return news || READ_ONCE(s->error) || READ_ONCE(s->shut) & RCV_CLOSED;
}

static bool same_cred(const struct ucred *a, const struct ucred *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/* One recv under way. */
struct reading {
	struct sock *s;
	struct iter *to;
	struct sock_in *in;
	uint64_t deadline;
	size_t done, target;   /* bytes so far; with as many it does not wait for more */
	uint32_t from, skip;   /* MSG_PEEK: bytes to pass over, in all and still */
	struct message *after; /* MSG_PEEK: goes on behind this one; NULL: at the start */
	bool unlocked;	       /* read_lock was not taken again: current is to die */
	bool any;	       /* a message has been looked at: its sender is noted */
};

/*
 * The message to go on with, read_lock held; it is given up while waiting.  NULL: the end of the
 * call, with *@err if no byte was read.
 */
static struct message *next_message(struct reading *r, int *err)
{
	struct sock *s = r->s;

	for (;;) {
		struct message *m = r->after ? queue_next(s, r->after) : queue_first(s);

		for (; m && r->skip && r->skip >= m->len - m->done; m = queue_next(s, m)) {
			r->skip -= m->len - m->done;
			r->after = m;
		}
		*err = 0;
		if (m || r->done >= r->target)
			return m;
		*err = socket_error(s);
		if (*err || READ_ONCE(s->shut) & RCV_CLOSED)
			return NULL;
		*err = -EAGAIN;
		if (!r->deadline)
			return NULL;
		/* Another reader, or a non-blocking one, must not wait as long as this one does. */
		mutex_unlock(&s->read_lock);
		*err = sock_wait(&s->read_wait, has_bytes(s, r->after), r->deadline);
		if (mutex_lock_killable(&s->read_lock)) {
			r->unlocked = true;
			*err = -EINTR;
			return NULL;
		}
		r->after = NULL; /* another reader may have taken what was passed over */
		r->skip = r->from;
		if (*err)
			return NULL;
	}
}

/* Whether @m may be read in the same call as what was before it; notes its sender. */
static bool goes_on(struct reading *r, const struct message *m)
{
	struct sock_in *in = r->in;

	if (r->any)
		return !in->with_cred || same_cred(&in->cred, &m->cred);
	r->any = true;
	message_tell_from(m, r->s, in);
	return true;
}

/* Moves on by @n bytes of @m for good.  True when the next message may follow in this call. */
static bool consume(struct reading *r, struct message *m, uint32_t n)
{
	struct sock *s = r->s;
	bool carried = m->parcel, all = m->done + n == m->len;

	queue_lock(s, m);
	/* Under the queue's lock, as SIOCINQ adds up what is left (bytes_queued). */
	WRITE_ONCE(m->done, m->done + n);
	peek_moved(s, -(int64_t)n);
	if (all) {
		queue_take(s, m);
	} else if (carried) {
		s->parcels--;
		flight_end(m->parcel);
	}
	queue_unlock(s, m);
	/*
	 * The parcel has left the queue in the collector's eyes too (flight_end): it is the
	 * caller's alone.
	 */
	if (carried) {
		r->in->parcel = m->parcel;
		m->parcel = NULL;
	}
	if (all)
		message_free(m);
	return all && !carried;
}

/* The same for MSG_PEEK: @m stays in the queue.  */
static bool peeked(struct reading *r, struct message *m, uint32_t n)
{
	struct sock *s = r->s;

	peek_moved(s, n);
	if (m->parcel) {
		r->in->parcel = parcel_copy(m->parcel);
		return false;
	}
	r->skip = 0;
	r->after = m;
	return queue_next(s, m) != NULL;
}

/* 0 to go on, 1 at the end of the call, or -errno if no byte was read. */
static int read_message(struct reading *r)
{
	bool peek = r->in->flags & MSG_PEEK;
	struct message *m;
	uint32_t at, n;
	int err;

	m = next_message(r, &err);
	if (!m)
		return err ? err : 1;
	if (!goes_on(r, m))
		return 1;
	at = m->done + r->skip;
	n = (uint32_t)min((size_t)(m->len - at), r->to->left);
	if (message_copy(m, at, n, r->to))
		return -EFAULT;
	r->done += n;
	return (peek ? peeked(r, m, n) : consume(r, m, n)) ? 0 : 1;
}

long stream_recv(struct sock *s, struct iter *to, struct sock_in *in)
{
	size_t low = READ_ONCE(s->low_water);
	struct reading r = { .s = s,
			     .to = to,
			     .in = in,
			     .deadline = sock_deadline(s, READ_ONCE(s->receive_ns), in->flags) };
	int err;

	if (READ_ONCE(s->state) != SOCK_CONNECTED)
		return -EINVAL;
	low = in->flags & MSG_WAITALL ? to->left : min(low, to->left);
	r.target = max(low, (size_t)1);
	/*
	 * Held over the copy to user space, which may fault and sleep: so the message cannot go
	 * meanwhile.
	 */
	if (mutex_lock_killable(&s->read_lock))
		return -EINTR;
	if (in->flags & MSG_PEEK)
		r.from = r.skip = (uint32_t)max(READ_ONCE(s->peek_offset), 0);
	do {
		err = read_message(&r);
	} while (!err && to->left && file_may_continue());
	if (!r.unlocked)
		mutex_unlock(&s->read_lock);
	return r.done || err > 0 ? (long)r.done : err;
}
