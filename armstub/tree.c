/*
 * tree.c - what EL3 writes into the device tree that it hands on.
 *
 * The firmware's tree describes the firmware's own stub: cores in a spin table in its first page,
 * which it reserves.  That is replaced by what is true now (Devicetree Specification 0.4, 3.5 and
 * 3.8; Linux's bindings psci.yaml and reserved-memory.yaml):
 *
 *	/psci			compatible "arm,psci-1.0", "arm,psci-0.2"; method "smc"
 *	/cpus/cpu@N		enable-method "psci", no cpu-release-addr
 *	/reserved-memory	newel-el3@0: not to be mapped at all
 */
#include "armstub/tree.h"

#include "abi/errno.h"
#include "armstub/armstub.h"
#include "armstub/fdt_edit.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"

static const char psci_compatible[] = "arm,psci-1.0\0arm,psci-0.2";
static const char psci_method[] = "smc";
static const char cpu_method[] = "psci";

static int add_psci(struct fdt_edit *e)
{
	int node = fdt_edit_child(e, fdt_root(&e->fdt), "psci"), err;

	if (node < 0)
		return node;
	fdt_edit_delete(e, node, "status");
	err = fdt_edit_set(e, node, "method", psci_method, sizeof(psci_method));
	if (err)
		return err;
	return fdt_edit_set(e, node, "compatible", psci_compatible, sizeof(psci_compatible));
}

static int start_cores_by_psci(struct fdt_edit *e)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_cpu cpu;
	int err = 0, more;

	/* What changes is behind the node's own beginning: the iteration does not notice. */
	while (!err && (more = fdt_next_cpu(&e->fdt, &it, &cpu)) > 0) {
		fdt_edit_delete(e, cpu.node, "cpu-release-addr");
		err = fdt_edit_set(e, cpu.node, "enable-method", cpu_method, sizeof(cpu_method));
	}
	return err ? err : more;
}

/* How many cells the children of @node use for an address, or a size. */
static int read_cell_count(const struct fdt *fdt, int node, const char *name, uint32_t *count)
{
	int err = fdt_u32(fdt, node, name, count);

	if (err == -EINVAL || (!err && (*count < 1 || *count > 2)))
		return -EINVAL;
	return err;
}

static void put_reg_number(uint32_t **p, uint32_t cells, uint32_t value)
{
	if (cells == 2)
		*(*p)++ = 0;
	*(*p)++ = __builtin_bswap32(value);
}

static int set_cell_count(struct fdt_edit *e, int node, const char *name, uint32_t count)
{
	uint32_t cell = __builtin_bswap32(count);

	return fdt_edit_set(e, node, name, &cell, sizeof(cell));
}

/*
 * /reserved-memory, with the root's cells and an empty ranges as its binding wants them; what a
 * tree has already, stays.
 */
static int reserved_memory(struct fdt_edit *e, uint32_t *address_cells, uint32_t *size_cells)
{
	int root = fdt_root(&e->fdt), node, err;

	*address_cells = 2;
	*size_cells = 1;
	if (read_cell_count(&e->fdt, root, "#address-cells", address_cells) == -EINVAL ||
	    read_cell_count(&e->fdt, root, "#size-cells", size_cells) == -EINVAL)
		return -EINVAL;
	node = fdt_edit_child(e, root, "reserved-memory");
	if (node < 0)
		return node;
	err = read_cell_count(&e->fdt, node, "#address-cells", address_cells);
	if (err == -ENOENT)
		err = set_cell_count(e, node, "#address-cells", *address_cells);
	if (err)
		return err;
	err = read_cell_count(&e->fdt, node, "#size-cells", size_cells);
	if (err == -ENOENT)
		err = set_cell_count(e, node, "#size-cells", *size_cells);
	if (!err && !fdt_prop(&e->fdt, node, "ranges", NULL))
		err = fdt_edit_set(e, node, "ranges", "", 0);
	return err ? err : node;
}

static int reserve_own_memory(struct fdt_edit *e)
{
	uint32_t address_cells, size_cells, reg[4], *p = reg;
	int node = reserved_memory(e, &address_cells, &size_cells), err;

	if (node < 0)
		return node;
	node = fdt_edit_child(e, node, "newel-el3@0");
	if (node < 0)
		return node;
	put_reg_number(&p, address_cells, 0);
	put_reg_number(&p, size_cells, ARMSTUB_SIZE);
	fdt_edit_delete(e, node, "status");
	err = fdt_edit_set(e, node, "no-map", "", 0);
	if (!err)
		err = fdt_edit_set(e, node, "reg", reg, (uint32_t)((char *)p - (char *)reg));
	/*
	 * The firmware's entry for its own stub, last: Linux refuses no-map for what is reserved
	 * otherwise too.
	 */
	if (!err)
		fdt_edit_unreserve(e, ARMSTUB_SIZE);
	return err;
}

int armstub_complete_tree(void *blob, uint32_t size, uint32_t room)
{
	struct fdt_edit e;
	int err = fdt_edit_open(&e, blob, size, room);

	if (err)
		return err;
	err = add_psci(&e);
	if (!err)
		err = start_cores_by_psci(&e);
	if (!err)
		err = reserve_own_memory(&e);
	fdt_edit_close(&e);
	return err;
}
