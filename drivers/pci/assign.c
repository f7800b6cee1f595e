/*
 * assign.c - who on the buses answers at which addresses.
 *
 * Addresses are given out in the order of the walk, from each window of the host upwards, and never
 * taken back; a bridge passes on what was given out while what is behind it was walked.
 */
#include "drivers/pci/assign.h"

#include "log/printk.h"

#define BRIDGE_UNIT (1UL << 20)

/* @size addresses, aligned to it; 0: there is no room. */
static uint64_t take_range(struct pci_window *w, uint64_t size)
{
	uint64_t at = ALIGN_UP(w->next, size);

	if (at < w->next || at >= w->end || size > w->end - at)
		return 0;
	w->next = at + size;
	return at;
}

/*
 * Above 4 GiB where it can be: the function must decode 64 bits, and the bridges before it, which
 * have such a window for prefetchable addresses alone.
 */
static enum pci_space space_for(const struct pci_device *d, uint32_t flags)
{
	if ((flags & PCI_BAR_TYPE) != PCI_BAR_64 || !d->host->windows[PCI_SPACE_MEM64].end)
		return PCI_SPACE_MEM32;
	if (d->bridge && !(d->bridge->above_4g && flags & PCI_BAR_PREFETCH))
		return PCI_SPACE_MEM32;
	return PCI_SPACE_MEM64;
}

/*
 * What of BAR @i stays 0 when ones are written: its size, a power of two; 0: it has none, or it is
 * one of ports, which the function does not answer at (PCI_COMMAND).
 */
static uint64_t size_bar(struct pci_device *d, unsigned int i, uint32_t *flags)
{
	unsigned int at = PCI_BAR0 + 4 * i;
	uint64_t mask;

	pci_write32(d, at, UINT32_MAX);
	mask = pci_read32(d, at);
	*flags = 0;
	if (!mask || mask == UINT32_MAX || mask & PCI_BAR_IO) {
		pci_write32(d, at, 0);
		return 0;
	}
	*flags = mask & PCI_BAR_FLAGS;
	mask &= ~(uint64_t)*flags;
	if ((*flags & PCI_BAR_TYPE) == PCI_BAR_64) {
		pci_write32(d, at + 4, UINT32_MAX);
		mask |= (uint64_t)pci_read32(d, at + 4) << 32;
	}
	return mask & -mask;
}

static void assign_bar(struct pci_device *d, unsigned int i)
{
	struct pci_bar *bar = &d->bars[i];
	struct pci_window *w = &d->host->windows[space_for(d, bar->flags)];
	uint64_t at = take_range(w, bar->size);

	if (!at)
		pr_warn("pci %s: no addresses for BAR %u, %llu KiB\n", d->name, i,
			(unsigned long long)bar->size >> 10);
	else
		bar->address = at + w->to_cpu;
	pci_write32(d, PCI_BAR0 + 4 * i, (uint32_t)at);
	if ((bar->flags & PCI_BAR_TYPE) == PCI_BAR_64)
		pci_write32(d, PCI_BAR0 + 4 * i + 4, (uint32_t)(at >> 32));
}

void pci_assign(struct pci_device *d)
{
	uint8_t kind = pci_read8(d, PCI_HEADER_TYPE) & PCI_HEADER_KIND;
	unsigned int n = kind == PCI_HEADER_ENDPOINT ? PCI_BARS : kind == PCI_HEADER_BRIDGE ? 2 : 0;

	/* It answers nowhere while its addresses move; interrupts are off until a driver asks. */
	pci_write16(d, PCI_COMMAND, PCI_COMMAND_INTX_OFF);
	for (unsigned int i = 0; i < n; i++) {
		struct pci_bar *bar = &d->bars[i];
		bool wide;

		bar->size = size_bar(d, i, &bar->flags);
		wide = (bar->flags & PCI_BAR_TYPE) == PCI_BAR_64;
		if (wide && i + 1 == n)
			bar->size = 0; /* its other half would be another register */
		if (bar->size)
			assign_bar(d, i);
		i += wide; /* the next is its upper half */
	}
	if (kind == PCI_HEADER_BRIDGE)
		d->above_4g = (!d->bridge || d->bridge->above_4g) &&
			      pci_read16(d, PCI_BRIDGE_PREFETCH) & PCI_BRIDGE_PREFETCH_64;
}

void pci_bridge_open(const struct pci_device *d, struct pci_bridge_start *start)
{
	for (unsigned int i = 0; i < NR_PCI_SPACES; i++) {
		struct pci_window *w = &d->host->windows[i];

		w->next = ALIGN_UP(w->next, BRIDGE_UNIT);
		start->at[i] = w->next;
	}
}

void pci_bridge_close(const struct pci_device *d, const struct pci_bridge_start *start)
{
	uint64_t base[NR_PCI_SPACES], last[NR_PCI_SPACES];

	for (unsigned int i = 0; i < NR_PCI_SPACES; i++) {
		struct pci_window *w = &d->host->windows[i];

		w->next = ALIGN_UP(w->next, BRIDGE_UNIT);
		base[i] = start->at[i];
		last[i] = w->next - 1;
		if (w->next == base[i]) { /* a base above the limit: nothing is passed on */
			base[i] = 0xfff00000;
			last[i] = 0;
		}
	}
	pci_write16(d, PCI_BRIDGE_IO, PCI_BRIDGE_IO_NONE);
	pci_write32(d, PCI_BRIDGE_MEMORY,
		    (uint32_t)((base[PCI_SPACE_MEM32] >> 16 & 0xfff0) |
			       (last[PCI_SPACE_MEM32] & 0xfff00000)));
	pci_write32(d, PCI_BRIDGE_PREFETCH,
		    (uint32_t)((base[PCI_SPACE_MEM64] >> 16 & 0xfff0) |
			       (last[PCI_SPACE_MEM64] & 0xfff00000)));
	pci_write32(d, PCI_BRIDGE_PREFETCH_BASE_H, (uint32_t)(base[PCI_SPACE_MEM64] >> 32));
	pci_write32(d, PCI_BRIDGE_PREFETCH_END_H, (uint32_t)(last[PCI_SPACE_MEM64] >> 32));
}
