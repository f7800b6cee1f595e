/*
 * device.c - the walk through the device tree that finds the drivers work.
 *
 * Invariant: a device that is disabled, or that no DEVICE_DRIVER names, is never touched.
 */
#include "drivers/device.h"

#include "abi/errno.h"
#include "lib/export.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/kmap.h"

extern const struct device_driver __drivers_start[], __drivers_end[]; /* link.ld */

/* What the walk found: more devices than this, and the rest are left alone. */
#define MAX_MATCHES 64
#define MATCH_DEPTH 4
static struct match {
	const struct device_driver *driver;
	int node;
	int n, path[MATCH_DEPTH]; /* its way from the root; n 0: that is longer */
} matches[MAX_MATCHES];
static unsigned int nr_matches;
static const struct match *probing;
static const struct fdt *tree; /* NULL: not scanned yet */

static const struct device_driver *driver_named(const char *compatible)
{
	for (const struct device_driver *d = __drivers_start; d < __drivers_end; d++)
		if (!strcmp(compatible, d->compatible))
			return d;
	return NULL;
}

/*
 * compatible is a list of names, the most particular one first; each is terminated within the
 * property, or it is not one.
 */
static const struct device_driver *find_driver(const struct fdt *fdt, int node)
{
	const struct device_driver *driver = NULL;
	uint32_t left;
	const char *name = fdt_prop(fdt, node, "compatible", &left);

	while (name && !driver && left) {
		uint32_t len = strnlen(name, left);

		if (len == left)
			break;
		driver = driver_named(name);
		name += len + 1;
		left -= len + 1;
	}
	return driver;
}

static void add_match(const struct device_driver *driver, const int *path, int n)
{
	struct match *m = &matches[nr_matches++];

	m->driver = driver;
	m->node = path[n - 1];
	if (n > MATCH_DEPTH)
		return;
	m->n = n;
	memcpy(m->path, path, (size_t)n * sizeof(*path));
}

static void scan_nodes(const struct fdt *fdt)
{
	int path[FDT_MAX_DEPTH], n = 0, node;

	while ((node = fdt_path_next(fdt, path, &n)) >= 0) {
		const struct device_driver *driver = find_driver(fdt, node);

		/*
		 * A disabled node may describe what is not there, or is the secure side's: touching
		 * it could fault.
		 */
		if (!driver || !fdt_enabled(fdt, node))
			continue;
		if (nr_matches == MAX_MATCHES) {
			pr_warn("device tree: more than %d devices; the rest is left alone\n",
				MAX_MATCHES);
			return;
		}
		add_match(driver, path, n);
	}
}

void device_probe(const struct fdt *fdt, enum device_stage stage)
{
	if (!tree)
		scan_nodes(fdt);
	tree = fdt;
	for (unsigned int i = 0; i < nr_matches; i++) {
		struct match *m = &matches[i];
		int err;

		if (m->driver->stage != stage)
			continue;
		probing = m;
		err = m->driver->probe(fdt, m->node);
		probing = NULL;
		/*
		 * The others are probed all the same: one device that fails need not stop the
		 * machine.
		 */
		if (err)
			pr_warn("%s: %s: error %d\n", fdt_name(fdt, m->node), m->driver->compatible,
				-err);
	}
}

const struct fdt *device_tree(void)
{
	return tree;
}
EXPORT(device_tree);

int device_find(int after, const char *compatible)
{
	int node = after;

	do
		node = fdt_find_compatible(tree, node, compatible);
	while (node >= 0 && !fdt_enabled(tree, node));
	return node;
}
EXPORT(device_find);

/* To look for a node's way takes longer than all else that is asked of most nodes. */
int device_way(const struct fdt *fdt, int node, int path[FDT_MAX_DEPTH])
{
	if (!probing || probing->node != node || !probing->n)
		return fdt_path(fdt, node, path);
	memcpy(path, probing->path, (size_t)probing->n * sizeof(*path));
	return probing->n;
}

/* Most nodes have the same parent: its cells are looked up once. */
int device_reg(const struct fdt *fdt, int node, unsigned int index, struct fdt_range *range)
{
	static struct fdt_bus cells;
	static int cells_of = -1;
	int path[FDT_MAX_DEPTH], n = device_way(fdt, node, path);

	if (!probing || probing->node != node || n < 2)
		return fdt_reg(fdt, node, index, range);
	if (cells_of != path[n - 2]) {
		cells_of = -1;
		if (fdt_bus_cells(fdt, path[n - 2], &cells))
			return -EINVAL;
		cells_of = path[n - 2];
	}
	return fdt_reg_on(fdt, path, n, &cells, index, range);
}

/*
 * As ioremap.  Of small devices that lie in one page, as virt's 32 for virtio do, the first is
 * looked for, and mapped.  At boot there is one core; later, nothing is remembered.
 */
static void *map_registers(const struct fdt_range *r)
{
	static uint64_t page;
	static char *va;
	uint64_t off = r->addr & ~PAGE_MASK;

	if (!probing || !r->size || r->size > PAGE_SIZE - off)
		return ioremap(paddr_of(r->addr), r->size);
	if (!va || page != (r->addr & PAGE_MASK)) {
		page = r->addr & PAGE_MASK;
		va = ioremap(paddr_of(page), PAGE_SIZE);
	}
	return va ? va + off : NULL;
}

void *device_ioremap(const struct fdt *fdt, int node, unsigned int index, uint64_t *pa)
{
	struct fdt_range range;

	if (device_reg(fdt, node, index, &range))
		return NULL;
	if (pa)
		*pa = range.addr;
	return map_registers(&range);
}
EXPORT(device_ioremap);
