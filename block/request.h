/*
 * request.h - the way of a request: from who asks into a queue, to the driver, and back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/counter.h"
#include "block/block.h"

/*
 * block_submit - @rq goes to its device, and done is called, at once or later (also for an error:
 * the range, a device that is gone or read-only).  Any context in which interrupts may be masked;
 * no lock that done takes is held.  block_submit_all - several, by their link, for one kick; the
 * list is empty afterwards.
 * What breaks the limits of the disk is a kernel bug (CHECK): see struct block_limits.
 */
void block_submit(struct block_request *rq);
void block_submit_all(struct list_node *requests);

/*
 * For drivers: block_end - @rq, which start took, has ended with @error.  Interrupt handler or
 * task; no queue lock held.  After one or several of them block_go_on(q): what waits is offered.
 */
void block_end(struct block_request *rq, int error);
void block_go_on(struct block_queue *q);

/* ---- for block/ alone ---- */

static inline uint64_t block_now_ns(void)
{
	return counter_to_ns(counter_read());
}

static inline uint64_t block_timeout_ns(const struct block_disk *d)
{
	unsigned int ms = READ_ONCE(d->timeout_ms);

	return (ms ? ms : BLOCK_TIMEOUT_MS) * UINT64_C(1000000);
}

/*
 * queues_init - @d's, empty.
 * queues_end - @d is dead: all that waits ends with -EIO, and what is in flight, if the device has
 * forgotten it (@forgotten).
 * queues_restart - the device has forgotten all, and works again: what was in flight is given once
 * more, but for what was late, at @now, a second time: it ends with -EIO.
 * queues_stop - nothing is started until queues_restart.
 * queues_are_late - is the oldest of one older than the time-out? queues_are_busy - is anything in
 * flight?
 * A task; no lock held.
 */
void queues_init(struct block_disk *d);
void queues_end(struct block_disk *d, bool forgotten);
void queues_stop(struct block_disk *d);
void queues_restart(struct block_disk *d, uint64_t now);
bool queues_are_late(struct block_disk *d, uint64_t now);
bool queues_are_busy(struct block_disk *d);

/*
 * block_note_busy - late.c has something to look after.  Any context.  block_wait_note - until that
 * is called; at once, if @any says that there is something.  One task; it may sleep.
 */
void block_note_busy(void);
void block_wait_note(bool (*any)(void));
