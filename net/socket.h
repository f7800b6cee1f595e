/*
 * socket.h - a socket as a file, and what all kinds of sockets do: the system calls of sys/socket.c
 * and sys/socket_message.c ask for it.
 *
 * Errors are those of the man pages: socket(7), unix(7) and each call's own.  All may sleep unless
 * it says otherwise; a socket whose file is O_NONBLOCK does not wait.
 */
#pragma once

#include "fs/file.h"
#include "net/sock.h"

struct parcel;

/* What is sent besides the bytes. */
struct sock_out {
	uint32_t flags;		       /* MSG_* */
	const struct sock_address *to; /* NULL: to the peer */
	struct ucred cred; /* if @with_cred: those of SCM_CREDENTIALS, checked already */
	bool with_cred;
	struct parcel *parcel; /* NULL once it was sent: the message has it then */
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
 */
struct file *socket_create(int family, int type, int protocol, uint32_t flags) __must_check;

/* socket_of - the socket that @f is, or NULL.  Does not sleep. */
struct sock *socket_of(const struct file *f);

/*
 * sock_file - the file of @s, whose reference it takes; err_ptr(-ENFILE, -ENOMEM), and it does not.
 */
struct file *sock_file(struct sock *s, uint32_t flags) __must_check;

/*
 * socket_send, socket_recv - bytes moved (0: end of file), or what sendmsg(2) and recvmsg(2) say.
 * They may sleep, unless flags have MSG_DONTWAIT.  A parcel in @in is the caller's, also after an
 * error; what @out has is checked (message_may_claim).
 */
long socket_send(struct sock *s, struct iter *from, struct sock_out *out) __must_check;
long socket_recv(struct sock *s, struct iter *to, struct sock_in *in) __must_check;
