/*
 * usertime.h - struct timespec and struct timeval of the user, to and from the kernel's
 * nanoseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/time.h"
#include "lib/util.h"
#include "mm/uaccess.h"

#define NS_PER_S UINT64_C(1000000000)

/* ns_from_timespec - false: not a time (negative, or nanoseconds out of range).  What is too much
 * for 64 bits becomes the most. */
bool ns_from_timespec(const struct timespec *t, uint64_t *ns);

static inline struct timespec timespec_from_ns(uint64_t ns)
{
	return (struct timespec){ (int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S) };
}

static inline struct timeval timeval_from_ns(uint64_t ns)
{
	return (struct timeval){ (int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S / 1000) };
}

/* clock_now - what clock @id (CLOCK_*, or a CPU clock's number) says; false: there is none. */
bool clock_now(int id, uint64_t *ns) __must_check;

/* get_timespec - a user's timespec as nanoseconds.  0, -EFAULT, -EINVAL. */
int get_timespec(uptr at, uint64_t *ns) __must_check;
/* put_timespec - 0, -EFAULT. */
int put_timespec(uptr at, uint64_t ns) __must_check;

/* deadline_from_user - the point of the monotonic clock that is the timespec at @at from now.  0,
 * -EFAULT, -EINVAL. */
int deadline_from_user(uptr at, uint64_t *deadline_ns) __must_check;
