/* assign.h - who on the buses answers at which addresses: for the walk that finds them. */
#pragma once

#include "drivers/pci/host.h"

/* pci_assign - @d's BARs are sized, and get addresses of its host's windows. */
void pci_assign(struct pci_device *d);
/*
 * pci_bridge_open, pci_bridge_close - around the walk of what is behind bridge @d: addresses given
 * out between them are passed on by it.
 */
struct pci_bridge_start {
	uint64_t at[NR_PCI_SPACES];
};
void pci_bridge_open(const struct pci_device *d, struct pci_bridge_start *start);
void pci_bridge_close(const struct pci_device *d, const struct pci_bridge_start *start);
