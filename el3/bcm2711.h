/*
 * bcm2711.h - what the Raspberry Pi 4's chip needs of the first code that runs on it.
 */
#pragma once

#include <stdint.h>

struct fdt;

/*
 * el3_bcm2711_set_l2 - the timing of a Cortex-A72's L2 cache, as this chip wants it; other cores
 * are left alone.  The register is the cluster's: each core writes the same, right behind a reset,
 * or finds it written.
 */
void el3_bcm2711_set_l2(void);

/*
 * el3_bcm2711_init - the counter's ticks and the L2 cache's timing.  On the first core, while it is
 * alone.
 * Return: how fast the counter is, in Hz; 0: it is another machine, and nothing was done.
 */
uint32_t el3_bcm2711_init(const struct fdt *fdt);
