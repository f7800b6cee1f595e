/*
 * timerfd.h - timerfd_create(2): a timer that one waits for by a descriptor.
 */
#pragma once

#include <stdint.h>

#include "task/time/periodic.h"

struct file;

/*
 * timerfd_create - @clock: CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME or an alarm's.  @flags:
 * O_CLOEXEC, O_NONBLOCK.  Its descriptor, or -EINVAL (another clock), -EPERM (CAP_WAKE_ALARM),
 * -ENOMEM, -EMFILE.
 */
int timerfd_create(int32_t clock, uint32_t flags) __must_check;

/*
 * timerfd_set - timerfd_settime(2) on @f: *@old is what timerfd_get would have said.  @flags:
 * TFD_TIMER_*. 0, or -EINVAL (no such descriptor), -ECANCELED (it is set, but the wall clock was
 * set before, which no read has reported yet).
 */
int timerfd_set(struct file *f, uint32_t flags, const struct timer_setting *now,
		struct timer_setting *old) __must_check;
int timerfd_get(struct file *f, struct timer_setting *left) __must_check;
