/*
 * power.c - off and reset, on machines that leave it to whoever owns EL3.
 *
 * QEMU's virt with secure=on: two lines of a PL061 that only the secure side sees.  Raspberry Pi 4:
 * the watchdog; the firmware looks, on the way up, whether it was told to boot or to halt
 * (partition 63).
 */
#include "el3/el3.h"

#include "arm/barrier.h"

#define PL061_DIR	     0x400
#define PL061_DATA(pin)	     (1u << ((pin) + 2)) /* the address bits are the mask */

#define PM_RSTC		     0x1c
#define PM_RSTS		     0x20
#define PM_WDOG		     0x24
#define PM_PASSWORD	     0x5a000000u
#define PM_RSTC_WRCFG_MASK   0x30u
#define PM_RSTC_WRCFG_FULL   0x20u
#define PM_RSTS_PARTITION_63 0x555u
#define PM_WDOG_TICKS	     10u /* of 1/65536 s */

static void gpio_raise(uint64_t gpio, uint32_t line)
{
	reg_write(gpio + PL061_DIR, reg_read(gpio + PL061_DIR) | 1u << line);
	reg_write(gpio + PL061_DATA(line), 0);
	reg_write(gpio + PL061_DATA(line), 1u << line);
	dsb(sy);
}

static void watchdog_fire(uint64_t base)
{
	uint32_t config = reg_read(base + PM_RSTC) & ~PM_RSTC_WRCFG_MASK;

	reg_write(base + PM_WDOG, PM_PASSWORD | PM_WDOG_TICKS);
	reg_write(base + PM_RSTC, PM_PASSWORD | config | PM_RSTC_WRCFG_FULL);
	dsb(sy);
}

/* The machine may live on for a moment after it was told. */
static void wait_for_it(void)
{
	for (uint32_t i = 0; i < 100000000; i++)
		cpu_relax();
}

void el3_power_off(void)
{
	uint64_t gpio = el3_machine.power.gpio, watchdog = el3_machine.power.watchdog;

	if (gpio) {
		gpio_raise(gpio, el3_machine.power.off_line);
	} else if (watchdog) {
		reg_write(watchdog + PM_RSTS,
			  PM_PASSWORD | reg_read(watchdog + PM_RSTS) | PM_RSTS_PARTITION_63);
		watchdog_fire(watchdog);
	} else {
		return;
	}
	wait_for_it();
}

void el3_power_reset(void)
{
	uint64_t gpio = el3_machine.power.gpio, watchdog = el3_machine.power.watchdog;

	if (gpio)
		gpio_raise(gpio, el3_machine.power.reset_line);
	else if (watchdog)
		watchdog_fire(watchdog);
	else
		return;
	wait_for_it();
}
