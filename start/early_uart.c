/*
 * early_uart.c - which UARTs there are, for lines that cannot wait for a driver.
 *
 * Called by early_collect, MMU off.  Invariant: what boot_info.uarts names is a UART that the tree
 * has and has not switched off, and that answered at its address.
 */
#include "start/boot_info.h"
#include "start/early_uart.h"
#include "start/start.h"

#include "arm/bcm2711.h"
#include "arm/miniuart.h"
#include "lib/fdt_bindings.h"

/* The registers of a Raspberry Pi's two UARTs at the header's pins 8 and 10. */
#define PI_PL011	   (BCM2711_PERIPHERALS + BCM2711_PL011_AT)
#define PI_MINI_UART	   (BCM2711_PERIPHERALS + BCM2711_MINI_UART_AT)
#define PI_OFFSET(address) ((address)&BCM2711_PERIPHERALS_MASK)
/* From the mini UART's registers to AUX_ENABLES ("BCM2711 ARM Peripherals", 2.1.1). */
#define TO_AUX_ENABLES	   (-0x3cl)

static uint32_t uart_kind(const struct fdt *fdt, int node)
{
	if (fdt_is_compatible(fdt, node, "arm,pl011"))
		return RAWUART_PL011;
	if (fdt_is_compatible(fdt, node, "brcm,bcm2835-aux-uart"))
		return RAWUART_MINI;
	return RAWUART_NONE;
}

/*
 * Without, the first line would end in an abort.  A mini UART that is not switched on has no
 * registers to read (2.1.1), but the one that switches it on.
 */
bool early_uart_answers(const struct rawuart *u)
{
	uint64_t at = u->base + RAWUART_PL011_FR;

	if (u->base + RAWUART_SIZE > (uint64_t)__image_start && u->base < (uint64_t)__image_end)
		return false;
	if (u->kind == RAWUART_MINI)
		at = u->base + (PI_OFFSET(u->base) == PI_OFFSET(PI_MINI_UART) ? TO_AUX_ENABLES
									      : RAWUART_MINI_LSR);
	return probe_read32(at) != PROBE_NOTHING;
}

static bool uart_from(const struct fdt *fdt, int node, struct rawuart *u)
{
	struct rawuart found = { .kind = uart_kind(fdt, node) };
	struct fdt_range range;

	if (found.kind == RAWUART_NONE || !fdt_enabled(fdt, node) ||
	    fdt_reg(fdt, node, 0, &range) < 0)
		return false;
	found.base = range.addr;
	if (!early_uart_answers(&found))
		return false;
	*u = found;
	return true;
}

/* The first one that is enabled; beside @other, the one of the Pi's two that this is not. */
static bool first_uart(const struct fdt *fdt, const struct rawuart *other, struct rawuart *u)
{
	uint64_t beside = PI_OFFSET(other->base) == PI_OFFSET(PI_PL011) ? PI_MINI_UART : PI_PL011;
	int node = -1;

	while ((node = fdt_next_node(fdt, node)) >= 0) {
		struct rawuart found;

		if (!uart_from(fdt, node, &found) ||
		    (other->kind != RAWUART_NONE && PI_OFFSET(found.base) != PI_OFFSET(beside)))
			continue;
		*u = found;
		return true;
	}
	return false;
}

/*
 * The console that stdout-path names, or the first UART; and on a Raspberry Pi 4 the other one of
 * the two at the header, because the tree does not say which of them is connected to a terminal.
 */
void early_find_uarts(struct boot_info *boot, const struct fdt *fdt, int stdout_node)
{
	static const struct rawuart none = { .kind = RAWUART_NONE };
	if (!uart_from(fdt, stdout_node, &boot->uarts[0]) &&
	    !first_uart(fdt, &none, &boot->uarts[0]))
		return;
	if (fdt_is_compatible(fdt, fdt_root(fdt), "brcm,bcm2711"))
		(void)!first_uart(fdt, &boot->uarts[0], &boot->uarts[1]);
}

/*
 * Without a tree that can be read there is one thing left to do, to say so: on the PL011 of QEMU's
 * virt or of the Raspberry Pi 4, if its identification registers (DDI 0183, PeriphID0 and 1) are
 * there, and there on the mini UART, if the firmware has switched it on.
 */
void early_guess_uarts(struct boot_info *boot)
{
	static const uint32_t bases[] = { 0x09000000, PI_PL011 };

	for (unsigned int i = 0; i < ARRAY_SIZE(bases); i++) {
		if (probe_read32(bases[i] + 0xfe0) != 0x11 ||
		    probe_read32(bases[i] + 0xfe4) != 0x10)
			continue;
		boot->uarts[0] = (struct rawuart){ .base = bases[i], .kind = RAWUART_PL011 };
		if (bases[i] == PI_PL011 &&
		    (probe_read32(PI_MINI_UART + TO_AUX_ENABLES) & ~0xfull) == 0 &&
		    probe_read32(PI_MINI_UART + TO_AUX_ENABLES) & AUX_ENABLES_MU)
			boot->uarts[1] =
				(struct rawuart){ .base = PI_MINI_UART, .kind = RAWUART_MINI };
		return;
	}
}
