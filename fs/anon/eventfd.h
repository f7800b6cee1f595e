/*
 * eventfd.h - eventfd2(2): a counter that one waits for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

/*
 * eventfd_create - a counter that starts at @count.  @flags: O_CLOEXEC, O_NONBLOCK.  Its
 * descriptor, or -ENOMEM, -EMFILE.
 */
int eventfd_create(uint64_t count, bool semaphore, uint32_t flags) __must_check;
