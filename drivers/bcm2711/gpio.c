/*
 * gpio.c - which of the Raspberry Pi 4's two UARTs is at the header's serial pins.
 *
 * The firmware has chosen one, by config.txt; we choose again, by the same rule as the console is
 * chosen, so that the console is where it says.
 */
#include "abi/errno.h"
#include "arm/bcm2711.h"
#include "arm/bcm2711_gpio.h"
#include "drivers/device.h"
#include "drivers/bcm2711/bcm2711.h"
#include "lib/fdt_bindings.h"
#include "mm/kmap.h"

static volatile struct bcm2711_gpio *gpio;

static void route_pl011(void)
{
	if (gpio)
		gpio_route_uart(gpio, GPIO_ALT0);
}

static void route_mini_uart(void)
{
	if (gpio)
		gpio_route_uart(gpio, GPIO_ALT5);
}

void (*bcm2711_uart_route(const struct fdt *fdt, uint64_t pa))(void)
{
	if (!fdt_is_compatible(fdt, fdt_root(fdt), "brcm,bcm2711"))
		return NULL;
	switch (pa & BCM2711_PERIPHERALS_MASK) {
	case BCM2711_PL011_AT: return route_pl011;
	case BCM2711_MINI_UART_AT: return route_mini_uart;
	default: return NULL;
	}
}

static int bcm2711_gpio_probe(const struct fdt *fdt, int node)
{
	struct fdt_range range;

	/*
	 * The node's size ends before the pull registers, which are new in this chip; all of it is
	 * in one page.
	 */
	if (fdt_reg(fdt, node, 0, &range))
		return -EINVAL;
	gpio = ioremap(paddr_of(range.addr), sizeof(*gpio));
	return gpio ? 0 : -ENOMEM;
}

DEVICE_DRIVER(bcm2711_gpio, DEVICE_EARLY, "brcm,bcm2711-gpio", bcm2711_gpio_probe);
