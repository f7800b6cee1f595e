/*
 * led.c - one light at one pin.
 *
 * Comes from el1/main.c and from the end of the machine (drivers/reset.c).  Invariant: the pin is
 * an output from led_init on; to set it is one store, so no lock is needed.
 */
#include "drivers/bcm2711/led.h"

#include "arm/rawled.h"
#include "mm/kmap.h"

static struct rawled act; /* .gpio is where its registers are mapped; 0: there is none */

void led_init(const struct rawled *found)
{
	volatile struct bcm2711_gpio *g;

	if (!found->gpio || found->pin >= BCM2711_GPIO_PINS)
		return;
	g = ioremap(paddr_of(found->gpio), sizeof(*g));
	if (!g)
		return;
	act = *found;
	act.gpio = (uintptr_t)g;
	/* The level first: an output shows what it was last told. */
	led_set(false);
	gpio_set_function(g, act.pin, GPIO_OUTPUT);
}

void led_set(bool on)
{
	if (act.gpio)
		gpio_write((volatile struct bcm2711_gpio *)(uintptr_t)act.gpio, act.pin,
			   on != (bool)act.low);
}
