/*
 * earlycon_setup.h - a UART that the firmware has not set up, made to speak.  MMU off.
 */
#pragma once

#include <stdint.h>

#include "arm/rawuart.h"

struct fdt;

#define EARLYCON_BAUD	  115200
#define EARLYCON_NO_CLOCK 1

/*
 * earlycon_set_up - have @u send at @baud, if it is not switched on already.
 * Return: 0: nothing was done, else the clock, Hz, that the divisor was made of;
 * EARLYCON_NO_CLOCK: none was known.
 */
uint32_t earlycon_set_up(const struct fdt *fdt, const struct rawuart *u, uint32_t baud);

/*
 * earlycon_route - on a Raspberry Pi 4, have the header's pins carry @u; unless @force, only if
 * they carry no UART at all.
 */
void earlycon_route(const struct fdt *fdt, const struct rawuart *u, bool force);
