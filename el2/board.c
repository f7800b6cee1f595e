/*
 * board.c - what el2/ has to know of the machine, from the device tree, once, on the first core.
 *
 * Runs with the MMU off, before EL1 does: what is called here of lib/ is as it was loaded.
 */
#include "el2/board.h"
#include "el2/el2.h"

#include "arm/sysreg.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"
#include "start/boot_info.h"

struct el2_board el2_board;
struct el2_boot el2_boot;
struct rawuart el2_uarts[RAWUARTS];

static uint32_t own_number(const struct fdt *fdt, int node, const char *name)
{
	uint32_t number;

	return node < 0 || fdt_u32(fdt, node, name, &number) ? 0 : number;
}

static bool psci_by_smc(const struct fdt *fdt)
{
	int node = fdt_find_compatible(fdt, -1, "arm,psci-1.0");

	if (node < 0)
		node = fdt_find_compatible(fdt, -1, "arm,psci-0.2");
	if (node < 0) {
		node = fdt_find_compatible(fdt, -1, "arm,psci");
		el2_board.cpu_on = own_number(fdt, node, "cpu_on");
		el2_board.cpu_off = own_number(fdt, node, "cpu_off");
		el2_board.cpu_suspend = own_number(fdt, node, "cpu_suspend");
	}
	return node >= 0 && !strcmp(fdt_string(fdt, node, "method", 0) ?: "", "smc");
}

static void find_ram(const struct fdt *fdt)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_range r;

	while (el2_board.nr_ram < EL2_RAM_RANGES && fdt_next_memory(fdt, &it, &r) > 0)
		if (r.addr + r.size > r.addr)
			el2_board.ram[el2_board.nr_ram++] =
				(struct el2_range){ .base = r.addr, .size = r.size };
}

/* The memory of our own EL3 where it came first, by the name that armstub/tree.c gives it. */
static void find_el3(const struct fdt *fdt)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_reserved res;
	int more;

	while ((more = fdt_next_reserved(fdt, &it, &res)) != 0)
		if (more > 0 && !strcmp(fdt_name(fdt, res.node), "newel-el3@0"))
			el2_board.el3 = (struct el2_range){ .base = res.range.addr,
							    .size = res.range.size };
}

static void find_spinning(const struct fdt *fdt)
{
	uint64_t self = READ_SYSREG(mpidr_el1) & MPIDR_AFFINITY_MASK;
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_cpu cpu;

	while (el2_board.nr_spinning < MPIDR_SLOTS && fdt_next_cpu(fdt, &it, &cpu) > 0)
		if (cpu.mpidr != self && cpu.enabled && cpu.enable_method &&
		    !strcmp(cpu.enable_method, "spin-table") && IS_ALIGNED(cpu.release_addr, 8))
			el2_board.spinning[el2_board.nr_spinning++] = cpu.release_addr;
}

void el2_find_board(const struct boot_info *boot)
{
	bool own_el3 = boot_has_el3(boot);
	struct fdt fdt;

	for (unsigned int i = 0; i < RAWUARTS; i++)
		el2_uarts[i] = (struct rawuart){ .base = boot->uarts[i].base,
						 .kind = boot->uarts[i].kind };
	el2_board.smc = own_el3;
	el2_board.el3.base = el2_board.el3.size = 0;
	el2_board.cpu_on = el2_board.cpu_off = el2_board.cpu_suspend = 0;
	el2_board.nr_ram = el2_board.nr_spinning = 0;
	if (!boot->dtb_size || fdt_check((const void *)boot->dtb, boot->dtb_size, &fdt) < 0)
		return;
	find_ram(&fdt);
	find_el3(&fdt);
	if (psci_by_smc(&fdt))
		el2_board.smc = true;
	else if (!own_el3) /* whatever the tree says: el3/ holds the cores */
		find_spinning(&fdt);
}
