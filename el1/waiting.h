/*
 * waiting.h - what the log says of cores that wait for spin locks (arm/spinlock.h).
 */
#pragma once

#include <stddef.h>

#include "arm/percpu.h"

struct trapframe;

/*
 * irq_frame - in an interrupt's handler: what it has interrupted, for another core that asks where
 * this one is.
 */
DECLARE_PERCPU(const struct trapframe *, irq_frame);

/* waiting_init - from here on a long wait is reported in the log.  Boot core, once. */
void waiting_init(void);

/*
 * waiting_describe - for which core this one waits, for which that one, and so on, in words; a
 * deadlock's panic.
 */
void waiting_describe(char *buf, size_t n);
