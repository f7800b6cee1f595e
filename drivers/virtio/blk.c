/*
 * blk.c - disks: virtio's block device (5.2), vda, vdb, ...
 *
 * A request of block/ is one chain: a header that the device reads, the memory, a byte of status
 * that it writes.  Header and status lie in slots of the queue's own, one for each descriptor that
 * a chain can begin with.  Chains lie in the ring itself: an indirect table would cost a request
 * memory and stores of its own, and the ring holds 85 requests of a page each as it is.
 *
 * Locks: a queue's rings are block/'s queue's lock's.  The interrupt handler takes what the device
 * has used under it, and ends the requests without it.
 */
#include "abi/errno.h"
#include "block/device.h"
#include "block/late.h"
#include "block/request.h"
#include "drivers/device.h"
#include "drivers/virtio/virtio.h"
#include "lib/fdt_bindings.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/page.h"
#include "mm/slab.h"

#define MAJOR	       254 /* as Debian's kernel gives it */
#define MINORS	       16

/* Features (5.2.3). */
#define F_SIZE_MAX     (1u << 1)
#define F_SEG_MAX      (1u << 2)
#define F_GEOMETRY     (1u << 4)
#define F_RO	       (1u << 5)
#define F_BLK_SIZE     (1u << 6)
#define F_FLUSH	       (1u << 9)
#define F_TOPOLOGY     (1u << 10)
#define F_CONFIG_WCE   (1u << 11)
#define F_MQ	       (1u << 12)
#define F_DISCARD      (1u << 13)
#define F_WRITE_ZEROES (1u << 14)

/* The configuration (5.2.4). */
enum {
	CONFIG_CAPACITY = 0, /* 64 bits, in 512 bytes */
	CONFIG_SIZE_MAX = 8,
	CONFIG_SEG_MAX = 12,
	CONFIG_CYLINDERS = 16, /* 16 bits, then heads and sectors of a track, 8 bits each */
	CONFIG_HEADS = 18,
	CONFIG_TRACK = 19,
	CONFIG_BLK_SIZE = 20,
	CONFIG_PHYSICAL_EXP = 24, /* 8 bits: logical blocks in a physical one, as a power of two */
	CONFIG_WRITEBACK = 32,	  /* 8 bits */
	CONFIG_NUM_QUEUES = 34,	  /* 16 bits */
	CONFIG_MAX_DISCARD = 36,
	CONFIG_MAX_ZERO = 48,
};

enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2, S_NONE = 0xff };

#define ID_BYTES	    20

/* As Linux has it; a queue of 256 with pages that do not touch each other gives less. */
#define MAX_BYTES	    (1280u << 10)
/* What the list of devices, and shifts by SECTOR_SHIFT, have room for. */
#define SECTORS_MAX	    (UINT64_C(1) << 54)
#define REQUEST_SECTORS_MAX (UINT32_MAX >> SECTOR_SHIFT)

struct slot {
	struct {
		uint32_t type, reserved;
		uint64_t sector;
	} head;
	struct { /* of a discard, of zeros */
		uint64_t sector;
		uint32_t sectors, flags;
	} range;
	uint8_t status;
	uint8_t unused[31];
};
_Static_assert(sizeof(struct slot) == 64 && offsetof(struct slot, range) == 16, "5.2.6");

struct blk {
	struct virtio_device *dev;
	struct block_disk disk;
	struct slot *slots[BLOCK_QUEUES_MAX];
	bool draining[BLOCK_QUEUES_MAX]; /* atomic: requests are being ended */
	bool resetting;			 /* written before each queue's lock is taken once */
};

static unsigned int nr_disks; /* they are probed one at a time */

/* ---- to the device; the queue's lock is held ---- */

static void add_piece(struct virtqueue *vq, void *at, uint32_t n, bool device_writes)
{
	virtqueue_add(vq, virt_to_phys(at), n, device_writes);
}

static struct slot *begin_chain(struct virtqueue *vq, struct slot *slots, uint32_t type,
				uint64_t sector)
{
	struct slot *s = &slots[virtqueue_head(vq)];

	s->head.type = type;
	s->head.sector = sector;
	/* So that a device that writes nothing has not said S_OK. */
	s->status = S_NONE;
	add_piece(vq, &s->head, sizeof(s->head), false);
	return s;
}

static void end_chain(struct virtqueue *vq, struct slot *s, void *token)
{
	add_piece(vq, &s->status, sizeof(s->status), true);
	virtqueue_offer(vq, token);
}

static const uint8_t types[NR_BLOCK_OPS] = {
	[BLOCK_READ] = T_IN,	     [BLOCK_WRITE] = T_OUT,	    [BLOCK_FLUSH] = T_FLUSH,
	[BLOCK_DISCARD] = T_DISCARD, [BLOCK_ZERO] = T_WRITE_ZEROES,
};

static int start_chain(struct block_disk *d, struct block_queue *q, struct block_request *rq)
{
	struct blk *b = d->driver;
	struct virtqueue *vq = &b->dev->queues[q->index];
	bool range = rq->op == BLOCK_DISCARD || rq->op == BLOCK_ZERO;
	unsigned int nr = rq->op == BLOCK_FLUSH ? 0 : range ? 1 : rq->nr_segments;
	struct slot *s;

	if (!virtqueue_room(vq, nr + 2))
		return -EBUSY;
	rq->tag = virtqueue_head(vq);
	s = begin_chain(vq, b->slots[q->index], types[rq->op], nr && !range ? rq->disk_sector : 0);
	if (range) {
		s->range.sector = rq->disk_sector;
		s->range.sectors = rq->bytes >> SECTOR_SHIFT;
		s->range.flags = 0; /* zeros keep their place on the disk */
		add_piece(vq, &s->range, sizeof(s->range), false);
	} else {
		for (unsigned int i = 0; i < nr; i++)
			virtqueue_add(vq, rq->segments[i].at, rq->segments[i].len,
				      rq->op == BLOCK_READ);
	}
	end_chain(vq, s, rq);
	return 0;
}

static void kick(struct block_disk *d, struct block_queue *q)
{
	struct blk *b = d->driver;

	virtqueue_kick(&b->dev->queues[q->index]);
}

/* ---- and back ---- */

static int error_of(const struct slot *s)
{
	switch (READ_ONCE(s->status)) {
	case S_OK: return 0;
	case S_UNSUPP: return -EOPNOTSUPP;
	default: /* also where it has written nothing */ return -EIO;
	}
}

#define BATCH 16

/* Take up to @left of @vq's used ones into @rqs: how many. */
static unsigned int take_used(struct blk *b, struct virtqueue *vq, struct block_queue *q,
			      struct block_request **rqs, unsigned int left)
{
	unsigned int n = 0;
	uint32_t len;

	spin_lock(&q->lock);
	/* Both under the lock, which reset takes in between: one of the two sees the other's. */
	if (!b->resetting) {
		b->draining[q->index] = true;
		while (n < min(left, (unsigned int)BATCH) && (rqs[n] = virtqueue_get(vq, &len))) {
			/* Now: another core's request may have the slot once the lock is free. */
			rqs[n]->error = error_of(&b->slots[q->index][rqs[n]->tag]);
			n++;
		}
	}
	spin_unlock(&q->lock);
	return n;
}

/*
 * What is used when this begins, and no more: the requests of other cores that end meanwhile would
 * keep this one for ever.
 */
static void drain_queue(struct blk *b, struct virtqueue *vq, struct block_queue *q)
{
	struct block_request *rqs[BATCH];
	unsigned int n, left = virtqueue_ready(vq);

	for (; left; left -= n) {
		n = take_used(b, vq, q, rqs, left);
		if (!n)
			break;
		for (unsigned int i = 0; i < n; i++)
			block_end(rqs[i], rqs[i]->error);
	}
	/* After what has been ended: reset waits for it. */
	store_release(&b->draining[q->index], false);
}

/* The interrupt handler, masked. */
static void blk_used(struct virtqueue *vq)
{
	struct block_queue *q = vq->driver;
	struct blk *b = q->disk->driver;

	virtqueue_quiet(vq);
	drain_queue(b, vq, q);
	/* What is used behind this drain brings an interrupt of its own. */
	if (virtqueue_listen(vq))
		drain_queue(b, vq, q);
	block_go_on(q);
}

/* Interrupt handler. */
static void blk_changed(struct virtio_device *dev)
{
	struct blk *b = dev->driver_data;

	block_changed(&b->disk);
}

static void blk_broke(struct virtio_device *dev)
{
	struct blk *b = dev->driver_data;

	if (b && b->disk.whole)
		block_die(&b->disk);
}

static int reset(struct block_disk *d)
{
	struct blk *b = d->driver;
	unsigned long flags;
	int err;

	WRITE_ONCE(b->resetting, true);
	for (unsigned int i = 0; i < d->nr_queues; i++) {
		/* A handler that has not had the lock yet will see it; one that has had it ends. */
		flags = spin_lock_irqsave(&d->queues[i].lock);
		spin_unlock_irqrestore(&d->queues[i].lock, flags);
		while (load_acquire(&b->draining[i]))
			cpu_relax();
	}
	err = virtio_restart(b->dev);
	if (!err)
		store_release(&b->resetting, false);
	return err;
}

static uint64_t read_sectors(struct virtio_device *dev)
{
	return min(virtio_config(dev, CONFIG_CAPACITY, 8), SECTORS_MAX);
}

static void resize_changed(struct block_disk *d)
{
	struct blk *b = d->driver;
	uint64_t sectors = read_sectors(b->dev);

	if (sectors != d->sectors) {
		pr_info("%s: %llu sectors, was %llu\n", d->name, (unsigned long long)sectors,
			(unsigned long long)d->sectors);
		block_resize(d, sectors);
	}
}

static const struct block_ops ops = {
	.start = start_chain,
	.kick = kick,
	.reset = reset,
	.changed = resize_changed,
};

/* ---- bring-up ---- */

static uint32_t fit_sectors(uint32_t sectors, uint32_t logical)
{
	return ALIGN_DOWN(min(sectors, REQUEST_SECTORS_MAX), logical >> SECTOR_SHIFT);
}

static uint32_t feature32(struct virtio_device *dev, uint64_t feature, uint32_t at,
			  uint32_t otherwise)
{
	return virtio_has(dev, feature) ? (uint32_t)virtio_config(dev, at, 4) : otherwise;
}

/* What the device says of itself, checked: -EINVAL, with a line. */
static int read_limits(struct virtio_device *dev, struct block_limits *l)
{
	uint32_t room = dev->queues[0].size - 2u;
	uint8_t exp = 0;

	l->logical = feature32(dev, F_BLK_SIZE, CONFIG_BLK_SIZE, SECTOR_SIZE);
	l->max_segment = feature32(dev, F_SIZE_MAX, CONFIG_SIZE_MAX, MAX_BYTES);
	if (l->logical < SECTOR_SIZE || l->logical > PAGE_SIZE || l->logical & (l->logical - 1) ||
	    l->max_segment < PAGE_SIZE || dev->queues[0].size < 4) {
		pr_err("%s: a disk with blocks of %u, segments of %u, a ring of %u: not served\n",
		       dev->name, l->logical, l->max_segment, dev->queues[0].size);
		return -EINVAL;
	}
	if (virtio_has(dev, F_TOPOLOGY))
		exp = (uint8_t)virtio_config(dev, CONFIG_PHYSICAL_EXP, 1);
	l->physical = l->logical << min(exp, (uint8_t)8);
	l->max_segment = ALIGN_DOWN(min(l->max_segment, MAX_BYTES), l->logical);
	l->max_segments = max(1u, min(feature32(dev, F_SEG_MAX, CONFIG_SEG_MAX, 1), room));
	l->max_bytes = MAX_BYTES;
	l->rotational = true; /* as Linux takes it: what is behind it may be */
	l->max_discard = fit_sectors(feature32(dev, F_DISCARD, CONFIG_MAX_DISCARD, 0), l->logical);
	l->max_zero = fit_sectors(feature32(dev, F_WRITE_ZEROES, CONFIG_MAX_ZERO, 0), l->logical);
	l->cache = virtio_has(dev, F_FLUSH);
	if (l->cache && virtio_has(dev, F_CONFIG_WCE))
		l->cache = virtio_config(dev, CONFIG_WRITEBACK, 1);
	return 0;
}

/* Its serial number, before anything else is asked of it; the second slot takes the answer. */
static int read_serial(struct blk *b)
{
	struct virtqueue *vq = &b->dev->queues[0];
	struct slot *s = begin_chain(vq, b->slots[0], T_GET_ID, 0);
	char *id = (char *)&b->slots[0][1];
	uint32_t len;

	memset(id, 0, ID_BYTES);
	add_piece(vq, id, ID_BYTES, true);
	end_chain(vq, s, b);
	virtqueue_kick(vq);
	/* A device that does not answer this may answer the rest, but not this one later. */
	if (!virtqueue_poll(vq, &len))
		return virtio_restart(b->dev);
	if (READ_ONCE(s->status) != S_OK)
		return 0;
	for (unsigned int i = 0; i < ID_BYTES && id[i]; i++)
		b->disk.serial[i] = id[i] > ' ' && id[i] < 0x7f ? id[i] : '_';
	return 0;
}

/* vda .. vdz, vdaa ..; @name has room for two letters more than "vd". */
static void name_disk(char *name, unsigned int n)
{
	if (n < 26)
		snprintf(name, sizeof("vda"), "vd%c", 'a' + n);
	else
		snprintf(name, sizeof("vdaa"), "vd%c%c", 'a' + n / 26 - 1, 'a' + n % 26);
}

static unsigned int count_cores(void)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_cpu cpu;
	unsigned int n = 0;

	while (fdt_next_cpu(device_tree(), &it, &cpu) > 0)
		n += cpu.enabled;
	return max(n, 1u);
}

static int make_queues(struct blk *b)
{
	struct virtio_device *dev = b->dev;
	unsigned int nr = 1;
	int err;

	if (virtio_has(dev, F_MQ))
		nr = max(1u, (unsigned int)virtio_config(dev, CONFIG_NUM_QUEUES, 2));
	nr = min(nr, count_cores());
	nr = min(nr, (unsigned int)BLOCK_QUEUES_MAX);
	err = virtio_queues(dev, nr, NULL);
	for (unsigned int i = 0; i < nr && !err; i++) {
		b->slots[i] = kzalloc(dev->queues[i].size * sizeof(struct slot));
		if (!b->slots[i])
			err = -ENOMEM;
	}
	b->disk.nr_queues = nr;
	return err;
}

static int bring_up_disk(struct blk *b)
{
	struct virtio_device *dev = b->dev;
	struct block_disk *d = &b->disk;
	int err = make_queues(b);

	if (!err)
		err = read_limits(dev, &d->limits);
	if (err)
		return err;
	virtio_ready(dev);
	err = read_serial(b);
	if (err)
		return err;
	name_disk(d->name, nr_disks);
	d->major = MAJOR;
	d->minor = nr_disks * MINORS;
	d->minors = MINORS;
	if (virtio_has(dev, F_GEOMETRY)) {
		d->cylinders = (uint16_t)virtio_config(dev, CONFIG_CYLINDERS, 2);
		d->heads = (uint8_t)virtio_config(dev, CONFIG_HEADS, 1);
		d->track_sectors = (uint8_t)virtio_config(dev, CONFIG_TRACK, 1);
	}
	d->sectors = read_sectors(dev);
	d->read_only = virtio_has(dev, F_RO);
	d->ops = &ops;
	d->driver = b;
	d->place = dev->place;
	/* The serial number was polled for: from here on interrupts are served. */
	for (unsigned int i = 0; i < d->nr_queues; i++) {
		dev->queues[i].driver = &d->queues[i];
		dev->queues[i].used_fn = blk_used;
	}
	err = block_add(d);
	/* Caught before there was a disk to end. */
	if (!err && READ_ONCE(dev->broken))
		block_die(d);
	return err;
}

static int blk_probe(struct virtio_device *dev)
{
	struct blk *b = kzalloc(sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	b->dev = dev;
	dev->driver_data = b;
	err = bring_up_disk(b);
	if (err) {
		dev->driver_data = NULL;
		for (unsigned int i = 0; i < BLOCK_QUEUES_MAX; i++)
			kfree(b->slots[i]);
		kfree(b);
		return err;
	}
	nr_disks++;
	pr_info("%s: %llu sectors, %u queues, %s (%s)\n", b->disk.name,
		(unsigned long long)b->disk.sectors, b->disk.nr_queues, dev->name,
		dev->transport->name);
	return 0;
}

static const struct virtio_driver blk = {
	.name = "virtio_blk",
	.type = VIRTIO_BLOCK,
	.features = F_SIZE_MAX | F_SEG_MAX | F_GEOMETRY | F_RO | F_BLK_SIZE | F_FLUSH | F_TOPOLOGY |
		    F_CONFIG_WCE | F_MQ | F_DISCARD | F_WRITE_ZEROES,
	.probe = blk_probe,
	.changed = blk_changed,
	.broke = blk_broke,
};
VIRTIO_DRIVER(blk);
