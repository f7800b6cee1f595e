/*
 * datagram.h - sending and receiving on a SOCK_DGRAM or SOCK_SEQPACKET, and peers of the former.
 */
#pragma once

#include "net/socket.h"

/* socket_send and socket_recv of these kinds. */
long datagram_send(struct sock *s, struct iter *from, struct sock_out *out) __must_check;
long datagram_recv(struct sock *s, struct iter *to, struct sock_in *in) __must_check;
/* datagram_connect - @other (NULL: none) is its peer from now on.  0, -EPERM. */
int datagram_connect(struct sock *s, struct sock *other) __must_check;
/* relay_stop - @s no longer waits for room at its peer; s->lock held, or nobody uses it. */
void relay_stop(struct sock *s);
/* peer_has_room - can @s send to its peer?  If not, its write_wait is woken when that changes. */
bool peer_has_room(struct sock *s);
