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

/* sock_at - the socket at @fd. */
struct sock_ref sock_at(int fd);

/* address_in - the @len bytes of an address at @from.  0, -EINVAL, -EFAULT. */
int address_in(struct sock_address *a, uptr from, int len) __must_check;
/*
 * address_out - as much of it as the int at @len says there is room for; the int becomes its whole
 * length.  0, -EINVAL, -EFAULT.
 */
int address_out(const struct sock_address *a, uptr to, uptr len) __must_check;
