/*
 * pci.c - what a driver asks of a PCI function: its capabilities, its registers, its interrupts.
 *
 * Invariant: MSI-X and INTx are never both on; a line that several share calls all of them.
 */
#include "drivers/pci/pci.h"

#include "abi/errno.h"
#include "drivers/device.h"
#include "drivers/msi.h"
#include "drivers/pci/host.h"
#include "lib/fdt_bindings.h"
#include "mm/kmap.h"
#include "mm/slab.h"

/* An entry of the table by which a device knows whom to tell (PCI 3.0, 6.8.2.6). */
struct pci_msix_entry {
	uint32_t address, address_high, data;
	uint32_t control; /* PCI_MSIX_MASKED */
};

/* The four lines of a host's devices, as the machine's interrupts. */
#define INTX_LINES 8
static struct intx_line {
	unsigned int irq; /* 0: not used yet */
	struct pci_device *devices;
} intx_lines[INTX_LINES];

unsigned int pci_capability(const struct pci_device *d, uint8_t id, unsigned int after,
			    unsigned int size)
{
	unsigned int at = after ? pci_read8(d, after + 1) : 0;

	if (!(pci_read16(d, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
		return 0;
	if (!after)
		at = pci_read8(d, PCI_CAPABILITIES);
	for (unsigned int i = 0; i < PCI_CAPABILITIES_MAX; i++) {
		at &= ~3u;
		/* Below it are the registers that all have. */
		if (at < 0x40)
			return 0;
		if (pci_read8(d, at) == id && size <= PCI_CONFIG_SIZE - at)
			return at;
		at = pci_read8(d, at + 1);
	}
	return 0;
}

void *pci_map(const struct pci_device *d, unsigned int bar, uint64_t offset, uint64_t size)
{
	const struct pci_bar *b = &d->bars[bar];

	if (bar >= PCI_BARS || !b->address || !size || offset >= b->size || size > b->size - offset)
		return NULL;
	return ioremap(paddr_of(b->address + offset), size);
}

void pci_enable(const struct pci_device *d)
{
	pci_write16(d, PCI_COMMAND,
		    pci_read16(d, PCI_COMMAND) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* ---- MSI-X ---- */

/*
 * A bridge to conventional PCI passes on messages under a number of its own: the controller could
 * not tell the devices behind it apart.
 */
static bool is_express(const struct pci_device *bridge)
{
	unsigned int cap = pci_capability(bridge, PCI_CAP_EXPRESS, 0, 4);

	return cap &&
	       PCI_EXPRESS_TYPE(pci_read16(bridge, cap + PCI_EXPRESS_FLAGS)) != PCI_EXPRESS_TO_PCI;
}

/* Up to @n messages for @d: how many, or -errno. */
static int take_messages(const struct pci_device *d, unsigned int n, struct msi_message *m)
{
	uint32_t id = (uint32_t)d->bus << 8 | d->devfn;
	int controller;

	for (const struct pci_device *b = d->bridge; b; b = b->bridge)
		if (!is_express(b))
			return -ENODEV;
	controller = fdt_msi_map(device_tree(), d->host->node, id, &id);
	return controller < 0 ? controller : msi_take(controller, id, n, m);
}

static int start_msix(struct pci_device *d, unsigned int wanted)
{
	unsigned int cap = pci_capability(d, PCI_CAP_MSIX, 0, 12);
	uint16_t control;
	uint32_t where;
	int n;

	if (!cap)
		return -ENODEV;
	control = pci_read16(d, cap + PCI_MSIX_CONTROL);
	where = pci_read32(d, cap + PCI_MSIX_TABLE);
	wanted = min(wanted, (control & PCI_MSIX_CONTROL_SIZE) + 1u);
	d->table = pci_map(d, where & PCI_MSIX_TABLE_BAR, where & ~PCI_MSIX_TABLE_BAR,
			   wanted * sizeof(*d->table));
	d->messages = kzalloc(wanted * sizeof(*d->messages));
	n = d->table && d->messages ? take_messages(d, wanted, d->messages) : -ENOMEM;
	if (n <= 0) {
		kfree(d->messages);
		return n;
	}
	/* All entries are masked (a reset's state); each is unmasked when it has a handler. */
	for (int i = 0; i < n; i++) {
		mmio_write32(&d->table[i].control, PCI_MSIX_MASKED);
		mmio_write32(&d->table[i].address, (uint32_t)d->messages[i].address);
		mmio_write32(&d->table[i].address_high, (uint32_t)(d->messages[i].address >> 32));
		mmio_write32(&d->table[i].data, d->messages[i].data);
	}
	control &= (uint16_t)~PCI_MSIX_CONTROL_MASK_ALL;
	pci_write16(d, cap + PCI_MSIX_CONTROL, control | PCI_MSIX_CONTROL_ENABLE);
	return n;
}

/* ---- INTx ---- */

/* The interrupt of @d's INTx, by the host's interrupt-map, or -errno. */
static int find_intx(const struct pci_device *d, enum irq_trigger *trigger)
{
	const struct fdt *fdt = device_tree();
	unsigned int pin = pci_read8(d, PCI_INTERRUPT_PIN);
	uint32_t child[4] = { 0 }, cells[8];
	int controller, n;

	if (pin < 1 || pin > 4)
		return -ENODEV;
	/* Each bridge turns the four lines by the number of the device behind it. */
	for (; d->bridge; d = d->bridge)
		pin = (pin - 1 + PCI_SLOT(d->devfn)) % 4 + 1;
	child[0] = (uint32_t)d->bus << 16 | (uint32_t)d->devfn << 8;
	child[3] = pin;
	n = fdt_interrupt_map(fdt, d->host->node, child, ARRAY_SIZE(child), &controller, cells,
			      ARRAY_SIZE(cells));
	return n < 0 ? n : irq_from_cells(controller, cells, n, trigger);
}

/* The line is up: one of the devices, or several, hold it until they are served. */
static void serve_intx(void *arg)
{
	struct intx_line *line = arg;

	for (struct pci_device *d = load_acquire(&line->devices); d; d = d->intx_next)
		READ_ONCE(d->intx_fn)(d->intx_arg);
}

static int request_intx(struct pci_device *d, irq_handler fn, void *arg)
{
	enum irq_trigger trigger;
	int irq = find_intx(d, &trigger), err = 0;
	struct intx_line *line = intx_lines;

	if (irq <= 0)
		return irq ? irq : -ENODEV;
	while (line->irq && line->irq != (unsigned int)irq)
		if (++line == intx_lines + INTX_LINES)
			return -ENOSPC;
	/* No device of the line is allowed to hold it before it is in the chain. */
	if (!line->irq)
		err = irq_request((unsigned int)irq, trigger, serve_intx, line, "pci-intx");
	if (err)
		return err;
	line->irq = (unsigned int)irq;
	d->intx_arg = arg;
	if (!d->intx_fn) {
		d->intx_fn = fn;
		d->intx_next = line->devices;
		store_release(&line->devices, d);
	}
	WRITE_ONCE(d->intx_fn, fn); /* it may have been in the chain, with none */
	pci_write16(d, PCI_COMMAND, pci_read16(d, PCI_COMMAND) & (uint16_t)~PCI_COMMAND_INTX_OFF);
	return 0;
}

/* Takes the place of a handler that is gone: the chain of a line never changes. */
static void serve_nothing(void *arg)
{
}

int pci_vectors(struct pci_device *d, unsigned int wanted)
{
	enum irq_trigger trigger;
	int n = wanted ? start_msix(d, wanted) : -EINVAL;

	d->msix = n > 0;
	if (!d->msix)
		n = find_intx(d, &trigger) > 0 ? 1 : -ENODEV;
	d->vectors = n > 0 ? (unsigned int)n : 0;
	return n;
}

int pci_irq_request(struct pci_device *d, unsigned int vector, irq_handler fn, void *arg,
		    const char *name)
{
	int err;

	if (vector >= d->vectors)
		return -EINVAL;
	if (!d->msix)
		return request_intx(d, fn, arg);
	err = irq_request(d->messages[vector].irq, IRQ_EDGE, fn, arg, name);
	if (!err)
		mmio_write32(&d->table[vector].control, 0);
	return err;
}

void pci_irq_free(struct pci_device *d, unsigned int vector)
{
	if (d->msix) {
		mmio_write32(&d->table[vector].control, PCI_MSIX_MASKED);
		irq_free(d->messages[vector].irq);
		return;
	}
	pci_write16(d, PCI_COMMAND, pci_read16(d, PCI_COMMAND) | PCI_COMMAND_INTX_OFF);
	WRITE_ONCE(d->intx_fn, serve_nothing);
}

void pci_irq_route(struct pci_device *d, unsigned int vector, unsigned int cpu)
{
	if (d->msix)
		irq_route(d->messages[vector].irq, cpu);
}
