/*
 * socket.h - sockets of the one family there is, AF_UNIX: what the system calls of sys/socket.c
 * ask for.
 *
 * A socket is what socket(2) makes; the file that a descriptor leads to holds it.  It lives on,
 * closed, as long as a peer or a message that it sent still names it.
 *
 * Errors are those of the man pages: socket(7), unix(7) and each call's own.  All may sleep unless
 * it says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/socket.h"
#include "fs/file.h"
#include "fs/iter.h"
#include "lib/util.h"

struct sock;

/*
 * An address as user space has it: @len bytes, the family with them.  The byte behind the longest
 * path is its NUL.
 */
struct sock_address {
	uint32_t len;
	union {
		struct sockaddr_un un;
		char bytes[SOCKADDR_MAX];
	};
};

/* Files on their way from one process to another; the references are its own. */
struct parcel;

/*
 * parcel_add - put current's file at @fd into *@p (made if NULL).  0, -EBADF, -EINVAL (SCM_MAX_FD
 * are in), -ENOMEM.
 */
int parcel_add(struct parcel **p, int fd) __must_check;
/* parcel_count - how many there are; parcel_file - the @i-th, without a reference. */
uint32_t parcel_count(const struct parcel *p);
struct file *parcel_file(const struct parcel *p, uint32_t i);
/* parcel_free - let go of all; NULL is nothing. */
void parcel_free(struct parcel *p);

/* What is sent besides the bytes. */
struct sock_out {
	uint32_t flags;		       /* MSG_* */
	const struct sock_address *to; /* NULL: to the peer */
	struct ucred cred; /* if @with_cred: SCM_CREDENTIALS said so, and were checked */
	bool with_cred;
	struct parcel *parcel; /* taken, and NULL, when it has been sent */
};

/* What is received besides the bytes. */
struct sock_in {
	uint32_t flags;		  /* MSG_*, as asked for */
	uint32_t said;		  /* MSG_TRUNC */
	struct sock_address from; /* of the sender; len 0: it has none */
	struct ucred cred;	  /* valid if @with_cred: the socket has SO_PASSCRED */
	bool with_cred;
	struct parcel *parcel; /* the caller's now, or NULL */
};

/*
 * socket_create - a new socket's file, one reference, or err_ptr(-EAFNOSUPPORT, -EINVAL,
 * -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -ENOMEM).  @type without flags; @flags: O_NONBLOCK or 0.
 * socket_pair - two that are connected.
 */
struct file *socket_create(int family, int type, int protocol, uint32_t flags) __must_check;
int socket_pair(int family, int type, int protocol, uint32_t flags, struct file *f[2]) __must_check;

/* socket_of - the socket that @f is, or NULL.  Does not sleep. */
struct sock *socket_of(const struct file *f);

/*
 * bind(2), listen(2), connect(2), shutdown(2): 0 or what they say.  @nonblock: O_NONBLOCK or
 * MSG_DONTWAIT.  May sleep.
 */
int socket_bind(struct sock *s, const struct sock_address *a) __must_check;
int socket_listen(struct sock *s, uint32_t backlog) __must_check;
int socket_connect(struct sock *s, const struct sock_address *a, bool nonblock) __must_check;
/* socket_accept - the file of the next connection, or err_ptr. */
struct file *socket_accept(struct sock *s, bool nonblock, uint32_t flags) __must_check;
int socket_shutdown(struct sock *s, int how) __must_check;
/* socket_name - its own address, or with @peer that of the peer: 0, -ENOTCONN.  Does not sleep. */
int socket_name(struct sock *s, bool peer, struct sock_address *a) __must_check;

/*
 * socket_send, socket_recv - bytes moved (0: end of file), or what sendmsg(2) and recvmsg(2) say.
 * They may sleep, unless flags have MSG_DONTWAIT.  A parcel in @in is the caller's whatever is
 * answered.
 */
long socket_send(struct sock *s, struct iter *from, struct sock_out *out) __must_check;
long socket_recv(struct sock *s, struct iter *to, struct sock_in *in) __must_check;
/*
 * socket_error - takes the error that waits to be told (SO_ERROR): 0 or -errno.  socket_set_error -
 * it is told next.
 */
int socket_error(struct sock *s);
void socket_set_error(struct sock *s, int err);

/*
 * socket_get_option, socket_set_option - of level SOL_SOCKET, in kernel memory.  @value: up to
 * *@len bytes, which get_option makes what there is; set_option is given SOCKET_OPTION_MAX bytes,
 * zero behind *@len.
 */
#define SOCKET_OPTION_MAX 128
int socket_get_option(struct sock *s, int option, void *value, uint32_t *len) __must_check;
int socket_set_option(struct sock *s, int option, const void *value, uint32_t len) __must_check;
