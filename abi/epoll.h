/*
 * epoll.h - epoll_create1(2), epoll_ctl(2), epoll_pwait(2).
 */
#pragma once

#include <stdint.h>

#include "abi/poll.h"

struct epoll_event {
	uint32_t events; /* POLL*, which EPOLL* are, and the flags below */
	uint64_t data;	 /* the program's own */
};

#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP    (1u << 29)
#define EPOLLONESHOT   (1u << 30)
#define EPOLLET	       (1u << 31)

#define EPOLL_CTL_ADD  1
#define EPOLL_CTL_DEL  2
#define EPOLL_CTL_MOD  3

#define EPOLL_CLOEXEC  02000000
