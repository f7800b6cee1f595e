/*
 * device.c - the one table of drivers, and the walk through the device tree that finds them work.
 *
 * A new driver is one line in drivers[].  Invariant: a device that is disabled, or that no line
 * names, is never touched.
 */
#include "drivers/device.h"

#include "drivers/bcm2711/bcm2711.h"
#include "drivers/gic/gic.h"
#include "drivers/pl011/pl011.h"
#include "drivers/psci/psci.h"
#include "drivers/rtc/rtc.h"
#include "drivers/timer/timer.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/kmap.h"

static const struct device_driver drivers[] = {
	{ DEVICE_FIRMWARE, "arm,psci-1.0", psci_probe },
	{ DEVICE_FIRMWARE, "arm,psci-0.2", psci_probe },
	{ DEVICE_FIRMWARE, "arm,psci", psci_0_1_probe },
	{ DEVICE_EARLY, "brcm,bcm2711-gpio", bcm2711_gpio_probe },
	{ DEVICE_EARLY, "brcm,bcm2711-pm", bcm2711_pm_probe },
	{ DEVICE_EARLY, "arm,pl011", pl011_probe },
	{ DEVICE_EARLY, "brcm,bcm2835-aux-uart", bcm2711_uart_probe },
	{ DEVICE_IRQ, "arm,gic-400", gicv2_probe },
	{ DEVICE_IRQ, "arm,cortex-a15-gic", gicv2_probe },
	{ DEVICE_IRQ, "arm,gic-v3", gicv3_probe },
	{ DEVICE_TIMER, "arm,armv8-timer", timer_probe },
	{ DEVICE_NORMAL, "arm,pl031", pl031_probe },
};

/* What the walk found: more devices than this, and the rest are left alone. */
#define MAX_MATCHES 64
static struct match {
	const struct device_driver *driver;
	int node;
} matches[MAX_MATCHES];
static unsigned int nr_matches;
static bool scanned;

static const struct device_driver *driver_named(const char *compatible)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(compatible, drivers[i].compatible))
			return &drivers[i];
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

static void scan_nodes(const struct fdt *fdt)
{
	for (int node = fdt_next_node(fdt, -1); node >= 0; node = fdt_next_node(fdt, node)) {
		const struct device_driver *driver = find_driver(fdt, node);

		if (!driver || !fdt_enabled(fdt, node))
			continue;
		if (nr_matches == MAX_MATCHES) {
			pr_warn("device tree: more than %d devices; the rest is left alone\n",
				MAX_MATCHES);
			return;
		}
		matches[nr_matches++] = (struct match){ driver, node };
	}
}

void device_probe(const struct fdt *fdt, enum device_stage stage)
{
	if (!scanned)
		scan_nodes(fdt);
	scanned = true;
	for (unsigned int i = 0; i < nr_matches; i++) {
		struct match *m = &matches[i];
		int err;

		if (m->driver->stage != stage)
			continue;
		err = m->driver->probe(fdt, m->node);
		if (err)
			pr_warn("%s: %s: error %d\n", fdt_name(fdt, m->node), m->driver->compatible,
				-err);
	}
}

void *device_ioremap(const struct fdt *fdt, int node, unsigned int index, uint64_t *pa)
{
	struct fdt_range range;

	if (fdt_reg(fdt, node, index, &range))
		return NULL;
	if (pa)
		*pa = range.addr;
	return ioremap(paddr_of(range.addr), range.size);
}
