/*
 * socket.c - socket(2) and its kin: addresses and options in and out of user memory.
 *
 * Goes to net/, which sees kernel memory and iterators only; messages with headers are
 * sys/socket_message.c.  Invariant: what goes out was zero before it was filled, and lengths are
 * looked at once.  The order in which errors are found is Linux's.
 */
#include "sys/socket.h"

#include "net/connect.h"
#include "net/flight.h"
#include "net/names.h"
#include "net/option.h"
#include "net/socket.h"
#include "sys/spans.h"
#include "sys/syscall.h"

struct sock_ref sock_at(int fd)
{
	struct sock_ref r = { .fd = fd_get(fd), .err = -EBADF };

	if (r.fd.file) {
		/* The file holds the socket, and r.fd holds the file. */
		r.sock = socket_of(r.fd.file);
		r.err = r.sock ? 0 : -ENOTSOCK;
	}
	return r;
}

/* ---- addresses ---- */

int address_in(struct sock_address *a, uptr from, int len)
{
	*a = (struct sock_address){ .len = (uint32_t)len };
	if (len < 0 || len > SOCKADDR_MAX)
		return -EINVAL;
	return copy_from_user(a->bytes, from, (size_t)len) ? -EFAULT : 0;
}

int address_out(const struct sock_address *a, uptr to, uptr len)
{
	int room;

	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	/*
	 * Cut to the caller's room; the length that is returned is the whole one, so that the
	 * caller can see it.
	 */
	if (copy_to_user(to, a->bytes, min((uint32_t)room, a->len)))
		return -EFAULT;
	return put_user(a->len, len) ? -EFAULT : 0;
}

/* ---- making and connecting ---- */

#define TYPE_FLAGS (SOCK_CLOEXEC | SOCK_NONBLOCK)
_Static_assert(SOCK_CLOEXEC == O_CLOEXEC && SOCK_NONBLOCK == O_NONBLOCK, "socket.h");

long sys_socket(int family, uint32_t type_flags, int protocol)
{
	int type = (int)type_flags & SOCK_TYPE_MASK, flags = (int)type_flags & ~SOCK_TYPE_MASK;
	struct file *f;

	if (flags & ~TYPE_FLAGS)
		return -EINVAL;
	f = socket_create(family, type, protocol, (uint32_t)flags & O_NONBLOCK);
	return is_err(f) ? ptr_err(f) : fd_add(f, flags & SOCK_CLOEXEC);
}

long sys_socketpair(int family, uint32_t type_flags, int protocol, uptr fds)
{
	int type = (int)type_flags & SOCK_TYPE_MASK, flags = (int)type_flags & ~SOCK_TYPE_MASK;
	struct file *f[2];
	int fd[2], err;

	if (flags & ~TYPE_FLAGS)
		return -EINVAL;
	err = fd_reserve_two(fd, flags & SOCK_CLOEXEC);
	if (err)
		return err;
	/* Before the sockets are made: a bad address costs nothing. */
	if (copy_to_user(fds, fd, sizeof(fd)))
		err = -EFAULT;
	else
		err = socket_pair(family, type, protocol, (uint32_t)flags & O_NONBLOCK, f);
	fd_end_two(fd, err ? NULL : f);
	return err;
}

/* bind(2) and connect(2): @call with the address at @addr. */
static long with_address(int fd, uptr addr, int addr_len,
			 int (*call)(struct sock *s, const struct sock_address *a))
{
	struct sock_address a;

	return with_sock(sock_at(fd), s, address_in(&a, addr, addr_len) ?: call(s, &a));
}

long sys_bind(int fd, uptr addr, int addr_len)
{
	return with_address(fd, addr, addr_len, socket_bind);
}

long sys_connect(int fd, uptr addr, int addr_len)
{
	return with_address(fd, addr, addr_len, socket_connect);
}

long sys_listen(int fd, int backlog)
{
	return with_sock(sock_at(fd), s, socket_listen(s, (uint32_t)backlog));
}

long sys_shutdown(int fd, int how)
{
	return with_sock(sock_at(fd), s, socket_shutdown(s, how));
}

/* @f, a connection or an error, once accept's caller has the peer's address; else an error. */
static struct file *tell_peer(struct file *f, uptr to, uptr len)
{
	struct sock_address a;
	int err;

	if (is_err(f) || uptr_is_null(to))
		return f;
	err = socket_name(socket_of(f), true, &a) ? -ECONNABORTED : address_out(&a, to, len);
	if (!err)
		return f;
	file_put(f); /* the connection is closed: no other accept can return it any more */
	return err_ptr(err);
}

long sys_accept(int fd, uptr addr, uptr addr_len)
{
	return sys_accept4(fd, addr, addr_len, 0);
}

long sys_accept4(int fd, uptr addr, uptr addr_len, uint32_t flags)
{
	struct sock_ref r = sock_at(fd);
	struct file *f;
	int ret = (int)r.err;

	/*
	 * The descriptor before the connection: one that was taken off the queue must not be lost
	 * for want of a number.  ENOTSOCK comes last.
	 */
	if (ret != -EBADF)
		ret = flags & ~(uint32_t)TYPE_FLAGS ? -EINVAL : fd_reserve(0, flags & SOCK_CLOEXEC);
	if (ret >= 0) {
		f = r.err ? err_ptr(r.err) : socket_accept(r.sock, flags & O_NONBLOCK);
		ret = fd_finish(ret, tell_peer(f, addr, addr_len));
	}
	fd_put(r.fd);
	return ret;
}

static long get_name(int fd, bool peer, uptr to, uptr len)
{
	struct sock_address a;

	return with_sock(sock_at(fd), s, socket_name(s, peer, &a) ?: address_out(&a, to, len));
}

long sys_getsockname(int fd, uptr addr, uptr addr_len)
{
	return get_name(fd, false, addr, addr_len);
}

long sys_getpeername(int fd, uptr addr, uptr addr_len)
{
	return get_name(fd, true, addr, addr_len);
}

/* ---- options ---- */

static long set_option(struct sock *s, int level, int option, uptr from, int len)
{
	char value[SOCKET_OPTION_MAX] = { 0 };

	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if ((uint32_t)len < sizeof(int))
		return -EINVAL;
	/* No option has more; what is behind is not looked at, as on Linux. */
	len = min(len, (int)sizeof(value));
	if (copy_from_user(value, from, (size_t)len))
		return -EFAULT;
	return socket_set_option(s, option, value, (uint32_t)len);
}

long sys_setsockopt(int fd, int level, int option, uptr value, int value_len)
{
	if (value_len < 0)
		return -EINVAL;
	return with_sock(sock_at(fd), s, set_option(s, level, option, value, value_len));
}

static long get_option(struct sock *s, int level, int option, uptr to, uptr len_at)
{
	/* Zero: what an option leaves out does not show the stack. */
	char value[SOCKET_OPTION_MAX] = { 0 };
	uint32_t n;
	int len, err;

	if (level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (get_user(len, len_at))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	n = min((uint32_t)len, (uint32_t)sizeof(value));
	err = socket_get_option(s, option, value, &n);
	if (err)
		return err;
	if (copy_to_user(to, value, n))
		return -EFAULT;
	return put_user(n, len_at) ? -EFAULT : 0;
}

long sys_getsockopt(int fd, int level, int option, uptr value, uptr value_len)
{
	return with_sock(sock_at(fd), s, get_option(s, level, option, value, value_len));
}

/* ---- sendto, recvfrom ---- */

/* The socket at @fd, and @it over as many of the @n bytes at @buf as a call moves. */
static struct sock_ref sock_for_bytes(int fd, uptr buf, uint64_t n, bool write, struct iter *it)
{
	n = min(n, RW_MAX);
	iter_user(it, buf, n);
	if (uaccess_ok(buf, n))
		return sock_at(fd);
	return (struct sock_ref){ .err = uaccess_refuse(buf, write) };
}

long sys_sendto(int fd, uptr buf, uint64_t n, uint32_t flags, uptr addr, int addr_len)
{
	struct sock_out out = { .flags = flags };
	struct sock_address to;
	struct iter it;
	struct sock_ref r = sock_for_bytes(fd, buf, n, false, &it);
	long ret = r.err;

	if (!ret && !uptr_is_null(addr)) {
		ret = address_in(&to, addr, addr_len);
		/* An empty address is none: then it goes to the peer. */
		out.to = to.len ? &to : NULL;
	}
	if (!ret)
		ret = socket_send(r.sock, &it, &out);
	fd_put(r.fd);
	return ret;
}

long sys_recvfrom(int fd, uptr buf, uint64_t n, uint32_t flags, uptr addr, uptr addr_len)
{
	struct sock_in in = { .flags = flags };
	struct iter it;
	struct sock_ref r = sock_for_bytes(fd, buf, n, true, &it);
	long ret = r.err ?: socket_recv(r.sock, &it, &in), err = 0;

	/* There is no place for descriptors here: they are closed, as on Linux. */
	parcel_free(in.parcel);
	if (ret >= 0 && !uptr_is_null(addr))
		err = address_out(&in.from, addr, addr_len);
	fd_put(r.fd);
	return err ? err : ret;
}
