/*
 * host.h - a host bridge: the buses that the device tree shows behind one node, and the addresses
 * that are to be given out on them.
 */
#pragma once

#include "drivers/pci/pci.h"

/* Of memory; ports (I/O space) are not given out: no driver here uses them. */
enum pci_space { PCI_SPACE_MEM32, PCI_SPACE_MEM64, NR_PCI_SPACES };

/* Addresses of the bus, [next, end) of which are free; cpu is what we call those of the bus's. */
struct pci_window {
	uint64_t next, end; /* end 0: there is none */
	uint64_t to_cpu;    /* what is added */
};

#define PCI_BUSES      256
#define PCI_BUS_CONFIG (1UL << 20) /* bytes of configuration space that a bus has */

struct pci_host {
	int node;
	uint64_t config_pa;	 /* of bus `first` */
	unsigned int first, end; /* bus numbers [first, end) can be reached */
	unsigned int last;	 /* given out so far */
	struct pci_window windows[NR_PCI_SPACES];
	void *config[PCI_BUSES / 2]; /* two buses are a block of 2 MiB; NULL: not mapped yet */
};
