/*
 * serial_words.c - serial lines in Linux's words.
 */
#include "lib/serial_words.h"

#include "abi/errno.h"
#include "lib/parse.h"
#include "lib/string.h"

#define BAUD_MAX 10000000

/* The text that is left; a word of it ends at a comma. */
struct span {
	const char *s;
	size_t n;
};

static char first_char(const struct span *t)
{
	return t->n ? *t->s : '\0';
}

static void drop_chars(struct span *t, size_t n)
{
	t->s += n;
	t->n -= n;
}

int parse_line_speed(const char *s, size_t n, uint32_t *baud)
{
	struct span t = { s, strnlen(s, n) };
	uint64_t speed;
	int used = parse_u64(t.s, t.n, 10, &speed);

	if (used < 0 || !speed || speed > BAUD_MAX)
		return -EINVAL;
	drop_chars(&t, (size_t)used);
	if (first_char(&t) == 'n')
		drop_chars(&t, 1);
	if (first_char(&t) == '8')
		drop_chars(&t, 1);
	if (first_char(&t) == 'r')
		drop_chars(&t, 1);
	if (t.n)
		return -EINVAL;
	*baud = (uint32_t)speed;
	return 0;
}

/* Takes @word and the comma behind it off @t, if they stand there. */
static bool take_word(struct span *t, const char *word)
{
	size_t n = strlen(word);

	if (t->n <= n || memcmp(t->s, word, n) || t->s[n] != ',')
		return false;
	drop_chars(t, n + 1);
	return true;
}

static int take_address(struct span *t, uint64_t *address)
{
	int used = parse_u64(t->s, t->n, 0, address);

	if (used < 0)
		return -EINVAL;
	drop_chars(t, (size_t)used);
	return 0;
}

int parse_earlycon(const char *s, size_t n, struct earlycon_word *w)
{
	struct span t = { s, n };

	w->baud = 0;
	w->kind = EARLYCON_PL011;
	if (take_word(&t, "pl011")) {
		/* Linux's other widths are the same registers. */
		if (!take_word(&t, "mmio32"))
			(void)take_word(&t, "mmio");
	} else if (take_word(&t, "bcm2835aux") || take_word(&t, "uart8250") ||
		   take_word(&t, "uart")) {
		w->kind = EARLYCON_MINI_UART;
		/* 4 bytes from one register to the next: mmio would be 1. */
		if (!take_word(&t, "mmio32"))
			return -EINVAL;
	} else {
		return -EINVAL;
	}
	if (take_address(&t, &w->address))
		return -EINVAL;
	if (!t.n)
		return 0;
	if (first_char(&t) != ',')
		return -EINVAL;
	drop_chars(&t, 1);
	return parse_line_speed(t.s, t.n, &w->baud);
}
