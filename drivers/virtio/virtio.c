/*
 * virtio.c - from a transport's device to its driver: status, features, queues; and the end of one
 * that lies.
 *
 * Invariant: a device that has no driver, or whose driver has refused it, is reset: it owns no
 * memory.
 */
#include "drivers/virtio/virtio.h"

#include "abi/errno.h"
#include "arm/patience.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/giveway.h"
#include "mm/page.h"
#include "mm/slab.h"

/* Features of all types that these rings and barriers serve. */
#define FEATURES     (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM)

/* A configuration that changes at each look is read so often. */
#define CONFIG_TRIES 16

extern const struct virtio_driver *const __virtio_drivers_start[]; /* link.ld */
extern const struct virtio_driver *const __virtio_drivers_end[];

static struct list_node devices = LIST_INIT(devices); /* written at boot */
static unsigned int nr_devices;

/* ---- configuration ---- */

uint64_t virtio_config(struct virtio_device *d, uint32_t at, uint32_t n)
{
	const struct virtio_transport *t = d->transport;
	uint64_t v = 0;

	for (int i = 0; i < CONFIG_TRIES; i++) {
		uint32_t before = t->config_generation(d);

		v = t->config_read(d, at, min(n, 4u));
		/* 64-bit fields are read by halves (4.2.2.2, 4.1.3.1). */
		if (n == 8)
			v |= (uint64_t)t->config_read(d, at + 4, 4) << 32;
		if (t->config_generation(d) == before)
			break;
	}
	return v;
}

/* ---- status and features ---- */

static void add_status(struct virtio_device *d, uint8_t bits)
{
	d->transport->set_status(d, d->transport->get_status(d) | bits);
}

/* The device has let go of all memory when this is 0; -EIO: it does not say so. */
static int reset_device(struct virtio_device *d)
{
	struct patience p = patience_new(1, UINT32_MAX);

	d->transport->set_status(d, 0);
	while (d->transport->get_status(d)) {
		if (patience_over(&p))
			return -EIO;
		/* After boot this is a task: one that never comes back costs others nothing. */
		if (d->ready)
			(void)give_way();
	}
	return 0;
}

/* From reset to where queues are made, with those of @wanted that are offered (3.1.1). */
static int agree_features(struct virtio_device *d, uint64_t wanted)
{
	if (reset_device(d))
		return -EIO;
	/* One after the other, as 3.1.1 has it: some devices look at each step. */
	add_status(d, VIRTIO_STATUS_ACKNOWLEDGE);
	add_status(d, VIRTIO_STATUS_DRIVER);
	d->features = d->transport->get_features(d) & wanted;
	d->transport->set_features(d, d->features);
	/* A legacy device does not know this bit. */
	if (!virtio_has(d, VIRTIO_F_VERSION_1))
		return 0;
	add_status(d, VIRTIO_STATUS_FEATURES_OK);
	/* It takes the bit back where it cannot work with these. */
	return d->transport->get_status(d) & VIRTIO_STATUS_FEATURES_OK ? 0 : -EIO;
}

void virtio_ready(struct virtio_device *d)
{
	d->ready = true;
	add_status(d, VIRTIO_STATUS_DRIVER_OK);
}

/* ---- queues ---- */

static unsigned int order_of(size_t bytes)
{
	unsigned int order = 0;

	while ((PAGE_SIZE << order) < bytes)
		order++;
	return order;
}

static void queue_broke(struct virtqueue *q, const char *what, uint64_t value)
{
	virtio_break(q->dev, what, value);
}

static int make_queue(struct virtio_device *d, struct virtqueue *q, unsigned int index)
{
	unsigned int size = d->transport->queue_max(d, index);
	struct page *rings;

	if (!size)
		return -ENOENT;
	/* Its indexes are masked: a device may offer a size that is no power of two. */
	size = min(size, (unsigned int)VIRTQUEUE_MAX);
	size = 1u << (31 - __builtin_clz(size));
	q->slots = kzalloc(size * sizeof(*q->slots));
	rings = page_alloc(order_of(virtqueue_bytes(size)));
	if (!q->slots || !rings) {
		kfree(q->slots);
		if (rings)
			page_free(rings, order_of(virtqueue_bytes(size)));
		return -ENOMEM;
	}
	q->dev = d;
	q->index = (uint16_t)index;
	q->size = (uint16_t)size;
	q->legacy = !virtio_has(d, VIRTIO_F_VERSION_1);
	q->vector = -1;
	q->broke = queue_broke;
	virtqueue_format(q, page_to_virt(rings));
	return 0;
}

/* The device has been reset: nobody but us knows of the queues. */
static void free_queues(struct virtio_device *d)
{
	for (unsigned int i = 0; i < d->nr_queues; i++) {
		struct virtqueue *q = &d->queues[i];

		page_free(virt_to_page(q->desc), order_of(virtqueue_bytes(q->size)));
		kfree(q->slots);
	}
	kfree(d->queues);
	d->queues = NULL;
	d->nr_queues = 0;
}

int virtio_queues(struct virtio_device *d, unsigned int nr, void (*used)(struct virtqueue *q))
{
	int err = 0;

	/* nr_queues counts those that are whole: they are freed, and served by interrupts. */
	d->queues = kzalloc(nr * sizeof(*d->queues));
	if (!d->queues)
		return -ENOMEM;
	for (unsigned int i = 0; i < nr && !err; i++) {
		err = make_queue(d, &d->queues[i], i);
		if (err)
			break;
		d->queues[i].used_fn = used;
		d->nr_queues++;
		err = d->transport->queue_enable(&d->queues[i]);
	}
	return err;
}

void *virtqueue_poll(struct virtqueue *q, uint32_t *len)
{
	struct patience p = patience_new(1, UINT32_MAX);
	void *token;

	do
		token = virtqueue_get(q, len);
	while (!token && !q->broken && !patience_over(&p));
	return token;
}

int virtio_restart(struct virtio_device *d)
{
	uint64_t features = d->features;
	int err = -EIO;

	if (READ_ONCE(d->broken)) {
		/* It shall not write any more to memory that is given back now. */
		(void)reset_device(d);
		return -EIO;
	}
	if (agree_features(d, features) || d->features != features)
		return -EIO;
	for (unsigned int i = 0; i < d->nr_queues; i++) {
		virtqueue_format(&d->queues[i], d->queues[i].desc);
		err = d->transport->queue_enable(&d->queues[i]);
		if (err)
			return err;
	}
	virtio_ready(d);
	return err;
}

/* ---- interrupts, and the end ---- */

void virtio_interrupt(struct virtio_device *d)
{
	for (unsigned int i = 0; i < d->nr_queues; i++)
		virtqueue_interrupt(&d->queues[i]);
}

void virtio_config_interrupt(struct virtio_device *d)
{
	if (!d->ready)
		return;
	if (d->transport->get_status(d) & VIRTIO_STATUS_NEEDS_RESET)
		virtio_break(d, "status", VIRTIO_STATUS_NEEDS_RESET);
	else if (d->driver->changed)
		d->driver->changed(d);
}

void virtio_break(struct virtio_device *d, const char *what, uint64_t value)
{
	if (atomic_xchg(&d->broken, true))
		return;
	/* Without their locks, one of which the caller may hold: each is looked at once a chain. */
	for (unsigned int i = 0; i < d->nr_queues; i++)
		WRITE_ONCE(d->queues[i].broken, true);
	pr_err("%s: %s: the device wrote %s %#llx: stopped\n", d->name, d->driver->name, what,
	       (unsigned long long)value);
	if (d->driver->broke)
		d->driver->broke(d);
}

/* ---- devices ---- */

static const struct virtio_driver *driver_of_type(uint32_t type)
{
	for (const struct virtio_driver *const *d = __virtio_drivers_start;
	     d < __virtio_drivers_end; d++)
		if ((*d)->type == type)
			return *d;
	return NULL;
}

int virtio_device_add(struct virtio_device *d)
{
	size_t bus = strnlen(d->place, sizeof(d->place) - 1);
	int err;

	snprintf(d->name, sizeof(d->name), "virtio%u", nr_devices++);
	snprintf(d->place + bus, sizeof(d->place) - bus, "/%s", d->name);
	d->driver = driver_of_type(d->type);
	if (!d->driver)
		return -ENODEV;
	err = agree_features(d, d->driver->features | FEATURES);
	if (!err)
		err = d->driver->probe(d);
	if (!err) {
		list_add_tail(&devices, &d->link);
		return 0;
	}
	d->ready = false;
	add_status(d, VIRTIO_STATUS_FAILED);
	/* What does not let go of its queues keeps their memory. */
	if (!reset_device(d))
		free_queues(d);
	return err;
}

struct virtio_device *virtio_next(const struct virtio_device *d)
{
	const struct list_node *next = d ? d->link.next : devices.next;

	return next == &devices ? NULL : list_entry(next, struct virtio_device, link);
}
