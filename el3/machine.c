/*
 * machine.c - what el3/ has to know of the machine, from the device tree, once, on the first core.
 *
 * The nodes of the secure side are marked status = "disabled", secure-status = "okay" (QEMU's virt
 * with secure=on).
 */
#include "el3/el3.h"
#include "el3/bcm2711.h"

#include "lib/fdt_bindings.h"
#include "lib/string.h"
#include "start/boot_info.h"

volatile struct el3_machine el3_machine;

static bool enabled_for_us(const struct fdt *fdt, int node)
{
	const char *secure = fdt_string(fdt, node, "secure-status", 0);

	return secure ? !strcmp(secure, "okay") || !strcmp(secure, "ok") : fdt_enabled(fdt, node);
}

/* The physical address of the @index-th reg entry of @node, and its size; 0: it has none. */
static uint64_t reg(const struct fdt *fdt, int node, uint32_t index, uint64_t *size)
{
	struct fdt_range range;

	if (node < 0 || fdt_reg(fdt, node, index, &range) < 0)
		return 0;
	if (size)
		*size = range.size;
	return range.addr;
}

/*
 * gpio-poweroff, gpio-restart: gpios = <controller line flags>.  Returns the PL061 it is a line of,
 * or 0.
 */
static uint64_t gpio_line(const struct fdt *fdt, const char *compat, volatile uint32_t *line)
{
	int node = fdt_find_compatible(fdt, -1, compat), controller;
	uint32_t phandle, pin;

	if (node < 0 || !enabled_for_us(fdt, node) ||
	    fdt_cell(fdt, node, "gpios", 0, &phandle) < 0 ||
	    fdt_cell(fdt, node, "gpios", 1, &pin) < 0 || pin > 7)
		return 0;
	controller = fdt_find_phandle(fdt, phandle);
	if (controller < 0 || !fdt_is_compatible(fdt, controller, "arm,pl061"))
		return 0;
	*line = pin;
	return reg(fdt, controller, 0, NULL);
}

static void find_power(const struct fdt *fdt, volatile struct el3_power *power)
{
	uint64_t off = gpio_line(fdt, "gpio-poweroff", &power->off_line);
	uint64_t reset = gpio_line(fdt, "gpio-restart", &power->reset_line);

	power->gpio = off == reset ? off : 0;
	power->watchdog = reg(fdt, fdt_find_compatible(fdt, -1, "brcm,bcm2835-pm"), 0, NULL);
	if (!power->watchdog)
		power->watchdog =
			reg(fdt, fdt_find_compatible(fdt, -1, "brcm,bcm2835-pm-wdt"), 0, NULL);
}

static void find_gic(const struct fdt *fdt, volatile struct el3_gic *gic)
{
	uint64_t size = 0;
	int node = fdt_find_compatible(fdt, -1, "arm,gic-v3");

	if (node >= 0) {
		gic->version = 3;
		gic->redistributors = reg(fdt, node, 1, &size);
		gic->redistributors_size = size;
	} else {
		node = fdt_find_compatible(fdt, -1, "arm,gic-400");
		if (node < 0)
			node = fdt_find_compatible(fdt, -1, "arm,cortex-a15-gic");
		gic->version = 2;
		gic->cpu_interface = reg(fdt, node, 1, NULL);
	}
	gic->distributor = reg(fdt, node, 0, NULL);
	if (!gic->distributor || !(gic->cpu_interface || gic->redistributors))
		gic->version = 0;
}

static void find_cores(const struct fdt *fdt, volatile struct el3_core *cores)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_cpu cpu;

	while (fdt_next_cpu(fdt, &it, &cpu) > 0) {
		int slot = mpidr_slot(cpu.mpidr);

		if (slot < 0)
			continue;
		cores[slot].mpidr = cpu.mpidr;
		cores[slot].state = EL3_CORE_OFF;
	}
}

/* How fast the counter is, for a core on which no firmware ran before us. */
static uint32_t find_timer_hz(const struct fdt *fdt, uint32_t board_hz)
{
	uint32_t hz;

	if (!fdt_u32(fdt, fdt_find_compatible(fdt, -1, "arm,armv8-timer"), "clock-frequency", &hz))
		return hz;
	return board_hz;
}

/* The first memory that is none for the levels below. */
static void find_secure_ram(const struct fdt *fdt)
{
	int node;

	fdt_for_each_child(node, fdt, fdt_root(fdt)) {
		const char *type = fdt_string(fdt, node, "device_type", 0);
		uint64_t size = 0, base = reg(fdt, node, 0, &size);

		if (!size || !type || strcmp(type, "memory") || fdt_enabled(fdt, node) ||
		    !enabled_for_us(fdt, node))
			continue;
		el3_machine.secure_ram = base;
		el3_machine.secure_size = size;
		return;
	}
}

void el3_find_machine(const struct boot_info *boot)
{
	struct fdt fdt;

	for (unsigned int i = 0; i < RAWUARTS; i++) {
		el3_machine.uarts[i].base = boot->uarts[i].base;
		el3_machine.uarts[i].kind = boot->uarts[i].kind;
	}
	if (!boot->dtb_size || fdt_check((const void *)boot->dtb, boot->dtb_size, &fdt) < 0)
		return;
	find_power(&fdt, &el3_machine.power);
	find_gic(&fdt, &el3_machine.gic);
	find_cores(&fdt, el3_machine.cores);
	find_secure_ram(&fdt);
	el3_machine.timer_hz = find_timer_hz(&fdt, el3_bcm2711_init(&fdt));
}
