/*
 * option.c - getsockopt(2) and setsockopt(2), level SOL_SOCKET.
 *
 * Comes from sys/socket.c, which copies; what is read or set here is a plain value that the rest of
 * net/ looks at.  Invariant: a value of one word is stored at once and read without a lock, by a
 * call that begins later; an option of more words is set under s->lock.
 */
#include "net/option.h"

#include "lib/string.h"
#include "lib/time.h"
#include "net/names.h"
#include "task/cap.h"

#define SIZE_MAX_US 212992u /* the most that a caller without CAP_NET_ADMIN may ask for */
#define SEND_MIN    4608u
#define RECEIVE_MIN 2304u

/* Options that are on or off and no more; of them SO_PASSCRED alone means something to AF_UNIX. */
#define SWITCHES                                                                     \
	(BIT(SO_DEBUG) | BIT(SO_DONTROUTE) | BIT(SO_BROADCAST) | BIT(SO_REUSEADDR) | \
	 BIT(SO_KEEPALIVE) | BIT(SO_OOBINLINE) | BIT(SO_NO_CHECK) | BIT(SO_PASSCRED))

static bool is_switch(int option)
{
	return option >= 0 && option < 32 && SWITCHES & BIT(option);
}

/* ---- get ---- */

/* A value that is one int: 0, or -ENOPROTOOPT. */
static int get_number(struct sock *s, int option, int *v)
{
	switch (option) {
	case SO_TYPE: *v = s->type; break;
	case SO_DOMAIN: *v = AF_UNIX; break;
	case SO_PROTOCOL: *v = 0; break;
	case SO_ERROR: *v = -socket_error(s); break;
	case SO_ACCEPTCONN: *v = READ_ONCE(s->state) == SOCK_LISTENS; break;
	case SO_SNDBUF: *v = (int)READ_ONCE(s->send_size); break;
	case SO_RCVBUF: *v = (int)READ_ONCE(s->receive_size); break;
	case SO_RCVLOWAT: *v = (int)READ_ONCE(s->low_water); break;
	case SO_SNDLOWAT: *v = 1; break;
	case SO_PRIORITY: *v = (int)READ_ONCE(s->priority); break;
	case SO_BSDCOMPAT: *v = 0; break;
	case SO_PEEK_OFF: *v = READ_ONCE(s->peek_offset); break;
	default:
		if (!is_switch(option))
			return -ENOPROTOOPT;
		*v = switched_on(s, (unsigned int)option);
	}
	return 0;
}

/* Copies @n bytes of @from, as many as fit. */
static int give_value(void *value, uint32_t *len, const void *from, uint32_t n)
{
	*len = min(*len, n);
	memcpy(value, from, *len);
	return 0;
}

static struct timeval time_of(uint64_t ns)
{
	return timeval_from_ns(ns == UINT64_MAX ? 0 : ns);
}

static int get_peer_cred(struct sock *s, void *value, uint32_t *len)
{
	struct ucred cred = { 0, UINT32_MAX, UINT32_MAX };

	/* pid, uid and gid are of one connect: it stores them under this lock. */
	spin_lock(&s->lock);
	if (s->peer_cred.known)
		cred = s->peer_cred.cred;
	spin_unlock(&s->lock);
	return give_value(value, len, &cred, sizeof(cred));
}

static int get_peer_name(struct sock *s, void *value, uint32_t *len)
{
	struct sock_address a;

	if (socket_name(s, true, &a))
		return -ENOTCONN;
	if (a.len < *len)
		return -EINVAL;
	return give_value(value, len, a.bytes, *len);
}

int socket_get_option(struct sock *s, int option, void *value, uint32_t *len)
{
	struct timeval t;
	struct linger l;
	int v, err;

	switch (option) {
	case SO_LINGER: l = s->linger; return give_value(value, len, &l, sizeof(l));
	case SO_PEERCRED: return get_peer_cred(s, value, len);
	case SO_PEERNAME: return get_peer_name(s, value, len);
	case SO_COOKIE:
		if (*len < sizeof(s->inode.ino))
			return -EINVAL;
		return give_value(value, len, &s->inode.ino, sizeof(s->inode.ino));
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		/* One word: another thread's new timeout is seen whole or not at all. */
		t = time_of(READ_ONCE(s->receive_ns));
		return give_value(value, len, &t, sizeof(t));
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		t = time_of(READ_ONCE(s->send_ns));
		return give_value(value, len, &t, sizeof(t));
	default:
		err = get_number(s, option, &v);
		return err ? err : give_value(value, len, &v, sizeof(v));
	}
}

/* ---- set ---- */

static int set_timeout(uint64_t *ns, const void *value, uint32_t len)
{
	struct timeval t;
	uint64_t n;

	if (len < sizeof(t))
		return -EINVAL;
	memcpy(&t, value, sizeof(t));
	if (t.tv_usec < 0 || t.tv_usec >= (int64_t)US_PER_S)
		return -EDOM;
	if (t.tv_sec < 0)
		n = 0; /* it never waits */
	else if (!t.tv_sec && !t.tv_usec)
		n = UINT64_MAX;
	else
		n = ns_from_parts(t.tv_sec, (uint64_t)t.tv_usec * NS_PER_US);
	/* A call that waits already goes by the deadline that it made from the old value. */
	WRITE_ONCE(*ns, n);
	return 0;
}

/* A buffer's size is twice what is asked for, as Linux counts: half of it for the headers. */
static uint32_t doubled(int v, bool force, uint32_t least)
{
	uint32_t n = force ? (uint32_t)max(v, 0) : min((uint32_t)v, SIZE_MAX_US);

	return max(min(n, (uint32_t)INT32_MAX / 2) * 2, least);
}

static int set_buffer_size(struct sock *s, int option, int v)
{
	bool force = option == SO_SNDBUFFORCE || option == SO_RCVBUFFORCE;

	if (force && !capable(CAP_NET_ADMIN))
		return -EPERM;
	if (option == SO_SNDBUF || option == SO_SNDBUFFORCE) {
		WRITE_ONCE(s->send_size, doubled(v, force, SEND_MIN));
		/*
		 * After the store: a sender that waited for the smaller buffer looks at the new
		 * one.
		 */
		wake_if_any(&s->write_wait);
	} else {
		WRITE_ONCE(s->receive_size, doubled(v, force, RECEIVE_MIN));
	}
	return 0;
}

static int set_switch(struct sock *s, int option, bool on)
{
	if (option == SO_DEBUG && on && !capable(CAP_NET_ADMIN))
		return -EACCES;
	/* Atomic: another thread may be setting another option in the same word. */
	if (on)
		atomic_or(&s->switches, (uint32_t)BIT(option));
	else
		atomic_and(&s->switches, ~(uint32_t)BIT(option));
	return 0;
}

static int set_linger(struct sock *s, const void *value, uint32_t len)
{
	struct linger l;

	if (len < sizeof(l))
		return -EINVAL;
	memcpy(&l, value, sizeof(l));
	/* Both fields together, against another thread that sets them. */
	spin_lock(&s->lock);
	s->linger.l_onoff = l.l_onoff != 0;
	if (l.l_onoff)
		s->linger.l_linger = l.l_linger;
	spin_unlock(&s->lock);
	return 0;
}

int socket_set_option(struct sock *s, int option, const void *value, uint32_t len)
{
	int v;

	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	switch (option) {
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE: return set_buffer_size(s, option, v);
	case SO_RCVLOWAT:
		WRITE_ONCE(s->low_water, v < 0 ? INT32_MAX : v ? (uint32_t)v : 1);
		return 0;
	case SO_PRIORITY:
		if ((v < 0 || v > 6) && !capable(CAP_NET_ADMIN))
			return -EPERM;
		WRITE_ONCE(s->priority, (uint32_t)v);
		return 0;
	case SO_LINGER: return set_linger(s, value, len);
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW: return set_timeout(&s->receive_ns, value, len);
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW: return set_timeout(&s->send_ns, value, len);
	case SO_PEEK_OFF: WRITE_ONCE(s->peek_offset, v); return 0;
	case SO_BSDCOMPAT: return 0;
	default: return is_switch(option) ? set_switch(s, option, v) : -ENOPROTOOPT;
	}
}
