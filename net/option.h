/*
 * option.h - getsockopt(2) and setsockopt(2).
 */
#pragma once

#include "net/sock.h"

/*
 * socket_get_option, socket_set_option - of level SOL_SOCKET, in kernel memory.  @value: up to
 * *@len bytes, which get_option makes what there is; set_option is given SOCKET_OPTION_MAX bytes,
 * zero behind *@len.
 */
#define SOCKET_OPTION_MAX 128
int socket_get_option(struct sock *s, int option, void *value, uint32_t *len) __must_check;
int socket_set_option(struct sock *s, int option, const void *value, uint32_t len) __must_check;
