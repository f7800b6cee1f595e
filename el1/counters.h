/*
 * counters.h - crossings and how long they take, counted while root asks for it: abi/counters.h.
 */
#pragma once

/*
 * counters_init - the files are there, or will be when sysfs is mounted.  After fs_init and
 * irq_init, boot core.
 */
void counters_init(void);
