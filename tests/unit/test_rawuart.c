/*
 * test_rawuart.c - what speaks without a driver, on UARTs and pins that are played here: bytes,
 * time-outs, the order in which a UART is set up, blinks.
 */
#include "unit.h"
#include "shim.h"
#include "arm/miniuart.h"
#include "arm/pl011.h"
#include "arm/rawled.h"
#include "arm/rawuart.h"
#include "lib/string.h"
#include "lib/util.h"

static struct pl011 pl011;
static struct aux aux;
static struct bcm2711_gpio gpio;

static struct {
	uint32_t full_for; /* so many looks until there is room; UINT32_MAX: for ever */
	uint32_t looks;
	bool busy; /* for ever */
	char sent[64];
	size_t nr_sent;
	/* writes, in their order */
	struct {
		const volatile uint32_t *reg;
		uint32_t value;
	} writes[1024];
	size_t nr_writes;
} line;

static bool line_is_full(void)
{
	line.looks++;
	if (line.full_for && line.full_for != UINT32_MAX)
		line.full_for--;
	return line.full_for;
}

uint32_t shim_mmio_read32(const volatile uint32_t *reg)
{
	if (reg == &pl011.fr)
		return (line_is_full() ? UARTFR_TXFF : 0) | (line.busy ? UARTFR_BUSY : 0);
	if (reg == &aux.mu_lsr)
		return (line_is_full() ? 0 : MU_LSR_TX_ROOM) | (line.busy ? 0 : MU_LSR_TX_IDLE);
	return *reg;
}

void shim_mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	if (reg == &pl011.dr || reg == &aux.mu_io) {
		assert_true(line.nr_sent < sizeof(line.sent) - 1);
		line.sent[line.nr_sent++] = (char)v;
		return;
	}
	assert_true(line.nr_writes < ARRAY_SIZE(line.writes));
	line.writes[line.nr_writes].reg = reg;
	line.writes[line.nr_writes++].value = v;
	*reg = v;
}

static int fresh(void **state)
{
	memset(&line, 0, sizeof(line));
	memset(&pl011, 0, sizeof(pl011));
	memset(&aux, 0, sizeof(aux));
	memset(&gpio, 0, sizeof(gpio));
	shim_cntfrq_el0 = 62500000;
	return 0;
}

/* The @nth write to @reg; SIZE_MAX: there is none. */
static size_t when(const volatile uint32_t *reg, unsigned int nth)
{
	for (size_t i = 0; i < line.nr_writes; i++)
		if (line.writes[i].reg == reg && !nth--)
			return i;
	return SIZE_MAX;
}

static struct rawuart new_uart(uint32_t kind)
{
	return (struct rawuart){ .kind = kind,
				 .base = kind == RAWUART_PL011 ? (uintptr_t)&pl011
							       : (uintptr_t)&aux.mu_io };
}

/* ---- bytes ---- */

static void says(void **state)
{
	for (uint32_t kind = RAWUART_PL011; kind <= RAWUART_MINI; kind++) {
		struct rawuart u = new_uart(kind);

		fresh(NULL);
		line.full_for = 2;
		rawuart_puts(&u, "a\n");
		rawuart_hex(&u, 0xfe201000);
		rawuart_hex(&u, 0);
		rawuart_decimal(&u, 4294967295u);
		rawuart_decimal(&u, 0);
		assert_string_equal(line.sent, "a\r\n0xfe2010000x042949672950");
		assert_true(rawuart_speaks(&u));
	}
}

static void nothing(void **state)
{
	struct rawuart u = { .kind = RAWUART_NONE };

	rawuart_puts(&u, "text");
	assert_int_equal(line.looks + line.nr_sent, 0);
	assert_false(rawuart_speaks(&u));
}

static void dies_once(uint64_t hz, uint32_t least, uint32_t most)
{
	for (uint32_t kind = RAWUART_PL011; kind <= RAWUART_MINI; kind++) {
		struct rawuart u = new_uart(kind), other = u;

		fresh(NULL);
		shim_cntfrq_el0 = hz;
		line.full_for = UINT32_MAX;
		rawuart_puts(&u, "a long line of text that nobody takes\n");
		assert_false(rawuart_speaks(&u));
		assert_in_range(line.looks, least, most);
		assert_int_equal(line.nr_sent, 0);
		/* Not even when it could. */
		line.full_for = 0;
		rawuart_puts(&u, "more");
		assert_int_equal(line.nr_sent, 0);
		/* Another printer's own copy has its own mind. */
		rawuart_puts(&other, "more");
		assert_string_equal(line.sent, "more");
	}
}

static void dead_by_time(void **state)
{
	dies_once(62500000, 1, 10);
}

/* CNTFRQ is 0 where no firmware has written it: the shim's counter then stands still. */
static void dead_by_polls(void **state)
{
	dies_once(0, PATIENCE_POLLS, PATIENCE_POLLS + 1);
}

/* ---- setting up ---- */

static void pl011_divisors(void **state)
{
	/* DDI 0183, 3.3.6: 4 MHz and 230400 baud make 1 and 5/64. */
	assert_int_equal(pl011_divisor(4000000, 230400), 1 << 6 | 5);
	assert_int_equal(pl011_divisor(48000000, 115200), 26 << 6 | 3);
	assert_int_equal(pl011_divisor(3000000, 115200), 1 << 6 | 40);
	assert_int_equal(pl011_divisor(1000000, 115200), 0);
	/* 29 is what the Raspberry Pi's firmware leaves: 103448 baud. */
	assert_int_equal(pl011_mended(29 << 6, 26 << 6 | 3), 26 << 6 | 3);
	assert_int_equal(pl011_mended(26 << 6, 26 << 6 | 3), 0);
	assert_int_equal(pl011_mended(0, 26 << 6 | 3), 26 << 6 | 3);
	assert_int_equal(pl011_mended(29 << 6, 0), 0);
	assert_int_equal(pl011_divisor(0, 115200), 0);
	assert_int_equal(pl011_divisor(48000000, 0), 0);
	assert_int_equal(pl011_divisor(4000000000u, 1), 0);
	assert_int_equal(miniuart_divisor(500000000, 115200), 543);
	assert_int_equal(miniuart_divisor(250000000, 115200), 271);
	assert_int_equal(miniuart_divisor(0, 115200), 0);
	assert_int_equal(miniuart_divisor(500000000, 0), 0);
	assert_int_equal(miniuart_divisor(500000000, 100), 0);
}

static void pl011_order(void **state)
{
	pl011_start(&pl011, 26 << 6 | 3);
	assert_int_equal(pl011.ibrd, 26);
	assert_int_equal(pl011.fbrd, 3);
	assert_int_equal(pl011.lcr_h, UARTLCR_H_WLEN8 | UARTLCR_H_FEN);
	assert_int_equal(pl011.cr, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
	assert_int_equal(pl011.imsc, 0);
	assert_int_equal(pl011.icr, 0x7af);
	/* Off, divisor, UARTLCR_H, which latches it, on. */
	assert_int_equal(line.writes[when(&pl011.cr, 0)].value, 0);
	assert_true(when(&pl011.cr, 0) < when(&pl011.ibrd, 0));
	assert_true(when(&pl011.fbrd, 0) < when(&pl011.lcr_h, 0));
	assert_true(when(&pl011.lcr_h, 0) < when(&pl011.cr, 1));
	assert_int_equal(when(&pl011.lcr_h, 1), SIZE_MAX);
	assert_int_equal(pl011_running_divisor(&pl011), 26 << 6 | 3);
}

static void pl011_kept(void **state)
{
	pl011.cr = UARTCR_UARTEN | UARTCR_TXE | 0xc000; /* and CTS and RTS */
	pl011.ibrd = 13;
	assert_int_equal(pl011_running_divisor(&pl011), 13 << 6);
	pl011_start(&pl011, 0);
	assert_int_equal(when(&pl011.ibrd, 0), SIZE_MAX);
	assert_int_equal(pl011.cr & 0xc000, 0);
	pl011.cr = UARTCR_UARTEN;
	assert_int_equal(pl011_running_divisor(&pl011), 0);
	pl011.cr = UARTCR_UARTEN | UARTCR_TXE;
	pl011.ibrd = 0;
	assert_int_equal(pl011_running_divisor(&pl011), 0);
}

/* One that is busy for ever, for want of CTS or a clock: its FIFOs are emptied, and it goes on. */
static void pl011_stuck(void **state)
{
	line.busy = true;
	pl011_start(&pl011, 26 << 6);
	assert_int_equal(line.writes[when(&pl011.lcr_h, 0)].value, 0);
	assert_int_equal(pl011.lcr_h, UARTLCR_H_WLEN8 | UARTLCR_H_FEN);
	assert_int_equal(pl011.cr, UARTCR_UARTEN | UARTCR_TXE | UARTCR_RXE);
}

static void miniuart_order(void **state)
{
	/* A loader's: SPI masters on, DLAB set, auto flow control. */
	aux.enables = 0x7;
	aux.mu_lcr = 0x83;
	aux.mu_cntl = 0xf;
	aux.mu_ier = 0xf;
	miniuart_start(&aux, 543);
	assert_int_equal(aux.enables, AUX_ENABLES_MU);
	assert_int_equal(aux.mu_lcr, MU_LCR_8BIT);
	assert_int_equal(aux.mu_cntl, MU_CNTL_RX_TX);
	assert_int_equal(aux.mu_ier, 0);
	assert_int_equal(aux.mu_baud, 542);
	assert_int_equal(line.writes[when(&aux.mu_iir, 0)].value, MU_IIR_CLEAR_FIFO);
	/* Only when it is on do its registers answer; DLAB goes before the divisor comes. */
	assert_int_equal(when(&aux.enables, 0), 0);
	assert_true(when(&aux.mu_lcr, 0) < when(&aux.mu_baud, 0));
	assert_true(when(&aux.mu_baud, 0) < when(&aux.mu_cntl, 1));
	assert_int_equal(miniuart_running_divisor(&aux), 543);
}

static void miniuart_kept(void **state)
{
	aux.enables = 0x1;
	aux.mu_baud = 270;
	assert_int_equal(miniuart_running_divisor(&aux), 271);
	miniuart_start(&aux, 0);
	assert_int_equal(when(&aux.mu_baud, 0), SIZE_MAX);
	/* What came in is not thrown away. */
	assert_int_equal(when(&aux.mu_iir, 0), SIZE_MAX);
	aux.enables = 0x6;
	assert_int_equal(miniuart_running_divisor(&aux), 0);
}

/* Without bits 3:2 no interrupt comes: the errata of its data sheet. */
static void miniuart_interrupts(void **state)
{
	miniuart_irq_mask(&aux, true, false);
	assert_int_equal(aux.mu_ier, 0xd);
	miniuart_irq_mask(&aux, false, true);
	assert_int_equal(aux.mu_ier, 0xe);
	miniuart_irq_mask(&aux, true, true);
	assert_int_equal(aux.mu_ier, 0xf);
	miniuart_irq_mask(&aux, false, false);
	assert_int_equal(aux.mu_ier, 0);
}

/* ---- pins ---- */

static void routes(void **state)
{
	gpio.gpfsel[1] = UINT32_C(02) << 9 | UINT32_C(02) << 12 | UINT32_C(02) << 15;
	gpio.gpfsel[3] = UINT32_C(077777777);
	gpio.pull[0] = UINT32_MAX;
	/* To the mini UART: the Bluetooth chip keeps its own. */
	gpio_route_uart(&gpio, GPIO_ALT5);
	assert_int_equal(gpio_function(&gpio, PIN_TXD), GPIO_ALT5);
	assert_int_equal(gpio.gpfsel[3], UINT32_C(077777777));
	/* To the PL011: from there it goes, and the pins beside stay what they were. */
	gpio_route_uart(&gpio, GPIO_ALT0);
	assert_int_equal(gpio.gpfsel[1],
			 UINT32_C(02) << 9 | UINT32_C(04) << 12 | UINT32_C(04) << 15);
	assert_int_equal(gpio.gpfsel[3], UINT32_C(077770077));
	assert_int_equal(gpio.pull[0], UINT32_MAX & ~(UINT32_C(3) << 28) & ~(UINT32_C(2) << 30));
}

/* Who uses those pins for something else keeps them. */
static void leaves_others_pins(void **state)
{
	gpio.gpfsel[3] = UINT32_C(02) << 6 | UINT32_C(01) << 9;
	gpio_route_uart(&gpio, GPIO_ALT0);
	assert_int_equal(gpio.gpfsel[3], UINT32_C(02) << 6 | UINT32_C(01) << 9);
}

/* ---- the light ---- */

/* So often it went on and off again; each is a write to its own register of pins 32 to 57. */
static unsigned int flashes(bool low)
{
	const volatile uint32_t *on = low ? &gpio.gpclr[1] : &gpio.gpset[1];
	unsigned int n = 0;

	for (size_t i = 0; i < line.nr_writes; i++)
		if (line.writes[i].reg == on) {
			assert_int_equal(line.writes[i].value, UINT32_C(1) << 10);
			n++;
		}
	return n;
}

static void blinks(void **state)
{
	for (uint32_t low = 0; low <= 1; low++)
		for (unsigned int stage = 1; stage <= 9; stage++) {
			struct rawled l = { .gpio = (uintptr_t)&gpio, .pin = 42, .low = low };

			fresh(NULL);
			rawled_blink(&l, stage);
			assert_int_equal(flashes(low), stage);
			/* Dark in the end, and an output. */
			assert_ptr_equal(line.writes[line.nr_writes - 1].reg,
					 low ? &gpio.gpset[1] : &gpio.gpclr[1]);
			assert_int_equal(gpio_function(&gpio, 42), GPIO_OUTPUT);
		}
}

static void blinks_are_bounded(void **state)
{
	struct rawled l = { .gpio = (uintptr_t)&gpio, .pin = 42 };

	/* A counter that stands still. */
	shim_cntfrq_el0 = 0;
	shim_relaxed = 0;
	rawled_blink(&l, 1);
	assert_int_equal(flashes(false), 1);
	assert_in_range(shim_relaxed, 1, 2 * UINT32_C(100000000));
}

static void flutters(void **state)
{
	struct rawled l = { .gpio = (uintptr_t)&gpio, .pin = 42 }, none = { .gpio = 0 };

	rawled_flutter(&l, 3);
	assert_int_equal(flashes(false), 3 * RAWLED_FLUTTERS);
	line.nr_writes = 0;
	rawled_flutter(&none, 1000000000);
	rawled_blink(&none, 9);
	l.pin = BCM2711_GPIO_PINS;
	rawled_blink(&l, 9);
	assert_int_equal(line.nr_writes, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says),
		TEST(nothing),
		TEST(dead_by_time),
		TEST(dead_by_polls),
		TEST(pl011_divisors),
		TEST(pl011_order),
		TEST(pl011_kept),
		TEST(pl011_stuck),
		TEST(miniuart_order),
		TEST(miniuart_kept),
		TEST(routes),
		TEST(leaves_others_pins),
		TEST(blinks),
		TEST(flutters),
		TEST(blinks_are_bounded),
		TEST(miniuart_interrupts),
	};

	return cmocka_run_group_tests_name("rawuart", tests, NULL, NULL);
}
