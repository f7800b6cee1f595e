/*
 * fuzz_virtio_ring.c - a device that writes what the input says, wherever it can write: what is
 * taken from the ring was offered and had not been taken, or the queue is broken for good.
 */
#include "fuzz.h"
#include "lib/string.h"
#include "drivers/virtio/ring.c"

#define SIZE 8

struct token {
	bool offered;
	uint8_t nr;
	uint32_t writable;
};

static struct virtqueue q;
static struct virtqueue_slot slots[SIZE];
static struct token tokens[256];
static uint8_t next_token;
static unsigned int caught;

static void catch (struct virtqueue *vq, const char *what, uint64_t value)
{
	MUST(vq == &q && q.broken && what);
	caught++;
}

/* 1 .. 8 pieces, each read or written by the device, as far as there is room. */
static void offer(uint8_t shape)
{
	struct token *t = &tokens[next_token];
	unsigned int nr = 1 + (shape & 7), reads = (shape >> 3) % (nr + 1);

	if (!virtqueue_room(&q, nr))
		return;
	MUST(!t->offered && virtqueue_head(&q) < SIZE);
	*t = (struct token){ .offered = true, .nr = (uint8_t)nr };
	for (unsigned int i = 0; i < nr; i++) {
		virtqueue_add(&q, paddr_of(i), i * shape, i >= reads);
		t->writable += i >= reads ? i * shape : 0;
	}
	virtqueue_offer(&q, t);
	next_token++;
}

static void take(void)
{
	uint16_t was_free = q.nr_free;
	uint32_t len = 0xdeadbeef;
	struct token *t = virtqueue_get(&q, &len);

	if (!t)
		return;
	MUST(t->offered && len <= t->writable);
	t->offered = false;
	MUST(q.nr_free == was_free + t->nr && q.nr_free <= SIZE);
}

/* One step of the driver, or up to 4 bytes that the device writes; what is left of the input. */
static size_t step(uint8_t *mem, size_t bytes, const uint8_t *p, size_t n)
{
	size_t at;

	switch (p[0] & 3) {
	case 0: offer(p[0] >> 2 ^ p[1]); return 2;
	case 1:
		if (virtqueue_publish(&q))
			MUST(q.avail->idx == q.offered);
		take();
		return 1;
	case 2: /* the used ring, where it counts */
		at = (size_t)((uint8_t *)q.used - mem) + p[1] % (4 + SIZE * 8);
		break;
	default: at = (p[1] * 257u) % bytes;
	}
	for (size_t i = 2; i < n && i < 2 + (p[0] >> 2) % 5u && at < bytes; i++)
		mem[at++] = p[i];
	return 2 + (p[0] >> 2) % 5u;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	size_t bytes = virtqueue_bytes(SIZE), used;
	void *mem;

	MUST(!posix_memalign(&mem, VRING_ALIGN, bytes));
	memset(tokens, 0, sizeof(tokens));
	caught = 0;
	q = (struct virtqueue){ .size = SIZE, .slots = slots, .broke = catch, .legacy = size & 1 };
	virtqueue_format(&q, mem);
	for (; size >= 2; size -= used, p += used) {
		used = step(mem, bytes, p, size);
		used = min(used, size);
	}
	/* As an interrupt handler would: it comes to an end. */
	for (unsigned int left = virtqueue_ready(&q); left && !q.broken; left--)
		take();
	MUST(caught == q.broken);
	free(mem);
	return 0;
}
