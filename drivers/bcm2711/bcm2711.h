/*
 * bcm2711.h - the Raspberry Pi 4's chip: pins, mini UART, power management.
 * Source: Broadcom "BCM2711 ARM Peripherals".
 */
#pragma once

#include <stdint.h>

struct fdt;

/*
 * bcm2711_uart_route - for the UART at physical @pa: the function that connects it to the header's
 * pins 8 and 10 (GPIO14, GPIO15) and takes them from the other one; NULL if it is not one of the
 * two, or this is another chip.
 */
void (*bcm2711_uart_route(const struct fdt *fdt, uint64_t pa))(void);
