/*
 * console.c - virtio's console (5.3), one port: to Linux /dev/hvc0.
 *
 * It is served by the terminal's thread, which is the one that knows when there are keys or room.
 */
#include "el0/vm/virtio.h"

enum { RECEIVE, TRANSMIT };

static uint64_t sent; /* bytes of the chain at hand that the terminal has taken */

static void reset_console(void)
{
	sent = 0;
}

struct virtio virtio_console = {
	.name = "virtio-console",
	.id = VIRTIO_CONSOLE,
	.nr_queues = 2,
	.reset = reset_console,
};

static void receive(struct virtio *v, const struct chain *c)
{
	uint8_t buf[256];
	size_t n;

	while (terminal_keys(TO_HVC) && virtio_next(v, RECEIVE)) {
		n = c->in_bytes < sizeof(buf) ? c->in_bytes : sizeof(buf);
		n = terminal_read(TO_HVC, buf, n);
		iov_copy(c->iov + c->nr_out, c->nr_in, 0, buf, n, true);
		virtio_done(v, RECEIVE, n);
	}
}

static void transmit(struct virtio *v, const struct chain *c)
{
	uint8_t buf[256];
	size_t n;

	while (terminal_room() && virtio_next(v, TRANSMIT)) {
		n = iov_copy(c->iov, c->nr_out, sent, buf, sizeof(buf), false);
		sent += terminal_write(buf, n);
		if (n && sent < c->out_bytes)
			continue;
		sent = 0;
		virtio_done(v, TRANSMIT, 0);
	}
}

void console_poke(void)
{
	mutex_lock(&virtio_console.lock);
	receive(&virtio_console, &virtio_console.chain);
	transmit(&virtio_console, &virtio_console.chain);
	mutex_unlock(&virtio_console.lock);
}
