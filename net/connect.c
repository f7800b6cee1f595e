/*
 * connect.c - listen, connect, accept, shut down, close.
 *
 * Invariants: of two ends of a stream or of sequenced packets each has the other as its peer from
 * one moment on, until its own file is closed; a listener's queue holds the ends that are not
 * accepted yet, which close with it.
 */
#include "net/connect.h"

#include "net/datagram.h"
#include "net/message.h"
#include "net/names.h"

/* ---- credentials ---- */

/* current's credentials, which the other end of a connection can ask for. */
static struct peer_cred my_cred(void)
{
	const struct cred *c = current_cred();

	return (struct peer_cred){ true, { current->process->pid, c->euid, c->egid } };
}

/* ---- pairs ---- */

static void join_two(struct sock *a, struct sock *b)
{
	/* Without the locks: neither has a descriptor yet, so no other task knows them. */
	sock_get(a);
	sock_get(b);
	a->peer = b;
	b->peer = a;
	a->peer_cred = my_cred();
	b->peer_cred = my_cred();
	if (connects(a))
		a->state = b->state = SOCK_CONNECTED;
}

int socket_pair(int family, int type, int protocol, uint32_t flags, struct file *f[2])
{
	f[0] = socket_create(family, type, protocol, flags);
	if (is_err(f[0]))
		return (int)ptr_err(f[0]);
	f[1] = socket_create(family, type, protocol, flags);
	if (is_err(f[1])) {
		file_put(f[0]);
		return (int)ptr_err(f[1]);
	}
	join_two(socket_of(f[0]), socket_of(f[1]));
	return 0;
}

/* ---- listen and connect ---- */

int socket_listen(struct sock *s, uint32_t backlog)
{
	int err = 0;

	/*
	 * A connect of the same socket by another thread tests state under it (meet_listener): only
	 * one of the two goes through.
	 */
	spin_lock(&s->lock);
	if (!connects(s)) {
		err = -EOPNOTSUPP;
	} else if (!s->name || s->state == SOCK_CONNECTED) {
		err = -EINVAL;
	} else {
		WRITE_ONCE(s->backlog, min(backlog, (uint32_t)SOMAXCONN));
		WRITE_ONCE(s->state, SOCK_LISTENS);
		s->peer_cred = my_cred();
	}
	spin_unlock(&s->lock);
	wake_if_any(&s->room_wait);
	return err;
}

/*
 * Connects @s to the listener @other by its new end @fresh; both are locked.  What can fail comes
 * first.  @fresh needs no lock: it is found only through the queue, at the very end.
 */
static int meet_listener(struct sock *s, struct sock *other, struct sock *fresh)
{
	if (other->dead || other->state != SOCK_LISTENS || other->shut & RCV_CLOSED)
		return -ECONNREFUSED;
	if (queue_full(other))
		return -EAGAIN;
	if (s->state != SOCK_IDLE)
		return s->state == SOCK_CONNECTED ? -EISCONN : -EINVAL;
	fresh->peer_cred = my_cred();
	fresh->state = SOCK_CONNECTED;
	fresh->name = other->name;
	ref_get(&fresh->name->refs);
	s->peer_cred = other->peer_cred;
	sock_get(s);
	fresh->peer = s;
	sock_get(fresh);
	store_release(&s->peer, fresh); /* a sender that sees the peer sees it whole */
	WRITE_ONCE(s->state, SOCK_CONNECTED);
	list_add_tail(&other->queue, &fresh->pending); /* its first reference is the queue's */
	WRITE_ONCE(other->queued, other->queued + 1);
	return 0;
}

static int connect_to(struct sock *s, const struct sock_address *a, struct sock *fresh,
		      uint64_t deadline)
{
	for (;;) {
		struct sock *other = name_find(a, s->type);
		int err;

		if (is_err(other))
			return (int)ptr_err(other);
		/* Both: neither may close, nor @s connect elsewhere, while they become peers. */
		lock_two(s, other);
		err = meet_listener(s, other, fresh);
		unlock_two(s, other);
		/*
		 * Without the locks: O_ASYNC's signals take others, and a task that is woken would
		 * only wait for these.
		 */
		if (!err) {
			wake_if_any(&other->read_wait);
			sock_wake(s);
			async_notify(&other->async, POLL_IN);
		}
		if (err == -EAGAIN && deadline) {
			err = sock_wait(&other->room_wait, !queue_full(other) || is_deaf(other),
					deadline);
			if (!err)
				err = -EINPROGRESS;
		}
		sock_put(other);
		if (err != -EINPROGRESS)
			return err;
	}
}

static int connect_stream(struct sock *s, const struct sock_address *a)
{
	struct sock *fresh = sock_new(s->type);
	int err;

	if (!fresh)
		return -ENOMEM;
	err = connect_to(s, a, fresh, sock_deadline(s, READ_ONCE(s->send_ns), 0));
	if (err)
		sock_put(fresh);
	return err;
}

static int connect_datagram(struct sock *s, const struct sock_address *a)
{
	struct sock *other = a ? name_find(a, s->type) : NULL;
	int err;

	if (is_err(other))
		return (int)ptr_err(other);
	err = datagram_connect(s, other);
	if (other)
		sock_put(other);
	return err;
}

int socket_connect(struct sock *s, const struct sock_address *a)
{
	int err;

	if (!connects(s) && a->len >= sizeof(a->un.sun_family) && a->un.sun_family == AF_UNSPEC)
		return connect_datagram(s, NULL);
	err = address_check(a);
	if (!err)
		err = name_need(s);
	if (!err)
		err = connects(s) ? connect_stream(s, a) : connect_datagram(s, a);
	return err;
}

/* ---- accept ---- */

static struct sock *next_pending(struct sock *s)
{
	struct sock *fresh;

	spin_lock(&s->lock);
	fresh = list_pop(&s->queue, struct sock, pending);
	if (fresh)
		WRITE_ONCE(s->queued, s->queued - 1);
	spin_unlock(&s->lock);
	return fresh;
}

/* The next connection, whose reference is the caller's; or err_ptr. */
static struct sock *wait_for_connection(struct sock *s, uint64_t deadline)
{
	for (;;) {
		struct sock *fresh = NULL;
		int err = socket_error(s);

		if (!err)
			fresh = next_pending(s);
		if (fresh) {
			wake_if_any(&s->room_wait);
			return fresh;
		}
		if (!err && !deadline)
			err = -EAGAIN;
		if (!err && READ_ONCE(s->shut) & RCV_CLOSED)
			err = -EINVAL;
		if (!err)
			err = sock_wait(&s->read_wait,
					READ_ONCE(s->queued) || READ_ONCE(s->shut) & RCV_CLOSED ||
						READ_ONCE(s->error),
					deadline);
		if (err)
			return err_ptr(err);
	}
}

struct file *socket_accept(struct sock *s, uint32_t flags)
{
	struct sock *fresh;
	struct file *f;

	if (!connects(s))
		return err_ptr(-EOPNOTSUPP);
	if (READ_ONCE(s->state) != SOCK_LISTENS)
		return err_ptr(-EINVAL);
	fresh = wait_for_connection(s, sock_deadline(s, READ_ONCE(s->receive_ns), 0));
	if (is_err(fresh))
		return err_ptr(ptr_err(fresh));
	/* Before the file: what the listener had set holds for the first message already. */
	atomic_or(&fresh->switches, READ_ONCE(s->switches) & BIT(SO_PASSCRED));
	f = sock_file(fresh, flags);
	if (!is_err(f))
		return f;
	/* It has no file whose release would close it; its peer gets ECONNRESET. */
	sock_close(fresh, true);
	sock_put(fresh);
	return f;
}

/* ---- the end ---- */

int socket_shutdown(struct sock *s, int how)
{
	static const uint8_t ours[] = { RCV_CLOSED, SND_CLOSED, RCV_CLOSED | SND_CLOSED };
	static const uint8_t theirs[] = { SND_CLOSED, RCV_CLOSED, RCV_CLOSED | SND_CLOSED };
	struct sock *peer;
	uint8_t shut;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	spin_lock(&s->lock);
	WRITE_ONCE(s->shut, s->shut | ours[how]);
	spin_unlock(&s->lock);
	sock_wake(s);
	/*
	 * The two ends change one after the other: both locks at once are not needed, as no test
	 * spans both.
	 */
	peer = sock_peer(s);
	if (peer && connects(s)) {
		spin_lock(&peer->lock);
		WRITE_ONCE(peer->shut, peer->shut | theirs[how]);
		shut = peer->shut;
		spin_unlock(&peer->lock);
		sock_wake(peer);
		if (shut & RCV_CLOSED)
			async_notify(&peer->async, shut & SND_CLOSED ? POLL_HUP : POLL_IN);
	}
	if (peer)
		sock_put(peer);
	return 0;
}

/* Tells the other end of a connection that this one has closed. */
static void hang_up_peer(struct sock *s, struct sock *peer, bool lost)
{
	spin_lock(&peer->lock);
	WRITE_ONCE(peer->shut, RCV_CLOSED | SND_CLOSED);
	if (lost)
		WRITE_ONCE(peer->error, ECONNRESET);
	spin_unlock(&peer->lock);
	sock_wake(peer);
	async_notify(&peer->async, POLL_HUP);
}

/* The connections that were never accepted. */
static void refuse_pending(struct sock *s)
{
	struct sock *fresh;

	while ((fresh = next_pending(s))) {
		sock_close(fresh, true);
		sock_put(fresh);
		give_way();
	}
}

void sock_close(struct sock *s, bool unborn)
{
	bool listened = s->state == SOCK_LISTENS, lost;
	struct path path = s->path;
	struct sock *peer;

	name_drop(s); /* first: from now on it is not found by its name */
	/* What is dead gets no message any more: queue_deliver()'s callers look under this lock. */
	spin_lock(&s->lock);
	s->dead = true;
	lost = unborn || s->queued;
	WRITE_ONCE(s->shut, RCV_CLOSED | SND_CLOSED);
	WRITE_ONCE(s->state, SOCK_IDLE);
	s->path = (struct path){ NULL, NULL };
	peer = s->peer;
	/*
	 * Under s->lock, with peer: peer_has_room of another task must not join the old peer's
	 * queue again.
	 */
	relay_stop(s);
	s->peer = NULL;
	spin_unlock(&s->lock);
	sock_wake(s);
	if (peer) {
		if (connects(s))
			hang_up_peer(s, peer, lost);
		sock_put(peer);
	}
	/* dead is set: nothing is added to the queue any more, so emptying it comes to an end. */
	if (listened)
		refuse_pending(s);
	else
		queue_purge(s);
	if (path.mnt)
		path_put(&path);
}
