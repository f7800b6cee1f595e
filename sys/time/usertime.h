/*
 * usertime.h - times of the user, to and from the kernel's nanoseconds (lib/time.h).
 */
#pragma once

#include <stdint.h>

#include "abi/errno.h"
#include "lib/time.h"
#include "mm/uaccess.h"

struct timer_setting;

/*
 * get_timespec, get_itimerspec - 0, -EFAULT, -EINVAL: not a time.  What is too much becomes
 * TIME_MAX_NS.
 * put_timespec, put_itimerspec - 0, -EFAULT.
 */
int get_timespec(uptr at, uint64_t *ns) __must_check;
static inline __must_check int put_timespec(uptr at, uint64_t ns)
{
	struct timespec t = timespec_from_ns(ns);

	return copy_to_user(at, &t, sizeof(t)) ? -EFAULT : 0;
}
int get_itimerspec(uptr at, struct timer_setting *s) __must_check;
int put_itimerspec(uptr at, const struct timer_setting *s) __must_check;

/*
 * deadline_from_user - the timespec at @at is a timeout: the point of the monotonic clock at which
 * it is over; 0: at once; UINT64_MAX (@at NULL, or too long): never.  0, -EFAULT, -EINVAL.
 */
int deadline_from_user(uptr at, uint64_t *deadline_ns) __must_check;
