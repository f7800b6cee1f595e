/*
 * loop.h - a loop device (loop(4)) itself: its requests, the file that they go to, and what it
 * shows of itself.  Which file that is: fs/blockdev/loop_bind.c; which devices there are:
 * fs/blockdev/loop_control.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/blkdev.h"
#include "block/block.h"

#define LOOP_MAJOR     7
#define LOOP_MAX_BYTES (1280u << 10) /* of one request, as Linux's */

struct charge;
struct file;

enum loop_state { LOOP_UNBOUND, LOOP_BOUND, LOOP_ENDING };

/* Kept until its disk is released. */
struct loop {
	struct block_disk disk;
	struct loop *next; /* by number; loops_lock */
	uint32_t number;
	uint8_t state; /* enum loop_state; loops_lock */
	uint32_t flags;
	uint64_t offset, limit; /* bytes of the file; limit 0: to its end */
	char name[LO_NAME_SIZE];
	struct mutex serving;
	/*
	 * file - what is behind it; changes under loops_lock, serving and lock: any of them will do
	 * to look.
	 */
	struct file *file;
	struct charge *charge;
	struct spinlock lock;		     /* irqsave; of what follows */
	struct block_request *first, **last; /* linked by rq->driver */
	bool stop, runs;		     /* the task is to end; there is one */
	struct wait_queue wait;
	struct completion ended;
};

/* loops_lock - of all devices: which there are, their state, and their files.  May sleep. */
extern struct mutex loops_lock;

static inline struct loop *loop_of(const struct block_disk *d)
{
	return container_of(d, struct loop, disk);
}

/* loop_is - is @d one? */
static inline bool loop_is(const struct block_disk *d)
{
	return d->major == LOOP_MAJOR;
}

/* loop_serve - block_ops.serve: a task will do it. */
void loop_serve(struct block_disk *d, struct block_request *rq);
/*
 * loop_start - the device's task runs: 0, -ENOMEM.  loop_stop - it has ended, and so has all that
 * was asked for.  loops_lock held.
 */
int loop_start(struct loop *lo) __must_check;
void loop_stop(struct loop *lo);
/*
 * loop_set_file - @f (or NULL) is behind it from now on; the caller has the reference of what was.
 * loops_lock held; waits for a request that is under way.
 */
void loop_set_file(struct loop *lo, struct file *f);

/*
 * loop_is_bound - has @d a file?  loop_has_table - LO_FLAGS_PARTSCAN.  Any context.
 * loop_show - what /sys/block/loop0/loop shows (LOOP_FILE: the path of the file), a line, into @buf
 * of @size bytes.  Its length; -ENXIO: no file is behind it; -ENOMEM, -ENAMETOOLONG.  May sleep,
 * but does not take loops_lock.
 */
enum loop_fact { LOOP_FILE, LOOP_OFFSET, LOOP_LIMIT, LOOP_AUTOCLEAR, LOOP_PARTSCAN, LOOP_DIRECT };
bool loop_is_bound(const struct block_disk *d);
bool loop_has_table(const struct block_disk *d);
long loop_show(const struct block_disk *d, enum loop_fact what, char *buf, size_t size);
