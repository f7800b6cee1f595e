/*
 * stream.h - sending and receiving on a SOCK_STREAM.
 */
#pragma once

#include "net/socket.h"

/* socket_send and socket_recv of this kind. */
long stream_send(struct sock *s, struct iter *from, struct sock_out *out) __must_check;
long stream_recv(struct sock *s, struct iter *to, struct sock_in *in) __must_check;
