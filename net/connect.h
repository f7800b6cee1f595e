/*
 * connect.h - connections: listen, connect, accept, shut down, close.
 */
#pragma once

#include "net/sock.h"

/* socket_pair - the files of two that are connected; arguments and errors as socket_create. */
int socket_pair(int family, int type, int protocol, uint32_t flags, struct file *f[2]) __must_check;

/* listen(2), connect(2), shutdown(2): 0 or what they say.  connect may sleep. */
int socket_listen(struct sock *s, uint32_t backlog) __must_check;
int socket_connect(struct sock *s, const struct sock_address *a) __must_check;
/*
 * socket_accept - the file of the next connection, or err_ptr; its @flags: O_NONBLOCK or 0.  May
 * sleep.
 */
struct file *socket_accept(struct sock *s, uint32_t flags) __must_check;
int socket_shutdown(struct sock *s, int how) __must_check;
/* sock_close - the file has gone.  @unborn: it was never accepted. */
void sock_close(struct sock *s, bool unborn);
