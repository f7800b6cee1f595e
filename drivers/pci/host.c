/*
 * host.c - PCI Express behind an ECAM host bridge of the device tree: the walk that finds what is
 * there.
 *
 * A function's registers are at a place that its bus, device and function number give (PCI Express
 * Base 4.0, 7.2.2).  Buses are numbered as they are found, depth first.
 * Invariant: of configuration space, which may be 256 MiB, only buses that exist are mapped.
 */
#include "drivers/pci/host.h"

#include "abi/errno.h"
#include "drivers/device.h"
#include "drivers/pci/assign.h"
#include "lib/fdt_bindings.h"
#include "lib/printf.h"
#include "log/printk.h"
#include "mm/kmap.h"
#include "mm/slab.h"

#define RANGES_MAX 8
#define PCI_DEPTH  8 /* bridges in a row: the walk recurses */

extern const struct pci_driver __pci_drivers_start[], __pci_drivers_end[]; /* link.ld */

static struct pci_device *first_device, **last_device = &first_device;

static void scan_bus(struct pci_host *host, struct pci_device *bridge, unsigned int bus,
		     unsigned int depth);

/* Where the registers of function @devfn of @bus are, or NULL. */
static volatile char *config_of(struct pci_host *host, unsigned int bus, unsigned int devfn)
{
	unsigned int n = bus - host->first;
	size_t left = (host->end - host->first - (n & ~1u)) * PCI_BUS_CONFIG;

	if (!host->config[n / 2])
		host->config[n / 2] =
			ioremap(paddr_of(host->config_pa + (n & ~1u) * PCI_BUS_CONFIG),
				min(left, 2 * PCI_BUS_CONFIG));
	if (!host->config[n / 2])
		return NULL;
	return (volatile char *)host->config[n / 2] + (n & 1) * PCI_BUS_CONFIG +
	       devfn * (PCI_BUS_CONFIG / 256);
}

static struct pci_device *new_device(struct pci_host *host, struct pci_device *bridge,
				     unsigned int bus, unsigned int devfn, volatile char *config)
{
	struct pci_device *d = kzalloc(sizeof(*d));

	if (!d) {
		pr_warn("pci: no memory for a device\n");
		return NULL;
	}
	d->host = host;
	d->bridge = bridge;
	d->bus = (uint8_t)bus;
	d->devfn = (uint8_t)devfn;
	d->config = config;
	d->vendor = pci_read16(d, PCI_VENDOR);
	d->device = pci_read16(d, PCI_DEVICE);
	d->class_revision = pci_read32(d, PCI_CLASS_REVISION);
	snprintf(d->name, sizeof(d->name), "0000:%02x:%02x.%u", bus, PCI_SLOT(devfn),
		 PCI_FUNCTION(devfn));
	*last_device = d;
	last_device = &d->next;
	return d;
}

/* The buses behind bridge @d get their numbers; whatever is there is found. */
static void scan_bridge(struct pci_device *d, unsigned int depth)
{
	struct pci_host *host = d->host;
	struct pci_bridge_start start;
	unsigned int bus = host->last + 1;
	uint32_t buses = pci_read32(d, PCI_BRIDGE_BUSES) & 0xff000000;

	if (depth == PCI_DEPTH || bus >= host->end) {
		pr_warn("pci %s: no bus number is left for what is behind it\n", d->name);
		pci_write32(d, PCI_BRIDGE_BUSES, buses);
		return;
	}
	host->last = bus;
	buses |= d->bus | bus << 8;
	/* As long as it is not known how many there are, it passes on what is for any above. */
	pci_write32(d, PCI_BRIDGE_BUSES, buses | (host->end - 1) << 16);
	pci_bridge_open(d, &start);
	scan_bus(host, d, bus, depth + 1);
	pci_bridge_close(d, &start);
	pci_write32(d, PCI_BRIDGE_BUSES, buses | host->last << 16);
	pci_write16(d, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* One function, if it is there.  False: it is not, or there is no memory. */
static bool scan_function(struct pci_host *host, struct pci_device *bridge, unsigned int bus,
			  unsigned int devfn, unsigned int depth, bool *multi)
{
	volatile char *config = config_of(host, bus, devfn);
	struct pci_device *d;
	uint8_t header;

	if (!config || mmio_read16((volatile uint16_t *)(config + PCI_VENDOR)) == PCI_NOBODY)
		return false;
	d = new_device(host, bridge, bus, devfn, config);
	if (!d)
		return false;
	header = pci_read8(d, PCI_HEADER_TYPE);
	*multi = header & PCI_HEADER_MULTI;
	pci_assign(d);
	if ((header & PCI_HEADER_KIND) == PCI_HEADER_BRIDGE)
		scan_bridge(d, depth);
	return true;
}

static void scan_bus(struct pci_host *host, struct pci_device *bridge, unsigned int bus,
		     unsigned int depth)
{
	bool multi, more;

	for (unsigned int devfn = 0; devfn < 256; devfn += 8)
		if (scan_function(host, bridge, bus, devfn, depth, &multi) && multi)
			for (unsigned int i = 1; i < 8; i++)
				scan_function(host, bridge, bus, devfn + i, depth, &more);
}

/* The windows that the tree gives: of each kind the first. */
static void read_windows(const struct fdt *fdt, struct pci_host *host)
{
	struct fdt_pci_range r[RANGES_MAX];
	int path[FDT_MAX_DEPTH], way = device_way(fdt, host->node, path);
	int n = fdt_pci_ranges(fdt, path, way, r, RANGES_MAX);

	for (int i = 0; i < n; i++) {
		uint32_t space = FDT_PCI_SPACE(r[i].space);
		struct pci_window *w =
			&host->windows[space == FDT_PCI_MEM64 ? PCI_SPACE_MEM64 : PCI_SPACE_MEM32];

		if ((space != FDT_PCI_MEM32 && space != FDT_PCI_MEM64) || w->end)
			continue;
		/* Address 0 means "none" to too many; what is aligned to 4 KiB suits a bridge. */
		w->next = max(r[i].bus, (uint64_t)PAGE_SIZE);
		w->end = r[i].bus + r[i].size;
		w->to_cpu = r[i].cpu - r[i].bus;
	}
}

static int read_buses(const struct fdt *fdt, struct pci_host *host)
{
	struct fdt_range config;
	uint32_t first = 0, last = PCI_BUSES - 1;
	int err = device_reg(fdt, host->node, 0, &config);

	if (err)
		return err;
	if (!fdt_cell(fdt, host->node, "bus-range", 0, &first) &&
	    fdt_cell(fdt, host->node, "bus-range", 1, &last))
		return -EINVAL;
	last = min(last, (uint32_t)PCI_BUSES - 1);
	if (first > last || config.size < PCI_BUS_CONFIG)
		return -EINVAL;
	host->config_pa = config.addr;
	host->first = host->last = first;
	host->end =
		first + (unsigned int)min((uint64_t)last - first + 1, config.size / PCI_BUS_CONFIG);
	return 0;
}

static void start_driver(struct pci_device *d)
{
	for (const struct pci_driver *p = __pci_drivers_start; p < __pci_drivers_end; p++) {
		int err;

		if (d->vendor != p->vendor || d->device < p->first || d->device > p->last)
			continue;
		err = p->probe(d);
		if (err)
			pr_warn("pci %s: %04x:%04x: error %d\n", d->name, d->vendor, d->device,
				-err);
		return;
	}
}

static int pci_host_probe(const struct fdt *fdt, int node)
{
	struct pci_host *host = kzalloc(sizeof(*host));
	struct pci_device **mine = last_device;
	int err;

	if (!host)
		return -ENOMEM;
	host->node = node;
	err = read_buses(fdt, host);
	if (err) {
		kfree(host);
		return err;
	}
	read_windows(fdt, host);
	scan_bus(host, NULL, host->first, 0);
	/* Only now all bridges are open. */
	for (struct pci_device *d = *mine; d; d = d->next)
		start_driver(d);
	return 0;
}

DEVICE_DRIVER(pci_ecam, DEVICE_NORMAL, "pci-host-ecam-generic", pci_host_probe);
