/*
 * early_led.c - the light by which a machine without a UART says how far it came.
 *
 * Called by early_collect, MMU off.  The tree of a Raspberry Pi 4 has it under leds/ ("gpio-leds"):
 * led-act is at a pin of the chip, led-pwr behind the firmware, where we do not reach it.
 */
#include "start/boot_info.h"
#include "start/early_led.h"

#include "lib/fdt_bindings.h"

#define GPIO_ACTIVE_LOW 0x1

static bool led_from(const struct fdt *fdt, int node, struct rawled *led)
{
	uint32_t phandle, pin, flags;
	struct fdt_range range;
	int controller;

	if (!fdt_enabled(fdt, node) || fdt_cell(fdt, node, "gpios", 0, &phandle) ||
	    fdt_cell(fdt, node, "gpios", 1, &pin) || fdt_cell(fdt, node, "gpios", 2, &flags))
		return false;
	controller = fdt_find_phandle(fdt, phandle);
	if (controller < 0 || !fdt_is_compatible(fdt, controller, "brcm,bcm2711-gpio") ||
	    fdt_reg(fdt, controller, 0, &range) || pin >= BCM2711_GPIO_PINS)
		return false;
	*led = (struct rawled){ .gpio = range.addr, .pin = pin, .low = flags & GPIO_ACTIVE_LOW };
	return true;
}

void early_find_led(struct boot_info *boot, const struct fdt *fdt)
{
	int leds, node;

	/* Another board is not walked through for a light whose registers we would not know. */
	if (!fdt_is_compatible(fdt, fdt_root(fdt), "brcm,bcm2711"))
		return;
	leds = fdt_find_compatible(fdt, -1, "gpio-leds");
	if (leds < 0)
		return;
	fdt_for_each_child(node, fdt, leds)
		if (led_from(fdt, node, &boot->led))
			return;
}
