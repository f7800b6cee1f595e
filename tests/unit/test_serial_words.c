/*
 * test_serial_words.c - serial lines in Linux's words: speeds, and the forms of earlycon=.
 */
#include "unit.h"
#include "abi/errno.h"
#include "lib/serial_words.h"
#include "lib/string.h"

static void speeds(void **state)
{
	static const struct {
		const char *s;
		uint32_t baud; /* 0: refused */
	} cases[] = {
		{ "115200", 115200 },
		{ "115200n8", 115200 },
		{ "115200n8r", 115200 },
		{ "9600n", 9600 },
		{ "1500000n8", 1500000 },
		{ "1", 1 },
		{ "", 0 },
		{ "0", 0 },
		{ "n8", 0 },
		{ "115200e7", 0 },
		{ "115200n7", 0 },
		{ "115200n8x", 0 },
		{ "115200 ", 0 },
		{ "99999999999999999", 0 },
		{ "10000001", 0 },
		{ "-9600", 0 },
		{ "0x1c200", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].s);
		char *s = exact_copy(cases[i].s, n);
		uint32_t baud = 77;
		int err = parse_line_speed(s, n, &baud);

		if (err != (cases[i].baud ? 0 : -EINVAL) ||
		    baud != (cases[i].baud ? cases[i].baud : 77))
			fail_msg("\"%s\": %d, %u", cases[i].s, err, baud);
		free(s);
	}
}

static void speed_ends_at_nul(void **state)
{
	uint32_t baud;

	assert_int_equal(parse_line_speed("9600n8", SIZE_MAX, &baud), 0);
	assert_int_equal(baud, 9600);
}

static void earlycons(void **state)
{
	static const struct {
		const char *s;
		int kind; /* -1: refused */
		uint64_t address;
		uint32_t baud;
	} cases[] = {
		{ "pl011,0x9000000", EARLYCON_PL011, 0x9000000, 0 },
		{ "pl011,mmio32,0xfe201000", EARLYCON_PL011, 0xfe201000, 0 },
		{ "pl011,mmio,0x9000000,9600n8", EARLYCON_PL011, 0x9000000, 9600 },
		{ "bcm2835aux,mmio32,0xfe215040", EARLYCON_MINI_UART, 0xfe215040, 0 },
		{ "bcm2835aux,mmio32,0xfe215040,115200n8", EARLYCON_MINI_UART, 0xfe215040, 115200 },
		{ "uart8250,mmio32,0xfe215040", EARLYCON_MINI_UART, 0xfe215040, 0 },
		{ "uart,mmio32,4263596096", EARLYCON_MINI_UART, 0xfe215040, 0 },
		{ "", -1, 0, 0 },
		{ "pl011", -1, 0, 0 },
		{ "pl011,", -1, 0, 0 },
		{ "pl011,mmio32,", -1, 0, 0 },
		{ "pl011,io,0x9000000", -1, 0, 0 },
		{ "pl0110x9000000", -1, 0, 0 },
		{ "pl011,0x9000000x", -1, 0, 0 },
		{ "pl011,0x9000000,", -1, 0, 0 },
		{ "pl011,0x9000000,fast", -1, 0, 0 },
		{ "pl011,0x10000000000000000", -1, 0, 0 },
		{ "bcm2835aux,0xfe215040", -1, 0, 0 },
		{ "uart8250,mmio,0xfe215040", -1, 0, 0 },
		{ "ttyAMA0", -1, 0, 0 },
		{ "efifb", -1, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].s);
		char *s = exact_copy(cases[i].s, n);
		struct earlycon_word w;
		int err = parse_earlycon(s, n, &w);

		if (err != (cases[i].kind < 0 ? -EINVAL : 0))
			fail_msg("\"%s\": %d", cases[i].s, err);
		if (!err) {
			assert_int_equal(w.kind, cases[i].kind);
			assert_true(w.address == cases[i].address);
			assert_int_equal(w.baud, cases[i].baud);
		}
		free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speeds),
		cmocka_unit_test(speed_ends_at_nul),
		cmocka_unit_test(earlycons),
	};

	return cmocka_run_group_tests_name("serial_words", tests, NULL, NULL);
}
