/*
 * test_early_uart.c - which UARTs and which light the way down finds in a tree, or without one.
 */
#include "unit.h"
#include "start/early_led.c"
#include "start/early_uart.c"
#include "lib/string.h"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

#define PL011_2	  "/soc/serial@7e201400"
#define PL011_0	  "/soc/serial@7e201000"
#define MINI_UART "/soc/serial@7e215040"

/* Where the image is: the linker's marks; a test puts none of its UARTs there but one. */
char __image_start[64];
__asm__(".globl __image_end\n.set __image_end, __image_start + 64");

static struct fdt tree;
static void *blob;
static struct boot_info boot;

/* What probe_read32 finds: nothing at @absent; and what answers without a tree. */
static uint64_t absent;
static struct {
	uint64_t pl011; /* has the identification registers of one; 0: none does */
	uint64_t aux_enables;
} board;

uint64_t probe_read32(uint64_t pa)
{
	if (absent && pa / 0x100 == absent / 0x100)
		return PROBE_NOTHING;
	if (board.pl011 && pa == board.pl011 + 0xfe0)
		return 0x11;
	if (board.pl011 && pa == board.pl011 + 0xfe4)
		return 0x10;
	if (pa == 0xfe215004)
		return board.aux_enables;
	return 0;
}

static int load_tree(void **state)
{
	size_t n;
	void *raw = read_file(DATA "uarts.dtb", &n);

	free(blob);
	blob = exact_copy(raw, n);
	free(raw);
	assert_int_equal(fdt_check(blob, n, &tree), 0);
	memset(&boot, 0, sizeof(boot));
	absent = 0;
	memset(&board, 0, sizeof(board));
	return 0;
}

static void set_property(const char *path, const char *name, const void *value, uint32_t size)
{
	uint32_t len;
	void *p = (void *)fdt_prop(&tree, fdt_find_path(&tree, path), name, &len);

	assert_non_null(p);
	assert_true(size <= len);
	memset(p, 0, len);
	memcpy(p, value, size);
}

static void enable(const char *path, bool on)
{
	set_property(path, "status", on ? "okay" : "disabled", on ? 5 : 9);
}

static void expect_uarts(uint64_t first, uint64_t second)
{
	struct fdt_chosen chosen;

	(void)!fdt_read_chosen(&tree, &chosen);
	early_find_uarts(&boot, &tree, chosen.stdout_node);
	assert_int_equal(boot.uarts[0].kind, !first		     ? RAWUART_NONE
					     : first == PI_MINI_UART ? RAWUART_MINI
								     : RAWUART_PL011);
	assert_int_equal(boot.uarts[0].base, first);
	assert_int_equal(boot.uarts[1].base, second);
	assert_int_equal(boot.uarts[1].kind == RAWUART_NONE, second == 0);
}

static void both(void **state)
{
	expect_uarts(PI_MINI_UART, PI_PL011);
}

static void stdout_path(void **state)
{
	set_property("/chosen", "stdout-path", "serial0:9600n8", 15);
	expect_uarts(PI_PL011, PI_MINI_UART);
}

/* A path that leads nowhere, or to something that is no UART: the first one that is on. */
static void stdout_path_wrong(void **state)
{
	set_property("/chosen", "stdout-path", "/soc/gpio", 10);
	expect_uarts(PI_PL011, PI_MINI_UART);
	load_tree(NULL);
	set_property("/chosen", "stdout-path", "serial7", 8);
	expect_uarts(PI_PL011, PI_MINI_UART);
}

static void disabled(void **state)
{
	enable(MINI_UART, false);
	expect_uarts(PI_PL011, 0);
	load_tree(NULL);
	enable(PL011_0, false);
	expect_uarts(PI_MINI_UART, 0);
	load_tree(NULL);
	enable(PL011_0, false);
	enable(MINI_UART, false);
	expect_uarts(0, 0);
}

/* A third UART is a console where stdout-path says so, and never the other one at the header. */
static void third(void **state)
{
	enable(PL011_2, true);
	expect_uarts(PI_MINI_UART, PI_PL011);
	load_tree(NULL);
	enable(PL011_2, true);
	enable(PL011_0, false);
	expect_uarts(PI_MINI_UART, 0);
}

static void one_that_is_not_there(void **state)
{
	absent = PI_MINI_UART;
	expect_uarts(PI_PL011, 0);
}

/* Whoever takes the kernel for a UART would write into it. */
static void one_in_the_image(void **state)
{
	struct rawuart u = { .kind = RAWUART_PL011, .base = (uintptr_t)__image_start };

	assert_false(early_uart_answers(&u));
	u.base += 63;
	assert_false(early_uart_answers(&u));
	u.base++;
	assert_true(early_uart_answers(&u));
	u.base -= 64 + RAWUART_SIZE;
	assert_true(early_uart_answers(&u));
}

/* On another board there is no pair. */
static void other_board(void **state)
{
	set_property("/", "compatible", "some,board", 11);
	expect_uarts(PI_MINI_UART, 0);
}

static void without_tree(void **state)
{
	early_guess_uarts(&boot);
	assert_int_equal(boot.uarts[0].kind, RAWUART_NONE);
	board.pl011 = 0x09000000;
	board.aux_enables = 1;
	early_guess_uarts(&boot);
	assert_int_equal(boot.uarts[0].base, 0x09000000);
	assert_int_equal(boot.uarts[1].kind, RAWUART_NONE);
	board.pl011 = PI_PL011;
	board.aux_enables = 0;
	early_guess_uarts(&boot);
	assert_int_equal(boot.uarts[0].base, PI_PL011);
	assert_int_equal(boot.uarts[1].kind, RAWUART_NONE);
	board.aux_enables = PROBE_NOTHING;
	early_guess_uarts(&boot);
	assert_int_equal(boot.uarts[1].kind, RAWUART_NONE);
	board.aux_enables = 1;
	early_guess_uarts(&boot);
	assert_int_equal(boot.uarts[1].kind, RAWUART_MINI);
	assert_int_equal(boot.uarts[1].base, PI_MINI_UART);
}

static void led(void **state)
{
	early_find_led(&boot, &tree);
	assert_int_equal(boot.led.gpio, 0xfe200000);
	assert_int_equal(boot.led.pin, 42);
	assert_int_equal(boot.led.low, 0);
	load_tree(NULL);
	enable("/leds/led-act", false);
	early_find_led(&boot, &tree);
	assert_int_equal(boot.led.pin, 29);
	assert_int_equal(boot.led.low, 1);
}

static void led_malformed(void **state)
{
	static const uint32_t far[] = { 0xffffffff, 0x3a000000 };
	uint32_t len;

	enable("/leds/led-other", false);
	/* A pin that there is not; a controller that there is not. */
	*((uint32_t *)fdt_prop(&tree, fdt_find_path(&tree, "/leds/led-act"), "gpios", &len) + 1) =
		far[1];
	early_find_led(&boot, &tree);
	assert_int_equal(boot.led.gpio, 0);
	set_property("/leds/led-act", "gpios", far, 4);
	early_find_led(&boot, &tree);
	assert_int_equal(boot.led.gpio, 0);
	set_property("/leds", "compatible", "no-leds", 8);
	early_find_led(&boot, &tree);
	assert_int_equal(boot.led.gpio, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, load_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both),
		TEST(stdout_path),
		TEST(stdout_path_wrong),
		TEST(disabled),
		TEST(third),
		TEST(one_that_is_not_there),
		TEST(other_board),
		TEST(one_in_the_image),
		TEST(without_tree),
		TEST(led),
		TEST(led_malformed),
	};
	int failed = cmocka_run_group_tests_name("early_uart", tests, NULL, NULL);

	free(blob);
	return failed;
}
