/*
 * names.h - the names of sockets (unix(7)): in the file system, abstract, or chosen by the kernel.
 */
#pragma once

#include "net/sock.h"

/* socket_bind - bind(2): 0 or what it says.  May sleep. */
int socket_bind(struct sock *s, const struct sock_address *a) __must_check;
/* socket_name - its own address, or with @peer that of the peer: 0, -ENOTCONN.  Does not sleep. */
int socket_name(struct sock *s, bool peer, struct sock_address *a) __must_check;

/* address_check - is it one of AF_UNIX with a name?  0, -EINVAL. */
int address_check(const struct sock_address *a) __must_check;
/*
 * name_find - the socket of @type bound to @a, with a reference, or err_ptr(-ECONNREFUSED,
 * -EPROTOTYPE, -ENOENT, -EACCES …).
 */
struct sock *name_find(const struct sock_address *a, int type) __must_check;
/*
 * name_need - before it sends or connects: a socket with SO_PASSCRED sends a name with its
 * credentials.
 */
int name_need(struct sock *s) __must_check;
/* name_drop - from now on @s is not found by its name. */
void name_drop(struct sock *s);
