/*
 * block.h - block devices: whole disks and their partitions, what is asked of them, and what a
 * driver gives.
 *
 * A request goes from who asks (the page cache, a device's file) to block_submit, into a queue of
 * its disk, to the driver's start, to the device; its interrupt ends in block_end, which calls the
 * request's done.  Nothing here knows a file system, and what needs a task of its own (time-outs)
 * is called by one of fs/'s.
 *
 * Locks: a disk's scan_lock (mutex) its partitions, while they are looked for; inside it
 * blocks_lock (mutex, device.c) the list of devices, never held while a request is waited for; a
 * queue's lock (spin lock, irqsave) what waits and what is in flight.
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

	/* block's own; a driver reads disk_sector: */
	struct block_queue *queue; /* NULL: its disk has none (serve) */
	uint64_t disk_sector;	   /* of the whole disk */
	uint64_t submitted_ns, started_ns;
	uint8_t late;	   /* how often it has not been answered in time */
	bool flush_behind; /* a written FUA's flush is what is in flight */
	uint16_t kept_segments;
	uint32_t kept_bytes;
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
	 * @rq is offered again at the next block_go_on of this queue.  Of a flush it looks at op
	 * alone; BLOCK_FUA concerns it only if it has said limits.fua.
	 */
	int (*start)(struct block_disk *d, struct block_queue *q, struct block_request *rq);
	/* kick - tell the device of what was started since the last. */
	void (*kick)(struct block_disk *d, struct block_queue *q);
	/*
	 * serve - in place of start and kick, of a disk that has no queue: do what @rq asks now,
	 * and call block_end, before it returns or later.  In the context of block_submit, no lock
	 * held.
	 */
	void (*serve)(struct block_disk *d, struct block_request *rq);
	/*
	 * reset - a request has not been answered in time: the device is made to forget all that it
	 * was given, and works again.  In a task, may sleep, no lock held; nothing is started
	 * meanwhile, and block_end is not called for what was given before once it returns.  When
	 * it returns 0, block gives the unanswered requests once more (a second time-out is -EIO to
	 * the caller); -errno: the disk is dead, and all ends with -EIO.  NULL: its requests are
	 * never too late.
	 */
	int (*reset)(struct block_disk *d);
	/*
	 * changed - block_changed was called.  In a task, may sleep, no lock held.  NULL: never.
	 */
	void (*changed)(struct block_disk *d);
	/*
	 * release - nobody has the disk any more, after block_remove: it may be freed.  In a task.
	 * NULL: it stays.
	 */
	void (*release)(struct block_disk *d);
	/*
	 * idle - the last who had it, or a partition of it, open has closed it (fs/bdev.h).  In a
	 * task, may sleep, no lock held.  NULL: nothing is to be done.
	 */
	void (*idle)(struct block_disk *d);
};

#define BLOCK_QUEUES_MAX 8

struct block_queue {
	struct spinlock lock; /* irqsave; of both lists */
	struct list_node waiting;
	struct list_node in_flight; /* started: by age, the oldest first */
	struct block_disk *disk;
	unsigned int index;
	bool unkicked; /* something was started that the device has not been told of */
};

/*
 * Counted as /proc/diskstats does: by op, of read, write, discard, flush (of whole disks alone).
 * All atomic.
 */
struct block_stats {
	uint64_t ios[4], merges[4], sectors[4], ns[4];
	uint64_t busy_ns, busy_at; /* it had something to do; up to when that is counted */
	uint32_t in_flight[2];	   /* reads, and what changes something; no flushes */
};

/* A whole disk as its driver has it, who keeps it until release. */
struct block_disk {
	char name[16];	       /* vda */
	uint32_t major, minor; /* of the whole disk; partition n is minor + n */
	uint32_t minors;       /* how many numbers it has: 1 + the partitions that fit */
	uint64_t sectors;      /* of 512 bytes */
	bool read_only;
	struct block_limits limits;
	const struct block_ops *ops;
	void *driver; /* its own */
	/*
	 * place - below /sys/devices, where it is shown: "platform/a003e00.virtio_mmio/virtio0";
	 * kept.  NULL: "virtual".
	 */
	const char *place;
	/* What it says its geometry were (HDIO_GETGEO); heads 0: it says nothing. */
	uint16_t cylinders;
	uint8_t heads, track_sectors;
	char serial[24];	 /* "" if there is none */
	unsigned int timeout_ms; /* 0: BLOCK_TIMEOUT_MS */
	uint32_t read_ahead;	 /* sectors of 512 bytes: read_ahead_kb, BLKRASET.  Atomic */
	unsigned int nr_queues;
	struct block_queue queues[BLOCK_QUEUES_MAX];
	/* block's own: */
	struct block_device *whole;
	struct mutex scan_lock;
	bool dead;    /* atomic: nothing is started any more, all ends with -EIO */
	bool dying;   /* atomic: block_die was called, what it had is to be ended */
	bool changed; /* atomic: so was block_changed */
	bool stopped; /* atomic: nothing is started for now; looked at under each queue's lock */
};

#define BLOCK_TIMEOUT_MS 30000u

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
	char label[109];       /* GPT's name, UTF-8 */
	struct block_stats stats;
	uint32_t openers, writers; /* the nodes': files and mounts that have it; blocks_lock */
	void *holder;	  /* who has it alone (a mount, O_EXCL, a partition of it); blocks_lock */
	uint32_t holders; /* how many times; fs/bdev.c */
	/* The nodes' settings, which are there as long as it is. */
	uint64_t sequence;   /* of a whole disk: BLKGETDISKSEQ.  Atomic */
	uint32_t block_size; /* BLKBSZGET, bytes; 0: as bdev_block_size says */
	void *cache;	     /* its owner's in fs/: a struct file_cache, or NULL */
	void *node;	     /* the nodes' own */
};
