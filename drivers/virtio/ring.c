/*
 * ring.c - offering chains of descriptors to a device, and taking them back.
 *
 * Invariant: what is read of the rings is never an index before it was checked against what
 * slots[] says is in flight; a device that lies breaks its queue, and nothing else.
 */
#include "drivers/virtio/ring.h"

#include "arm/barrier.h"
#include "lib/string.h"

static size_t used_offset(unsigned int size)
{
	size_t avail = sizeof(struct vring_avail) + (size + 1) * sizeof(uint16_t);

	return ALIGN_UP(size * sizeof(struct vring_desc) + avail, (size_t)VRING_ALIGN);
}

size_t virtqueue_bytes(unsigned int size)
{
	return used_offset(size) + sizeof(struct vring_used) +
	       size * sizeof(struct vring_used_elem) + sizeof(uint16_t);
}

void virtqueue_format(struct virtqueue *q, void *mem)
{
	memset(mem, 0, virtqueue_bytes(q->size));
	q->desc = mem;
	q->avail = (void *)((char *)mem + q->size * sizeof(struct vring_desc));
	q->used = (void *)((char *)mem + used_offset(q->size));
	for (unsigned int i = 0; i < q->size; i++)
		q->slots[i] = (struct virtqueue_slot){ .next = (uint16_t)(i + 1) };
	q->free = q->head = 0;
	q->nr_free = q->size;
	q->offered = q->published = q->seen = 0;
	q->nr = 0;
	q->writable = 0;
	WRITE_ONCE(q->broken, false);
}

void virtqueue_offer(struct virtqueue *q, void *token)
{
	struct virtqueue_slot *s = &q->slots[q->head];

	/* virtqueue_add has said of each piece that one more follows. */
	q->desc[q->last].flags &= (uint16_t)~VRING_DESC_NEXT;
	s->token = token;
	s->writable = q->writable;
	s->last = q->last;
	s->nr = q->nr;
	q->nr_free -= q->nr;
	q->avail->ring[q->offered++ & (q->size - 1)] = q->head;
	q->nr = 0;
	q->writable = 0;
	q->head = q->free;
}

bool virtqueue_publish(struct virtqueue *q)
{
	if (q->offered == q->published)
		return false;
	/* The device sees the index after all that it leads to. */
	dmb(oshst);
	WRITE_ONCE(q->avail->idx, q->offered);
	q->published = q->offered;
	/*
	 * A device that goes to sleep clears the flag and then looks at the index; we write the
	 * index and then look at the flag.  Only a full barrier on both sides makes sure that one
	 * of us sees the other's.
	 */
	dmb(osh);
	return !(READ_ONCE(q->used->flags) & VRING_NO_NOTIFY);
}

static void *break_queue(struct virtqueue *q, const char *what, uint64_t value)
{
	WRITE_ONCE(q->broken, true);
	q->broke(q, what, value);
	return NULL;
}

void *virtqueue_get(struct virtqueue *q, uint32_t *len)
{
	uint16_t ready = virtqueue_ready(q);
	struct vring_used_elem *e = &q->used->ring[q->seen & (q->size - 1)];
	struct virtqueue_slot *s;
	uint32_t id;

	if (!ready || q->broken)
		return NULL;
	/* More than was offered: an index that went back, or that ran away. */
	if (unlikely(ready > q->size - q->nr_free))
		return break_queue(q, "used index", (uint16_t)(q->seen + ready));
	/* What the index says is there is read after it. */
	dmb(oshld);
	id = READ_ONCE(e->id);
	*len = READ_ONCE(e->len);
	if (unlikely(id >= q->size || !q->slots[id].nr))
		return break_queue(q, "used id", id);
	/*
	 * The chain's length and end are of slots[]: the device may have changed its descriptors'
	 * links meanwhile.
	 */
	s = &q->slots[id];
	q->seen++;
	q->nr_free += s->nr;
	s->nr = 0;
	q->slots[s->last].next = q->free;
	q->free = q->head = (uint16_t)id;
	if (unlikely(*len > s->writable)) {
		if (!q->legacy)
			return break_queue(q, "used length", *len);
		*len = s->writable;
	}
	return s->token;
}

void virtqueue_quiet(struct virtqueue *q)
{
	WRITE_ONCE(q->avail->flags, VRING_NO_INTERRUPT);
}

bool virtqueue_listen(struct virtqueue *q)
{
	WRITE_ONCE(q->avail->flags, 0);
	/* As in virtqueue_publish, the other way round. */
	dmb(osh);
	return virtqueue_ready(q) && !q->broken;
}
