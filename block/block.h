/*
 * block.h - block devices: whole disks and their partitions, what is asked of them, and what a
 * driver gives.
 *
 * A request goes from who asks (the page cache, a device's file) to block_submit, into a queue of
 * its disk, to the driver's start, to the device; its interrupt ends in block_end, which calls the
 * request's done.  Nothing here knows a file system, and what needs a task of its own (time-outs)
 * is called by one of fs/'s.
 *
 * Locks: blocks_lock (mutex, block.c) the list of devices and their partitions; a queue's lock
 * (spin lock, irqsave) what waits and what is in flight.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/paddr.h"
#include "task/wait.h"

#define SECTOR_SHIFT 9
#define SECTOR_SIZE  512u

struct block_device;
struct block_disk;

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,   /* all that was written and has ended is on stable storage; no sectors */
	BLOCK_DISCARD, /* the sectors are not needed any more; no memory */
	BLOCK_ZERO,    /* they read as zeros from now on; no memory */
	NR_BLOCK_OPS
};

#define BLOCK_FUA   0x1u /* of a write: stable when it has ended */
#define BLOCK_META  0x2u /* of the file system's own, for the trace */
#define BLOCK_AHEAD 0x4u /* nobody waits for it yet */

/* A piece of RAM; no segment but the last ends, nor but the first begins, within a sector. */
struct block_segment {
	paddr at;
	uint32_t len; /* bytes */
};

/*
 * One request.  Its maker keeps it, and the segments, until done; it fills in the first part, and
 * zeros the rest.
 */
struct block_request {
	struct list_node link; /* for its maker until it is submitted, then block's */
	struct block_device *dev;
	uint8_t op;    /* enum block_op */
	uint8_t flags; /* BLOCK_* */
	uint16_t nr_segments;
	uint32_t bytes;	 /* of all segments, or of what is discarded; whole blocks of the disk */
	uint64_t sector; /* of dev, in units of 512 bytes whatever the device's block is */
	const struct block_segment *segments;
	/*
	 * done - it has ended, with @rq->error.  From the driver's interrupt handler: must not
	 * sleep, nor allocate; it may submit others.
	 */
	void (*done)(struct block_request *rq);
	int error; /* 0, -EIO, -EROFS, -ENOSPC, -EOPNOTSUPP */

	/* block's own: */
	struct block_queue *queue;
	uint64_t started_ns; /* timer_now_ns() when it was submitted */
	uint64_t disk_sector;
	uint8_t tries;
	/* the driver's own, between start and block_end: */
	uint32_t tag;
	void *driver;
};

/* What a disk can do; set by the driver before block_add. */
struct block_limits {
	uint32_t logical;      /* bytes: its sector, 512 .. 4096; what is asked is a multiple */
	uint32_t physical;     /* bytes: what it writes at once, for who lays out files */
	uint32_t max_bytes;    /* of one request */
	uint32_t max_segments; /* of one request */
	uint32_t max_segment;  /* bytes of one segment */
	uint32_t max_discard, max_zero; /* sectors of 512; 0: it cannot */
	bool cache;			/* it has a volatile write cache: it is flushed */
	bool fua;			/* it knows FUA; else block flushes behind the write */
	bool rotational;
};

/* What a driver does.  A queue's lock is held, interrupts are masked, unless it says otherwise. */
struct block_ops {
	/*
	 * start - hand @rq to the device; it is told at kick.  0, or -EBUSY: there is no room, and
	 * @rq is offered again after the next block_end of this queue.
	 */
	int (*start)(struct block_disk *d, struct block_queue *q, struct block_request *rq);
	/* kick - tell the device of what was started since the last. */
	void (*kick)(struct block_disk *d, struct block_queue *q);
	/*
	 * reset - a request has not been answered in time: the device is made to forget all that it
	 * was given, and works again.  In a task, may sleep, no lock held.  When it returns 0,
	 * block gives the unanswered requests once more (a second time-out is -EIO to the caller);
	 * -errno: the disk is dead, and all ends with -EIO.
	 */
	int (*reset)(struct block_disk *d);
};

#define BLOCK_QUEUES_MAX 8

struct block_queue {
	struct spinlock lock; /* irqsave; of both lists */
	struct list_node waiting;
	struct list_node in_flight; /* started: by age, the oldest first */
	struct block_disk *disk;
	unsigned int index;
};

/* Counted as /proc/diskstats does: by op, of read, write, discard, flush. */
struct block_stats {
	uint64_t ios[4], merges[4], sectors[4], ns[4];
};

/* A whole disk as its driver has it, who keeps it until block_remove. */
struct block_disk {
	char name[16];	       /* vda */
	uint32_t major, minor; /* of the whole disk; partition n is minor + n */
	uint32_t minors;       /* how many numbers it has: 1 + the partitions that fit */
	uint64_t sectors;      /* of 512 bytes */
	bool read_only;
	struct block_limits limits;
	const struct block_ops *ops;
	void *driver;		/* its own */
	char serial[24];	/* "" if there is none */
	unsigned int timeout_s; /* 0: BLOCK_TIMEOUT_S */
	unsigned int nr_queues;
	struct block_queue queues[BLOCK_QUEUES_MAX];
	/* block's own: */
	struct block_device *whole;
	bool dead;
};

#define BLOCK_TIMEOUT_S 30

/* A disk or a partition, as one opens it.  Referenced; `gone` when it is no more. */
struct block_device {
	struct ref refs;
	struct block_disk *disk;
	struct list_node link; /* in the list of all; blocks_lock */
	char name[20];	       /* vda1 */
	uint32_t number;       /* device number, as abi/stat.h's dev_make */
	uint32_t part;	       /* 0: the whole disk */
	uint64_t start;	       /* sector of the disk */
	uint64_t sectors;      /* atomic: a loop device's changes */
	bool read_only;	       /* BLKROSET, or the disk's */
	bool gone;	       /* atomic: requests end with -EIO */
	char uuid[37];	       /* PARTUUID, lower case; "" if there is none */
	char label[73];	       /* GPT's name, UTF-8 */
	struct block_stats stats;
	uint32_t openers, writers; /* the nodes': files and mounts that have it; blocks_lock */
	void *holder; /* who has it alone (a mount, O_EXCL, a partition of it); blocks_lock */
	void *cache;  /* its owner's in fs/: a struct file_cache, or NULL */
	void *node;   /* the nodes' own */
};

/*
 * block_add - @d is there from now on; its partitions are looked for by block_scan (which reads
 * it, so that it works in a task only).  Boot, or in a task; may sleep.  0, -ENOMEM, -EBUSY (name
 * or number taken).
 * block_remove - it is not any more: what is asked of it ends with -EIO; may sleep.
 */
int block_add(struct block_disk *d) __must_check;
void block_remove(struct block_disk *d);
/*
 * block_scan - read the partition table anew: -EBUSY: a partition is in use; -EIO.  Partitions that
 * are as they were stay the same devices.
 */
int block_scan(struct block_disk *d) __must_check;
/* block_resize - the disk has @sectors from now on.  Any context in which one may sleep. */
void block_resize(struct block_disk *d, uint64_t sectors);

/* block_find - by device number, with a reference; or NULL.  block_get, block_put. */
struct block_device *block_find(uint32_t number) __must_check;
struct block_device *block_find_name(const char *name) __must_check;
static inline void block_get(struct block_device *dev)
{
	ref_get(&dev->refs);
}
void block_put(struct block_device *dev);
/*
 * blocks_hold, blocks_release - between them no device comes or goes; blocks_first, blocks_next -
 * all of them, whole disks before their partitions.
 */
void blocks_hold(void);
void blocks_release(void);
struct block_device *blocks_first(void);
struct block_device *blocks_next(struct block_device *dev);

/*
 * block_watch - who makes nodes and files for what comes and goes (fs/); called with
 * blocks_lock held.  What was there before it was set is told too.
 */
struct block_watcher {
	void (*added)(struct block_device *dev);
	void (*removed)(struct block_device *dev);
	void (*resized)(struct block_device *dev);
};
void block_watch(const struct block_watcher *w);

/*
 * block_submit - @rq goes to its device, and done is called, at once or later (also for an error:
 * the range, a device that is gone or read-only).  Any context in which interrupts may be masked;
 * no lock that done takes is held.  block_submit_all - several, by their link, for one kick.
 * What breaks the limits of the disk is a kernel bug (CHECK): see struct block_limits.
 */
void block_submit(struct block_request *rq);
void block_submit_all(struct list_node *requests);

/*
 * block_io - @op of @bytes at byte @at of @dev, from or to @buf in the linear map (NULL for
 * discard and zero), cut as the disk needs it; waits until all has ended.  0 or -errno.  May sleep.
 * block_flush - what has been written is on stable storage: 0, -EIO.
 */
int block_io(struct block_device *dev, enum block_op op, uint64_t at, void *buf, uint64_t bytes,
	     unsigned int flags) __must_check;
int block_flush(struct block_device *dev) __must_check;

/*
 * For drivers: block_end - @rq, which start took, has ended with @error.  Interrupt handler or
 * task; no queue lock held.  After one or several of them block_go_on(q): what waits is offered.
 */
void block_end(struct block_request *rq, int error);
void block_go_on(struct block_queue *q);

/*
 * block_check_late - resets disks whose oldest request is older than their time-out.  Called about
 * once a second while block_is_busy(); in a task, may sleep.
 */
void block_check_late(void);
bool block_is_busy(void);

/* block_init - before the drivers are probed. */
void block_init(void);
