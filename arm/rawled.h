/*
 * rawled.h - a light at a pin of the Raspberry Pi 4's chip, for a machine that cannot speak: so
 * many blinks for how far it came, and a flutter for a panic.  docs/serial.md has the table.
 *
 * Polled and bounded; works at every level, MMU on or off.
 */
#pragma once

#include "arm/bcm2711_gpio.h"
#include "arm/patience.h"

struct rawled {
	uint64_t gpio; /* its registers: physical, or virtual where the MMU is on; 0: no light */
	uint32_t pin;
	uint32_t low; /* it is on when the pin is low */
};

/* Parts of a second. */
#define RAWLED_BLINK	   6 /* on for so long, and off for so long */
#define RAWLED_FLUTTER	   15
#define RAWLED_PAUSE	   1
#define RAWLED_FLUTTERS	   10
/* Looks at the counter, for one that stands still: each takes some 10 ns. */
#define RAWLED_POLLS(part) (UINT32_C(100000000) / (part))

static inline void rawled_wait(uint32_t part)
{
	struct patience patience = patience_new(part, RAWLED_POLLS(part));

	while (!patience_over(&patience))
		;
}

static inline void rawled_flash(const struct rawled *l, unsigned int n, uint32_t part)
{
	volatile struct bcm2711_gpio *g = (volatile struct bcm2711_gpio *)(uintptr_t)l->gpio;

	if (!l->gpio || l->pin >= BCM2711_GPIO_PINS)
		return;
	gpio_write(g, l->pin, l->low);
	gpio_set_function(g, l->pin, GPIO_OUTPUT);
	rawled_wait(RAWLED_PAUSE);
	for (; n; n--) {
		gpio_write(g, l->pin, !l->low);
		rawled_wait(part);
		gpio_write(g, l->pin, l->low);
		rawled_wait(part);
	}
}

/* rawled_blink - a second of dark, then @stage blinks (boot_stage of start/boot_info.h). */
static inline void rawled_blink(const struct rawled *l, unsigned int stage)
{
	rawled_flash(l, stage, RAWLED_BLINK);
}

/* rawled_flutter - @rounds times ten flashes too fast to be counted, a second apart: a panic. */
static inline void rawled_flutter(const struct rawled *l, unsigned int rounds)
{
	for (; l->gpio && rounds; rounds--)
		rawled_flash(l, RAWLED_FLUTTERS, RAWLED_FLUTTER);
}
