/*
 * console.c - virtio's console device (5.3), its first port: a queue in, a queue out.
 *
 * Each way has a page in pieces.  Those for input are with the device until it fills them, and
 * again when they have been read: so the host waits when nobody reads.
 */
#include "drivers/virtio/console.h"

#include "abi/errno.h"
#include "arm/spinlock.h"
#include "drivers/virtio/virtio.h"
#include "lib/string.h"
#include "mm/page.h"

#define F_SIZE	    (1u << 0)
#define CONFIG_COLS 0
#define CONFIG_ROWS 2

enum { QUEUE_IN, QUEUE_OUT, NR_QUEUES };

#define PIECES	   8u
#define PIECE_SIZE (PAGE_SIZE / PIECES)

struct piece {
	char *at;
	uint32_t len, read; /* bytes that the device has written, or that it is to read */
};

static struct console {
	struct spinlock lock; /* irqsave, leaf: of all below and of both queues' rings */
	struct virtio_device *dev;
	const struct virtio_console_client *client;
	struct piece in[PIECES], out[PIECES];
	struct piece *filled[PIECES]; /* those in that wait to be read, a ring */
	unsigned int first, nr_filled;
	struct piece *empty[PIECES]; /* those out that are free, a stack */
	unsigned int nr_empty;
	size_t pending;
	bool writer_waits;
} con;

static void offer_piece(unsigned int queue, struct piece *p, uint32_t n)
{
	struct virtqueue *q = &con.dev->queues[queue];

	/* A small ring holds fewer pieces: the others stay unused. */
	if (!virtqueue_room(q, 1))
		return;
	virtqueue_add(q, virt_to_phys(p->at), n, queue == QUEUE_IN);
	virtqueue_offer(q, p);
}

/* ---- in ---- */

static void take_filled(struct virtqueue *q)
{
	struct piece *p;
	uint32_t len;

	while ((p = virtqueue_get(q, &len))) {
		p->len = len;
		p->read = 0;
		con.filled[(con.first + con.nr_filled++) % PIECES] = p;
	}
}

size_t virtio_console_read(char *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&con.lock);
	size_t done = 0;

	while (done < n && con.nr_filled) {
		struct piece *p = con.filled[con.first];
		size_t part = min(n - done, (size_t)(p->len - p->read));

		memcpy(buf + done, p->at + p->read, part);
		done += part;
		p->read += (uint32_t)part;
		if (p->read < p->len)
			continue;
		con.first = (con.first + 1) % PIECES;
		con.nr_filled--;
		offer_piece(QUEUE_IN, p, PIECE_SIZE);
	}
	virtqueue_kick(&con.dev->queues[QUEUE_IN]);
	spin_unlock_irqrestore(&con.lock, flags);
	return done;
}

bool virtio_console_has_input(void)
{
	return READ_ONCE(con.nr_filled);
}

/* ---- out ---- */

static void take_empty(struct virtqueue *q)
{
	struct piece *p;
	uint32_t len;

	while ((p = virtqueue_get(q, &len))) {
		con.pending -= p->len;
		con.empty[con.nr_empty++] = p;
	}
}

size_t virtio_console_write(const char *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&con.lock);
	size_t done = 0;

	while (done < n && con.nr_empty && virtqueue_room(&con.dev->queues[QUEUE_OUT], 1)) {
		struct piece *p = con.empty[--con.nr_empty];

		p->len = (uint32_t)min(n - done, (size_t)PIECE_SIZE);
		memcpy(p->at, buf + done, p->len);
		done += p->len;
		con.pending += p->len;
		offer_piece(QUEUE_OUT, p, p->len);
	}
	virtqueue_kick(&con.dev->queues[QUEUE_OUT]);
	if (READ_ONCE(con.dev->broken))
		done = n;
	/* Under the lock under which there was no room: the handler cannot make some before. */
	con.writer_waits = done < n;
	spin_unlock_irqrestore(&con.lock, flags);
	return done;
}

size_t virtio_console_pending(void)
{
	return READ_ONCE(con.dev->broken) ? 0 : READ_ONCE(con.pending);
}

/* ---- the device ---- */

static void console_used(struct virtqueue *q)
{
	bool tell_writer = false, tell_reader;

	spin_lock(&con.lock);
	if (q->index == QUEUE_IN) {
		take_filled(q);
	} else {
		take_empty(q);
		tell_writer = con.writer_waits && con.nr_empty;
		con.writer_waits = con.writer_waits && !con.nr_empty;
	}
	tell_reader = q->index == QUEUE_IN && con.nr_filled;
	spin_unlock(&con.lock);
	if (tell_reader && con.client)
		con.client->readable();
	if (tell_writer && con.client)
		con.client->writable();
}

void virtio_console_attach(const struct virtio_console_client *client)
{
	con.client = client;
	client->readable();
}

bool virtio_console_size(uint16_t *columns, uint16_t *rows)
{
	bool says = con.dev && virtio_has(con.dev, F_SIZE);

	*columns = says ? (uint16_t)virtio_config(con.dev, CONFIG_COLS, 2) : 0;
	*rows = says ? (uint16_t)virtio_config(con.dev, CONFIG_ROWS, 2) : 0;
	return con.dev;
}

static int make_pieces(void)
{
	struct page *pages = page_alloc(1);
	char *mem;

	if (!pages)
		return -ENOMEM;
	mem = page_to_virt(pages);
	for (unsigned int i = 0; i < PIECES; i++) {
		con.in[i].at = mem + i * PIECE_SIZE;
		con.out[i].at = mem + PAGE_SIZE + i * PIECE_SIZE;
		con.empty[con.nr_empty++] = &con.out[i];
	}
	return 0;
}

static int console_probe(struct virtio_device *dev)
{
	int err;

	if (con.dev)
		return -EBUSY;
	err = virtio_queues(dev, NR_QUEUES, console_used);
	if (!err)
		err = make_pieces();
	if (err)
		return err;
	con.dev = dev;
	virtio_ready(dev);
	for (unsigned int i = 0; i < PIECES; i++)
		offer_piece(QUEUE_IN, &con.in[i], PIECE_SIZE);
	virtqueue_kick(&con.dev->queues[QUEUE_IN]);
	return 0;
}

static const struct virtio_driver virtio_console = {
	.name = "virtio_console",
	.type = VIRTIO_CONSOLE,
	.features = F_SIZE,
	.probe = console_probe,
};
VIRTIO_DRIVER(virtio_console);
