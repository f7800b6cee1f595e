/*
 * eventfd.h - eventfd2(2): a counter that one waits for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

struct file;

/*
 * eventfd_create - a counter that starts at @count.  @flags: O_CLOEXEC, O_NONBLOCK.  Its
 * descriptor, or -ENOMEM, -EMFILE.
 */
int eventfd_create(uint64_t count, bool semaphore, uint32_t flags) __must_check;

/*
 * For who has the file, with a reference.  eventfd_is - is @f an eventfd?
 * eventfd_take - what a read would get, without waiting; false: there is nothing.  It does not
 * sleep, and a lock may be held that no reader or writer takes.
 * eventfd_signal - adds one, unless there is no room, and wakes who reads, however many: it gives
 * way meanwhile, as give_way() may.
 */
bool eventfd_is(const struct file *f);
bool eventfd_take(struct file *f, uint64_t *got);
void eventfd_signal(struct file *f);
