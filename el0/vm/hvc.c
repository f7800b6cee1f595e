/*
 * hvc.c - virtio's console (5.3), one port: to Linux /dev/hvc0.
 *
 * It is served by the terminal's thread, which is the one that knows when there are keys or room.
 */
#include "el0/vm/virtio.h"

enum { RECEIVE, TRANSMIT };

static uint64_t sent; /* bytes of the chain at hand that the terminal has taken */
static struct chain c;

static void reset_hvc(void)
{
	sent = 0;
}

static struct virtio hvc = {
	.name = "virtio-console",
	.id = VIRTIO_CONSOLE,
	.nr_queues = 2,
	.reset = reset_hvc,
};

static void receive(void)
{
	uint8_t buf[256];
	size_t n;

	while (terminal_keys(TO_HVC) && virtio_next(&hvc, RECEIVE, &c)) {
		n = c.in_bytes < sizeof(buf) ? c.in_bytes : sizeof(buf);
		n = terminal_read(TO_HVC, buf, n);
		iov_copy(c.iov + c.nr_out, c.nr_in, 0, buf, n, true);
		virtio_done(&hvc, RECEIVE, &c, n);
	}
}

static void transmit(void)
{
	uint8_t buf[256];
	size_t n, took;

	while (terminal_room() && virtio_next(&hvc, TRANSMIT, &c)) {
		n = iov_copy(c.iov, c.nr_out, sent, buf, sizeof(buf), false);
		took = terminal_write(buf, n);
		sent += took;
		if (n && sent < c.out_bytes)
			continue;
		sent = 0;
		virtio_done(&hvc, TRANSMIT, &c, 0);
	}
}

void hvc_poke(void)
{
	mutex_lock(&hvc.lock);
	receive();
	transmit();
	mutex_unlock(&hvc.lock);
}

int hvc_start(struct vm *vm)
{
	hvc.notify = terminal_kick_fd();
	return virtio_start(vm, &hvc);
}
