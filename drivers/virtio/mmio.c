/*
 * mmio.c - virtio devices whose registers lie in memory, each a node of the device tree (4.2): the
 * legacy layout (version 1), and that of the standard (version 2).
 *
 * QEMU's virt has 32 of these places, most of them empty: type 0.  Invariant: one that does not
 * begin with the magic word, or is empty, is left alone.
 */
#include "abi/errno.h"
#include "drivers/device.h"
#include "drivers/irq.h"
#include "drivers/virtio/registers.h"
#include "drivers/virtio/virtio.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/slab.h"

struct regs {
	uint32_t magic, version, device_id, vendor_id;
	uint32_t device_features, device_features_sel, reserved18[2];
	uint32_t driver_features, driver_features_sel, guest_page_size, reserved2c; /* legacy */
	uint32_t queue_sel, queue_num_max, queue_num;
	uint32_t queue_align, queue_pfn; /* legacy */
	uint32_t queue_ready, reserved48[2];
	uint32_t queue_notify, reserved54[3];
	uint32_t interrupt_status, interrupt_ack, reserved68[2];
	uint32_t status, reserved74[3];
	uint32_t queue_desc[2], reserved88[2];
	uint32_t queue_driver[2], reserved98[2];
	uint32_t queue_device[2], reserveda8[21];
	uint32_t config_generation;
	uint8_t config[];
};

_Static_assert(offsetof(struct regs, queue_align) == 0x3c, "QueueAlign");
_Static_assert(offsetof(struct regs, queue_ready) == 0x44, "QueueReady");
_Static_assert(offsetof(struct regs, interrupt_status) == 0x60, "InterruptStatus");
_Static_assert(offsetof(struct regs, queue_device) == 0xa0, "QueueDeviceLow");
_Static_assert(offsetof(struct regs, config) == 0x100, "Config");

#define MAGIC		 0x74726976u /* "virt" */
#define LEGACY		 1u
#define MODERN		 2u
#define INTERRUPT_USED	 0x1u
#define INTERRUPT_CONFIG 0x2u

static volatile struct regs *regs_of(const struct virtio_device *d)
{
	return d->bus;
}

static bool is_legacy(volatile struct regs *r)
{
	return mmio_read32(&r->version) == LEGACY;
}

static uint8_t get_status(struct virtio_device *d)
{
	return (uint8_t)mmio_read32(&regs_of(d)->status);
}

static void set_status(struct virtio_device *d, uint8_t status)
{
	mmio_write32(&regs_of(d)->status, status);
}

static uint64_t get_features(struct virtio_device *d)
{
	volatile struct regs *r = regs_of(d);

	if (!is_legacy(r))
		return virtio_read_features(&r->device_features_sel, &r->device_features);
	mmio_write32(&r->device_features_sel, 0);
	return mmio_read32(&r->device_features);
}

static void set_features(struct virtio_device *d, uint64_t features)
{
	volatile struct regs *r = regs_of(d);

	if (!is_legacy(r)) {
		virtio_write_features(&r->driver_features_sel, &r->driver_features, features);
		return;
	}
	mmio_write32(&r->driver_features_sel, 0);
	mmio_write32(&r->driver_features, (uint32_t)features);
	/* The unit of queue_pfn, before any queue (4.2.4). */
	mmio_write32(&r->guest_page_size, PAGE_SIZE);
}

static uint32_t config_read(struct virtio_device *d, uint32_t at, uint32_t n)
{
	return virtio_read_bytes(&regs_of(d)->config[at], n);
}

static uint32_t config_generation(struct virtio_device *d)
{
	volatile struct regs *r = regs_of(d);

	return is_legacy(r) ? 0 : mmio_read32(&r->config_generation);
}

static unsigned int queue_max(struct virtio_device *d, unsigned int index)
{
	volatile struct regs *r = regs_of(d);

	mmio_write32(&r->queue_sel, index);
	return mmio_read32(&r->queue_num_max);
}

static int queue_enable(struct virtqueue *q)
{
	volatile struct regs *r = regs_of(q->dev);
	uint64_t frame = paddr_value(virt_to_phys(q->desc)) >> PAGE_SHIFT;

	mmio_write32(&r->queue_sel, q->index);
	mmio_write32(&r->queue_num, q->size);
	if (is_legacy(r)) {
		if (frame > UINT32_MAX)
			return -ENOMEM;
		mmio_write32(&r->queue_align, VRING_ALIGN);
		mmio_write32(&r->queue_pfn, (uint32_t)frame);
		return 0;
	}
	virtio_write_halves(r->queue_desc, paddr_value(virt_to_phys(q->desc)));
	virtio_write_halves(r->queue_driver, paddr_value(virt_to_phys(q->avail)));
	virtio_write_halves(r->queue_device, paddr_value(virt_to_phys(q->used)));
	mmio_write32(&r->queue_ready, 1);
	return 0;
}

static void notify(struct virtqueue *q)
{
	mmio_write32(&regs_of(q->dev)->queue_notify, q->index);
}

static const struct virtio_transport mmio = {
	.name = "mmio",
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.config_read = config_read,
	.config_generation = config_generation,
	.queue_max = queue_max,
	.queue_enable = queue_enable,
	.notify = notify,
};

/* One line for all of the device's queues and its configuration. */
static void interrupt(void *arg)
{
	struct virtio_device *d = arg;
	volatile struct regs *r = regs_of(d);
	uint32_t why = mmio_read32(&r->interrupt_status);

	/* Before the queues are looked at: what comes from here on raises it again. */
	mmio_write32(&r->interrupt_ack, why);
	if (why & INTERRUPT_USED)
		virtio_interrupt(d);
	if (why & INTERRUPT_CONFIG)
		virtio_config_interrupt(d);
}

static int add_device(struct virtio_device *d, const struct fdt *fdt, int node)
{
	enum irq_trigger trigger;
	int irq = irq_from_fdt(fdt, node, 0, &trigger);
	int err;

	if (irq < 0)
		return irq;
	err = irq_request((unsigned int)irq, trigger, interrupt, d, d->name);
	if (err)
		return err;
	err = virtio_device_add(d);
	if (err)
		irq_free((unsigned int)irq);
	return err;
}

/* Of virtio_mmio@a003e00: platform/a003e00.virtio_mmio. */
static void name_place(struct virtio_device *d, const char *name)
{
	const char *unit = strchr(name, '@');

	if (unit)
		snprintf(d->place, sizeof(d->place), "platform/%s.%.*s", unit + 1,
			 (int)(unit - name), name);
	else
		snprintf(d->place, sizeof(d->place), "platform/%s", name);
}

static int virtio_mmio_probe(const struct fdt *fdt, int node)
{
	volatile struct regs *r = device_ioremap(fdt, node, 0, NULL);
	struct virtio_device *d;
	int err;

	if (!r)
		return -ENOMEM;
	if (mmio_read32(&r->magic) != MAGIC || !mmio_read32(&r->device_id))
		return 0;
	if (!is_legacy(r) && mmio_read32(&r->version) != MODERN)
		return -ENODEV;
	d = kzalloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->transport = &mmio;
	d->bus = (void *)(uintptr_t)r;
	d->type = mmio_read32(&r->device_id);
	name_place(d, fdt_name(fdt, node));
	err = add_device(d, fdt, node);
	if (err)
		kfree(d);
	return err == -ENODEV ? 0 : err;
}

DEVICE_DRIVER(virtio_mmio, DEVICE_NORMAL, "virtio,mmio", virtio_mmio_probe);
