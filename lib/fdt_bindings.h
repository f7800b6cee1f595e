/*
 * fdt_bindings.h - what the properties that all device trees have in common mean (Devicetree
 * Specification 0.4, chapters 2 and 3): reg and ranges, interrupts, memory, cpus, chosen.
 *
 * As total as lib/fdt.h: any node or index gives an answer or an error.
 */
#pragma once

#include "lib/fdt.h"

struct fdt_range {
	uint64_t addr;
	uint64_t size;
};

/* Where an iteration stands.  Start with FDT_ITER_INIT. */
struct fdt_iter {
	int node;
	uint32_t index;
};

#define FDT_ITER_INIT      \
	{                  \
		.node = -1 \
	}

/* ---- addresses and interrupts ---- */

/*
 * fdt_reg - the @index-th entry of a node's reg, as the CPU sees it
 *
 * Read with the parent's #address-cells and #size-cells (1 or 2; size cells may be 0) and
 * translated by the ranges of every bus up to the root.  0; -ENOENT no such entry; -ENXIO a bus on
 * the way does not map it; -EINVAL cells or ranges that are malformed, or a range that wraps
 * around.
 */
int fdt_reg(const struct fdt *fdt, int node, uint32_t index, struct fdt_range *range) __must_check;

/*
 * fdt_reg_on - the same, of the last of @n nodes whose way from the root is known (fdt_path); @bus:
 * its parent's cells, by fdt_bus_cells: 0 or -EINVAL
 */
struct fdt_bus {
	uint32_t addr, size; /* cells */
};
int fdt_bus_cells(const struct fdt *fdt, int bus, struct fdt_bus *cells) __must_check;
int fdt_reg_on(const struct fdt *fdt, const int *path, int n, const struct fdt_bus *bus,
	       uint32_t index, struct fdt_range *range) __must_check;

/* fdt_reg_raw - fdt_reg's, not translated: the bus's own address (a CPU's MPIDR, an I2C address) */
int fdt_reg_raw(const struct fdt *fdt, int node, uint32_t index,
		struct fdt_range *range) __must_check;

/*
 * fdt_dma_address - the address by which the device @node itself, as a master of its bus, reaches
 * the memory [@pa, @pa + @size): translated by the dma-ranges of every bus from the root down to it
 *
 * 0; -ENOENT a bus on the way has no dma-ranges (by the specification: its devices reach no
 * memory); -ENXIO its dma-ranges do not hold all of the memory in one entry; -EINVAL malformed.
 */
int fdt_dma_address(const struct fdt *fdt, int node, uint64_t pa, uint64_t size,
		    uint64_t *addr) __must_check;

/*
 * fdt_interrupt_parent - the node that takes this node's interrupts: interrupt-parent here or
 * further up
 */
int fdt_interrupt_parent(const struct fdt *fdt, int node);

/*
 * fdt_interrupt - the @index-th specifier of a node's interrupts
 * @cells:  gets up to @max cells
 *
 * Returns the controller's #interrupt-cells, -ENOENT, or -EINVAL if it is 0 or more than @max.
 */
int fdt_interrupt(const struct fdt *fdt, int node, uint32_t index, uint32_t *cells,
		  uint32_t max) __must_check;

/*
 * fdt_interrupt_map - where the interrupt-map of @node, a bus, sends an interrupt of one of its
 * children
 * @child:  @n cells: the child's address on the bus, and its own specifier
 * @cells:  gets up to @max cells of the controller's specifier
 *
 * Returns how many those are, and the controller in *@controller; -ENOENT: no entry is for it;
 * -EINVAL.
 */
int fdt_interrupt_map(const struct fdt *fdt, int node, const uint32_t *child, uint32_t n,
		      int *controller, uint32_t *cells, uint32_t max) __must_check;

/*
 * A window of a PCI host bridge (IEEE 1275 PCI bus binding, 2.2.1.1): [bus, bus + size) of the bus
 * is [cpu, cpu + size) for us.
 */
struct fdt_pci_range {
	uint32_t space; /* FDT_PCI_*, the first cell */
	uint64_t bus, cpu, size;
};
#define FDT_PCI_SPACE(space) ((space) >> 24 & 3)
#define FDT_PCI_IO	     1
#define FDT_PCI_MEM32	     2
#define FDT_PCI_MEM64	     3
#define FDT_PCI_PREFETCH     0x40000000u

/*
 * fdt_pci_ranges - up to @max entries of the ranges of a host bridge, to which @path leads (as
 * fdt_reg_on): how many, or -ENOENT, -ENXIO, -EINVAL
 */
int fdt_pci_ranges(const struct fdt *fdt, const int *path, int n, struct fdt_pci_range *ranges,
		   unsigned int max) __must_check;

/*
 * fdt_msi_map - the controller of the message-signalled interrupts of what bus @node calls @id, and
 * in *@mapped what it calls it; -ENOENT: none, -EINVAL
 */
int fdt_msi_map(const struct fdt *fdt, int node, uint32_t id, uint32_t *mapped) __must_check;

/*
 * fdt_fixed_clock - Hz of the @index-th clock of @node, if it is one whose rate the tree has
 * ("fixed-clock"): 0; -ENOENT: it is not, or there is none.  For nodes whose clocks before it have
 * no specifier.
 */
int fdt_fixed_clock(const struct fdt *fdt, int node, uint32_t index, uint32_t *hz) __must_check;

/*
 * ---- what a boot needs; each fdt_next_*: 1 and the next one, 0 at the end, or -errno if malformed
 * ----
 */

/*
 * fdt_next_memory - RAM: every reg entry of every enabled node with device_type "memory"; empty
 * ones skipped
 */
int fdt_next_memory(const struct fdt *fdt, struct fdt_iter *it,
		    struct fdt_range *range) __must_check;

/* fdt_next_memreserve - entries of the memory reservation block; empty ones are skipped */
int fdt_next_memreserve(const struct fdt *fdt, struct fdt_iter *it,
			struct fdt_range *range) __must_check;

struct fdt_reserved {
	int node;
	struct fdt_range range;
	bool no_map; /* not to be mapped at all */
};

/*
 * fdt_next_reserved - reg entries of the enabled children of /reserved-memory (those with only a
 * size: none)
 */
int fdt_next_reserved(const struct fdt *fdt, struct fdt_iter *it,
		      struct fdt_reserved *res) __must_check;

struct fdt_cpu {
	int node;
	uint64_t mpidr;		   /* affinity fields, from reg */
	const char *enable_method; /* "psci", "spin-table", or NULL */
	uint64_t release_addr;	   /* cpu-release-addr, 0 if there is none */
	bool enabled;
};

/* fdt_next_cpu - children of /cpus with device_type "cpu", disabled ones too */
int fdt_next_cpu(const struct fdt *fdt, struct fdt_iter *it, struct fdt_cpu *cpu) __must_check;

struct fdt_chosen {
	const char *bootargs; /* "" if there are none */
	int stdout_node;      /* or -ENOENT */
	/* Behind the colon of stdout-path ("115200n8"), "" if there are none. */
	const char *stdout_options;
	struct fdt_range initrd; /* size 0: none */
	const void *rng_seed;	 /* NULL: none */
	uint32_t rng_seed_len;
	uint64_t kaslr_seed; /* 0: none */
};

/*
 * fdt_read_chosen - all of /chosen
 *
 * A tree without /chosen gives the defaults.  0, or -EINVAL if linux,initrd-start and -end (32 or
 * 64 bits each) are not both there or not in order; the other members are set even then.
 */
int fdt_read_chosen(const struct fdt *fdt, struct fdt_chosen *c) __must_check;
