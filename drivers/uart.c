/*
 * uart.c - the console's ring, between its writers (the log, and the tasks by way of
 * fs/tty/console.c) and the UARTs.
 *
 * Invariants: ring[] between a port's tail and head is what that port still has to send; no port's
 * tail is more than RING_SIZE behind.  A port whose tail is behind has its transmit interrupt on,
 * or is polled before the lock is given back; the primary's is also on while a writer waits.  All
 * of it, and each port's interrupt mask, belongs to uart_lock; the log's lock may be held around
 * it, and nothing is locked, printed or called back inside it.
 */
#include "drivers/uart.h"

#include "arm/counter.h"
#include "arm/patience.h"
#include "arm/spinlock.h"
#include "drivers/device.h"
#include "drivers/uart_port.h"
#include "lib/fdt_bindings.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/serial_words.h"
#include "lib/string.h"
#include "log/printk.h"

#define RING_SIZE   16384 /* a power of two: positions run freely and wrap */
#define LINE_MAX    (RING_SIZE / 2)
#define RX_BATCH    256 /* bytes taken in one interrupt before others have a turn */
#define DEAD_AFTER  4	/* a UART that takes no byte for 1/4 s never will */
#define ALIASES_MAX 10
#define LOST_AFTER  8 /* an empty FIFO that has asked for more for 1/8 s, in vain */
/* So many bytes of nothing but zeros, breaks and errors: no one types that. */
#define NOISE_MAX   64

static struct uart_port ports[UART_PORTS_MAX];
static unsigned int nr_ports;
static struct uart_port *primary; /* /dev/console's, whose pace the writers follow */

static struct spinlock uart_lock;
static char ring[RING_SIZE];
static uint32_t head;
static bool mid_line;	  /* the last byte put was not a newline */
static bool writer_waits; /* uart_write took less than it was given: tx_ready is owed */
static bool panicking;	  /* no lock, no interrupt: all is polled */
static bool log_polled;	  /* what the log writes is sent at once */
static bool user_writes;  /* programs run: until then it is, too */
static bool lost_untold;  /* of a port whose interrupt was lost, the log does not know yet */
static bool throttled;
static const struct uart_client *client;
static bool tried;

#define for_each_console(p)                                          \
	for (struct uart_port *p = ports; p < ports + nr_ports; p++) \
		if (!p->console) {                                   \
		} else

static unsigned long lock_ports(void)
{
	/* In a panic the other cores stand, perhaps with the lock held: it is left alone. */
	return READ_ONCE(panicking) ? irq_save() : spin_lock_irqsave(&uart_lock);
}

static void unlock_ports(unsigned long flags)
{
	if (READ_ONCE(panicking))
		irq_restore(flags);
	else
		spin_unlock_irqrestore(&uart_lock, flags);
}

/* ---- from the ring to a UART ---- */

static void set_irq_mask(struct uart_port *p, bool rx, bool tx)
{
	if (p->rx_on == rx && p->tx_on == tx)
		return;
	p->rx_on = rx;
	p->tx_on = tx;
	p->ops->irq_mask(p, rx, tx);
}

static uint32_t backlog(const struct uart_port *p)
{
	return head - p->tail;
}

/*
 * A UART that is not connected to a clock must not stop the machine: it is dropped.  If it was the
 * primary, the writers follow the pace of another one from now on.
 */
static void drop_port(struct uart_port *p)
{
	p->console = false;
	if (p != primary)
		return;
	for_each_console(other) {
		primary = other;
		return;
	}
}

/* Wait until @p has taken @c, but not for ever. */
static void putc_polled(struct uart_port *p, char c)
{
	struct patience patience = patience_new(DEAD_AFTER, 2 * PATIENCE_POLLS);

	while (!p->ops->putc(p, c))
		if (patience_over(&patience)) {
			drop_port(p);
			return;
		}
}

static void send_polled(struct uart_port *p, uint32_t leave)
{
	while (p->console && backlog(p) > leave)
		putc_polled(p, ring[p->tail++ % RING_SIZE]);
}

/*
 * Fill the FIFO, and have an interrupt when it has room again: for what is left, or for a writer
 * who waits.
 */
static void send(struct uart_port *p)
{
	if (!p->by_interrupt || p->tx_polled || panicking) {
		send_polled(p, 0);
		return;
	}
	if (backlog(p))
		p->fed_at = counter_read();
	while (backlog(p) && p->ops->putc(p, ring[p->tail % RING_SIZE]))
		p->tail++;
	/*
	 * Under the lock with the FIFO's last look: an interrupt that comes at once waits for it,
	 * and finds the ring as it is.
	 */
	set_irq_mask(p, p->rx_on, backlog(p) || (p == primary && writer_waits));
}

/*
 * Before send, by a writer: has @p emptied its FIFO long ago, with more to send, and not said so?
 * On a board whose interrupts go astray the console would stand still after the first FIFO.
 */
static void look_for_lost(struct uart_port *p)
{
	if (!p->by_interrupt || p->tx_polled || !p->tx_on || !backlog(p) || !p->ops->idle(p) ||
	    counter_read() - p->fed_at <= counter_hz() / LOST_AFTER)
		return;
	p->tx_polled = true;
	lost_untold = true;
	set_irq_mask(p, p->rx_on, false);
}

/* ---- into the ring ---- */

/* @n bytes that fit as far as the console's own UART goes; another one that lags is pushed. */
static void put_in_ring(const char *s, uint32_t n)
{
	for_each_console(p)
		/* Room first, for each port: head must not run over a tail. */
		send_polled(p, RING_SIZE - n);
	for (uint32_t i = 0; i < n; i++)
		ring[head++ % RING_SIZE] = s[i];
	if (n)
		mid_line = s[n - 1] != '\n';
}

/*
 * A write was cut short: the transmit interrupt stays on until tx_ready was called.
 */
static void owe_room(void)
{
	/*
	 * Under the lock under which the room was found to be too little: uart_interrupt, which
	 * needs it, cannot find the room before.
	 */
	writer_waits = true;
	set_irq_mask(primary, primary->rx_on, true);
}

/*
 * How much of @s is taken when there is @room: as many whole lines as fit.  Nothing, if that is
 * none and waiting will make room for one; a line longer than that is cut.
 */
static size_t whole_lines(const char *s, size_t n, size_t room)
{
	if (n <= room)
		return n;
	for (size_t i = room; i > 0; i--)
		if (s[i - 1] == '\n')
			return i;
	return memchr(s, '\n', min(n, (size_t)LINE_MAX)) || n <= LINE_MAX ? 0 : room;
}

/*
 * Puts *@n bytes, or less, and says in *@n how many.  True: the UART has swallowed them all, and
 * there is room for more.
 */
static bool write_to_port(const char *buf, size_t *n)
{
	unsigned long flags = lock_ports();
	bool swallowed = false;

	if (primary && primary->console) {
		size_t taken = whole_lines(buf, *n, RING_SIZE - backlog(primary));

		put_in_ring(buf, taken);
		for_each_console(p) {
			look_for_lost(p);
			send(p);
		}
		/* No interrupt will come for an empty FIFO that has never been full. */
		swallowed = backlog(primary) == 0;
		if (taken < *n && !swallowed)
			owe_room();
		*n = taken;
	}
	unlock_ports(flags);
	return swallowed;
}

static void tell_lost(void)
{
	WRITE_ONCE(lost_untold, false);
	for_each_console(p)
		if (READ_ONCE(p->tx_polled))
			pr_warn("%s: its transmit interrupt does not come: output is polled\n",
				p->name);
}

size_t uart_write(const char *buf, size_t n)
{
	size_t done = 0, piece;
	bool more;

	WRITE_ONCE(user_writes, true);
	if (READ_ONCE(lost_untold))
		tell_lost();
	/*
	 * An emulator's FIFO swallows all: it will never interrupt to say that there is room, and
	 * the rest is due at once.
	 */
	do {
		piece = n - done;
		more = write_to_port(buf + done, &piece);
		done += piece;
	} while (more && done < n);
	return done;
}

size_t uart_tx_pending(void)
{
	unsigned long flags = lock_ports();
	uint32_t most = 0;

	for_each_console(p)
		most = max(most, backlog(p));
	unlock_ports(flags);
	return most;
}

void uart_flush(void)
{
	unsigned long flags = lock_ports();

	for_each_console(p) {
		struct patience patience;

		send_polled(p, 0);
		patience = patience_new(DEAD_AFTER, 2 * PATIENCE_POLLS);
		while (p->console && !p->ops->idle(p) && !patience_over(&patience))
			;
	}
	unlock_ports(flags);
}

/* ---- the log's way in ---- */

/* A terminal wants a carriage return before each newline. */
static void log_bytes(const char *s, size_t n)
{
	while (n) {
		const char *nl = memchr(s, '\n', n);
		size_t text = nl ? (size_t)(nl - s) : n;

		for (size_t done = 0; done < text;) {
			uint32_t piece = min(text - done, (size_t)LINE_MAX);

			put_in_ring(s + done, piece);
			done += piece;
		}
		if (nl)
			put_in_ring("\r\n", 2);
		s += text + !!nl;
		n -= text + !!nl;
	}
}

/*
 * Lines of the log are never dropped and never cut: where the ring is full, older bytes are sent
 * first.  They start on a line of their own, whatever a program was writing.
 */
static void log_to_uarts(const char *s, size_t n)
{
	/* The log's lock is held around this; so nothing in here may print. */
	unsigned long flags = lock_ports();

	if (mid_line)
		put_in_ring("\r\n", 2);
	log_bytes(s, n);
	for_each_console(p) {
		/*
		 * While the kernel starts, interrupts are masked for long: a line that waits for
		 * one would be missing where it is needed most, before a standstill.
		 */
		if (READ_ONCE(log_polled) || !READ_ONCE(user_writes))
			send_polled(p, 0);
		look_for_lost(p);
		send(p);
	}
	unlock_ports(flags);
}

bool uart_uses(const struct spinlock *l)
{
	return l == &uart_lock;
}

void uart_poll_log(bool on)
{
	WRITE_ONCE(log_polled, on);
}

void uart_panic_mode(void)
{
	/* First: what follows must not wait for a lock whose holder was stopped. */
	WRITE_ONCE(panicking, true);
	for_each_console(p)
		send_polled(p, 0);
}

/* ---- receiving ---- */

/*
 * A receiver that no pin leads to, or one that is at a chip that is off (a Raspberry Pi's other
 * UART), may hear a line that is always low.  The console's own is believed all the same.
 */
static bool is_noise(struct uart_port *p, int c)
{
	p->noise = c > 0 ? 0 : p->noise + 1;
	return p != primary && p->noise > NOISE_MAX;
}

static void receive(struct uart_port *p)
{
	const struct uart_client *to = load_acquire(&client);

	for (unsigned int i = 0; i < RX_BATCH && to && !READ_ONCE(throttled); i++) {
		/*
		 * Without uart_lock: the client echoes, and so writes to the UART. A port's
		 * interrupt comes to one core at a time.
		 */
		int c = p->ops->getc(p);

		if (c == UART_NOTHING)
			return;
		if (is_noise(p, c)) {
			p->deaf = true;
			pr_warn("%s: its receiver hears nothing but noise: no input from it\n",
				p->name);
			return;
		}
		if (c >= 0)
			to->rx(to->arg, (char)c);
		else if (c == UART_BREAK && to->rx_break)
			to->rx_break(to->arg);
	}
}

/*
 * A writer that waits for room is woken when there is enough for the longest line that is kept
 * whole.
 */
static bool writer_may_go(void)
{
	if (!writer_waits || backlog(primary) > RING_SIZE - LINE_MAX)
		return false;
	writer_waits = false;
	return true;
}

static void uart_interrupt(void *arg)
{
	struct uart_port *p = arg;
	unsigned long flags;
	bool ready;

	if (!p->deaf)
		receive(p);
	flags = lock_ports();
	send(p);
	if (p->deaf)
		set_irq_mask(p, false, p->tx_on);
	ready = writer_may_go();
	unlock_ports(flags);
	/* Without the lock: the client writes at once. */
	if (ready && client)
		client->tx_ready(client->arg);
}

/*
 * Interrupts are masked at the device while no client takes what comes: it waits in the FIFO, and
 * the sender behind it.
 */
static void update_rx(void)
{
	unsigned long flags = lock_ports();

	for_each_console(p)
		if (p->by_interrupt)
			set_irq_mask(p, client && !throttled && !p->deaf, p->tx_on);
	unlock_ports(flags);
}

void uart_attach(const struct uart_client *c)
{
	/*
	 * Before the interrupt is enabled: receive() reads client without the lock, and uses what
	 * it points to.
	 */
	store_release(&client, c);
	update_rx();
}

void uart_rx_throttle(bool on)
{
	/* Before the mask: receive() stops at the next byte. */
	WRITE_ONCE(throttled, on);
	update_rx();
}

/* ---- which UART is the console ---- */

/* N of the alias serialN that leads to @node; without one, the next number. */
static int alias_number(const struct fdt *fdt, int node)
{
	int aliases = fdt_find_path(fdt, "/aliases");
	char alias[] = "serial0";

	for (int i = 0; i < ALIASES_MAX; i++) {
		const char *path;

		alias[sizeof(alias) - 2] = '0' + i;
		path = fdt_string(fdt, aliases, alias, 0);
		if (path && fdt_find_path(fdt, path) == node)
			return i;
	}
	return nr_ports;
}

struct uart_port *uart_port_add(const struct fdt *fdt, int node, const char *prefix)
{
	struct uart_port *p;

	if (nr_ports == UART_PORTS_MAX)
		return NULL;
	p = &ports[nr_ports];
	snprintf(p->name, sizeof(p->name), "%s%d", prefix, alias_number(fdt, node));
	p->node = node;
	p->baud = UART_BAUD;
	nr_ports++;
	return p;
}

static bool has_prefix(const char *s, size_t n, const char *prefix)
{
	return n >= strlen(prefix) && !memcmp(s, prefix, strlen(prefix));
}

/* The port whose name ends in @number, the alias's. */
static struct uart_port *find_port_numbered(const char *number, size_t n)
{
	for (struct uart_port *p = ports; p < ports + nr_ports; p++) {
		size_t len = strlen(p->name);

		if (n && len > n && !memcmp(p->name + len - n, number, n) &&
		    (p->name[len - n - 1] < '0' || p->name[len - n - 1] > '9'))
			return p;
	}
	return NULL;
}

static struct uart_port *find_port_kind(const char *prefix)
{
	struct uart_port *found = NULL;

	for (struct uart_port *p = ports; p < ports + nr_ports; p++)
		if (has_prefix(p->name, strlen(p->name), prefix) &&
		    (!found || (!found->route && p->route)))
			found = p;
	return found;
}

/*
 * @name as console= gives it.  The Pi's own kernel counts its mini UART as ttyS0, the device tree
 * as ttyS1, and its PL011 is ttyAMA0 or ttyAMA1 as the firmware's tree has the aliases: where no
 * number fits any will do, at the header before elsewhere.  "serial0" is what Raspberry Pi OS
 * writes: its firmware puts a name in its place, a boot loader does not.
 */
static struct uart_port *find_port(const char *name, size_t n)
{
	static const char *const prefixes[] = { "ttyAMA", "ttyS" };

	for (struct uart_port *p = ports; p < ports + nr_ports; p++)
		if (strlen(p->name) == n && !memcmp(p->name, name, n))
			return p;
	if (n == strlen("pl011") && !memcmp(name, "pl011", n))
		return find_port_kind("ttyAMA");
	if (has_prefix(name, n, "serial"))
		return find_port_numbered(name + strlen("serial"), n - strlen("serial"));
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (has_prefix(name, n, prefixes[i]))
			return find_port_kind(prefixes[i]);
	return NULL;
}

/* What stands behind the comma: a speed and Linux's other words for a line, of which 8n1 is had. */
static void set_speed_said(struct uart_port *p, const char *options, size_t n)
{
	if (!n)
		return;
	if (parse_line_speed(options, n, &p->baud))
		pr_warn("console=%s,%.*s: a speed with 8n1 was expected: ignored\n", p->name,
			(int)n, options);
	else
		p->baud_said = true;
}

/*
 * Every console= that names a UART of ours; the last is the primary, as in Linux.  Others (tty0)
 * are not for us.
 */
static void choose_by_cmdline(const char *cmdline)
{
	struct cmdline_word w;

	while (cmdline_next(&cmdline, &w)) {
		const char *comma;
		struct uart_port *p;
		size_t name;

		if (w.key_len == 2 && !memcmp(w.key, "--", 2))
			return;
		if (!cmdline_is(&w, "console") || !w.val)
			continue;
		comma = memchr(w.val, ',', w.val_len);
		name = comma ? (size_t)(comma - w.val) : w.val_len;
		p = find_port(w.val, name);
		if (p) {
			p->console = true;
			primary = p;
			if (comma)
				set_speed_said(p, comma + 1, w.val_len - name - 1);
		}
	}
}

/*
 * stdout-path's, else the first; and the one that shares its pins, because the tree does not say
 * which one is connected.
 */
static void choose_by_tree(const struct fdt_chosen *chosen)
{
	if (nr_ports)
		primary = &ports[0];
	for (struct uart_port *p = ports; p < ports + nr_ports; p++)
		if (p->node == chosen->stdout_node) {
			primary = p;
			(void)!parse_line_speed(chosen->stdout_options, SIZE_MAX, &p->baud);
		}
	for (struct uart_port *p = ports; p < ports + nr_ports; p++)
		p->console = p == primary || (p->route && primary->route);
}

/* A user at a UART that console= has passed over should not think that the machine is dead. */
static void say_where(struct uart_port *p)
{
	char line[64];
	int n = scnprintf(line, sizeof(line), "newel: the console is on %s\r\n", primary->name);

	p->console = true;
	for (int i = 0; i < n && p->console; i++)
		putc_polled(p, line[i]);
	p->console = false;
}

/*
 * Before the pins change hands: what was put there must be out, and each transmitter must idle, or
 * the other end sees half a byte.
 */
static void wait_idle(struct uart_port *p)
{
	struct patience patience = patience_new(DEAD_AFTER, 2 * PATIENCE_POLLS);

	while (!p->ops->idle(p) && !patience_over(&patience))
		;
}

static void start_ports(void)
{
	for (struct uart_port *p = ports; p < ports + nr_ports; p++) {
		bool shares = p->route && primary->route;

		if (!p->console && !shares)
			continue;
		p->ops->init(p);
		if (!p->console)
			say_where(p);
		if (shares)
			wait_idle(p);
	}
	if (primary->route)
		primary->route();
}

void uart_early_init(const struct fdt *fdt, const struct fdt_chosen *chosen,
		     bool (*had_log)(uint64_t pa))
{
	bool replay = false;

	device_probe(fdt, DEVICE_EARLY);
	choose_by_cmdline(chosen->bootargs);
	if (!primary)
		choose_by_tree(chosen);
	tried = true;
	if (!primary)
		return;
	start_ports();
	for_each_console(p)
		replay |= !had_log(p->pa);
	(void)log_add_sink(log_to_uarts, replay);
}

void uart_report(void)
{
	if (!primary)
		return;
	pr_info("console: %s\n", primary->name);
	for_each_console(p)
		if (p != primary)
			pr_info("console: also on %s\n", p->name);
}

bool uart_was_tried(void)
{
	return tried;
}

bool uart_is_alive(void)
{
	/* Also while the kernel dies: without the lock, which may never be given back. */
	for_each_console(p)
		return true;
	return false;
}

static int start_interrupts(const struct fdt *fdt, struct uart_port *p)
{
	enum irq_trigger trigger;
	int irq = irq_from_fdt(fdt, p->node, 0, &trigger);

	return irq < 0 ? irq : irq_request(irq, trigger, uart_interrupt, p, "uart");
}

void uart_init(const struct fdt *fdt)
{
	for_each_console(p) {
		int err = start_interrupts(fdt, p);

		p->by_interrupt = !err;
		if (err)
			pr_warn("%s: no interrupt (error %d): output is polled, no input\n",
				p->name, -err);
	}
	update_rx();
}

const char *uart_console_name(void)
{
	return primary ? primary->name : "none";
}
