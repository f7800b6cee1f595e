/*
 * epoll.h - epoll(7): a file that knows which of many others are ready.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/epoll.h"
#include "mm/uaccess.h"

struct file;

/* epoll_create - a new one.  @flags: O_CLOEXEC.  Its descriptor, or -ENOMEM, -EMFILE. */
int epoll_create(uint32_t flags) __must_check;

/*
 * epoll_max_watches - how many items all epolls of a user may have
 * (/proc/sys/fs/epoll/max_user_watches).
 */
uint64_t epoll_max_watches(void);

/* epoll_set_max_watches - a user that has more keeps them.  0, or -EINVAL: more than INT64_MAX. */
int epoll_set_max_watches(uint64_t n) __must_check;

/* epoll_is - is @f an epoll? */
bool epoll_is(const struct file *f);

/*
 * epoll_control - epoll_ctl(2) on the epoll @f; @target was found as descriptor @fd.  @ev: of ADD
 * and MOD. 0, or -EPERM, -EINVAL, -EEXIST, -ENOENT, -ELOOP, -ENOSPC, -ENOMEM.  Sleeps.
 */
int epoll_control(struct file *f, int op, struct file *target, int fd,
		  struct epoll_event *ev) __must_check;

/*
 * epoll_wait - wait until there are events, or @deadline_ns of the monotonic clock (0: only look;
 * UINT64_MAX: no end), and write at most @max of them to @to.  How many, or -EINTR, -EFAULT.
 */
long epoll_wait(struct file *f, uptr to, int max, uint64_t deadline_ns) __must_check;

/* epoll_init - from here on a file that is closed leaves the epolls that watch it. */
void epoll_init(void);
