/*
 * gpio.c - which of the Raspberry Pi 4's two UARTs is at the header's serial pins.
 *
 * GPIO14 and GPIO15 carry the PL011 (function ALT0) or the mini UART (ALT5).  The firmware has
 * chosen one, by config.txt; we choose again, by the same rule as the console is chosen, so that
 * the console is where it says.
 */
#include "abi/errno.h"
#include "arm/mmio.h"
#include "drivers/device.h"
#include "drivers/bcm2711/bcm2711.h"
#include "lib/fdt_bindings.h"
#include "mm/kmap.h"

struct bcm2711_gpio {
	uint32_t gpfsel[6]; /* 10 pins each, 3 bits a pin */
	uint32_t reserved[51];
	uint32_t pull[4]; /* GPIO_PUP_PDN_CNTRL_REG: 16 pins each, 2 bits a pin */
};

_Static_assert(offsetof(struct bcm2711_gpio, pull) == 0xe4, "GPIO_PUP_PDN_CNTRL_REG0");

#define GPIO_ALT0	  4
#define GPIO_ALT5	  2
#define GPIO_NO_PULL	  0
#define GPIO_PULL_UP	  1

#define PIN_TXD		  14
#define PIN_RXD		  15

/* The two UARTs, by the part of their address that is the same in every view of the peripherals. */
#define UART_ADDRESS_MASK 0xffffff
#define PL011_0_ADDRESS	  0x201000
#define MINI_UART_ADDRESS 0x215040

static volatile struct bcm2711_gpio *gpio;

static void set_field(volatile uint32_t *reg, unsigned int shift, uint32_t mask, uint32_t v)
{
	mmio_write32(reg, (mmio_read32(reg) & ~(mask << shift)) | v << shift);
}

static void set_pin(unsigned int pin, uint32_t function, uint32_t pull)
{
	set_field(&gpio->gpfsel[pin / 10], pin % 10 * 3, 0x7, function);
	set_field(&gpio->pull[pin / 16], pin % 16 * 2, 0x3, pull);
}

static void set_pins(uint32_t function)
{
	if (!gpio)
		return;
	set_pin(PIN_TXD, function, GPIO_NO_PULL);
	set_pin(PIN_RXD, function, GPIO_PULL_UP);
}

static void route_pl011(void)
{
	set_pins(GPIO_ALT0);
}

static void route_mini_uart(void)
{
	set_pins(GPIO_ALT5);
}

void (*bcm2711_uart_route(const struct fdt *fdt, uint64_t pa))(void)
{
	if (!fdt_is_compatible(fdt, fdt_root(fdt), "brcm,bcm2711"))
		return NULL;
	switch (pa & UART_ADDRESS_MASK) {
	case PL011_0_ADDRESS: return route_pl011;
	case MINI_UART_ADDRESS: return route_mini_uart;
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
