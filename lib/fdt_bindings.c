/*
 * fdt_bindings.c - what the properties that all trees have in common mean: where a device is, which
 * controller it interrupts, and what a boot needs.
 *
 * Comes from el1/ and drivers/ at boot.  Relies on lib/fdt.c for the blob.  Invariant: what a
 * property says is a claim, and is checked here: a range that is returned does not wrap, and an
 * index is inside its list.
 */
#include "lib/fdt_bindings.h"

#include "abi/errno.h"
#include "lib/export.h"
#include "lib/string.h"

/* ---- addresses ---- */

/*
 * How many cells a bus uses for its children's addresses and sizes; the defaults are the
 * specification's.
 */
static int bus_cells(const struct fdt *fdt, int bus, uint32_t *addr, uint32_t *size)
{
	*addr = 2;
	*size = 1;
	if (fdt_u32(fdt, bus, "#address-cells", addr) == -EINVAL ||
	    fdt_u32(fdt, bus, "#size-cells", size) == -EINVAL)
		return -EINVAL;
	return *addr >= 1 && *addr <= 2 && *size <= 2 ? 0 : -EINVAL;
}

static uint64_t read_cells(const char *p, uint32_t n)
{
	return n == 2 ? fdt_be64(p) : n == 1 ? fdt_be32(p) : 0;
}

static bool wraps(uint64_t addr, uint64_t size)
{
	return addr + size < addr;
}

int fdt_bus_cells(const struct fdt *fdt, int bus, struct fdt_bus *cells)
{
	return bus_cells(fdt, bus, &cells->addr, &cells->size);
}

static int read_reg(const struct fdt *fdt, int node, const struct fdt_bus *bus, uint32_t index,
		    struct fdt_range *r)
{
	uint32_t len, entry;
	const char *p = fdt_prop(fdt, node, "reg", &len);

	if (!p)
		return -ENOENT;
	/* At least 4: bus_cells() lets no bus without addresses through. */
	entry = 4 * (bus->addr + bus->size);
	if (len % entry)
		return -EINVAL;
	if (index >= len / entry)
		return -ENOENT;
	p += (size_t)index * entry;
	r->addr = read_cells(p, bus->addr);
	r->size = read_cells(p + 4 * bus->addr, bus->size);
	return wraps(r->addr, r->size) ? -EINVAL : 0;
}

/* An entry of ranges or dma-ranges: [child, child + size) of the bus is [parent, …) above it. */
struct mapping {
	uint64_t child, parent, size;
};

/* The entries of one such property, read one by one. */
struct mappings {
	const char *p;
	uint32_t left; /* bytes */
	uint32_t child_cells, parent_cells, size_cells;
};

/* 0, -ENOENT there is no such property, -EINVAL. */
static int open_mappings(const struct fdt *fdt, int bus, int parent, const char *name,
			 struct mappings *m)
{
	uint32_t unused;

	m->p = fdt_prop(fdt, bus, name, &m->left);
	if (!m->p)
		return -ENOENT;
	if (bus_cells(fdt, bus, &m->child_cells, &m->size_cells) ||
	    bus_cells(fdt, parent, &m->parent_cells, &unused))
		return -EINVAL;
	return m->left % (4 * (m->child_cells + m->parent_cells + m->size_cells)) ? -EINVAL : 0;
}

static bool next_mapping(struct mappings *m, struct mapping *e)
{
	uint32_t entry = 4 * (m->child_cells + m->parent_cells + m->size_cells);

	if (!m->left)
		return false;
	e->child = read_cells(m->p, m->child_cells);
	e->parent = read_cells(m->p + 4 * m->child_cells, m->parent_cells);
	e->size = read_cells(m->p + 4 * (m->child_cells + m->parent_cells), m->size_cells);
	m->p += entry;
	m->left -= entry;
	return true;
}

/*
 * One step up: from an address on @bus to one on its @parent, by the entry of ranges that holds it.
 */
static int translate(const struct fdt *fdt, int bus, int parent, uint64_t *addr)
{
	struct mappings m;
	struct mapping e;
	int err = open_mappings(fdt, bus, parent, "ranges", &m);

	if (err)
		return err == -ENOENT ? -ENXIO : err;
	if (!m.left)
		return 0; /* empty: the same addresses */
	while (next_mapping(&m, &e)) {
		/*
		 * Where the range ends is not looked at: a device that reaches over the end of its
		 * bus is its tree's fault, and wraps() below keeps it harmless.
		 */
		if (*addr >= e.child && *addr - e.child < e.size) {
			*addr = *addr - e.child + e.parent;
			return 0;
		}
	}
	return -ENXIO;
}

/* One step down: where what is at *@addr on @parent lies for a master on @bus. */
static int translate_dma(const struct fdt *fdt, int bus, int parent, uint64_t size, uint64_t *addr)
{
	struct mappings m;
	struct mapping e;
	int err = open_mappings(fdt, bus, parent, "dma-ranges", &m);

	if (err || !m.left)
		return err;
	while (next_mapping(&m, &e))
		if (*addr >= e.parent && size <= e.size && *addr - e.parent <= e.size - size) {
			*addr = *addr - e.parent + e.child;
			return 0;
		}
	return -ENXIO;
}

int fdt_reg_raw(const struct fdt *fdt, int node, uint32_t index, struct fdt_range *range)
{
	int bus = fdt_parent(fdt, node);
	struct fdt_bus cells;

	if (bus < 0)
		return bus;
	return fdt_bus_cells(fdt, bus, &cells) ?: read_reg(fdt, node, &cells, index, range);
}

int fdt_reg_on(const struct fdt *fdt, const int *path, int n, const struct fdt_bus *bus_of,
	       uint32_t index, struct fdt_range *range)
{
	int err = read_reg(fdt, path[n - 1], bus_of, index, range);

	for (int bus = n - 2; !err && bus > 0; bus--)
		err = translate(fdt, path[bus], path[bus - 1], &range->addr);
	if (err)
		return err;
	return wraps(range->addr, range->size) ? -EINVAL : 0;
}

int fdt_reg(const struct fdt *fdt, int node, uint32_t index, struct fdt_range *range)
{
	int path[FDT_MAX_DEPTH], n = fdt_path(fdt, node, path);
	struct fdt_bus bus;

	if (n < 2) /* the root has no bus to be on */
		return n < 0 ? n : -ENOENT;
	return fdt_bus_cells(fdt, path[n - 2], &bus)
		       ?: fdt_reg_on(fdt, path, n, &bus, index, range);
}
EXPORT(fdt_reg);

#define PCI_ADDRESS_CELLS 3 /* the first says which space, the others the address in it */

static int read_pci_range(const struct fdt *fdt, const int *path, int n, const char *p,
			  uint32_t parent_cells, struct fdt_pci_range *r)
{
	int err = 0;

	r->space = fdt_be32(p);
	r->bus = fdt_be64(p + 4);
	r->cpu = read_cells(p + 4 * PCI_ADDRESS_CELLS, parent_cells);
	r->size = fdt_be64(p + 4 * (PCI_ADDRESS_CELLS + parent_cells));
	for (int bus = n - 2; !err && bus > 0; bus--)
		err = translate(fdt, path[bus], path[bus - 1], &r->cpu);
	if (err)
		return err;
	return wraps(r->bus, r->size) || wraps(r->cpu, r->size) ? -EINVAL : 0;
}

int fdt_pci_ranges(const struct fdt *fdt, const int *path, int n, struct fdt_pci_range *ranges,
		   unsigned int max)
{
	uint32_t len, parent_cells, unused, entry;
	unsigned int i;
	const char *p;
	int err;

	if (n < 2)
		return -ENOENT;
	p = fdt_prop(fdt, path[n - 1], "ranges", &len);
	if (!p)
		return -ENOENT;
	if (bus_cells(fdt, path[n - 2], &parent_cells, &unused))
		return -EINVAL;
	entry = 4 * (PCI_ADDRESS_CELLS + parent_cells + 2);
	for (i = 0; i < max && i < len / entry; i++) {
		err = read_pci_range(fdt, path, n, p + (size_t)i * entry, parent_cells, &ranges[i]);
		if (err)
			return err;
	}
	return len % entry ? -EINVAL : (int)i;
}

int fdt_dma_address(const struct fdt *fdt, int node, uint64_t pa, uint64_t size, uint64_t *addr)
{
	int path[FDT_MAX_DEPTH], n = fdt_path(fdt, node, path), err = 0;
	uint64_t at = pa;

	if (n < 2)
		return n < 0 ? n : -ENOENT;
	for (int bus = 1; !err && bus < n - 1; bus++)
		err = translate_dma(fdt, path[bus], path[bus - 1], size, &at);
	if (err)
		return err;
	if (wraps(at, size))
		return -EINVAL;
	*addr = at;
	return 0;
}

/* ---- interrupts ---- */

/*
 * Up the tree, or across where interrupt-parent points, to the first node that has
 * #interrupt-cells.  References can form a ring, so the steps are counted.
 */
int fdt_interrupt_parent(const struct fdt *fdt, int node)
{
	uint32_t phandle;

	for (int steps = 0; node >= 0 && steps < FDT_MAX_DEPTH; steps++) {
		if (!fdt_u32(fdt, node, "interrupt-parent", &phandle))
			node = fdt_find_phandle(fdt, phandle);
		else
			node = fdt_parent(fdt, node);
		if (node >= 0 && fdt_prop(fdt, node, "#interrupt-cells", NULL))
			return node;
	}
	return -ENOENT;
}

int fdt_interrupt(const struct fdt *fdt, int node, uint32_t index, uint32_t *cells, uint32_t max)
{
	int controller = fdt_interrupt_parent(fdt, node);
	uint32_t n, len;
	const char *p = fdt_prop(fdt, node, "interrupts", &len);

	if (controller < 0 || !p)
		return -ENOENT;
	if (fdt_u32(fdt, controller, "#interrupt-cells", &n) || !n || n > max)
		return -EINVAL;
	if (index >= len / (4 * n))
		return -ENOENT;
	for (uint32_t i = 0; i < n; i++)
		cells[i] = fdt_be32(p + 4 * ((size_t)index * n + i));
	return (int)n;
}
EXPORT(fdt_interrupt);

/* How many cells an entry of an interrupt-map has for @controller: its address, its specifier. */
static int controller_cells(const struct fdt *fdt, int controller, uint32_t *addr, uint32_t *n)
{
	*addr = 0; /* the default here, unlike that of a bus: most controllers are none */
	if (controller < 0 || fdt_u32(fdt, controller, "#address-cells", addr) == -EINVAL ||
	    fdt_u32(fdt, controller, "#interrupt-cells", n))
		return -EINVAL;
	return *addr <= 2 && *n >= 1 && *n <= 8 ? 0 : -EINVAL;
}

static bool cells_are(const char *p, const uint32_t *cells, uint32_t n, const char *mask)
{
	for (uint32_t i = 0; i < n; i++)
		if ((fdt_be32(p + 4 * i) ^ cells[i]) & (mask ? fdt_be32(mask + 4 * i) : UINT32_MAX))
			return false;
	return true;
}

int fdt_interrupt_map(const struct fdt *fdt, int node, const uint32_t *child, uint32_t n,
		      int *controller, uint32_t *cells, uint32_t max)
{
	uint32_t left, mask_len, addr = 0, count = 0, phandle = 0;
	const char *p = fdt_prop(fdt, node, "interrupt-map", &left);
	const char *mask = fdt_prop(fdt, node, "interrupt-map-mask", &mask_len);
	uint32_t entry;

	if (!p || n > left / 4)
		return -ENOENT;
	if (mask && mask_len != 4 * n)
		return -EINVAL;
	*controller = -1;
	for (; left; p += entry, left -= entry) {
		if (left < 4 * (n + 1))
			return -EINVAL;
		/* One controller for all, mostly: it is looked for once. */
		if (*controller < 0 || fdt_be32(p + 4 * n) != phandle) {
			phandle = fdt_be32(p + 4 * n);
			*controller = fdt_find_phandle(fdt, phandle);
			if (controller_cells(fdt, *controller, &addr, &count))
				return -EINVAL;
		}
		entry = 4 * (n + 1 + addr + count);
		if (left < entry)
			return -EINVAL;
		if (cells_are(p, child, n, mask))
			break;
	}
	if (!left)
		return -ENOENT;
	if (count > max)
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++)
		cells[i] = fdt_be32(p + 4 * (n + 1 + addr + i));
	return (int)count;
}

int fdt_msi_map(const struct fdt *fdt, int node, uint32_t id, uint32_t *mapped)
{
	uint32_t len, phandle;
	const char *p = fdt_prop(fdt, node, "msi-map", &len);

	*mapped = id;
	if (!p) /* one controller for all */
		return fdt_cell(fdt, node, "msi-parent", 0, &phandle)
			       ? -ENOENT
			       : fdt_find_phandle(fdt, phandle);
	/* Entries of four: first id, controller, what that calls the first, how many. */
	for (; len >= 16; p += 16, len -= 16) {
		uint32_t first = fdt_be32(p);

		if (id < first || id - first >= fdt_be32(p + 12))
			continue;
		*mapped = id - first + fdt_be32(p + 8);
		return fdt_find_phandle(fdt, fdt_be32(p + 4));
	}
	return -ENOENT;
}

/* ---- what a boot needs ---- */

static bool device_type_is(const struct fdt *fdt, int node, const char *type)
{
	const char *s = fdt_string(fdt, node, "device_type", 0);

	return s && !strcmp(s, type);
}

#define ITER_START (-1)
#define ITER_END   (-2)

/*
 * Stand the iterator on a child of @parent that has an entry left: the present one if it is not
 * done with, else the next.  False at the end.
 */
static bool iter_child(const struct fdt *fdt, struct fdt_iter *it, const char *parent, bool done)
{
	if (it->node == ITER_START)
		it->node = fdt_first_child(fdt, fdt_find_path(fdt, parent));
	else if (it->node >= 0 && done)
		it->node = fdt_next_sibling(fdt, it->node);
	else
		return it->node >= 0;
	it->index = 0;
	if (it->node < 0)
		/* So that a further call does not begin again. */
		it->node = ITER_END;
	return it->node >= 0;
}

/*
 * The next entry of reg among @parent's enabled children, of one device_type if @type is not NULL.
 */
static int next_reg(const struct fdt *fdt, struct fdt_iter *it, const char *parent,
		    const char *type, struct fdt_range *range)
{
	bool done = false;
	int err;

	while (iter_child(fdt, it, parent, done)) {
		done = (type && !device_type_is(fdt, it->node, type)) ||
		       !fdt_enabled(fdt, it->node);
		if (done)
			continue;
		err = fdt_reg(fdt, it->node, it->index++, range);
		done = err == -ENOENT;
		if (done || (!err && !range->size))
			continue;
		/*
		 * A malformed node is reported once; the next call goes on with the one behind it.
		 */
		if (err)
			iter_child(fdt, it, parent, true); /* asked again, go on behind it */
		return err ? err : 1;
	}
	return 0;
}

int fdt_next_memory(const struct fdt *fdt, struct fdt_iter *it, struct fdt_range *range)
{
	return next_reg(fdt, it, "/", "memory", range);
}

int fdt_next_reserved(const struct fdt *fdt, struct fdt_iter *it, struct fdt_reserved *res)
{
	int got = next_reg(fdt, it, "/reserved-memory", NULL, &res->range);

	if (got > 0) {
		res->node = it->node;
		res->no_map = fdt_prop(fdt, it->node, "no-map", NULL) != NULL;
	}
	return got;
}

int fdt_next_memreserve(const struct fdt *fdt, struct fdt_iter *it, struct fdt_range *range)
{
	while (it->index < fdt->reserved_count) {
		const char *p = fdt->reserved + 16 * (size_t)it->index++;

		range->addr = fdt_be64(p);
		range->size = fdt_be64(p + 8);
		if (range->size)
			return 1;
	}
	return 0;
}

static int read_cpu(const struct fdt *fdt, int node, struct fdt_cpu *cpu)
{
	struct fdt_range reg;
	int err = fdt_reg_raw(fdt, node, 0, &reg);

	if (err)
		return err == -ENOENT ? -EINVAL : err;
	cpu->node = node;
	cpu->mpidr = reg.addr;
	cpu->enabled = fdt_enabled(fdt, node);
	cpu->enable_method = fdt_string(fdt, node, "enable-method", 0);
	if (fdt_u64(fdt, node, "cpu-release-addr", &cpu->release_addr))
		cpu->release_addr = 0;
	return 1;
}

int fdt_next_cpu(const struct fdt *fdt, struct fdt_iter *it, struct fdt_cpu *cpu)
{
	while (iter_child(fdt, it, "/cpus", true))
		if (device_type_is(fdt, it->node, "cpu"))
			return read_cpu(fdt, it->node, cpu);
	return 0;
}

int fdt_fixed_clock(const struct fdt *fdt, int node, uint32_t index, uint32_t *hz)
{
	uint32_t phandle;
	int clock;

	if (fdt_cell(fdt, node, "clocks", index, &phandle))
		return -ENOENT;
	clock = fdt_find_phandle(fdt, phandle);
	if (!fdt_is_compatible(fdt, clock, "fixed-clock"))
		return -ENOENT;
	return fdt_u32(fdt, clock, "clock-frequency", hz) ? -ENOENT : 0;
}
EXPORT(fdt_fixed_clock);

/* stdout-path: a path or alias, and behind a colon the line's settings. */
static void read_stdout(const struct fdt *fdt, int chosen, struct fdt_chosen *c)
{
	const char *path = fdt_string(fdt, chosen, "stdout-path", 0), *colon;

	c->stdout_node = -ENOENT;
	c->stdout_options = "";
	if (!path)
		return;
	colon = strchr(path, ':');
	if (colon)
		c->stdout_options = colon + 1;
	c->stdout_node = fdt_find_path_n(fdt, path, colon ? (size_t)(colon - path) : strlen(path));
}

static int read_address(const struct fdt *fdt, int node, const char *name, uint64_t *val)
{
	uint32_t v;
	int err = fdt_u32(fdt, node, name, &v);

	if (err == -EINVAL)
		return fdt_u64(fdt, node, name, val);
	if (!err)
		*val = v;
	return err;
}

static int read_initrd(const struct fdt *fdt, int chosen, struct fdt_range *initrd)
{
	uint64_t start, end;
	int no_start = read_address(fdt, chosen, "linux,initrd-start", &start);
	int no_end = read_address(fdt, chosen, "linux,initrd-end", &end);

	if (no_start == -ENOENT && no_end == -ENOENT)
		return 0;
	/* One without the other, or the wrong way round: the caller says so in the log. */
	if (no_start || no_end || end < start)
		return -EINVAL;
	initrd->addr = start;
	initrd->size = end - start;
	return 0;
}

int fdt_read_chosen(const struct fdt *fdt, struct fdt_chosen *c)
{
	int chosen = fdt_find_path(fdt, "/chosen");

	memset(c, 0, sizeof(*c));
	c->bootargs = fdt_string(fdt, chosen, "bootargs", 0);
	if (!c->bootargs)
		c->bootargs = "";
	read_stdout(fdt, chosen, c);
	c->rng_seed = fdt_prop(fdt, chosen, "rng-seed", &c->rng_seed_len);
	if (fdt_u64(fdt, chosen, "kaslr-seed", &c->kaslr_seed))
		c->kaslr_seed = 0;
	return read_initrd(fdt, chosen, &c->initrd);
}
