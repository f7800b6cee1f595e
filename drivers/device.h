/*
 * device.h - from a node of the device tree to the driver that serves it.
 *
 * Each driver declares by DEVICE_DRIVER what it serves.  The tree is walked once; what matched is
 * then probed in the order of the stages below, because a UART's interrupt needs a controller,
 * and so on. Boot core only, before the others run.
 */
#pragma once

#include <stdint.h>

#include "lib/fdt.h"

enum device_stage {
	DEVICE_FIRMWARE, /* the level that answers hvc and smc */
	DEVICE_EARLY,	 /* needs nothing but ioremap: pins, UARTs for polled output, reset */
	DEVICE_IRQ,	 /* interrupt controllers */
	DEVICE_TIMER,	 /* needs interrupts */
	DEVICE_NORMAL,	 /* everything works: disks, clocks */
	NR_DEVICE_STAGES
};

struct device_driver {
	enum device_stage stage;
	const char *compatible;
	/* Return 0 or -errno: the device is then left alone and a warning is printed. */
	int (*probe)(const struct fdt *fdt, int node);
};

/*
 * DEVICE_DRIVER - @probe serves the nodes of the tree that are @compatible.  link.ld lays all of
 * these side by side: one table, whose order does not matter, as no two name the same.
 */
#ifndef MODULE
#define DEVICE_DRIVER(name, stage, compatible, probe) \
	static const struct device_driver name        \
		__attribute__((used, section(".drivers"))) = { stage, compatible, probe }
#else
#define DEVICE_DRIVER(name, stage, compatible, probe) \
	_Static_assert(0, "a module finds its node by device_find(): " #name)
#endif

/*
 * device_probe - probe all enabled devices of @stage, in the order of the tree.  Each stage once.
 * @fdt: checked (lib/fdt.h)
 */
void device_probe(const struct fdt *fdt, enum device_stage stage);

/*
 * device_tree - the tree that the machine was booted with, after boot too: its memory stays.
 * device_find - the first node behind @after (-1: of all) that is enabled and @compatible, for a
 * driver that comes later than boot; or -ENOENT.  Any context.
 */
const struct fdt *device_tree(void);
int device_find(int after, const char *compatible);

struct fdt_range;
/*
 * device_reg - fdt_reg, and device_way - fdt_path, without a walk from the root for the node that
 * is being probed.
 */
int device_reg(const struct fdt *fdt, int node, unsigned int index,
	       struct fdt_range *range) __must_check;
int device_way(const struct fdt *fdt, int node, int path[FDT_MAX_DEPTH]) __must_check;

/*
 * device_ioremap - map the @index-th entry of @node's reg; its physical address goes to *@pa if
 * that is not NULL.  For good: asked again, it is the same address (mm/kmap.h).
 * Return NULL if there is no such entry or no room.
 */
void *device_ioremap(const struct fdt *fdt, int node, unsigned int index,
		     uint64_t *pa) __must_check;
