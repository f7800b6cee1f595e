/*
 * test_virtio_ring.c - drivers/virtio/ring.c with a device that keeps the rules, in any order it
 * likes and over many turns of its 16-bit indexes; and with one that breaks each of them.
 */
#include "unit.h"
#include "lib/string.h"
#include "drivers/virtio/ring.c"

#define SIZE_MOST 64

static struct virtqueue q;
static struct virtqueue_slot slots[SIZE_MOST];
static void *mem;
static const char *caught;
static uint64_t caught_value;

/* The device's side. */
static uint16_t taken, used; /* of the avail ring; its own index */
static struct chain {
	uint16_t head;
	uint32_t reads, writes; /* pieces */
	uint64_t first;		/* address of the first piece */
} held[SIZE_MOST];
static unsigned int nr_held;

static void catch (struct virtqueue *vq, const char *what, uint64_t value)
{
	assert_ptr_equal(vq, &q);
	assert_true(q.broken);
	caught = what;
	caught_value = value;
}

static void make_queue(uint16_t size, bool legacy)
{
	free(mem);
	/* Exactly as much as it says that it needs. */
	assert_int_equal(posix_memalign(&mem, VRING_ALIGN, virtqueue_bytes(size)), 0);
	memset(&q, 0, sizeof(q));
	q.size = size;
	q.slots = slots;
	q.broke = catch;
	q.legacy = legacy;
	virtqueue_format(&q, mem);
	assert_int_equal((uintptr_t)q.used % VRING_ALIGN, 0);
	caught = NULL;
	taken = used = 0;
	nr_held = 0;
}

/* A chain of @reads and @writes pieces, told apart by @token. */
static bool offer(unsigned int reads, unsigned int writes, uintptr_t token)
{
	if (!virtqueue_room(&q, reads + writes))
		return false;
	for (unsigned int i = 0; i < reads + writes; i++)
		virtqueue_add(&q, paddr_of(token << 8 | i), 100 + i, i >= reads);
	virtqueue_offer(&q, (void *)token);
	return true;
}

/* The device takes all that is published, and looks whether the chains are whole. */
static void take_offered(void)
{
	for (; taken != q.avail->idx; taken++) {
		uint16_t i = q.avail->ring[taken % q.size];
		struct chain c = { .head = i, .first = q.desc[i].addr };

		for (;; i = q.desc[i].next) {
			struct vring_desc d = q.desc[i];
			uint32_t n = c.reads + c.writes;

			assert_int_equal(d.addr, c.first + n);
			assert_int_equal(d.len, 100 + n);
			if (d.flags & VRING_DESC_WRITE)
				c.writes++;
			else
				c.reads++;
			assert_false(!(d.flags & VRING_DESC_WRITE) && c.writes);
			if (!(d.flags & VRING_DESC_NEXT))
				break;
		}
		held[nr_held++] = c;
	}
}

static void say_used(uint32_t id, uint32_t len)
{
	q.used->ring[used % q.size] = (struct vring_used_elem){ id, len };
	q.used->idx = ++used;
}

/* One of those that it holds is used; the sum of what it could write is the length. */
static struct chain use_one(void)
{
	unsigned int i = random_below(nr_held);
	struct chain c = held[i];
	uint32_t len = 0;

	held[i] = held[--nr_held];
	for (uint32_t n = c.reads; n < c.reads + c.writes; n++)
		len += 100 + n;
	say_used(c.head, len);
	return c;
}

/* The device polls: it wants to be told of nothing, or of all. */
static void publish(void)
{
	bool quiet = random_below(2), new = q.offered != q.published;

	q.used->flags = quiet ? VRING_NO_NOTIFY : 0;
	assert_int_equal(virtqueue_publish(&q), new && !quiet);
}

static void keeps_the_rules(void **state)
{
	uintptr_t token = 1;
	uint32_t len;

	for (uint16_t size = 1; size <= SIZE_MOST; size *= 2) {
		make_queue(size, false);
		/* More than twice round. */
		while (token % 150000) {
			unsigned int pieces = 1 + random_below(min((int)size, 5));
			unsigned int reads = random_below(pieces + 1);

			if (offer(reads, pieces - reads, token))
				token++;
			if (random_below(2)) {
				publish();
				assert_false(virtqueue_publish(&q)); /* nothing new */
			}
			take_offered();
			while (nr_held && random_below(2)) {
				struct chain c = use_one();

				assert_int_equal(virtqueue_ready(&q), 1);
				assert_int_equal((uintptr_t)virtqueue_get(&q, &len), c.first >> 8);
				assert_true(len >= c.writes * 100);
			}
			assert_null(virtqueue_get(&q, &len));
		}
		publish();
		take_offered();
		while (nr_held) {
			use_one();
			assert_non_null(virtqueue_get(&q, &len));
		}
		assert_true(virtqueue_is_idle(&q));
		assert_null(caught);
		token++;
	}
}

static void asks_and_tells(void **state)
{
	uint32_t len;

	make_queue(8, false);
	assert_false(virtqueue_publish(&q));
	assert_true(offer(1, 1, 1));
	assert_int_equal(q.avail->idx, 0);
	assert_true(virtqueue_publish(&q));
	assert_int_equal(q.avail->idx, 1);
	/* It is awake: it need not be told. */
	q.used->flags = VRING_NO_NOTIFY;
	assert_true(offer(1, 1, 2));
	assert_false(virtqueue_publish(&q));
	assert_int_equal(q.avail->idx, 2);
	virtqueue_quiet(&q);
	assert_int_equal(q.avail->flags, VRING_NO_INTERRUPT);
	take_offered();
	use_one();
	assert_true(virtqueue_listen(&q));
	assert_int_equal(q.avail->flags, 0);
	assert_non_null(virtqueue_get(&q, &len));
	assert_false(virtqueue_listen(&q));
	/* A reset forgets what is in flight. */
	virtqueue_format(&q, mem);
	assert_true(virtqueue_is_idle(&q));
	assert_null(virtqueue_get(&q, &len));
	assert_true(offer(4, 4, 3));
	assert_false(offer(0, 1, 4));
}

/* Two chains of three pieces are with the device; the second begins at 3. */
static void two_chains(bool legacy)
{
	make_queue(8, legacy);
	assert_true(offer(1, 2, 1) && offer(1, 2, 2));
	assert_true(virtqueue_publish(&q));
}

static void must_be_caught(const char *what, uint64_t value)
{
	uint32_t len;

	assert_null(virtqueue_get(&q, &len));
	assert_non_null(caught);
	assert_string_equal(caught, what);
	assert_int_equal(caught_value, value);
	/* Once, and for good. */
	caught = NULL;
	assert_null(virtqueue_get(&q, &len));
	assert_null(caught);
	assert_false(virtqueue_listen(&q));
}

static void breaks_them(void **state)
{
	static const uint32_t bad_ids[] = { 8, 9, 255, 256, UINT32_MAX, 0x10000, 0x10003,
					    1, 2, 4,   5,   6,		7 };
	uint32_t len;

	for (size_t i = 0; i < ARRAY_SIZE(bad_ids); i++) {
		two_chains(false);
		say_used(bad_ids[i], 0);
		must_be_caught("used id", bad_ids[i]);
	}
	/* The same one twice. */
	two_chains(false);
	say_used(3, 203);
	say_used(3, 203);
	assert_int_equal((uintptr_t)virtqueue_get(&q, &len), 2);
	assert_int_equal(len, 203);
	must_be_caught("used id", 3);
	/* More than its six pieces; more than the two chains; an index that goes back. */
	two_chains(false);
	q.used->idx = 7;
	must_be_caught("used index", 7);
	two_chains(false);
	say_used(0, 0);
	say_used(3, 0);
	q.used->idx = 3;
	assert_non_null(virtqueue_get(&q, &len));
	assert_non_null(virtqueue_get(&q, &len));
	must_be_caught("used index", 3);
	two_chains(false);
	q.used->idx = UINT16_MAX;
	must_be_caught("used index", UINT16_MAX);
	/* More bytes than it could write. */
	two_chains(false);
	say_used(0, 204);
	must_be_caught("used length", 204);
	two_chains(true);
	say_used(0, UINT32_MAX);
	assert_int_equal((uintptr_t)virtqueue_get(&q, &len), 1);
	assert_int_equal(len, 203);
}

/* What it writes over the descriptors and our ring harms nobody but itself. */
static void scribbles(void **state)
{
	uint32_t len;

	two_chains(false);
	memset(q.desc, 0xff, 8 * sizeof(*q.desc));
	memset(q.avail, 0xff, sizeof(*q.avail) + 8 * sizeof(uint16_t));
	say_used(3, 0);
	say_used(0, 0);
	assert_int_equal((uintptr_t)virtqueue_get(&q, &len), 2);
	assert_int_equal((uintptr_t)virtqueue_get(&q, &len), 1);
	assert_true(virtqueue_is_idle(&q));
	q.avail->flags = 0;
	assert_true(offer(4, 4, 5));
	assert_true(virtqueue_publish(&q));
	assert_int_equal(q.avail->idx, 3);
	taken = 2;
	take_offered();
	assert_int_equal(nr_held, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_rules),
		cmocka_unit_test(asks_and_tells),
		cmocka_unit_test(breaks_them),
		cmocka_unit_test(scribbles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
