/*
 * socket.c - socket(2) and its kin: addresses, messages and their control data in and out of
 * user memory.
 *
 * Goes to net/, which sees kernel memory and iterators only.  Invariant: what goes out was zero
 * before it was filled, and lengths are looked at once.  The order in which errors are found is
 * Linux's.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/socket.h"
#include "abi/time.h"
#include "drivers/timer/timer.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/socket.h"
#include "sys/spans.h"
#include "sys/syscall.h"
#include "task/cap.h"
#include "task/signal.h"
#include "task/task.h"

/* Bytes of control data that a message may have, as Linux's optmem_max. */
#define CONTROL_MAX 131072u

/* The socket at @fd; its file is put by fd_put(*@r).  NULL and *@err: -EBADF, -ENOTSOCK. */
static struct sock *sock_at(int fd, struct fd_ref *r, long *err)
{
	struct sock *s;

	*r = fd_get(fd);
	s = r->file ? socket_of(r->file) : NULL;
	*err = s ? 0 : r->file ? -ENOTSOCK : -EBADF;
	return s;
}

static bool is_nonblocking(const struct fd_ref *r)
{
	return READ_ONCE(r->file->flags) & O_NONBLOCK;
}

/* ---- addresses ---- */

static int address_in(struct sock_address *a, uptr from, int len)
{
	*a = (struct sock_address){ .len = (uint32_t)len };
	if (len < 0 || len > SOCKADDR_MAX)
		return -EINVAL;
	return copy_from_user(a->bytes, from, (size_t)len) ? -EFAULT : 0;
}

/* As much of it as the int at @len says there is room for; the int becomes its whole length. */
static int address_out(const struct sock_address *a, uptr to, uptr len)
{
	int room;

	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
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
	int fd[2];
	long ret;

	if (flags & ~TYPE_FLAGS)
		return -EINVAL;
	fd[0] = fd_reserve(0, flags & SOCK_CLOEXEC);
	if (fd[0] < 0)
		return fd[0];
	fd[1] = fd_reserve(0, flags & SOCK_CLOEXEC);
	ret = min(fd[1], 0);
	if (!ret && copy_to_user(fds, fd, sizeof(fd)))
		ret = -EFAULT;
	if (!ret)
		ret = socket_pair(family, type, protocol, (uint32_t)flags & O_NONBLOCK, f);
	for (int i = 0; i < 2; i++) {
		if (!ret)
			fd_install(fd[i], f[i]);
		else if (fd[i] >= 0)
			fd_unreserve(fd[i]);
	}
	return ret;
}

long sys_bind(int fd, uptr addr, int addr_len)
{
	struct sock_address a;
	struct fd_ref r;
	long ret;
	struct sock *s = sock_at(fd, &r, &ret);

	if (s)
		ret = address_in(&a, addr, addr_len);
	if (!ret)
		ret = socket_bind(s, &a);
	fd_put(r);
	return ret;
}

long sys_connect(int fd, uptr addr, int addr_len)
{
	struct sock_address a;
	struct fd_ref r;
	long ret;
	struct sock *s = sock_at(fd, &r, &ret);

	if (s)
		ret = address_in(&a, addr, addr_len);
	if (!ret)
		ret = socket_connect(s, &a, is_nonblocking(&r));
	fd_put(r);
	return ret;
}

long sys_listen(int fd, int backlog)
{
	struct fd_ref r;
	long ret;
	struct sock *s = sock_at(fd, &r, &ret);

	if (s)
		ret = socket_listen(s, (uint32_t)backlog);
	fd_put(r);
	return ret;
}

long sys_shutdown(int fd, int how)
{
	struct fd_ref r;
	long ret;
	struct sock *s = sock_at(fd, &r, &ret);

	if (s)
		ret = socket_shutdown(s, how);
	fd_put(r);
	return ret;
}

/* The peer's address for accept's caller, who has @f for it from now on or never. */
static long accepted(struct file *f, int fd, uptr to, uptr len)
{
	struct sock_address a;
	int err = 0;

	if (!uptr_is_null(to)) {
		err = socket_name(socket_of(f), true, &a) ? -ECONNABORTED
							  : address_out(&a, to, len);
	}
	if (err) {
		file_put(f);
		return err;
	}
	fd_install(fd, f);
	return fd;
}

static long do_accept(int fd, uptr to, uptr len, int flags)
{
	struct fd_ref r = fd_get(fd);
	struct sock *s = r.file ? socket_of(r.file) : NULL;
	struct file *f;
	long ret = -EBADF;

	if (!r.file)
		return ret;
	ret = flags & ~TYPE_FLAGS ? -EINVAL : fd_reserve(0, flags & SOCK_CLOEXEC);
	if (ret >= 0) {
		fd = (int)ret;
		f = s ? socket_accept(s, is_nonblocking(&r), (uint32_t)flags & O_NONBLOCK)
		      : err_ptr(-ENOTSOCK);
		ret = is_err(f) ? ptr_err(f) : accepted(f, fd, to, len);
		if (ret < 0)
			fd_unreserve(fd);
	}
	fd_put(r);
	return ret;
}

long sys_accept(int fd, uptr addr, uptr addr_len)
{
	return do_accept(fd, addr, addr_len, 0);
}

long sys_accept4(int fd, uptr addr, uptr addr_len, uint32_t flags)
{
	return do_accept(fd, addr, addr_len, (int)flags);
}

static long get_name(int fd, bool peer, uptr to, uptr len)
{
	struct sock_address a;
	struct fd_ref r;
	long ret;
	struct sock *s = sock_at(fd, &r, &ret);

	if (s)
		ret = socket_name(s, peer, &a);
	if (!ret)
		ret = address_out(&a, to, len);
	fd_put(r);
	return ret;
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
	len = min(len, (int)sizeof(value));
	if (copy_from_user(value, from, (size_t)len))
		return -EFAULT;
	return socket_set_option(s, option, value, (uint32_t)len);
}

long sys_setsockopt(int fd, int level, int option, uptr value, int value_len)
{
	struct fd_ref r;
	struct sock *s;
	long ret;

	if (value_len < 0)
		return -EINVAL;
	s = sock_at(fd, &r, &ret);
	if (s)
		ret = set_option(s, level, option, value, value_len);
	fd_put(r);
	return ret;
}

static long get_option(struct sock *s, int level, int option, uptr to, uptr len_at)
{
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
	struct fd_ref r;
	long ret;
	struct sock *s = sock_at(fd, &r, &ret);

	if (s)
		ret = get_option(s, level, option, value, value_len);
	fd_put(r);
	return ret;
}

/* ---- sendto, recvfrom ---- */

long sys_sendto(int fd, uptr buf, uint64_t n, uint32_t flags, uptr addr, int addr_len)
{
	struct sock_out out = { .flags = flags };
	struct sock_address to;
	struct iter it;
	struct fd_ref r;
	struct sock *s;
	long ret;

	n = min(n, RW_MAX);
	if (!uaccess_ok(buf, n))
		return -EFAULT;
	iter_user(&it, buf, n);
	s = sock_at(fd, &r, &ret);
	if (s && !uptr_is_null(addr)) {
		ret = address_in(&to, addr, addr_len);
		out.to = to.len ? &to : NULL;
	}
	if (!ret) {
		if (is_nonblocking(&r))
			out.flags |= MSG_DONTWAIT;
		ret = socket_send(s, &it, &out);
	}
	fd_put(r);
	return ret;
}

long sys_recvfrom(int fd, uptr buf, uint64_t n, uint32_t flags, uptr addr, uptr addr_len)
{
	struct sock_in in = { .flags = flags };
	struct iter it;
	struct fd_ref r;
	struct sock *s;
	long ret;

	n = min(n, RW_MAX);
	if (!uaccess_ok(buf, n))
		return -EFAULT;
	iter_user(&it, buf, n);
	s = sock_at(fd, &r, &ret);
	if (s) {
		if (is_nonblocking(&r))
			in.flags |= MSG_DONTWAIT;
		ret = socket_recv(s, &it, &in);
		parcel_free(in.parcel);
	}
	if (ret >= 0 && !uptr_is_null(addr)) {
		int err = address_out(&in.from, addr, addr_len);

		ret = err ? err : ret;
	}
	fd_put(r);
	return ret;
}

/* ---- control data: what is sent ---- */

#define CONTROL_ALIGN(n) ALIGN_UP((size_t)(n), 8UL)

/* May current say that it is these?  0, -EPERM, -ESRCH, -EINVAL. */
static int check_cred(const struct ucred *c)
{
	const struct cred *me = current_cred();
	struct process *p;

	if (c->uid == UINT32_MAX || c->gid == UINT32_MAX)
		return -EINVAL;
	if (c->pid != current->process->pid && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (c->uid != me->uid && c->uid != me->euid && c->uid != me->suid && !capable(CAP_SETUID))
		return -EPERM;
	if (c->gid != me->gid && c->gid != me->egid && c->gid != me->sgid && !capable(CAP_SETGID))
		return -EPERM;
	p = process_find(c->pid);
	if (!p)
		return -ESRCH;
	process_put(p);
	return 0;
}

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
			err = parcel_add(&out->parcel, fd);
		}
		return err;
	case SCM_CREDENTIALS:
		if (n != sizeof(out->cred))
			return -EINVAL;
		memcpy(&out->cred, data, n);
		out->with_cred = true;
		return check_cred(&out->cred);
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
	file_get(f);
	fd_install(fd, f);
	return 0;
}

static void control_put_files(struct control *c, const struct parcel *p, bool cloexec)
{
	struct cmsghdr head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	uint64_t n = parcel_count(p), fit = 0, given = 0;

	if (c->left > sizeof(head))
		fit = min(n, (c->left - sizeof(head)) / sizeof(int));
	while (given < fit &&
	       give_file(parcel_file(p, (uint32_t)given),
			 uptr_add(c->at, sizeof(head) + given * sizeof(int)), cloexec) == 0)
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
	h->msg_namelen = min(h->msg_namelen, SOCKADDR_MAX);
	return 0;
}

static int vector_in(const struct msghdr *h, struct spans *spans, struct iter *it)
{
	int err = h->msg_iovlen > UIO_MAXIOV ? -EMSGSIZE
					     : spans_get(spans, uptr_of(h->msg_iov), h->msg_iovlen);

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
		ret = vector_in(&h, &spans, &it);
	if (!ret)
		ret = control_in(&out, uptr_of(h.msg_control), h.msg_controllen);
	if (!ret)
		ret = socket_send(s, &it, &out);
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
		n = vector_in(&h, &spans, &it);
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

long sys_sendmsg(int fd, uptr msg, uint32_t flags)
{
	struct fd_ref r;
	long ret;
	struct sock *s;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	s = sock_at(fd, &r, &ret);
	if (s)
		ret = send_message(s, msg, flags | (is_nonblocking(&r) ? MSG_DONTWAIT : 0));
	fd_put(r);
	return ret;
}

long sys_recvmsg(int fd, uptr msg, uint32_t flags)
{
	struct fd_ref r;
	long ret;
	struct sock *s;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	s = sock_at(fd, &r, &ret);
	if (s)
		ret = receive_message(s, msg, flags | (is_nonblocking(&r) ? MSG_DONTWAIT : 0));
	fd_put(r);
	return ret;
}

/* ---- many at once ---- */

static uptr length_at(uptr entry)
{
	return uptr_add(entry, offsetof(struct mmsghdr, msg_len));
}

static long send_many(struct sock *s, uptr at, uint32_t n, uint32_t flags)
{
	uint32_t done = 0;
	long ret = 0;

	for (; done < n; done++) {
		ret = send_message(s, at, flags);
		if (ret >= 0 && put_user((uint32_t)ret, length_at(at)))
			ret = -EFAULT;
		if (ret < 0 || !file_breathe())
			break;
		at = uptr_add(at, sizeof(struct mmsghdr));
	}
	return done ? (long)done : min(ret, 0L);
}

long sys_sendmmsg(int fd, uptr vector, uint32_t count, uint32_t flags)
{
	struct fd_ref r;
	long ret;
	struct sock *s;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	s = sock_at(fd, &r, &ret);
	if (s)
		ret = send_many(s, vector, min(count, (uint32_t)UIO_MAXIOV),
				flags | (is_nonblocking(&r) ? MSG_DONTWAIT : 0));
	fd_put(r);
	return ret;
}

/* Until @deadline (UINT64_MAX: none), which is looked at between messages only, as Linux does. */
static long receive_many(struct sock *s, uptr at, uint32_t n, uint32_t flags, uint64_t deadline)
{
	uint32_t done = 0;
	long ret = flags & MSG_ERRQUEUE ? 0 : socket_error(s);

	if (ret)
		return ret;
	while (done < n) {
		ret = receive_message(s, at, flags & ~(uint32_t)MSG_WAITFORONE);
		if (ret >= 0 && put_user((uint32_t)ret, length_at(at)))
			ret = -EFAULT;
		if (ret < 0)
			break;
		done++;
		at = uptr_add(at, sizeof(struct mmsghdr));
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (timer_now_ns() >= deadline || !file_breathe())
			break;
	}
	if (!done)
		return min(ret, 0L);
	if (ret < 0 && ret > -ERESTARTSYS && ret != -EAGAIN) /* it is told by the next call */
		socket_set_error(s, (int)-ret);
	return done;
}

static long receive_until(struct sock *s, uptr at, uint32_t n, uint32_t flags, uptr timeout)
{
	struct timespec ts;
	uint64_t deadline = UINT64_MAX, left, ns;
	long ret;

	if (uptr_is_null(timeout))
		return receive_many(s, at, n, flags, deadline);
	if (copy_from_user(&ts, timeout, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (uint64_t)ts.tv_nsec >= 1000000000)
		return -EINVAL;
	if (__builtin_mul_overflow((uint64_t)ts.tv_sec, UINT64_C(1000000000), &ns) ||
	    __builtin_add_overflow(ns, (uint64_t)ts.tv_nsec, &ns) ||
	    __builtin_add_overflow(ns, timer_now_ns(), &deadline))
		deadline = UINT64_MAX;
	ret = receive_many(s, at, n, flags, deadline);
	left = deadline - min(deadline, timer_now_ns());
	ts.tv_sec = (int64_t)(left / 1000000000);
	ts.tv_nsec = (int64_t)(left % 1000000000);
	if (ret > 0 && copy_to_user(timeout, &ts, sizeof(ts)))
		ret = -EFAULT;
	return ret;
}

long sys_recvmmsg(int fd, uptr vector, uint32_t count, uint32_t flags, uptr timeout)
{
	struct fd_ref r;
	long ret;
	struct sock *s;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	s = sock_at(fd, &r, &ret);
	if (s)
		ret = receive_until(s, vector, count,
				    flags | (is_nonblocking(&r) ? MSG_DONTWAIT : 0), timeout);
	fd_put(r);
	return ret;
}
