/*
 * test_trace_ring.c - trace/ring.c: what was written is read whole and in order, or counted as
 * lost; also where a page is reused while it is copied, and with a writer and readers at full
 * speed.
 */
#include <pthread.h>

#include "unit.h"

#include "abi/trace_stream.h"
#include "arm/barrier.h"
#include "lib/string.h"

/* The reader's copy, in the middle of which a test can do something. */
static void (*in_the_middle)(void);

static void *copy_with_pause(void *dst, const void *src, size_t n)
{
	void (*fn)(void) = in_the_middle;
	size_t half = n / 16 * 8;

	in_the_middle = NULL;
	newel_memcpy(dst, src, half);
	if (fn)
		fn();
	return newel_memcpy((char *)dst + half, (const char *)src + half, n - half);
}

#undef memcpy
#define memcpy copy_with_pause
#include "trace/ring.c"
#undef memcpy
#define memcpy newel_memcpy

#define PAGES  4

/* One core: the one copy. */
uintptr_t percpu_offset[NR_CPUS];

static struct trace_page *pages[64];
static uint64_t made; /* records */
static char buf[TRACE_PAGE_DATA] __attribute__((aligned(8)));

static struct trace_ring *ring_of(uint32_t n)
{
	struct trace_ring *ring = &trace_ring;

	*ring = (struct trace_ring){ 0 };
	for (uint32_t i = 0; i < n; i++) {
		free(pages[i]);
		pages[i] = calloc(1, TRACE_PAGE_SIZE);
	}
	ring_begin(ring, pages, n);
	made = 0;
	return ring;
}

/* Each word of a record is its number, so that a torn one shows. */
static void put(struct trace_ring *ring, size_t words)
{
	struct ring_room room = ring_reserve(ring, 8 * words);
	struct trace_head *r = room.at;

	made++;
	if (!r)
		return;
	*r = (struct trace_head){ .ticks = made, .pid = (int32_t)made, .words = (uint8_t)words };
	for (size_t i = sizeof(*r) / 8; i < words; i++)
		((uint64_t *)r)[i] = made;
	ring_commit(room, 8 * words);
}

static void put_many(struct trace_ring *ring, unsigned int n)
{
	while (n--)
		put(ring, 2 + random_below(random_below(20) ? 12 : 254));
}

/* The records of @p are whole, and numbered as it says. */
static void check_piece(const struct ring_piece *p)
{
	const uint64_t *w = p->data;
	uint64_t seq = p->seq;
	size_t at = 0;

	for (; at < p->bytes; seq++) {
		const struct trace_head *r = (const struct trace_head *)(w + at / 8);

		assert_int_equal(r->ticks, seq);
		assert_int_equal(r->pid, (int32_t)seq);
		for (size_t i = 2; i < r->words; i++)
			assert_int_equal(w[at / 8 + i], seq);
		at += 8 * (size_t)r->words;
	}
	assert_int_equal(at, p->bytes);
	assert_int_equal(seq, p->seq + p->records);
}

/* Reads from *@next to @last: how many there were; what was gone is added to *@gone. */
static uint64_t read_all(struct trace_ring *ring, uint64_t *next, uint64_t last, uint64_t *gone)
{
	struct ring_piece p;
	uint64_t n = 0;

	while (*next <= last && ring_read(ring, *next, last, buf, &p)) {
		check_piece(&p);
		assert_true(p.seq >= *next && p.seq + p.records - 1 <= last);
		*gone += p.seq - *next;
		*next = p.seq + p.records;
		n += p.records;
	}
	return n;
}

static void without_pages_all_is_lost(void **state)
{
	struct trace_ring *ring = ring_of(0);
	struct ring_piece p;

	put_many(ring, 100);
	assert_int_equal(ring_written(ring), 100);
	assert_int_equal(ring->lost, 100);
	assert_false(ring_read(ring, 1, 100, buf, &p));
	assert_false(ring_peek(0, 0, &p));
	/* Numbers go on when there are pages. */
	pages[0] = calloc(1, TRACE_PAGE_SIZE);
	ring_begin(ring, pages, 1);
	put(ring, 2);
	assert_int_equal(ring_written(ring), 101);
	assert_true(ring_read(ring, 1, 101, buf, &p));
	check_piece(&p);
	assert_int_equal(p.seq, 101);
	assert_int_equal(p.records, 1);
}

static void read_as_written(void **state)
{
	struct trace_ring *ring = ring_of(PAGES);
	uint64_t next = 1, gone = 0, n = 0;

	for (int i = 0; i < 20000; i++) {
		put_many(ring, 1 + random_below(20));
		n += read_all(ring, &next, ring_written(ring), &gone);
		assert_int_equal(n, made);
	}
	assert_int_equal(gone, 0);
	assert_int_equal(ring->lost, 0);
	assert_int_equal(ring_written(ring), made);
}

static void any_part_of_it(void **state)
{
	struct trace_ring *ring = ring_of(PAGES);

	put_many(ring, 200);
	for (int i = 0; i < 20000; i++) {
		uint64_t first = 1 + random_below(200), last = first + random_below(60);
		uint64_t next = first, gone = 0, n, end = last < made ? last : made;

		n = read_all(ring, &next, end, &gone);
		assert_int_equal(n + gone, next - first);
		/* What is not there any more is at the beginning, all of it. */
		assert_true(!n || next == end + 1);
	}
}

static void what_is_overwritten_counts(void **state)
{
	for (int i = 0; i < 300; i++) {
		struct trace_ring *ring = ring_of(2 + random_below(PAGES));
		uint64_t next = 1, gone = 0, n = 0, read = 0;

		for (int j = 0; j < 8; j++) {
			put_many(ring, random_below(1500));
			if (random_below(2)) {
				n += read_all(ring, &next, made, &gone);
				assert_int_equal(n + gone, next - 1);
				read = made;
			}
		}
		/* Lost: those that went before anybody had them; the rest is there. */
		n += read_all(ring, &next, made, &gone);
		assert_int_equal(n + gone, made);
		assert_int_equal(ring->lost, gone);
		assert_true(ring->read >= read);
	}
}

static void other_pages(void **state)
{
	struct trace_ring *ring = ring_of(PAGES);
	struct trace_page *more[2] = { calloc(1, TRACE_PAGE_SIZE), calloc(1, TRACE_PAGE_SIZE) };
	uint64_t next = 1, gone = 0, n;

	put_many(ring, 30);
	n = read_all(ring, &next, 20, &gone);
	assert_int_equal(n, 20);
	ring_begin(ring, more, 2);
	assert_int_equal(ring->lost, 10);
	put_many(ring, 5);
	n += read_all(ring, &next, made, &gone);
	assert_int_equal(gone, 10);
	assert_int_equal(n, 25);
	free(more[0]);
	free(more[1]);
}

static void peeked(void **state)
{
	struct trace_ring *ring = ring_of(PAGES);
	struct ring_piece p;
	uint64_t before;

	put_many(ring, 1000);
	assert_true(ring_peek(0, 0, &p));
	check_piece(&p);
	assert_int_equal(p.seq + p.records - 1, made);
	for (unsigned int back = 1; back < PAGES; back++) {
		before = p.seq;
		assert_true(ring_peek(0, back, &p));
		check_piece(&p);
		assert_int_equal(p.seq + p.records, before);
	}
	assert_false(ring_peek(0, PAGES, &p));
	ring->page->first = TRACE_PAGE_RESERVED;
	assert_false(ring_peek(0, 0, &p));
}

static unsigned int meanwhile;

static void write_meanwhile(void)
{
	put_many(&trace_ring, meanwhile);
}

/* The writer goes on, as far as once round and more, in the middle of a reader's copy. */
static void reused_while_it_is_copied(void **state)
{
	for (int i = 0; i < 3000; i++) {
		struct trace_ring *ring = ring_of(2 + random_below(3));
		uint64_t next, first, gone = 0, n, last;
		struct ring_piece p;

		put_many(ring, 1 + random_below(1000));
		last = made;
		first = next = 1 + random_below((uint32_t)made);
		meanwhile = random_below(800);
		in_the_middle = write_meanwhile;
		if (!ring_read(ring, next, last, buf, &p)) {
			/* All of it has gone while it was copied. */
			assert_true(ring->lost >= 1);
			in_the_middle = NULL;
			continue;
		}
		in_the_middle = NULL;
		check_piece(&p);
		assert_true(p.seq >= first && p.seq + p.records - 1 <= last);
		next = p.seq + p.records;
		n = p.records + read_all(ring, &next, last, &gone);
		assert_true(n + gone + (p.seq - first) <= last + 1 - first);
	}
}

#define AT_ONCE 3000000

static bool finished;

static void *write_on(void *arg)
{
	put_many(arg, AT_ONCE);
	__atomic_store_n(&finished, true, __ATOMIC_RELEASE);
	return NULL;
}

/* The core writes as fast as it can: all is read whole, or missing from the count. */
static void at_once(void **state)
{
	struct trace_ring *ring = ring_of(8);
	uint64_t next = 1, gone = 0, n = 0;
	pthread_t writer;
	bool last;

	finished = false;
	assert_int_equal(pthread_create(&writer, NULL, write_on, ring), 0);
	do {
		last = __atomic_load_n(&finished, __ATOMIC_ACQUIRE);
		n += read_all(ring, &next, ring_written(ring), &gone);
	} while (!last);
	pthread_join(writer, NULL);
	assert_int_equal(ring_written(ring), AT_ONCE);
	assert_int_equal(n + gone, AT_ONCE);
	assert_true(n > 1000);
	/* The ring's own count knows what was read a little later than it was. */
	assert_true(ring->lost >= gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_pages_all_is_lost),
		cmocka_unit_test(read_as_written),
		cmocka_unit_test(any_part_of_it),
		cmocka_unit_test(what_is_overwritten_counts),
		cmocka_unit_test(other_pages),
		cmocka_unit_test(peeked),
		cmocka_unit_test(reused_while_it_is_copied),
		cmocka_unit_test(at_once),
	};

	return cmocka_run_group_tests_name("trace_ring", tests, NULL, NULL);
}
