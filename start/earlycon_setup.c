/*
 * earlycon_setup.c - pins, clock and divisor for earlycon, where no firmware has seen to them.
 *
 * What the drivers do later with the MMU on (drivers/pl011, drivers/bcm2711) is done by the same
 * sequences here: arm/pl011.h, arm/miniuart.h, arm/bcm2711_gpio.h.
 */
#include "start/earlycon_setup.h"

#include "arm/bcm2711.h"
#include "arm/bcm2711_gpio.h"
#include "arm/miniuart.h"
#include "arm/pl011.h"
#include "lib/fdt_bindings.h"
#include "start/early_mailbox.h"

/* Among the chip's peripherals. */
#define GPIO_AT 0x200000

static bool is_pi(const struct fdt *fdt, const struct rawuart *u)
{
	uint64_t at = u->base & BCM2711_PERIPHERALS_MASK;

	return fdt_is_compatible(fdt, fdt_root(fdt), "brcm,bcm2711") &&
	       (at == BCM2711_PL011_AT || at == BCM2711_MINI_UART_AT);
}

static uint64_t peripherals_of(const struct rawuart *u)
{
	return u->base & ~BCM2711_PERIPHERALS_MASK;
}

/* The node of the UART at @base; -1: it has none. */
static int node_at(const struct fdt *fdt, uint64_t base)
{
	int node = -1;

	while ((node = fdt_find_compatible(fdt, node, "arm,pl011")) >= 0) {
		struct fdt_range range;

		if (!fdt_reg(fdt, node, 0, &range) && range.addr == base)
			return node;
	}
	return -1;
}

static uint32_t pl011_hz(const struct fdt *fdt, const struct rawuart *u)
{
	uint32_t hz = 0;

	if (!is_pi(fdt, u))
		return fdt_fixed_clock(fdt, node_at(fdt, u->base), 0, &hz) ? 0 : hz;
	hz = early_clock_hz(peripherals_of(u), EARLY_CLOCK_UART);
	return hz ? hz : BCM2711_PL011_HZ;
}

static uint32_t set_up_pl011(const struct fdt *fdt, const struct rawuart *u, uint32_t baud)
{
	volatile struct pl011 *regs = (volatile struct pl011 *)u->base;
	uint32_t running = pl011_running_divisor(regs), hz = pl011_hz(fdt, u);
	uint32_t divisor = pl011_mended(running, pl011_divisor(hz, baud));

	if (running && !divisor)
		return 0;
	pl011_start(regs, divisor);
	return hz ? hz : EARLYCON_NO_CLOCK;
}

static uint32_t set_up_mini_uart(const struct fdt *fdt, const struct rawuart *u, uint32_t baud)
{
	volatile struct aux *regs = (volatile struct aux *)(u->base - offsetof(struct aux, mu_io));
	uint32_t hz;

	if (!is_pi(fdt, u) || miniuart_running_divisor(regs))
		return 0;
	hz = early_clock_hz(peripherals_of(u), EARLY_CLOCK_CORE);
	hz = hz ? hz : BCM2711_CORE_HZ;
	miniuart_start(regs, miniuart_divisor(hz, baud));
	return hz;
}

uint32_t earlycon_set_up(const struct fdt *fdt, const struct rawuart *u, uint32_t baud)
{
	return u->kind == RAWUART_PL011 ? set_up_pl011(fdt, u, baud)
					: set_up_mini_uart(fdt, u, baud);
}

void earlycon_route(const struct fdt *fdt, const struct rawuart *u, bool force)
{
	volatile struct bcm2711_gpio *g;
	uint32_t now;

	if (!is_pi(fdt, u))
		return;
	g = (volatile struct bcm2711_gpio *)(peripherals_of(u) + GPIO_AT);
	now = gpio_function(g, PIN_TXD);
	if (!force && (now == GPIO_ALT0 || now == GPIO_ALT5))
		return;
	gpio_route_uart(g, u->kind == RAWUART_PL011 ? GPIO_ALT0 : GPIO_ALT5);
}
