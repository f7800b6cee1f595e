/*
 * pm.c - the Raspberry Pi 4's watchdog, by which it resets itself, there being no PSCI.
 *
 * Switching off is a reset too: the boot loader reads the partition to boot from PM_RSTS, and halts
 * if that is 63.
 */
#include "abi/errno.h"
#include "arm/bcm2711.h"
#include "arm/mmio.h"
#include "drivers/bcm2711/bcm2711.h"
#include "drivers/device.h"
#include "drivers/reset.h"
#include "drivers/timer/timer.h"

#define WDOG_WAIT_US 100000

static volatile struct bcm2711_pm *pm;

static void set_partition(uint32_t bits)
{
	uint32_t v = mmio_read32(&pm->rsts) & ~PM_RSTS_PARTITION_63;

	mmio_write32(&pm->rsts, PM_PASSWORD | v | bits);
}

static void fire(void)
{
	uint32_t v;

	mmio_write32(&pm->wdog, PM_PASSWORD | PM_WDOG_TICKS);
	v = mmio_read32(&pm->rstc) & ~PM_RSTC_WRCFG_MASK;
	mmio_write32(&pm->rstc, PM_PASSWORD | v | PM_RSTC_WRCFG_FULL);
	timer_udelay(WDOG_WAIT_US);
}

static void pm_reset(void)
{
	set_partition(0);
	fire();
}

static void pm_poweroff(void)
{
	set_partition(PM_RSTS_PARTITION_63);
	fire();
}

static int bcm2711_pm_probe(const struct fdt *fdt, int node)
{
	pm = device_ioremap(fdt, node, 0, NULL);
	if (!pm)
		return -ENOMEM;
	reset_register(pm_poweroff, pm_reset);
	return 0;
}

DEVICE_DRIVER(bcm2711_pm, DEVICE_EARLY, "brcm,bcm2711-pm", bcm2711_pm_probe);
