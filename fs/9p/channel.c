/*
 * channel.c - virtio devices that carry 9P: each message is a chain of the one queue, what is asked
 * and the room for the answer.
 *
 * Found at boot, remembered by their tag.  Invariant: a channel has at most one session, whose lock
 * is the queue's.
 */
#include "fs/9p/channel.h"

#include "abi/errno.h"
#include "drivers/virtio/virtio.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/page.h"
#include "mm/slab.h"

#define P9_F_MOUNT_TAG 0x1ull
#define TAG_MAX	       255 /* bytes: longer ones are nobody's */

struct p9_channel {
	struct list_node link;
	struct virtio_device *dev;
	struct p9_session *session; /* NULL: it is free; taken by atomic_cmpxchg */
	uint32_t inside;	    /* atomic: handlers that use it */
	char tag[TAG_MAX + 1];
};

static struct list_node channels = LIST_INIT(channels); /* written at boot */

/* A page's buffer lies in one piece of RAM: the linear map's. */
bool p9_channel_send(struct p9_channel *c, struct p9_request *q)
{
	struct virtqueue *vq = &c->dev->queues[0];

	spin_assert_held(&q->session->lock);
	if (!virtqueue_room(vq, 2))
		return false;
	virtqueue_add(vq, virt_to_phys(q->t), q->t_size, false);
	virtqueue_add(vq, virt_to_phys(q->r), q->r_size, true);
	virtqueue_offer(vq, q);
	virtqueue_kick(vq);
	return true;
}

/* The session, which stays until p9_exit; or NULL. */
static struct p9_session *p9_enter(struct p9_channel *c)
{
	(void)atomic_add(&c->inside, 1);
	dmb(ish); /* p9_channel_give sees that, or the session is not seen here */
	return load_acquire(&c->session);
}

static void p9_exit(struct p9_channel *c)
{
	dmb(ish);
	(void)atomic_sub(&c->inside, 1);
}

/* The interrupt: all that was answered. */
static void p9_used(struct virtqueue *vq)
{
	struct p9_channel *c = vq->dev->driver_data;
	struct p9_session *s = c ? p9_enter(c) : NULL;
	struct p9_request *q = NULL;
	unsigned long flags;
	uint32_t len;

	do {
		if (!s)
			break;
		flags = spin_lock_irqsave(&s->lock);
		q = virtqueue_get(vq, &len);
		spin_unlock_irqrestore(&s->lock, flags);
		if (q)
			s->answered(q, len);
	} while (q);
	if (c)
		p9_exit(c);
}

static void p9_broke(struct virtio_device *d)
{
	struct p9_channel *c = d->driver_data;
	struct p9_session *s = c ? p9_enter(c) : NULL;

	if (s)
		s->broke(s);
	if (c)
		p9_exit(c);
}

static int p9_probe(struct virtio_device *d)
{
	struct p9_channel *c;
	uint16_t len;
	int err;

	if (!virtio_has(d, P9_F_MOUNT_TAG))
		return -EINVAL;
	len = virtio_config16(d, 0);
	if (!len || len > TAG_MAX)
		return -EINVAL;
	c = kzalloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	for (uint32_t i = 0; i < len; i++)
		c->tag[i] = (char)virtio_config8(d, 2 + i);
	c->dev = d;
	d->driver_data = c;
	err = virtio_queues(d, 1, p9_used);
	if (err) {
		d->driver_data = NULL;
		kfree(c);
		return err;
	}
	virtio_ready(d);
	list_add_tail(&channels, &c->link);
	pr_info("9p: \"%s\", %s (%s)\n", c->tag, d->name, d->transport->name);
	return 0;
}

static const struct virtio_driver virtio_9p = {
	.name = "9p",
	.type = VIRTIO_9P,
	.features = P9_F_MOUNT_TAG,
	.probe = p9_probe,
	.broke = p9_broke,
};
VIRTIO_DRIVER(virtio_9p);

struct p9_channel *p9_channel_take(const char *tag, struct p9_session *s)
{
	int err = -ENOENT;

	for (struct list_node *l = channels.next; l != &channels; l = l->next) {
		struct p9_channel *c = list_entry(l, struct p9_channel, link);
		struct p9_session *none = NULL;

		if (strcmp(c->tag, tag) != 0)
			continue;
		if (c->dev->broken)
			err = -EIO;
		else if (atomic_cmpxchg(&c->session, &none, s))
			return c;
		else
			err = -EBUSY;
	}
	return err_ptr(err);
}

void p9_channel_give(struct p9_channel *c)
{
	store_release(&c->session, NULL);
	dmb(ish);
	/* On another core, with all that it does after the last answer, which is not long. */
	while (READ_ONCE(c->inside))
		cpu_relax();
	dmb(ish);
}
