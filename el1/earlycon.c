/*
 * earlycon.c - lines and blinks from the higher half on, until drivers/uart.c has its console, and
 * where it gets none.
 *
 * Invariant: these UARTs are written to only while the driver does not: earlycon_hand_over takes
 * the log away from them after the driver has all of it.
 */
#include "el1/earlycon.h"

#include "drivers/uart.h"
#include "log/printk.h"
#include "mm/kmap.h"
#include "start/boot_info.h"

/* So many rounds of flutter: ten seconds before a reset, an hour where there is none. */
#define ROUNDS_RESET 4
#define ROUNDS_HALT  1500

/* boot_info's, at their addresses in the higher half. */
static struct rawuart uarts[RAWUARTS];
static struct rawled led;
static bool has_log; /* the log goes to uarts[] */

static void write_to_uarts(const char *s, size_t n)
{
	for (; n; n--, s++)
		for (unsigned int i = 0; i < RAWUARTS; i++) {
			if (*s == '\n')
				rawuart_putc(&uarts[i], '\r');
			rawuart_putc(&uarts[i], *s);
		}
}

static bool raw_uart_speaks(void)
{
	for (unsigned int i = 0; i < RAWUARTS; i++)
		if (rawuart_speaks(&uarts[i]))
			return true;
	return false;
}

static void map_uarts(const struct boot_info *boot)
{
	for (unsigned int i = 0; i < RAWUARTS; i++) {
		const struct rawuart *u = &boot->uarts[i];
		void *regs = NULL;

		if (u->kind != RAWUART_NONE)
			regs = ioremap(paddr_of(u->base), RAWUART_SIZE);
		if (regs)
			uarts[i] = (struct rawuart){ .base = (uintptr_t)regs,
						     .kind = u->kind,
						     .dead = u->dead };
	}
}

static void map_led(const struct boot_info *boot)
{
	void *regs = NULL;

	if (boot->led.gpio)
		regs = ioremap(paddr_of(boot->led.gpio), sizeof(struct bcm2711_gpio));
	if (regs)
		led = (struct rawled){ .gpio = (uintptr_t)regs,
				       .pin = boot->led.pin,
				       .low = boot->led.low };
}

void earlycon_force(void)
{
	has_log = !log_add_sink(write_to_uarts, true);
}

void earlycon_init(const struct boot_info *boot)
{
	static const char line[] = "earlycon: 6 MMU on, higher half\n";

	map_uarts(boot);
	map_led(boot);
	if (boot->earlycon) {
		write_to_uarts(line, sizeof(line) - 1);
		earlycon_force();
	}
	boot_stage(STAGE_MMU);
}

bool earlycon_had_log(uint64_t pa)
{
	for (unsigned int i = 0; i < RAWUARTS; i++)
		if (has_log && rawuart_speaks(&uarts[i]) && boot_info.uarts[i].base == pa)
			return true;
	return false;
}

void earlycon_hand_over(void)
{
	static const char line[] = "earlycon: 7 the driver has the console\n";

	if (!has_log || !uart_is_alive())
		return;
	write_to_uarts(line, sizeof(line) - 1);
	log_remove_sink(write_to_uarts);
	has_log = false;
}

/* Before the driver has tried, and where it has none that works, what start/ found counts. */
static bool any_uart_speaks(void)
{
	return uart_is_alive() || ((has_log || !uart_was_tried()) && raw_uart_speaks());
}

void boot_stage(unsigned int stage)
{
	if (!any_uart_speaks())
		rawled_blink(&led, stage);
}

void blink_panic(bool for_ever)
{
	if (!any_uart_speaks())
		rawled_flutter(&led, for_ever ? ROUNDS_HALT : ROUNDS_RESET);
}
