/*
 * power.c - off and reset, on machines that leave it to the code at EL3.
 *
 * QEMU's virt with secure=on: two lines of a PL061 that only the secure side sees.  Raspberry Pi 4:
 * the watchdog; the firmware reads, when it starts, whether it is to boot or to halt (partition
 * 63).
 */
#include "el3/el3.h"

#include "arm/bcm2711.h"

#define PL061_DIR	0x400
#define PL061_DATA(pin) (1u << ((pin) + 2)) /* the address bits are the mask */

static void gpio_raise(uint64_t gpio, uint32_t line)
{
	reg_write(gpio + PL061_DIR, reg_read(gpio + PL061_DIR) | 1u << line);
	reg_write(gpio + PL061_DATA(line), 0);
	reg_write(gpio + PL061_DATA(line), 1u << line);
	dsb(sy);
}

/*
 * @partition: what the firmware boots from next, by the bits of PM_RSTS; 0: as after power-on.
 * Whatever an earlier run has left there, 63 above all, would hold at the next reset too.
 */
static void watchdog_fire(volatile struct bcm2711_pm *pm, uint32_t partition)
{
	uint32_t status = mmio_read32(&pm->rsts) & ~PM_RSTS_PARTITION_63;
	uint32_t config = mmio_read32(&pm->rstc) & ~PM_RSTC_WRCFG_MASK;

	bcm2711_pm_write(&pm->rsts, status | partition);
	bcm2711_pm_write(&pm->wdog, PM_WDOG_TICKS);
	bcm2711_pm_write(&pm->rstc, config | PM_RSTC_WRCFG_FULL);
	dsb(sy);
}

/* The machine may run on for a moment after the write. */
static void wait_for_it(void)
{
	for (uint32_t i = 0; i < 100000000; i++)
		cpu_relax();
}

void el3_power_off(void)
{
	uint64_t gpio = el3_machine.power.gpio;
	volatile struct bcm2711_pm *pm = (volatile struct bcm2711_pm *)el3_machine.power.watchdog;

	if (gpio)
		gpio_raise(gpio, el3_machine.power.off_line);
	else if (pm)
		watchdog_fire(pm, PM_RSTS_PARTITION_63);
	else
		return;
	wait_for_it();
}

void el3_power_reset(void)
{
	uint64_t gpio = el3_machine.power.gpio;
	volatile struct bcm2711_pm *pm = (volatile struct bcm2711_pm *)el3_machine.power.watchdog;

	if (gpio)
		gpio_raise(gpio, el3_machine.power.reset_line);
	else if (pm)
		watchdog_fire(pm, 0);
	else
		return;
	wait_for_it();
}
