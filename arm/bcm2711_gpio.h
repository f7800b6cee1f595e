/*
 * bcm2711_gpio.h - the Raspberry Pi 4's pins: their registers, asserted, and which UART is at the
 * header.  Any level.  Source: Broadcom "BCM2711 ARM Peripherals", 5.2 and 5.3.
 *
 * GPIO14 and GPIO15 are the header's pins 8 and 10: they carry the PL011 (ALT0) or the mini UART
 * (ALT5).  The PL011 is also at GPIO32 and GPIO33 (ALT3), where the Bluetooth chip is: an input
 * that is at two pins hears both, so whoever takes the PL011 to the header takes it from there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arm/mmio.h"

struct bcm2711_gpio {
	uint32_t gpfsel[6]; /* 10 pins each, 3 bits a pin */
	uint32_t reserved0;
	uint32_t gpset[2]; /* 32 pins each; so all the others */
	uint32_t reserved1;
	uint32_t gpclr[2];
	uint32_t reserved2;
	uint32_t gplev[2];
	uint32_t reserved3[42];
	uint32_t pull[4]; /* GPIO_PUP_PDN_CNTRL_REG: 16 pins each, 2 bits a pin */
};

_Static_assert(offsetof(struct bcm2711_gpio, gpset) == 0x1c, "GPSET0");
_Static_assert(offsetof(struct bcm2711_gpio, gpclr) == 0x28, "GPCLR0");
_Static_assert(offsetof(struct bcm2711_gpio, gplev) == 0x34, "GPLEV0");
_Static_assert(offsetof(struct bcm2711_gpio, pull) == 0xe4, "GPIO_PUP_PDN_CNTRL_REG0");

#define BCM2711_GPIO_PINS 58

#define GPIO_INPUT	  0
#define GPIO_OUTPUT	  1
#define GPIO_ALT0	  4
#define GPIO_ALT3	  7
#define GPIO_ALT5	  2
#define GPIO_NO_PULL	  0
#define GPIO_PULL_UP	  1

#define PIN_TXD		  14
#define PIN_RXD		  15
#define PIN_BT_TXD	  32 /* to the Bluetooth chip, and from it */
#define PIN_BT_RXD	  33

static inline uint32_t gpio_function(volatile struct bcm2711_gpio *g, uint32_t pin)
{
	return mmio_read32(&g->gpfsel[pin / 10]) >> pin % 10 * 3 & 0x7;
}

static inline void gpio_set_field(volatile uint32_t *reg, uint32_t shift, uint32_t mask, uint32_t v)
{
	mmio_write32(reg, (mmio_read32(reg) & ~(mask << shift)) | v << shift);
}

static inline void gpio_set_function(volatile struct bcm2711_gpio *g, uint32_t pin, uint32_t f)
{
	gpio_set_field(&g->gpfsel[pin / 10], pin % 10 * 3, 0x7, f);
}

static inline void gpio_set_pull(volatile struct bcm2711_gpio *g, uint32_t pin, uint32_t pull)
{
	gpio_set_field(&g->pull[pin / 16], pin % 16 * 2, 0x3, pull);
}

static inline void gpio_write(volatile struct bcm2711_gpio *g, uint32_t pin, uint32_t high)
{
	volatile uint32_t *reg = high ? &g->gpset[pin / 32] : &g->gpclr[pin / 32];

	mmio_write32(reg, UINT32_C(1) << pin % 32);
}

/*
 * gpio_route_uart - the header's serial pins carry @function: GPIO_ALT0 (the PL011) or GPIO_ALT5
 * (the mini UART).  A receiver with nothing at it must not float: its pull comes first.
 */
static inline void gpio_route_uart(volatile struct bcm2711_gpio *g, uint32_t function)
{
	gpio_set_pull(g, PIN_RXD, GPIO_PULL_UP);
	gpio_set_pull(g, PIN_TXD, GPIO_NO_PULL);
	if (function == GPIO_ALT0 && gpio_function(g, PIN_BT_RXD) == GPIO_ALT3)
		gpio_set_function(g, PIN_BT_RXD, GPIO_INPUT);
	if (function == GPIO_ALT0 && gpio_function(g, PIN_BT_TXD) == GPIO_ALT3)
		gpio_set_function(g, PIN_BT_TXD, GPIO_INPUT);
	gpio_set_function(g, PIN_TXD, function);
	gpio_set_function(g, PIN_RXD, function);
}
