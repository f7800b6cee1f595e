/*
 * pci.h - PCI Express: what is on the buses behind a host bridge of the device tree, and what a
 * driver of it needs.
 *
 * The buses are walked once, at boot: bus numbers and addresses are given out anew, whatever the
 * firmware chose, and then each function's driver is called.  Nothing comes or goes later.  What
 * configuration space says is the device's claim, and is checked here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/mmio.h"
#include "drivers/irq.h"
#include "drivers/pci/config.h"

struct msi_message;
struct pci_host;

#define PCI_BARS 6

/* A range of addresses that a function decodes. */
struct pci_bar {
	uint64_t address; /* as the CPU sees it; 0: none, of ports, or it found no room */
	uint64_t size;	  /* bytes, a power of two */
	uint32_t flags;	  /* PCI_BAR_* */
};

/* One function.  All but the last part never changes once its driver is called. */
struct pci_device {
	struct pci_device *next; /* of all, in the order of bus and number */
	struct pci_host *host;
	struct pci_device *bridge; /* behind which it is; NULL: on the root bus */
	volatile char *config;	   /* its configuration space, 4 KiB */
	uint8_t bus, devfn;
	bool above_4g; /* a bridge: 64-bit prefetchable addresses reach what is behind it */
	uint16_t vendor, device;
	uint32_t class_revision;
	char name[16]; /* 0000:00:01.0 */
	struct pci_bar bars[PCI_BARS];
	/* interrupts: */
	unsigned int vectors; /* pci_vectors' answer */
	bool msix;
	struct msi_message *messages; /* one a vector, if msix */
	volatile struct pci_msix_entry *table;
	irq_handler intx_fn; /* else; and the next that shares the line */
	void *intx_arg;
	struct pci_device *intx_next;
};

#define PCI_SLOT(devfn)	    ((devfn) >> 3)
#define PCI_FUNCTION(devfn) ((devfn)&7)

struct pci_driver {
	uint16_t vendor, first, last; /* which devices: an inclusive range of numbers */
	/* probe - boot core.  0 or -errno: a warning is printed. */
	int (*probe)(struct pci_device *d);
};

/* PCI_DRIVER - all of these lie side by side: a table (link.ld). */
#define PCI_DRIVER(name, vendor, first, last, probe) \
	static const struct pci_driver name          \
		__attribute__((used, section(".pci_drivers"))) = { vendor, first, last, probe }

/* Registers of its configuration space, by offset, aligned to their size.  Any context. */
static inline uint8_t pci_read8(const struct pci_device *d, unsigned int at)
{
	return mmio_read8((volatile uint8_t *)(d->config + at));
}

static inline uint16_t pci_read16(const struct pci_device *d, unsigned int at)
{
	return mmio_read16((volatile uint16_t *)(d->config + at));
}

static inline uint32_t pci_read32(const struct pci_device *d, unsigned int at)
{
	return mmio_read32((volatile uint32_t *)(d->config + at));
}

static inline void pci_write16(const struct pci_device *d, unsigned int at, uint16_t v)
{
	mmio_write16((volatile uint16_t *)(d->config + at), v);
}

static inline void pci_write32(const struct pci_device *d, unsigned int at, uint32_t v)
{
	mmio_write32((volatile uint32_t *)(d->config + at), v);
}

#define PCI_CAPABILITIES_MAX 48 /* that is how many fit: a list with more has a ring */

/*
 * pci_capability - the offset of the first capability @id behind the one at @after (0: of all), or
 * 0.  At least @size bytes of configuration space follow it.  A list without end is cut, but who
 * goes on from @after counts too: PCI_CAPABILITIES_MAX.
 */
unsigned int pci_capability(const struct pci_device *d, uint8_t id, unsigned int after,
			    unsigned int size);

/*
 * pci_map - map @size bytes at @offset of memory BAR @bar, for good.  NULL: there is no such BAR,
 * it is smaller, or no memory.
 */
void *pci_map(const struct pci_device *d, unsigned int bar, uint64_t offset,
	      uint64_t size) __must_check;

/* pci_enable - it answers at its addresses, and may read and write memory. */
void pci_enable(const struct pci_device *d);

/*
 * pci_vectors - how many interrupts of its own, up to @wanted, the device can tell apart: by MSI-X
 * where machine and device have it, else 1, INTx, which others share.  Or -ENODEV: it has none.
 * Once, before pci_irq_request; may allocate.
 * pci_irq_request - @fn(@arg) when interrupt @vector comes (INTx: when any of the devices on its
 * line has one), as irq_request.  0 or -errno.
 * pci_irq_free - not any more: @fn runs on no core when this returns, but for that of INTx, which
 * may be called once more by one that shares its line.
 */
int pci_vectors(struct pci_device *d, unsigned int wanted) __must_check;
int pci_irq_request(struct pci_device *d, unsigned int vector, irq_handler fn, void *arg,
		    const char *name) __must_check;

void pci_irq_free(struct pci_device *d, unsigned int vector);
/* pci_irq_route - @vector goes to core @cpu, as irq_route; of INTx nothing happens. */
void pci_irq_route(struct pci_device *d, unsigned int vector, unsigned int cpu);
