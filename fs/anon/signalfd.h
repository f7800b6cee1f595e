/*
 * signalfd.h - signalfd4(2): signals that are read instead of handled.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

struct file;

/*
 * signalfd_create - for the signals of @set.  @flags: O_CLOEXEC, O_NONBLOCK.  Its descriptor, or
 * -ENOMEM, -EMFILE.
 */
int signalfd_create(uint64_t set, uint32_t flags) __must_check;

/* signalfd_change - @f is for the signals of @set from now on.  0; -EINVAL: it is no signalfd. */
int signalfd_change(struct file *f, uint64_t set) __must_check;
