/*
 * earlycon.c - the way down, stage by stage: a line each, or blinks.
 *
 * Runs with the MMU off at every level on the way, on that level's stack: PC-relative code, no
 * table of pointers.  Invariant: without the word, and with a UART in the tree, no register of a
 * device is touched here.
 */
#include "start/boot_info.h"
#include "start/earlycon.h"
#include "start/earlycon_setup.h"
#include "start/early_uart.h"

#include "lib/fdt_bindings.h"
#include "lib/parse.h"
#include "lib/serial_words.h"

/* ---- a line on all of them ---- */

static void say_text(struct boot_info *boot, const char *s)
{
	for (unsigned int i = 0; i < RAWUARTS; i++)
		rawuart_puts(&boot->uarts[i], s);
}

static void say_hex(struct boot_info *boot, const char *s, uint64_t v)
{
	say_text(boot, s);
	for (unsigned int i = 0; i < RAWUARTS; i++)
		rawuart_hex(&boot->uarts[i], v);
}

static void say_entered(struct boot_info *boot)
{
	say_hex(boot, "entered, x0 ", boot->x[0]);
	say_hex(boot, ", image ", boot->image);
	say_hex(boot, ", device tree ", boot->dtb);
	say_hex(boot, "+", boot->dtb_size);
	if (boot->checksum_wanted)
		say_hex(boot, ", image crc32 ", boot->image_crc);
}

static void say_stage(struct boot_info *boot, unsigned int stage)
{
	uint64_t el = READ_SYSREG(CurrentEL) >> 2;
	char digits[2] = { (char)('0' + stage), '\0' }, level[2] = { (char)('0' + el), '\0' };

	say_text(boot, "earlycon: ");
	say_text(boot, digits);
	say_text(boot, " EL");
	say_text(boot, level);
	say_hex(boot, " (CurrentEL ", READ_SYSREG(CurrentEL));
	say_text(boot, ") ");
	switch (stage) {
	case STAGE_ENTERED: say_entered(boot); break;
	case STAGE_EL3:
	case STAGE_EL2: say_text(boot, "stays, going down"); break;
	case STAGE_EL1: say_text(boot, "for the kernel"); break;
	case STAGE_TABLES: say_text(boot, "tables made, turning the MMU on"); break;
	}
	say_text(boot, "\n");
}

static bool early_uart_speaks(const struct boot_info *boot)
{
	for (unsigned int i = 0; i < RAWUARTS; i++)
		if (rawuart_speaks(&boot->uarts[i]))
			return true;
	return false;
}

void earlycon_stage(struct boot_info *boot, unsigned int stage)
{
	if (boot->earlycon)
		say_stage(boot, stage);
	if (!early_uart_speaks(boot))
		rawled_blink(&boot->led, stage);
}

/* ---- who speaks ---- */

static void introduce_uart(struct boot_info *boot, const struct rawuart *u, uint32_t hz)
{
	say_hex(boot, u->kind == RAWUART_PL011 ? "earlycon: PL011 " : "earlycon: mini UART ",
		u->base);
	if (hz == 0) {
		say_text(boot, ", as the firmware has set it up\n");
	} else if (hz == EARLYCON_NO_CLOCK) {
		say_text(boot, ", switched on here, its clock unknown\n");
	} else {
		say_text(boot, ", set up here, clock ");
		for (unsigned int i = 0; i < RAWUARTS; i++)
			rawuart_decimal(&boot->uarts[i], hz);
		say_text(boot, " Hz\n");
	}
}

/*
 * The one that @w names takes the place of all others, if it is there; it was asked for by the one
 * who has the cable in hand.
 */
static bool take_named(struct boot_info *boot, const struct cmdline_word *w, uint32_t *baud)
{
	struct earlycon_word named;
	struct rawuart u = { .kind = RAWUART_NONE };

	if (!w->val || parse_earlycon(w->val, w->val_len, &named))
		return false;
	u.kind = named.kind == EARLYCON_PL011 ? RAWUART_PL011 : RAWUART_MINI;
	u.base = named.address;
	if (!early_uart_answers(&u))
		return false;
	boot->uarts[0] = u;
	boot->uarts[1] = (struct rawuart){ .kind = RAWUART_NONE };
	if (named.baud)
		*baud = named.baud;
	return true;
}

void earlycon_start(struct boot_info *boot, const struct fdt *fdt, const struct fdt_chosen *chosen)
{
	uint32_t baud = EARLYCON_BAUD, hz[RAWUARTS];
	struct cmdline_word w;
	bool named;

	if (!cmdline_find(chosen->bootargs, "earlycon", &w))
		return;
	boot->earlycon = true;
	/* Not a word about it on failure: the kernel names words that it does not know. */
	(void)!parse_line_speed(chosen->stdout_options, SIZE_MAX, &baud);
	named = take_named(boot, &w, &baud);
	for (unsigned int i = 0; i < RAWUARTS; i++)
		hz[i] = boot->uarts[i].kind == RAWUART_NONE
				? 0
				: earlycon_set_up(fdt, &boot->uarts[i], baud);
	if (boot->uarts[0].kind != RAWUART_NONE)
		earlycon_route(fdt, &boot->uarts[0], named);
	for (unsigned int i = 0; i < RAWUARTS; i++)
		if (boot->uarts[i].kind != RAWUART_NONE)
			introduce_uart(boot, &boot->uarts[i], hz[i]);
	if (w.val && !named)
		say_text(boot, "earlycon: its value names no UART that is here\n");
}
