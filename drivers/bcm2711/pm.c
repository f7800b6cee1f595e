/*
 * pm.c - the Raspberry Pi 4's watchdog, by which it resets itself, there being no PSCI.
 *
 * Switching off is a reset too: the boot loader reads from PM_RSTS which partition to boot from,
 * and halts if that is 63.  So each way to the reset says both: 63 for a halt, and 0, where Linux
 * or a boot loader may have left another number, for a boot.  The order is that of Linux's driver
 * (bcm2835_wdt.c) and of the boot loader's: PM_RSTS, what the watchdog counts down from, and last
 * PM_RSTC, which makes its end a reset of the whole chip.  All cores may be running: the chip's
 * reset asks none of them.
 *
 * No public document describes these registers: Linux's driver is the reference.
 */
#include "abi/errno.h"
#include "arm/bcm2711.h"
#include "drivers/bcm2711/bcm2711.h"
#include "drivers/device.h"
#include "drivers/reset.h"
#include "drivers/timer/timer.h"
#include "drivers/uart.h"
#include "log/printk.h"

#define WDOG_WAIT_US 100000

static volatile struct bcm2711_pm *pm;

static void set_partition(uint32_t bits)
{
	bcm2711_pm_write(&pm->rsts, (mmio_read32(&pm->rsts) & ~PM_RSTS_PARTITION_63) | bits);
}

/* Returns only if the reset does not come. */
static void fire(void)
{
	bcm2711_pm_write(&pm->wdog, PM_WDOG_TICKS);
	bcm2711_pm_write(&pm->rstc,
			 (mmio_read32(&pm->rstc) & ~PM_RSTC_WRCFG_MASK) | PM_RSTC_WRCFG_FULL);
	timer_udelay(WDOG_WAIT_US);
}

/* A boot loader's, for a kernel that feeds it: we do not, and would be reset in the midst of it. */
static void stop_running_watchdog(void)
{
	if (!(mmio_read32(&pm->rstc) & PM_RSTC_WRCFG_FULL))
		return;
	bcm2711_pm_write(&pm->rstc, PM_RSTC_STOP);
	pr_notice("watchdog: the boot loader had started it; stopped\n");
}

/* The last line: what comes next, or does not, is the boot loader's. */
static void say_last(const char *what)
{
	pr_notice("watchdog: %s\n", what);
	uart_flush();
}

static void pm_reset(void)
{
	say_last("the chip is reset");
	set_partition(0);
	fire();
}

static void pm_poweroff(void)
{
	say_last("the chip is reset, to halt in its boot loader");
	set_partition(PM_RSTS_PARTITION_63);
	fire();
}

static int bcm2711_pm_probe(const struct fdt *fdt, int node)
{
	pm = device_ioremap(fdt, node, 0, NULL);
	if (!pm)
		return -ENOMEM;
	stop_running_watchdog();
	reset_register(pm_poweroff, pm_reset);
	return 0;
}

DEVICE_DRIVER(bcm2711_pm, DEVICE_EARLY, "brcm,bcm2711-pm", bcm2711_pm_probe);
