/*
 * bcm2711.h - what both el3/ and drivers/ know of the Raspberry Pi 4's chip.
 * Source: Broadcom "BCM2711 ARM Peripherals".
 */
#pragma once

#define BCM2711_CRYSTAL_HZ	 54000000 /* what the cores' counter runs at */

/*
 * The peripherals, as the cores see them unless config.txt says otherwise; which part of an address
 * is the same in every view of them; and there the two UARTs of the header's pins 8 and 10.
 */
#define BCM2711_PERIPHERALS	 0xfe000000
#define BCM2711_PERIPHERALS_MASK UINT64_C(0xffffff)
#define BCM2711_PL011_AT	 0x201000
#define BCM2711_MINI_UART_AT	 0x215040

/* Their clocks, if the firmware does not answer: its own choice, init_uart_clock and core_freq. */
#define BCM2711_PL011_HZ	 48000000
#define BCM2711_CORE_HZ		 500000000

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "arm/mmio.h"

/* The power management block: a watchdog, by which the machine resets itself. */
struct bcm2711_pm {
	uint32_t reserved[7];
	uint32_t rstc;
	uint32_t rsts;
	uint32_t wdog;
};

_Static_assert(offsetof(struct bcm2711_pm, rstc) == 0x1c, "PM_RSTC");
_Static_assert(offsetof(struct bcm2711_pm, wdog) == 0x24, "PM_WDOG");

#define PM_PASSWORD	     0x5a000000u /* a write without it is ignored */
#define PM_PASSWORD_MASK     0xff000000u
#define PM_RSTC_STOP	     0x102u /* its value after power-on: the watchdog does nothing */
#define PM_RSTC_WRCFG_MASK   0x30u
#define PM_RSTC_WRCFG_FULL   0x20u
#define PM_RSTS_PARTITION_63 0x555u /* the six bits of the number are every second one */
#define PM_WDOG_TICKS	     10u    /* of 1/65536 s */

/* The top byte reads as anything and must be written as the password, or nothing is written. */
static inline void bcm2711_pm_write(volatile uint32_t *reg, uint32_t v)
{
	mmio_write32(reg, PM_PASSWORD | (v & ~PM_PASSWORD_MASK));
}

#endif
