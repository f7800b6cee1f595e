/*
 * bcm2711.h - what the Raspberry Pi 4's chip needs of the first code that runs on it.
 */
#pragma once

#include <stdint.h>

struct fdt;

/*
 * el3_bcm2711_init - the counter's ticks and the L2 cache's timing.  On the first core, while it is
 * alone.
 * Return: how fast the counter is, in Hz; 0: it is another machine, and nothing was done.
 */
uint32_t el3_bcm2711_init(const struct fdt *fdt);
