/*
 * socket.h - what sys/socket.c and sys/socket_message.c share: a call's socket, and addresses.
 */
#pragma once

#include "fs/fdtable.h"
#include "net/sock.h"

/* A call's socket, and the descriptor that led to it. */
struct sock_ref {
	struct fd_ref fd; /* its end is fd_put(), in any case */
	struct sock *sock;
	long err; /* 0, or -EBADF, -ENOTSOCK and no socket */
};

/*
 * sock_at - the socket at @fd.  with_sock - what @expr says of @s, the socket of @ref, whose end is
 * here; or its error.
 */
struct sock_ref sock_at(int fd);
#define with_sock(ref, s, expr)                                 \
	({                                                      \
		struct sock_ref with_ref_ = (ref);              \
		struct sock *s = with_ref_.sock;                \
		long with_ret_ = with_ref_.err ?: (long)(expr); \
		fd_put(with_ref_.fd);                           \
		with_ret_;                                      \
	})

/* address_in - the @len bytes of an address at @from.  0, -EINVAL, -EFAULT. */
int address_in(struct sock_address *a, uptr from, int len) __must_check;
/*
 * address_out - as much of it as the int at @len says there is room for; the int becomes its whole
 * length.  0, -EINVAL, -EFAULT.
 */
int address_out(const struct sock_address *a, uptr to, uptr len) __must_check;
