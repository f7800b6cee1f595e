/*
 * socket_message.c - sendmsg(2), recvmsg(2) and their kin: headers, vectors and control data, in
 * and out of user memory.
 *
 * Goes to net/socket.c, which sees kernel memory and iterators only.  Invariant: what goes out was
 * zero before it was filled, and lengths are looked at once.  The order in which errors are found
 * is Linux's.
 */
#include "drivers/timer/timer.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/flight.h"
#include "net/message.h"
#include "net/socket.h"
#include "sys/socket.h"
#include "sys/spans.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"

/* Bytes of control data that a message may have, as Linux's optmem_max. */
#define CONTROL_MAX	 131072u

/* ---- control data: what is sent ---- */

#define CONTROL_ALIGN(n) ALIGN_UP((size_t)(n), 8UL)

/* One piece of @n bytes of data. */
static int control_piece(struct sock_out *out, int type, const char *data, size_t n)
{
	int err = 0;

	switch (type) {
	case SCM_RIGHTS:
		if (n / sizeof(int) > SCM_MAX_FD)
			return -EINVAL;
		for (size_t i = 0; !err && i < n / sizeof(int); i++) {
			int fd;

			memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
			/*
			 * Each file gets its reference now: the sender may close the descriptor
			 * before the message is read.
			 */
			err = parcel_add(&out->parcel, fd);
		}
		return err;
	case SCM_CREDENTIALS:
		if (n != sizeof(out->cred))
			return -EINVAL;
		memcpy(&out->cred, data, n);
		out->with_cred = true;
		/*
		 * Whether the sender may give other credentials than its own is asked while it is
		 * current.
		 */
		return message_may_claim(&out->cred);
	default: return -EINVAL;
	}
}

static int control_parse(struct sock_out *out, const char *buf, size_t size)
{
	struct cmsghdr c;
	size_t at = 0;
	int err = 0;

	while (!err && size - at >= sizeof(c)) {
		memcpy(&c, buf + at, sizeof(c));
		/* On the copied header: the program cannot change it any more. */
		if (c.cmsg_len < sizeof(c) || c.cmsg_len > size - at)
			return -EINVAL;
		if (c.cmsg_level == SOL_SOCKET)
			err = control_piece(out, c.cmsg_type, buf + at + sizeof(c),
					    c.cmsg_len - sizeof(c));
		at += min(CONTROL_ALIGN(c.cmsg_len), size - at);
	}
	return err;
}

/* 0 and @out's parcel and credentials, or -errno. */
static int control_in(struct sock_out *out, uptr from, uint64_t size)
{
	char few[128], *buf = few;
	int err;

	if (!size)
		return 0;
	if (size > CONTROL_MAX)
		return -ENOBUFS;
	if (size > sizeof(few))
		buf = kmalloc(size);
	if (!buf)
		return -ENOBUFS;
	/* All of it at once, and only the copy is parsed. */
	err = copy_from_user(buf, from, size) ? -EFAULT : control_parse(out, buf, size);
	if (buf != few)
		kfree(buf);
	return err;
}

/* ---- control data: what is received ---- */

/* What is left of the caller's buffer. */
struct control {
	uptr at;
	uint64_t left;
	uint32_t said; /* MSG_CTRUNC: something did not fit */
};

static void control_advance(struct control *c, size_t n)
{
	n = min((uint64_t)CONTROL_ALIGN(n), c->left);
	c->at = uptr_add(c->at, n);
	c->left -= n;
}

/*
 * One piece, cut off if there is less room.  A bad address loses it, and that is all, as on Linux.
 */
static void control_put(struct control *c, int type, const void *data, size_t n)
{
	struct {
		struct cmsghdr head;
		struct ucred data;
	} piece = { .head = { sizeof(piece.head) + n, SOL_SOCKET, type } };

	if (uptr_is_null(c->at) || c->left < sizeof(piece.head)) {
		c->said |= MSG_CTRUNC;
		return;
	}
	if (c->left < piece.head.cmsg_len) {
		c->said |= MSG_CTRUNC;
		piece.head.cmsg_len = c->left;
	}
	/* Only SCM_CREDENTIALS comes here: it fits. */
	memcpy(&piece.data, data, n);
	if (!copy_to_user(c->at, &piece, piece.head.cmsg_len))
		control_advance(c, sizeof(piece.head) + n);
}

/*
 * A descriptor for the file: written to user space before any other thread can use it.  0, or
 * -errno.
 */
static int give_file(struct file *f, uptr to, bool cloexec)
{
	int fd = fd_reserve(0, cloexec);

	if (fd < 0)
		return fd;
	if (put_user(fd, to)) {
		fd_unreserve(fd);
		return -EFAULT;
	}
	/* The parcel keeps its own until it is freed. */
	file_get(f);
	fd_install(fd, f);
	return 0;
}

static void control_put_files(struct control *c, const struct parcel *p, bool cloexec)
{
	struct cmsghdr head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	uint64_t n = p->n, fit = 0, given = 0;

	if (c->left > sizeof(head))
		fit = min(n, (c->left - sizeof(head)) / sizeof(int));
	/* One after another: descriptors that were made stay, if a later one cannot be made. */
	while (given < fit &&
	       give_file(p->file[given], uptr_add(c->at, sizeof(head) + given * sizeof(int)),
			 cloexec) == 0)
		given++;
	if (given < n)
		c->said |= MSG_CTRUNC;
	head.cmsg_len = sizeof(head) + given * sizeof(int);
	if (given && !copy_to_user(c->at, &head, sizeof(head)))
		control_advance(c, head.cmsg_len);
}

/* All that came with a message; the parcel is freed. */
static void control_out(struct control *c, struct sock_in *in)
{
	if (uptr_is_null(c->at)) {
		if (in->with_cred || in->parcel)
			c->said |= MSG_CTRUNC;
	} else {
		if (in->with_cred)
			control_put(c, SCM_CREDENTIALS, &in->cred, sizeof(in->cred));
		if (in->parcel)
			control_put_files(c, in->parcel, in->flags & MSG_CMSG_CLOEXEC);
	}
	/* Files that found no room are closed: as on Linux, they are not kept for another call. */
	parcel_free(in->parcel);
}

/* ---- sendmsg, recvmsg ---- */

/* A message's header and the vector it names.  spans_put is due in any case. */
static int header_in(uptr from, struct msghdr *h, struct spans *spans)
{
	spans->v = spans->few;
	if (copy_from_user(h, from, sizeof(*h)))
		return -EFAULT;
	if (!h->msg_name)
		h->msg_namelen = 0;
	if (h->msg_namelen < 0)
		return -EINVAL;
	/* Cut, not refused: Linux does so. */
	h->msg_namelen = min(h->msg_namelen, SOCKADDR_MAX);
	return 0;
}

static int vector_in(const struct msghdr *h, struct spans *spans, struct iter *it, bool write)
{
	int err = h->msg_iovlen > UIO_MAXIOV
			  ? -EMSGSIZE
			  : spans_get(spans, uptr_of(h->msg_iov), h->msg_iovlen, write);

	if (!err)
		iter_user_spans(it, spans->v, spans->total);
	return err;
}

static long send_message(struct sock *s, uptr from, uint32_t flags)
{
	struct sock_out out = { .flags = flags };
	struct sock_address to;
	struct spans spans;
	struct msghdr h;
	struct iter it;
	long ret = header_in(from, &h, &spans);

	if (!ret && h.msg_namelen) {
		ret = address_in(&to, uptr_of(h.msg_name), h.msg_namelen);
		out.to = &to;
	}
	if (!ret)
		ret = vector_in(&h, &spans, &it, false);
	if (!ret)
		ret = control_in(&out, uptr_of(h.msg_control), h.msg_controllen);
	if (!ret)
		ret = socket_send(s, &it, &out);
	/* NULL when the message was sent: then it has the files. */
	parcel_free(out.parcel);
	spans_put(&spans);
	return ret;
}

/* What recvmsg says in the header at @at besides the length. */
static long header_out(uptr at, const struct msghdr *h, struct control *c, const struct sock_in *in)
{
	uint32_t flags = (in->flags & MSG_CMSG_CLOEXEC) | in->said | c->said;
	uint64_t used = c->at.va - h->msg_control;
	int err = 0;

	if (h->msg_name)
		err = address_out(&in->from, uptr_of(h->msg_name),
				  uptr_add(at, offsetof(struct msghdr, msg_namelen)));
	if (!err && (put_user(flags, uptr_add(at, offsetof(struct msghdr, msg_flags))) ||
		     put_user(used, uptr_add(at, offsetof(struct msghdr, msg_controllen)))))
		err = -EFAULT;
	return err;
}

static long receive_message(struct sock *s, uptr at, uint32_t flags)
{
	struct sock_in in = { .flags = flags };
	struct spans spans;
	struct control c;
	struct msghdr h;
	struct iter it;
	long n = header_in(at, &h, &spans), err;

	if (!n)
		n = vector_in(&h, &spans, &it, true);
	if (!n) {
		c = (struct control){ uptr_of(h.msg_control), h.msg_controllen, 0 };
		n = socket_recv(s, &it, &in);
		if (n < 0)
			parcel_free(in.parcel);
		else
			control_out(&c, &in);
		err = n < 0 ? n : header_out(at, &h, &c, &in);
		n = err ? err : n;
	}
	spans_put(&spans);
	return n;
}

/* ---- one message, or many ---- */

/* The socket for a call with @flags of MSG_*. */
static struct sock_ref sock_for(int fd, uint32_t flags)
{
	struct sock_ref none = { .err = -EINVAL };

	return flags & MSG_CMSG_COMPAT ? none : sock_at(fd);
}

long sys_sendmsg(int fd, uptr msg, uint32_t flags)
{
	return with_sock(sock_for(fd, flags), s, send_message(s, msg, flags));
}

long sys_recvmsg(int fd, uptr msg, uint32_t flags)
{
	return with_sock(sock_for(fd, flags), s, receive_message(s, msg, flags));
}

/*
 * @move for each of @n messages at @at, until @deadline (UINT64_MAX: none), which is looked at
 * between messages only, as Linux does.  How many, and the error that ended it.
 */
static uint32_t move_many(struct sock *s, uptr at, uint32_t n, uint32_t flags, uint64_t deadline,
			  long (*move)(struct sock *s, uptr at, uint32_t flags), long *err)
{
	uint32_t done = 0;

	*err = 0;
	while (done < n) {
		long len = move(s, at, flags & ~(uint32_t)MSG_WAITFORONE);

		if (len >= 0 &&
		    put_user((uint32_t)len, uptr_add(at, offsetof(struct mmsghdr, msg_len))))
			len = -EFAULT;
		*err = min(len, 0L);
		if (len < 0)
			break;
		done++;
		at = uptr_add(at, sizeof(struct mmsghdr));
		/* The first one waits, the rest takes what is there. */
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (timer_now_ns() >= deadline || !file_may_continue())
			break;
	}
	return done;
}

static long send_many(struct sock *s, uptr at, uint32_t n, uint32_t flags)
{
	long err;
	uint32_t done =
		move_many(s, at, min(n, (uint32_t)UIO_MAXIOV), flags & ~(uint32_t)MSG_WAITFORONE,
			  UINT64_MAX, send_message, &err);

	return done ? (long)done : err;
}

long sys_sendmmsg(int fd, uptr vector, uint32_t count, uint32_t flags)
{
	return with_sock(sock_for(fd, flags), s, send_many(s, vector, count, flags));
}

static long receive_many(struct sock *s, uptr at, uint32_t n, uint32_t flags, uint64_t deadline)
{
	/* A pending error is returned before anything is received. */
	long err = flags & MSG_ERRQUEUE ? 0 : socket_error(s);
	uint32_t done;

	if (err)
		return err;
	done = move_many(s, at, n, flags, deadline, receive_message, &err);
	if (!done)
		return err;
	if (err < 0 && err > -ERESTARTSYS && err != -EAGAIN) /* it is returned by the next call */
		socket_set_error(s, (int)-err);
	return done;
}

static long receive_until(struct sock *s, uptr at, uint32_t n, uint32_t flags, uptr timeout)
{
	uint64_t deadline;
	bool timed = !uptr_is_null(timeout);
	long ret = deadline_from_user(timeout, &deadline);

	if (!ret)
		ret = receive_many(s, at, n, flags, deadline);
	if (ret > 0 && timed && put_timespec(timeout, deadline - min(deadline, timer_now_ns())))
		ret = -EFAULT;
	return ret;
}

long sys_recvmmsg(int fd, uptr vector, uint32_t count, uint32_t flags, uptr timeout)
{
	return with_sock(sock_for(fd, flags), s, receive_until(s, vector, count, flags, timeout));
}
