/*
 * test_vm_queue.c - vm's side of a virtqueue: chains as the driver wrote them, and every rule that
 * it may break.  The guest's memory is a block of exactly its size, for the sanitizer to watch.
 */
#include "unit.h"
#include "vm_names.h"
#include "el0/vm/queue.c"

#define BASE  0x40000000UL
#define SIZE  8
#define DESC  (BASE + 0x000)
#define AVAIL (BASE + 0x100)
#define USED  (BASE + 0x200)
#define DATA  (BASE + 0x300)
#define BYTES 0x400

static struct ram ram = { .base = BASE, .size = BYTES };
static struct queue q;
static struct chain c;
static const char *why;

static void *at(uint64_t addr)
{
	return ram.at + (addr - BASE);
}

static void put16(uint64_t addr, uint16_t v)
{
	__builtin_memcpy(at(addr), &v, 2);
}

static void put_desc(unsigned int i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	struct desc d = { addr, len, flags, next };

	__builtin_memcpy(at(DESC + 16 * i), &d, 16);
}

/* The driver offers the chain that begins at @head. */
static void offer(uint16_t head)
{
	static uint16_t idx;

	idx = ((struct ring *)at(AVAIL))->idx;
	put16(AVAIL + 4 + 2 * (idx % SIZE), head);
	put16(AVAIL + 2, idx + 1);
}

static int setup(void **state)
{
	free(ram.at);
	ram.at = calloc(1, BYTES);
	q = (struct queue){ .ram = &ram, .desc = DESC, .avail = AVAIL, .used = USED, .size = SIZE };
	assert_true(queue_start(&q));
	return 0;
}

static int teardown(void **state)
{
	free(ram.at);
	ram.at = NULL;
	return 0;
}

static void test_span(void **state)
{
	assert_ptr_equal(ram_span(&ram, BASE, BYTES), ram.at);
	assert_ptr_equal(ram_span(&ram, BASE + BYTES, 0), ram.at + BYTES);
	assert_null(ram_span(&ram, BASE + BYTES, 1));
	assert_null(ram_span(&ram, BASE, BYTES + 1));
	assert_null(ram_span(&ram, BASE + 1, ~0UL));
	assert_null(ram_span(&ram, BASE - 1, 1));
	assert_null(ram_span(&ram, 0, ~0UL));
	assert_null(ram_span(&ram, ~0UL, 2));
}

static void test_start(void **state)
{
	static const uint32_t sizes[] = { 0, 3, 6, 256, 0x80000000, ~0u };
	struct queue good = q;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		q.size = sizes[i];
		assert_false(queue_start(&q));
		assert_false(q.ready);
	}
	for (int i = 0; i < 3; i++) {
		uint64_t *place[] = { &q.desc, &q.avail, &q.used };
		uint64_t bad[] = { *place[i] + 1, BASE + BYTES, BASE - 16, ~0UL & ~15UL, 0 };

		for (size_t k = 0; k < ARRAY_SIZE(bad); k++) {
			q = good;
			*place[i] = bad[k];
			assert_false(queue_start(&q));
		}
	}
	/* The rings end with a word for events, which must be there, too. */
	q = good;
	q.avail = BASE + BYTES - (4 + 2 * SIZE);
	assert_false(queue_start(&q));
	q.avail -= 2;
	assert_true(queue_start(&q));
}

static void test_chain(void **state)
{
	struct used *used = at(USED);

	assert_int_equal(queue_peek(&q, &c, &why), 0);
	put_desc(3, DATA, 16, NEXT, 5);
	put_desc(5, DATA + 16, 0, NEXT, 0);
	put_desc(0, DATA + 32, 32, NEXT | WRITE, 7);
	put_desc(7, DATA + 0xff, 1, WRITE, 3);
	offer(3);
	assert_int_equal(queue_peek(&q, &c, &why), 1);
	assert_int_equal(queue_peek(&q, &c, &why), 1); /* it stays */
	assert_int_equal(c.head, 3);
	assert_int_equal(c.nr_out, 2);
	assert_int_equal(c.nr_in, 2);
	assert_int_equal(c.out_bytes, 16);
	assert_int_equal(c.in_bytes, 33);
	assert_ptr_equal(c.iov[3].iov_base, at(DATA + 0xff));
	assert_true(queue_give(&q, c.head, 33));
	assert_int_equal(used->idx, 1);
	assert_int_equal(used->of[0].id, 3);
	assert_int_equal(used->of[0].len, 33);
	assert_int_equal(queue_peek(&q, &c, &why), 0);
	put16(AVAIL, NO_INTERRUPT);
	offer(3);
	assert_int_equal(queue_peek(&q, &c, &why), 1);
	assert_false(queue_give(&q, c.head, 0));
}

/* The indexes have 16 bits: more turns than that. */
static void test_turns(void **state)
{
	struct used *used = at(USED);

	put_desc(1, DATA, 1, 0, 0);
	for (unsigned int i = 0; i < 0x10000 + 20; i++) {
		offer(1);
		assert_int_equal(queue_peek(&q, &c, &why), 1);
		queue_give(&q, c.head, i);
		assert_int_equal(used->idx, (uint16_t)(i + 1));
		assert_int_equal(used->of[i % SIZE].len, i);
	}
}

static void broken(const char *words)
{
	why = NULL;
	assert_int_equal(queue_peek(&q, &c, &why), -1);
	assert_non_null(why);
	assert_non_null(strstr(why, words));
}

static void test_rules(void **state)
{
	static const struct {
		uint64_t addr;
		uint32_t len;
	} outside[] = { { BASE + BYTES, 1 }, { BASE - 1, 1 }, { BASE, BYTES + 1 }, { DATA, ~0u },
			{ ~0UL, 2 },	     { 0, 0 },	      { ~0UL - 1, ~0u } };

	put16(AVAIL + 2, SIZE + 1);
	broken("more chains");
	setup(NULL);
	offer(SIZE);
	broken("past the queue");
	setup(NULL);
	offer(0xffff);
	broken("past the queue");
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		setup(NULL);
		put_desc(0, outside[i].addr, outside[i].len, 0, 0);
		offer(0);
		broken("not in the guest's memory");
	}
	setup(NULL);
	put_desc(0, DATA, 1, NEXT, SIZE);
	offer(0);
	broken("past the queue");
	setup(NULL);
	put_desc(0, DATA, 1, NEXT, 1);
	put_desc(1, DATA, 1, NEXT, 0);
	offer(0);
	broken("loop");
	setup(NULL);
	put_desc(0, DATA, 1, NEXT | WRITE, 1);
	put_desc(1, DATA, 1, 0, 0);
	offer(0);
	broken("follows one to write");
	setup(NULL);
	put_desc(0, DATA, 16, 4, 0); /* indirect */
	offer(0);
	broken("flag");
}

static void test_pieces(void **state)
{
	uint8_t bytes[32], buf[32];
	struct iovec iov[4] = { { (uintptr_t)bytes, 4 },
				{ (uintptr_t)bytes + 4, 0 },
				{ (uintptr_t)bytes + 4, 8 },
				{ (uintptr_t)bytes + 12, 20 } };
	struct iovec cut[4];

	for (int i = 0; i < 32; i++)
		bytes[i] = i;
	for (size_t skip = 0; skip < 40; skip++) {
		for (size_t len = 0; len <= 32; len++) {
			size_t there = skip < 32 ? 32 - skip : 0, n = len < there ? len : there,
			       sum = 0;

			assert_int_equal(iov_copy(iov, 4, skip, buf, len, false), n);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(buf[i], skip + i);
			size_t pieces = iov_cut(cut, iov, 4, skip, len);

			for (size_t i = 0; i < pieces; i++) {
				assert_true(cut[i].iov_len);
				assert_int_equal(*(uint8_t *)(uintptr_t)cut[i].iov_base,
						 skip + sum);
				sum += cut[i].iov_len;
			}
			assert_int_equal(sum, n);
		}
	}
	__builtin_memset(buf, 0xee, 32);
	assert_int_equal(iov_copy(iov, 4, 2, buf, 5, true), 5);
	assert_int_equal(bytes[1], 1);
	assert_int_equal(bytes[2], 0xee);
	assert_int_equal(bytes[6], 0xee);
	assert_int_equal(bytes[7], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_span, setup),
		cmocka_unit_test_setup(test_start, setup),
		cmocka_unit_test_setup(test_chain, setup),
		cmocka_unit_test_setup(test_turns, setup),
		cmocka_unit_test_setup(test_rules, setup),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
