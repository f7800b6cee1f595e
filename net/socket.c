/*
 * socket.c - the file of a socket, and what becomes of it by the socket's kind.
 *
 * Comes from socket(2), and from read(2) and its kin through the file's operations; goes to
 * stream.c and datagram.c.  Invariant: a socket's file closes it before its reference goes, so a
 * socket that is found without a file is dead or not accepted yet.
 */
#include "net/socket.h"

#include "abi/stat.h"
#include "abi/termios.h"
#include "fs/poll.h"
#include "net/connect.h"
#include "net/datagram.h"
#include "net/flight.h"
#include "net/message.h"
#include "net/stream.h"

static const struct file_ops socket_fops;
static const struct inode_ops socket_inode_ops;
static struct superblock sockfs = { .type = "sockfs", .magic = SOCKFS_MAGIC };

/* ---- the making of it ---- */

static void socket_inode_release(struct inode *inode)
{
	sock_put(container_of(inode, struct sock, inode));
}

struct file *sock_file(struct sock *s, uint32_t flags)
{
	struct file *f = file_new(&socket_fops, &s->inode, FILE_READ | FILE_WRITE, O_RDWR | flags);

	if (is_err(f))
		return f;
	inode_init(&s->inode, &sockfs, NULL, S_IFSOCK | 0777);
	s->inode.ops = &socket_inode_ops;
	f->private = s;
	/* The collector reads s->file of what lies in queues: NULL says "not accepted yet". */
	mutex_lock(&flight_lock);
	s->file = f;
	mutex_unlock(&flight_lock);
	return f;
}

struct sock *socket_of(const struct file *f)
{
	return f->ops == &socket_fops ? f->private : NULL;
}

/* The type that is meant: 0, or -errno. */
static int check_kind(int family, int *type, int protocol)
{
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (*type < 0 || *type >= SOCK_MAX)
		return -EINVAL;
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (*type == SOCK_RAW) /* BSD has it: datagrams by another name */
		*type = SOCK_DGRAM;
	return *type == SOCK_STREAM || *type == SOCK_DGRAM || *type == SOCK_SEQPACKET
		       ? 0
		       : -ESOCKTNOSUPPORT;
}

struct file *socket_create(int family, int type, int protocol, uint32_t flags)
{
	int err = check_kind(family, &type, protocol);
	struct sock *s = err ? NULL : sock_new(type);
	struct file *f = s ? sock_file(s, flags) : err_ptr(err ? err : -ENOMEM);

	if (is_err(f) && s)
		sock_put(s);
	return f;
}

/* ---- read, write, poll, ioctl, close ---- */

long socket_send(struct sock *s, struct iter *from, struct sock_out *out)
{
	if (out->flags & MSG_OOB)
		return -EOPNOTSUPP;
	return s->type == SOCK_STREAM ? stream_send(s, from, out) : datagram_send(s, from, out);
}

long socket_recv(struct sock *s, struct iter *to, struct sock_in *in)
{
	if (in->flags & MSG_OOB)
		return -EOPNOTSUPP;
	return s->type == SOCK_STREAM ? stream_recv(s, to, in) : datagram_recv(s, to, in);
}

static long socket_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct sock_in in = { .flags = 0 };
	long n;

	if (!to->left)
		return 0;
	n = socket_recv(f->private, to, &in);
	/* read(2) cannot give out descriptors: the files are closed, as on Linux. */
	parcel_free(in.parcel); /* there is nowhere to put them */
	return n;
}

static long socket_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct sock_out out = { .flags = 0 };

	return socket_send(f->private, from, &out);
}

static uint32_t socket_poll(struct file *f, struct poll_wait *w)
{
	struct sock *s = f->private;
	uint32_t ready = 0, shut;

	poll_on_for(w, &s->read_wait, ~(uint32_t)POLL_OUT_EVENTS);
	poll_on_for(w, &s->write_wait, POLL_OUT_EVENTS);
	/* In the queues before the look, also for epoll, which does not sleep there itself. */
	dmb(ish);
	shut = READ_ONCE(s->shut);
	if (READ_ONCE(s->error))
		ready |= POLLERR;
	/* One load of shut for all three tests below: the peer may be closing. */
	if (shut & RCV_CLOSED)
		ready |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (shut == (RCV_CLOSED | SND_CLOSED) || (connects(s) && READ_ONCE(s->state) == SOCK_IDLE))
		ready |= POLLHUP;
	if (READ_ONCE(s->queued))
		ready |= POLLIN | POLLRDNORM;
	if (writable(s) && (s->type == SOCK_STREAM || peer_has_room(s)))
		ready |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return ready;
}

/* Bytes that wait to be read: of datagrams, in the next one. */
static long bytes_queued(struct sock *s)
{
	struct message *m;
	uint64_t n = 0;

	if (READ_ONCE(s->state) == SOCK_LISTENS)
		return -EINVAL;
	spin_lock(&s->lock);
	list_for_each(m, &s->queue, link) {
		/*
		 * A reader of a stream stores done under s->lock as well (consume): no byte counts
		 * twice.
		 */
		n += m->len - READ_ONCE(m->done);
		if (s->type == SOCK_DGRAM)
			break;
	}
	spin_unlock(&s->lock);
	return (long)min(n, (uint64_t)INT32_MAX);
}

static long socket_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	struct sock *s = f->private;
	long n;

	if (cmd == FIOSETOWN || cmd == SIOCSPGRP)
		return async_set_owner_number(f, *(int *)arg);
	if (cmd == FIOGETOWN || cmd == SIOCGPGRP) {
		*(int *)arg = async_get_owner_number(f);
		return 0;
	}
	if (cmd == FIONREAD)
		n = bytes_queued(s);
	else if (cmd == TIOCOUTQ)
		n = READ_ONCE(s->state) == SOCK_LISTENS
			    ? -EINVAL
			    : (long)min(READ_ONCE(s->sent), (uint64_t)INT32_MAX);
	else
		return -ENOTTY;
	if (n < 0)
		return n;
	*(int *)arg = (int)n;
	return 0;
}

static size_t socket_async(struct file *f, struct async_list **lists)
{
	struct sock *s = f->private;

	lists[0] = &s->async;
	return 1;
}

static void socket_release(struct file *f)
{
	struct sock *s = f->private;

	/*
	 * A collector that runs now reads s->file under this lock; afterwards it finds the socket
	 * dead.
	 */
	mutex_lock(&flight_lock);
	s->file = NULL;
	mutex_unlock(&flight_lock);
	sock_close(s, false);
	/*
	 * The descriptor that is gone may have been the last way to sockets that lie in one
	 * another's queues.
	 */
	flight_collect();
}

static const struct file_ops socket_fops = {
	.read = socket_read,
	.write = socket_write,
	.ioctl = socket_ioctl,
	.poll = socket_poll,
	.async = socket_async,
	.release = socket_release,
};

static const struct inode_ops socket_inode_ops = { .release = socket_inode_release };
