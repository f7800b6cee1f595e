/*
 * test_uart.c - drivers/uart.c on UARTs that are played here: which is the console and at what
 * speed, what becomes of one that dies, that hears noise, or whose interrupt does not come.
 */
#include "unit.h"
#include "abi/errno.h"
#include "drivers/uart.c"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

#define PL011_PA     0xfe201000
#define MINI_UART_PA 0xfe215040

static struct fdt tree;
static void *blob;

/* A UART: how much its FIFO takes until it is emptied, and what it was sent. */
static struct wire {
	struct uart_port *port;
	size_t room, fifo;
	bool dead;
	const char *input; /* what comes in; a '0' in it is a zero */
	char sent[32768];
	size_t n;
	unsigned int inits;
} pl011, mini;

static irq_handler handlers[2];
static void *handler_args[2];
static unsigned int nr_handlers, routed;

static struct wire *wire_of(const struct uart_port *p)
{
	return p == pl011.port ? &pl011 : &mini;
}

static void wire_init(struct uart_port *p)
{
	wire_of(p)->inits++;
}

static bool wire_putc(struct uart_port *p, char c)
{
	struct wire *w = wire_of(p);

	if (w->dead || w->fifo == w->room)
		return false;
	/* Polled, it sends at once. */
	w->fifo += p->by_interrupt && !p->tx_polled && user_writes;
	assert_true(w->n < sizeof(w->sent) - 1);
	w->sent[w->n++] = c;
	return true;
}

static int wire_getc(struct uart_port *p)
{
	struct wire *w = wire_of(p);

	if (!w->input || !*w->input)
		return UART_NOTHING;
	return *w->input++ == '0' ? 0 : w->input[-1];
}

static bool wire_idle(struct uart_port *p)
{
	return wire_of(p)->fifo == 0;
}

static void wire_irq_mask(struct uart_port *p, bool rx, bool tx)
{
}

/* @text was among what @w sent. */
static bool was_sent(struct wire *w, const char *text)
{
	w->sent[w->n] = '\0';
	return __builtin_strstr(w->sent, text);
}

static void route(void)
{
	routed++;
}

static const struct uart_ops wire_ops = { wire_init, wire_putc, wire_getc, wire_idle,
					  wire_irq_mask };

/* ---- what uart.c asks of others ---- */

static void add_port(struct wire *w, const char *path, const char *prefix, uint64_t pa)
{
	w->port = uart_port_add(&tree, fdt_find_path(&tree, path), prefix);
	assert_non_null(w->port);
	w->port->ops = &wire_ops;
	w->port->pa = pa;
	w->port->route = route;
}

void device_probe(const struct fdt *fdt, enum device_stage stage)
{
	add_port(&pl011, "/soc/serial@7e201000", "ttyAMA", PL011_PA);
	add_port(&mini, "/soc/serial@7e215040", "ttyS", MINI_UART_PA);
}

int irq_from_fdt(const struct fdt *fdt, int node, unsigned int index, enum irq_trigger *trigger)
{
	*trigger = IRQ_LEVEL;
	return 33;
}

int irq_request(unsigned int irq, enum irq_trigger trigger, irq_handler fn, void *arg,
		const char *name)
{
	handlers[nr_handlers] = fn;
	handler_args[nr_handlers++] = arg;
	return 0;
}

static bool no_log_before(uint64_t pa)
{
	return false;
}

/* ---- a machine ---- */

static int fresh(void **state)
{
	size_t n;
	void *raw;

	log_remove_sink(log_to_uarts);
	memset(&pl011, 0, sizeof(pl011));
	memset(&mini, 0, sizeof(mini));
	pl011.room = 32;
	mini.room = 8;
	memset(ports, 0, sizeof(ports));
	nr_ports = nr_handlers = routed = 0;
	primary = NULL;
	client = NULL;
	head = 0;
	mid_line = writer_waits = panicking = log_polled = throttled = tried = false;
	user_writes = lost_untold = false;
	shim_cntfrq_el0 = 62500000;
	free(blob);
	raw = read_file(DATA "uarts.dtb", &n);
	blob = exact_copy(raw, n);
	free(raw);
	return fdt_check(blob, n, &tree);
}

static void start(const char *cmdline)
{
	struct fdt_chosen chosen;

	assert_int_equal(fdt_read_chosen(&tree, &chosen), 0);
	chosen.bootargs = cmdline;
	uart_early_init(&tree, &chosen, no_log_before);
}

static void expect_console(const char *cmdline, const char *name, uint32_t baud, bool said)
{
	fresh(NULL);
	start(cmdline);
	assert_string_equal(uart_console_name(), name);
	assert_int_equal(primary->baud, baud);
	assert_int_equal(primary->baud_said, said);
	assert_true(uart_is_alive());
	assert_int_equal(routed, 1);
	assert_int_equal(pl011.inits + mini.inits, 2);
}

/* ---- the tests ---- */

/* stdout-path is serial1:115200n8; aliases: 0 the PL011, 1 the mini UART. */
static void choice(void **state)
{
	expect_console("", "ttyS1", 115200, false);
	assert_true(pl011.port->console);
	expect_console("console=ttyAMA0", "ttyAMA0", 115200, false);
	assert_false(mini.port->console);
	assert_true(was_sent(&mini, "newel: the console is on ttyAMA0\r\n"));
	expect_console("console=ttyAMA0,9600n8 console=tty1", "ttyAMA0", 9600, true);
	expect_console("console=ttyS0,1000000", "ttyS1", 1000000, true);
	expect_console("console=ttyAMA1", "ttyAMA0", 115200, false);
	expect_console("console=serial0,115200", "ttyAMA0", 115200, true);
	expect_console("console=serial1", "ttyS1", 115200, false);
	expect_console("console=serial", "ttyS1", 115200, false);
	expect_console("console=ttyAMA0 -- console=ttyS1", "ttyAMA0", 115200, false);
	expect_console("console=ttyS1,fast", "ttyS1", 115200, false);
	expect_console("console=ttyS1,115200e7", "ttyS1", 115200, false);
}

static void replay(void **state)
{
	start("");
	pr_info("a line");
	assert_true(was_sent(&pl011, "a line\r\n"));
	assert_true(was_sent(&mini, "a line\r\n"));
}

/* The one that dies gives way to the other; both dead, nothing hangs. */
static void death(void **state)
{
	mini.dead = true;
	start("");
	pr_info("a line");
	assert_string_equal(uart_console_name(), "ttyAMA0");
	assert_true(was_sent(&pl011, "a line\r\n"));
	assert_int_equal(uart_write("text", 4), 4);
	assert_true(was_sent(&pl011, "text"));
	assert_int_equal(mini.n, 0);
	pl011.dead = true;
	pr_info("another");
	assert_false(uart_is_alive());
	assert_int_equal(uart_write("text", 4), 4);
	uart_flush();
}

static void log_before_programs(void **state)
{
	start("");
	uart_init(&tree);
	assert_int_equal(nr_handlers, 2);
	pl011.n = mini.n = 0;
	pr_info("a line that is longer than the FIFO of either of the two UARTs, both of which "
		"have it");
	assert_true(was_sent(&mini, "both of which have it\r\n"));
	assert_true(was_sent(&pl011, "both of which have it\r\n"));
}

static void by_interrupt(void **state)
{
	start("console=ttyS1");
	uart_init(&tree);
	mini.n = 0;
	assert_int_equal(uart_write("0123456789abcdef01", 18), 18);
	assert_int_equal(mini.n, 8);
	assert_true(mini.port->tx_on);
	/* Soon after, nothing is wrong. */
	assert_int_equal(uart_write("2", 1), 1);
	assert_int_equal(mini.n, 8);
	for (size_t n = 16; n <= 24; n += 8) {
		mini.fifo = 0;
		handlers[0](handler_args[0]);
		assert_int_equal(mini.n, min(n, (size_t)19));
	}
	assert_false(mini.port->tx_on);
	assert_false(mini.port->tx_polled);
}

static void lost_interrupt(void **state)
{
	start("console=ttyS1");
	uart_init(&tree);
	mini.n = 0;
	assert_int_equal(uart_write("0123456789", 10), 10);
	assert_int_equal(mini.n, 8);
	mini.fifo = 0;
	shim_cntvct_el0 += shim_cntfrq_el0 / 2;
	assert_int_equal(uart_write("x", 1), 1);
	assert_true(was_sent(&mini, "0123456789x"));
	assert_true(mini.port->tx_polled);
	assert_false(mini.port->tx_on);
	assert_int_equal(uart_write("y", 1), 1);
	assert_true(was_sent(&mini, "its transmit interrupt does not come"));
	assert_int_equal(mini.sent[mini.n - 1], 'y');
}

static size_t received;

static void count_rx(void *arg, char c)
{
	received++;
}

static void noise(void **state)
{
	static const struct uart_client counter = { .rx = count_rx };
	static char zeros[201];

	memset(zeros, '0', 200);
	received = 0;
	start("");
	uart_init(&tree);
	uart_attach(&counter);
	assert_true(pl011.port->rx_on);
	pl011.input = "typed 00 text";
	handlers[0](handler_args[0]);
	assert_int_equal(received, 13);
	assert_false(pl011.port->deaf);
	pl011.input = zeros;
	handlers[0](handler_args[0]);
	assert_in_range(received, 14, 13 + NOISE_MAX);
	assert_true(pl011.port->deaf);
	assert_false(pl011.port->rx_on);
	uart_rx_throttle(true);
	uart_rx_throttle(false);
	assert_false(pl011.port->rx_on);
	/* The primary is believed. */
	mini.input = zeros;
	handlers[1](handler_args[1]);
	assert_true(received > 200);
	assert_true(mini.port->rx_on);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(choice),	    TEST(replay),	  TEST(death), TEST(log_before_programs),
		TEST(by_interrupt), TEST(lost_interrupt), TEST(noise),
	};
	int failed = cmocka_run_group_tests_name("uart", tests, NULL, NULL);

	log_remove_sink(log_to_uarts);
	free(blob);
	return failed;
}
