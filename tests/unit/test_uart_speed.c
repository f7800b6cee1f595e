/*
 * test_uart_speed.c - the divisors that drivers/bcm2711/uart.c and drivers/pl011/pl011.c make: of
 * the clock that the Raspberry Pi's firmware names, else of what is known of the board or by the
 * tree.
 */
#include "unit.h"
#include "shim.h"
#include "abi/errno.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "drivers/bcm2711/uart.c"
#include "drivers/pl011/pl011.c"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

static struct aux aux_played;
static struct pl011 pl011_played;
static struct uart_port port;
static bool on_a_pi;
/* What the firmware says; -1: there is none. */
static int64_t core_hz, uart_hz;
static unsigned int asked, switched_on;

uint32_t shim_mmio_read32(const volatile uint32_t *reg)
{
	return *reg;
}

void shim_mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	*reg = v;
}

void *ioremap(paddr where, size_t size)
{
	return &aux_played;
}

void *device_ioremap(const struct fdt *fdt, int node, unsigned int index, uint64_t *pa)
{
	*pa = 0xfe201000;
	return &pl011_played;
}

struct uart_port *uart_port_add(const struct fdt *fdt, int node, const char *prefix)
{
	memset(&port, 0, sizeof(port));
	port.baud = UART_BAUD;
	return &port;
}

static void no_route(void)
{
}

void (*bcm2711_uart_route(const struct fdt *fdt, uint64_t pa))(void)
{
	return on_a_pi ? no_route : NULL;
}

int mailbox_clock_on(enum mailbox_clock id)
{
	assert_int_equal(id, MAILBOX_CLOCK_UART);
	switched_on++;
	return 0;
}

int mailbox_clock_rate(enum mailbox_clock id, uint32_t *hz)
{
	int64_t is = id == MAILBOX_CLOCK_CORE ? core_hz : uart_hz;

	assert_true(id == MAILBOX_CLOCK_CORE || id == MAILBOX_CLOCK_UART);
	asked++;
	if (is < 0)
		return -ENODEV;
	*hz = (uint32_t)is;
	return 0;
}

static void probe(int (*fn)(const struct fdt *fdt, int node), const char *path)
{
	struct fdt tree;
	size_t n;
	void *blob = read_file(DATA "uarts.dtb", &n);

	assert_int_equal(fdt_check(blob, n, &tree), 0);
	memset(&aux_played, 0, sizeof(aux_played));
	memset(&pl011_played, 0, sizeof(pl011_played));
	aux_played.mu_lsr = MU_LSR_TX_IDLE;
	asked = switched_on = 0;
	assert_int_equal(fn(&tree, fdt_find_path(&tree, path)), 0);
	free(blob);
}

static void mini_probe(int64_t hz)
{
	core_hz = hz;
	uart_hz = 1; /* another clock's */
	probe(bcm2711_uart_probe, "/soc/serial@7e215040");
}

static void pl011_probe_at(bool pi, int64_t hz)
{
	on_a_pi = pi;
	core_hz = 1;
	uart_hz = hz;
	probe(pl011_probe, "/soc/serial@7e201000");
}

/* "BCM2711 ARM Peripherals", 2.2.1: clock / (8 * baud) - 1, to the nearest. */
static void mini_uart_speed(void **state)
{
	static const struct {
		int64_t hz;
		uint32_t baud;
	} cases[] = {
		{ 350000000, 379 }, { 500000000, 542 }, { 250000000, 270 },
		{ -1, 542 },	    { 0, 542 }, /* the board's 500 MHz */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		mini_probe(cases[i].hz);
		port.ops->init(&port);
		assert_int_equal(aux_played.mu_baud, cases[i].baud);
	}
}

/* A speed that a firmware has set stays, unless the user has said one. */
static void mini_uart_runs(void **state)
{
	for (unsigned int said = 0; said < 2; said++) {
		mini_probe(350000000);
		aux_played.enables = AUX_ENABLES_MU;
		aux_played.mu_baud = 270;
		port.baud_said = said;
		port.ops->init(&port);
		assert_int_equal(aux_played.mu_baud, said ? 379 : 270);
	}
}

static void divisor_is(uint32_t sixty_fourths)
{
	assert_int_equal(pl011_played.ibrd << 6 | pl011_played.fbrd, sixty_fourths);
}

/* DDI 0183, 3.3.6: clock / (16 * baud), in 64ths, to the nearest. */
static void pl011_of_a_pi(void **state)
{
	static const struct {
		int64_t hz;
		uint32_t divisor;
	} cases[] = {
		{ 3000000, 104 }, { 48000000, 1667 }, { 100000000, 3472 },
		{ -1, 1667 },	  { 0, 1667 }, /* the board's 48 MHz */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pl011_probe_at(true, cases[i].hz);
		port.ops->init(&port);
		divisor_is(cases[i].divisor);
		assert_int_equal(switched_on, 1);
	}
}

/* What a firmware has set stays, if it is near and the user has said no speed. */
static void pl011_runs(void **state)
{
	static const struct {
		uint32_t running;
		bool said;
		uint32_t after;
	} cases[] = {
		{ 1640, false, 1640 },
		{ 1640, true, 1667 },
		{ 29 << 6, false, 1667 }, /* of 48 MHz: 103448 baud */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pl011_probe_at(true, 48000000);
		pl011_played.cr = UARTCR_UARTEN | UARTCR_TXE;
		pl011_played.ibrd = cases[i].running >> 6;
		pl011_played.fbrd = cases[i].running & 0x3f;
		port.baud_said = cases[i].said;
		port.ops->init(&port);
		divisor_is(cases[i].after);
		assert_int_equal(switched_on, 0);
	}
}

/* Another board: the tree's clock, or none; whatever a mailbox says is of another UART. */
static void pl011_elsewhere(void **state)
{
	pl011_probe_at(false, 3000000);
	assert_int_equal(port.clock_hz, 0);
	port.ops->init(&port);
	divisor_is(0);
	port.clock_hz = 24000000;
	port.ops->init(&port);
	divisor_is(833);
	assert_int_equal(asked, 0);
	assert_int_equal(switched_on, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mini_uart_speed), cmocka_unit_test(mini_uart_runs),
		cmocka_unit_test(pl011_of_a_pi),   cmocka_unit_test(pl011_runs),
		cmocka_unit_test(pl011_elsewhere),
	};

	return cmocka_run_group_tests_name("uart_speed", tests, NULL, NULL);
}
