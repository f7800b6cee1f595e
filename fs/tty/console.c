/*
 * console.c - the serial console's terminal: between drivers/uart and the line discipline.
 *
 * A byte comes in by interrupt and goes into a small ring; a task of its own takes it from there to
 * tty_input(), because a key may send signals and echo, for which an interrupt handler has no
 * locks.  When programs don't read, the ring fills and the UART's receiver is throttled.
 * Invariant: a byte that the UART gave is not lost.
 */
#include "fs/tty/console.h"

#include "drivers/uart.h"
#include "fs/dev.h"
#include "fs/tty/ioctl.h"
#include "lib/string.h"
#include "task/kernel_task.h"

#define RING_SIZE 1024
#define RING_HIGH 768 /* hold back from here */
#define BREAK_BIT 0x100

static struct tty console;

static struct {
	struct spinlock lock; /* irqsave; inside it uart_lock alone (uart_rx_throttle) */
	uint32_t head, tail;
	uint16_t bytes[RING_SIZE]; /* or BREAK_BIT */
	bool throttled;
	bool room; /* the terminal has been read from, or the UART has room: look again */
	struct wait_queue wait; /* the task */
} ring;

/* ---- in interrupts ---- */

static void push_byte(uint16_t v)
{
	unsigned long flags = spin_lock_irqsave(&ring.lock);

	/* Between RING_HIGH and the end there is room for what the UART's FIFO holds already. */
	if (ring.head - ring.tail < RING_SIZE)
		ring.bytes[ring.head++ % RING_SIZE] = v;
	if (ring.head - ring.tail >= RING_HIGH && !ring.throttled) {
		ring.throttled = true;
		uart_rx_throttle(true);
	}
	spin_unlock_irqrestore(&ring.lock, flags);
	/*
	 * After ring.lock, inside which no queue's lock is taken; the task looks at head and tail
	 * after it has joined the queue.
	 */
	wake_up(&ring.wait);
}

static void on_rx(void *arg, char c)
{
	push_byte((unsigned char)c);
}

static void on_break(void *arg)
{
	push_byte(BREAK_BIT);
}

static void on_tx_ready(void *arg)
{
	tty_writable(&console);
	/* Before the wake-up: the task sends the echo that has waited. */
	WRITE_ONCE(ring.room, true);
	wake_up(&ring.wait);
}

/* ---- the task ---- */

/* Takes up to @n bytes that the terminal has room for; a BREAK comes alone. */
static size_t pop_bytes(uint16_t *out, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&ring.lock);
	size_t got = 0;

	while (got < n && ring.tail != ring.head) {
		uint16_t v = ring.bytes[ring.tail % RING_SIZE];

		if (v & BREAK_BIT && got)
			break;
		ring.tail++;
		out[got++] = v;
		if (v & BREAK_BIT)
			break;
	}
	/*
	 * Under the lock that push_byte has: the two never leave the UART held back with an empty
	 * ring.
	 */
	if (ring.throttled && ring.head - ring.tail < RING_SIZE / 4) {
		ring.throttled = false;
		uart_rx_throttle(false);
	}
	spin_unlock_irqrestore(&ring.lock, flags);
	return got;
}

static void pass_on(void)
{
	uint16_t raw[64];
	char bytes[64];
	size_t n;

	/* Only as many as the terminal has room for: the rest waits here, and then in the UART. */
	while ((n = pop_bytes(raw, min(ARRAY_SIZE(raw), tty_input_room(&console))))) {
		if (raw[0] & BREAK_BIT) {
			tty_break(&console);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)raw[i];
		tty_input(&console, bytes, n);
	}
}

static bool has_output(void)
{
	return READ_ONCE(ring.room) ||
	       (READ_ONCE(ring.head) != READ_ONCE(ring.tail) && tty_input_room(&console));
}

static void console_task(void *arg)
{
	for (;;) {
		wait_event(&ring.wait, has_output());
		/* Before the work: room that comes meanwhile makes one more round. */
		WRITE_ONCE(ring.room, false);
		tty_push_echo(&console);
		pass_on();
	}
}

/* ---- the back end ---- */

static size_t console_write(struct tty *t, const char *buf, size_t n)
{
	return uart_write(buf, n);
}

static size_t console_pending(struct tty *t)
{
	return uart_tx_pending();
}

static void console_input_taken(struct tty *t)
{
	/* Without the lock: a byte that comes just now wakes the task itself. */
	if (READ_ONCE(ring.head) != READ_ONCE(ring.tail))
		wake_up(&ring.wait);
}

static const struct tty_ops console_ops = {
	.write = console_write,
	.pending = console_pending,
	.input_taken = console_input_taken,
};

/* ---- the devices ---- */

/* /dev/console never becomes a controlling terminal by being opened, as on Linux. */
static int open_console(struct file *f)
{
	tty_get(&console);
	return tty_open(f, &console);
}

static int open_serial(struct file *f)
{
	int err = open_console(f);

	if (!err)
		tty_take_control(f, &console);
	return err;
}

/* /dev/tty: the terminal of the session, whichever it is. */
static int open_own(struct file *f)
{
	struct tty *t = current->process ? tty_of_session(current->process->job.sid) : NULL;

	return t ? tty_open(f, t) : -ENXIO;
}

static const struct file_ops console_fops = TTY_FILE_OPS(open_console);
static const struct file_ops serial_fops = TTY_FILE_OPS(open_serial);
static const struct file_ops own_fops = TTY_FILE_OPS(open_own);

/*
 * The number that Linux gives a UART's terminal: ttyAMAn 204:64+n, ttySn 4:64+n; 0 if @name is
 * neither.
 */
static uint32_t serial_number(const char *name)
{
	static const struct {
		const char *prefix;
		uint32_t major;
	} kinds[] = { { "ttyAMA", 204 }, { "ttyS", 4 } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i].prefix);

		if (!strncmp(name, kinds[i].prefix, n) && name[n] >= '0' && name[n] <= '9')
			return DEV(kinds[i].major, 64 + (name[n] - '0'));
	}
	return 0;
}

void console_init(void)
{
	static const struct uart_client client = { .rx = on_rx,
						   .rx_break = on_break,
						   .tx_ready = on_tx_ready };
	static struct device console_dev = {
		.name = "console", .number = DEV(5, 1), .mode = 0600, .ops = &console_fops
	};
	static struct device own_dev = {
		.name = "tty", .number = DEV(5, 0), .mode = 0666, .ops = &own_fops
	};
	static struct device serial_dev = { .mode = 0600, .ops = &serial_fops };
	struct task *task;

	tty_init(&console, &console_ops, B115200 | CS8 | CREAD | HUPCL | CLOCAL);
	wait_init(&ring.wait);
	tty_console_fops = &console_fops;
	dev_register_boot(&console_dev);
	dev_register_boot(&own_dev);
	serial_dev.name = uart_console_name();
	serial_dev.number = serial_number(serial_dev.name);
	console.rdev = serial_dev.number ? serial_dev.number : console_dev.number;
	if (serial_dev.number)
		dev_register_boot(&serial_dev);
	task = task_create_kernel("console", console_task, NULL);
	if (!task) {
		pr_err("console: no memory for its task: no input\n");
		return;
	}
	task_wake(task);
	/* Last: from here on interrupts use all of the above. */
	uart_attach(&client);
}
