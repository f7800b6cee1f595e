/*
 * waiting.h - what is said of cores that wait for spin locks (arm/spinlock.h).
 */
#pragma once

#include <stddef.h>

#include "arm/percpu.h"

struct trapframe;

/* irq_frame - in an interrupt's handler: what it has interrupted, for who asks where a core is. */
DECLARE_PERCPU(const struct trapframe *, irq_frame);

/* waiting_init - from here on a long wait is said in the log.  Boot core, once. */
void waiting_init(void);

/*
 * waiting_describe - for whom this core waits, who waits for whom, and so on as far as it leads, in
 * words; a deadlock's panic.
 */
void waiting_describe(char *buf, size_t n);
