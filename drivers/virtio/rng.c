/*
 * rng.c - virtio's entropy device (5.4): the host's random numbers, one more seed (fs/random.c).
 *
 * What it gives is only ever mixed in; a device that lies about how much it gave is caught by the
 * ring.
 */
#include "drivers/virtio/rng.h"

#include "abi/errno.h"
#include "drivers/virtio/virtio.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/slab.h"

#define PIECE 64

static struct virtio_device *rng; /* the first one; NULL: none, or it does not answer */
static uint8_t *piece;		  /* the device writes here */

/* Up to PIECE bytes, some at least; 0: it gives none. */
static uint32_t read_piece(void)
{
	struct virtqueue *q = &rng->queues[0];
	uint32_t len = 0;

	virtqueue_add(q, virt_to_phys(piece), PIECE, true);
	virtqueue_offer(q, piece);
	virtqueue_kick(q);
	if (!virtqueue_poll(q, &len) || !len) {
		/* It may still write, later: never asked again, and the piece stays its own. */
		rng = NULL;
		return 0;
	}
	return len;
}

size_t virtio_rng_read(void *buf, size_t n)
{
	size_t done = 0, len;

	while (rng && done < n) {
		len = min((size_t)read_piece(), n - done);
		memcpy((char *)buf + done, piece, len);
		done += len;
	}
	if (rng)
		memset(piece, 0, PIECE);
	return done;
}

static int rng_probe(struct virtio_device *dev)
{
	int err;

	if (rng)
		return -EBUSY;
	piece = kzalloc(PIECE);
	err = piece ? virtio_queues(dev, 1, NULL) : -ENOMEM;
	if (err) {
		kfree(piece);
		return err;
	}
	virtio_ready(dev);
	rng = dev;
	return 0;
}

static const struct virtio_driver virtio_rng = {
	.name = "virtio_rng",
	.type = VIRTIO_RNG,
	.probe = rng_probe,
};
VIRTIO_DRIVER(virtio_rng);
