/*
 * late.h - devices that do not answer, and what their drivers cannot do in an interrupt handler:
 * one task looks after it.
 */
#pragma once

#include "block/block.h"

/*
 * For what a driver learns in its interrupt handler, any context: block_check_late acts on it, in a
 * second at the latest.
 * block_changed - ops->changed is to be called: the disk may have another size.
 * block_die - the device was caught lying: all ends with -EIO, now and from now on.  The driver
 * calls block_end for none of its requests any more.
 */
void block_changed(struct block_disk *d);
void block_die(struct block_disk *d);

/*
 * block_check_late - resets disks whose oldest request is older than their time-out.  Called every
 * block_check_ns(), by one task; may sleep.
 * block_check_ns - nanoseconds, a second at most: the shortest time-out of all disks.
 * block_wait_busy - until a disk that can be late has something in flight, or has changed: so that
 * task sleeps while there is nothing to look after.
 */
void block_check_late(void);
uint64_t block_check_ns(void);
void block_wait_busy(void);
