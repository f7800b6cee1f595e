/*
 * pci.c - virtio devices on PCI (4.1), by the interface of version 1; what only knows the one
 * before it is left alone.
 *
 * Capabilities of the vendor's kind say where, in which BAR, each structure lies: claims of the
 * device, which pci_map checks.  Interrupts: with MSI-X one for the configuration and one for each
 * queue as far as there are; queues without their own, or all with INTx, come with the first.
 */
#include "abi/errno.h"
#include "arm/percpu.h"
#include "drivers/device.h"
#include "drivers/pci/host.h"
#include "drivers/virtio/registers.h"
#include "drivers/virtio/virtio.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/slab.h"

/* The structure by which a device is set up (4.1.4.3). */
struct common {
	uint32_t device_feature_select, device_feature;
	uint32_t driver_feature_select, driver_feature;
	uint16_t config_vector, num_queues;
	uint8_t status, config_generation;
	uint16_t queue_select, queue_size, queue_vector, queue_enable, queue_notify_off;
	uint32_t queue_desc[2], queue_driver[2], queue_device[2];
};

_Static_assert(offsetof(struct common, status) == 0x14, "device_status");
_Static_assert(offsetof(struct common, queue_desc) == 0x20, "queue_desc");
_Static_assert(sizeof(struct common) == 0x38, "queue_device");

/* A capability (4.1.4): its own length at 2, and behind it these. */
#define CAP_TYPE       3
#define CAP_BAR	       4
#define CAP_OFFSET     8
#define CAP_LENGTH     12
#define CAP_SIZE       16
#define CAP_MULTIPLIER 16 /* of CAP_NOTIFY alone */

#define CAP_COMMON     1
#define CAP_NOTIFY     2
#define CAP_ISR	       3
#define CAP_CONFIG     4

#define VENDOR	       0x1af4
#define FIRST_DEVICE   0x1000
#define FIRST_MODERN   0x1040
#define LAST_DEVICE    0x107f

#define NO_VECTOR      0xffff
#define PLACE_DEPTH    4
#define VECTORS_MAX    9 /* the configuration's, and those of eight queues */
#define ISR_QUEUE      0x1
#define ISR_CONFIG     0x2

struct virtio_pci {
	struct virtio_device dev;
	struct pci_device *pci;
	volatile struct common *common;
	volatile uint8_t *isr;
	volatile char *notify, *config;
	uint32_t notify_size, config_size; /* bytes */
	uint32_t multiplier;		   /* bytes from a queue's place to the next */
	uint16_t requested;		   /* a bit a vector: it has a handler */
};

static struct virtio_pci *pci_of(struct virtio_device *d)
{
	return d->bus;
}

static uint8_t pci_get_status(struct virtio_device *d)
{
	return mmio_read8(&pci_of(d)->common->status);
}

static void pci_set_status(struct virtio_device *d, uint8_t status)
{
	mmio_write8(&pci_of(d)->common->status, status);
}

static uint64_t pci_get_features(struct virtio_device *d)
{
	volatile struct common *c = pci_of(d)->common;

	return virtio_read_features(&c->device_feature_select, &c->device_feature);
}

static void pci_set_features(struct virtio_device *d, uint64_t features)
{
	volatile struct common *c = pci_of(d)->common;

	virtio_write_features(&c->driver_feature_select, &c->driver_feature, features);
}

static uint32_t pci_config_read(struct virtio_device *d, uint32_t at, uint32_t n)
{
	struct virtio_pci *p = pci_of(d);

	/* An old device's configuration ends before: zeros. */
	return n > p->config_size || at > p->config_size - n ? 0
							     : virtio_read_bytes(p->config + at, n);
}

static uint32_t pci_config_generation(struct virtio_device *d)
{
	return mmio_read8(&pci_of(d)->common->config_generation);
}

static unsigned int pci_queue_max(struct virtio_device *d, unsigned int index)
{
	volatile struct common *c = pci_of(d)->common;

	if (index >= mmio_read16(&c->num_queues))
		return 0;
	mmio_write16(&c->queue_select, (uint16_t)index);
	return mmio_read16(&c->queue_size);
}

/* ---- interrupts ---- */

static void interrupt_queue(void *arg)
{
	virtqueue_interrupt(arg);
}

/* MSI-X: the configuration's, and that of the queues which have none of their own. */
static void interrupt_first(void *arg)
{
	struct virtio_device *d = arg;

	for (unsigned int i = 0; i < d->nr_queues; i++)
		if (!d->queues[i].vector)
			virtqueue_interrupt(&d->queues[i]);
	virtio_config_interrupt(d);
}

static void interrupt_line(void *arg)
{
	struct virtio_device *d = arg;
	/* Reading it lets go of the line, before the queues are looked at. */
	uint8_t why = mmio_read8(pci_of(d)->isr);

	if (why & ISR_QUEUE)
		virtio_interrupt(d);
	if (why & ISR_CONFIG)
		virtio_config_interrupt(d);
}

static int request_vector(struct virtio_pci *p, unsigned int vector, irq_handler fn, void *arg)
{
	int err = 0;

	if (!(p->requested & BIT(vector)))
		err = pci_irq_request(p->pci, vector, fn, arg, p->dev.name);
	if (!err)
		p->requested |= (uint16_t)BIT(vector);
	return err;
}

/* After each reset, too, which the device forgets its vectors in. */
static int tell_vectors(struct virtio_pci *p, struct virtqueue *q)
{
	volatile struct common *c = p->common;
	int err;

	if (!p->pci->msix)
		return request_vector(p, 0, interrupt_line, &p->dev);
	q->vector = q->index + 1u < p->pci->vectors ? q->index + 1 : 0;
	err = request_vector(p, 0, interrupt_first, &p->dev);
	if (!err && q->vector)
		err = request_vector(p, (unsigned int)q->vector, interrupt_queue, q);
	if (err)
		return err;
	/* Where there is a queue for each core, who asked is told without another core's help. */
	if (q->vector && q->index < NR_CPUS)
		pci_irq_route(p->pci, (unsigned int)q->vector, q->index);
	mmio_write16(&c->config_vector, 0);
	mmio_write16(&c->queue_vector, (uint16_t)q->vector);
	return mmio_read16(&c->config_vector) == NO_VECTOR ||
			       mmio_read16(&c->queue_vector) == NO_VECTOR
		       ? -EIO
		       : 0;
}

/* ---- queues ---- */

static int pci_queue_enable(struct virtqueue *q)
{
	struct virtio_pci *p = pci_of(q->dev);
	volatile struct common *c = p->common;
	uint64_t at;
	int err;

	mmio_write16(&c->queue_select, q->index);
	at = (uint64_t)mmio_read16(&c->queue_notify_off) * p->multiplier;
	if (at + sizeof(uint16_t) > p->notify_size || at % sizeof(uint16_t))
		return -EIO;
	q->notify_at = p->notify + at;
	err = tell_vectors(p, q);
	if (err)
		return err;
	mmio_write16(&c->queue_size, q->size);
	virtio_write_halves(c->queue_desc, paddr_value(virt_to_phys(q->desc)));
	virtio_write_halves(c->queue_driver, paddr_value(virt_to_phys(q->avail)));
	virtio_write_halves(c->queue_device, paddr_value(virt_to_phys(q->used)));
	mmio_write16(&c->queue_enable, 1);
	return 0;
}

static void pci_notify(struct virtqueue *q)
{
	mmio_write16((volatile uint16_t *)q->notify_at, q->index);
}

static const struct virtio_transport pci_transport = {
	.name = "pci",
	.get_status = pci_get_status,
	.set_status = pci_set_status,
	.get_features = pci_get_features,
	.set_features = pci_set_features,
	.config_read = pci_config_read,
	.config_generation = pci_config_generation,
	.queue_max = pci_queue_max,
	.queue_enable = pci_queue_enable,
	.notify = pci_notify,
};

/* ---- what is found ---- */

/*
 * The first structure of @type that we can map, at least @least bytes of it; *@cap: the capability
 * that said so.  NULL: there is none.
 */
static volatile void *find_structure(struct pci_device *d, uint8_t type, uint32_t least,
				     unsigned int *cap, uint32_t *size)
{
	*cap = 0;
	/* A device's list may lead round. */
	for (unsigned int i = 0; i < PCI_CAPABILITIES_MAX; i++) {
		uint32_t length;
		volatile void *at;

		*cap = pci_capability(d, PCI_CAP_VENDOR, *cap, CAP_SIZE + 4);
		if (!*cap)
			break;
		length = pci_read32(d, *cap + CAP_LENGTH);
		if (pci_read8(d, *cap + CAP_TYPE) != type || length < least)
			continue;
		at = pci_map(d, pci_read8(d, *cap + CAP_BAR), pci_read32(d, *cap + CAP_OFFSET),
			     length);
		*size = length;
		if (at && IS_ALIGNED((uintptr_t)at, sizeof(uint32_t)))
			return at;
	}
	return NULL;
}

static int find_structures(struct virtio_pci *p)
{
	struct pci_device *d = p->pci;
	unsigned int cap;
	uint32_t size;

	p->common = find_structure(d, CAP_COMMON, sizeof(*p->common), &cap, &size);
	p->isr = find_structure(d, CAP_ISR, 1, &cap, &size);
	p->config = find_structure(d, CAP_CONFIG, 4, &cap, &p->config_size);
	p->notify = find_structure(d, CAP_NOTIFY, 2, &cap, &p->notify_size);
	if (!p->common || !p->isr || !p->notify)
		return -ENODEV;
	p->multiplier = pci_read32(d, cap + CAP_MULTIPLIER);
	if (!p->config) /* not all types have one */
		p->config_size = 0;
	return 0;
}

/*
 * platform/4010000000.pcie/pci0000:00/0000:00:02.0/0000:01:00.0: the host bridge by its address and
 * name in the device tree, and the functions on the way to it, from the root bus on.
 */
static void name_pci_place(struct virtio_device *d, const struct pci_device *pci)
{
	const struct pci_host *host = pci->host;
	const char *name = fdt_name(device_tree(), host->node);
	const struct pci_device *way[PLACE_DEPTH];
	const char *unit = strchr(name, '@');
	size_t n = 0, at;

	for (; pci && n < PLACE_DEPTH; pci = pci->bridge)
		way[n++] = pci;
	at = (size_t)snprintf(d->place, sizeof(d->place), "platform/%llx.%.*s/pci%.7s",
			      (unsigned long long)host->config_pa,
			      (int)(unit ? (size_t)(unit - name) : strlen(name)), name,
			      way[n - 1]->name);
	while (n-- && at < sizeof(d->place))
		at += (size_t)snprintf(d->place + at, sizeof(d->place) - at, "/%s", way[n]->name);
}

static int start_device(struct virtio_pci *p)
{
	unsigned int queues;
	int n, err = find_structures(p);

	if (err)
		return err;
	pci_enable(p->pci);
	queues = mmio_read16(&p->common->num_queues);
	n = pci_vectors(p->pci, min(queues + 1, (unsigned int)VECTORS_MAX));
	if (n < 0)
		return n;
	p->dev.transport = &pci_transport;
	p->dev.bus = p;
	p->dev.type = p->pci->device < FIRST_MODERN ? pci_read16(p->pci, PCI_SUBSYSTEM)
						    : p->pci->device - FIRST_MODERN;
	name_pci_place(&p->dev, p->pci);
	return virtio_device_add(&p->dev);
}

static int virtio_pci_probe(struct pci_device *d)
{
	struct virtio_pci *p = kzalloc(sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->pci = d;
	err = start_device(p);
	if (!err)
		return 0;
	for (unsigned int i = 0; i < VECTORS_MAX; i++)
		if (p->requested & BIT(i))
			pci_irq_free(d, i);
	kfree(p);
	return err == -ENODEV ? 0 : err;
}

PCI_DRIVER(virtio_pci, VENDOR, FIRST_DEVICE, LAST_DEVICE, virtio_pci_probe);
