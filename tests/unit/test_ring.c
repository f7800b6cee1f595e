/*
 * test_ring.c - fs/ring.c against a plain array: what goes in comes out, in order, whatever the
 * pieces; every page is back in the end, also when one could not be had.
 */
#include "unit.h"

#include "abi/errno.h"
#include "fs/ring.h"
#include "lib/string.h"
#include "mm/charge.h"
#include "mm/slab.h"

#define ARENA_PAGES 64
#define BYTES_MAX   (16 * (uint32_t)PAGE_SIZE)

static char *arena;
static struct page pages[ARENA_PAGES];
static size_t pages_used, objects_used;
static size_t pages_left = SIZE_MAX; /* to be had */

struct page *page_alloc(unsigned int order)
{
	assert_int_equal(order, 0);
	if (!pages_left)
		return NULL;
	pages_left--;
	for (size_t i = 0; i < ARENA_PAGES; i++)
		if (!pages[i].refs) {
			pages[i].refs = 1;
			pages_used++;
			return &pages[i];
		}
	return NULL;
}

void page_free(struct page *p, unsigned int order)
{
	assert_int_equal(order, 0);
	assert_int_equal(p->refs, 0);
	pages_used--;
}

void copy_wide(void *dst, const void *src, size_t n)
{
	memcpy(dst, src, n);
}

void *kzalloc(size_t size)
{
	objects_used++;
	return calloc(1, size);
}

void kfree(void *p)
{
	objects_used -= p != NULL;
	free(p);
}

void charge_left(struct charge *c, uint64_t was, uint64_t is)
{
	fail_msg("nobody is charged");
}

size_t copy_to_user(uptr dst, const void *src, size_t n)
{
	fail_msg("no user memory here");
	return n;
}

size_t copy_from_user(void *dst, uptr src, size_t n)
{
	return n; /* a fault */
}

size_t clear_user(uptr dst, size_t n)
{
	fail_msg("no user memory here");
	return n;
}

/* ---- the model: bytes [out, in) of a stream in which byte i is what stream_byte says ---- */

static uint64_t in, out;

static char stream_byte(uint64_t i)
{
	return (char)(i * 131 + (i >> 12));
}

static int put_bytes(struct ring *r, uint32_t n)
{
	static char buf[BYTES_MAX];
	struct iter it;
	int err;

	for (uint32_t i = 0; i < n; i++)
		buf[i] = stream_byte(in + i);
	iter_kernel(&it, buf, n);
	err = ring_append(r, &it, n);
	in += err ? 0 : n;
	return err;
}

static void get_bytes(struct ring *r, uint32_t n)
{
	while (n) {
		uint32_t piece = n;
		const char *at = ring_at(r, r->tail, &piece);

		assert_in_range(piece, 1, n);
		for (uint32_t i = 0; i < piece; i++)
			assert_int_equal(at[i], stream_byte(out + i));
		ring_consume(r, piece);
		out += piece;
		n -= piece;
	}
}

static void expect(struct ring *r)
{
	assert_int_equal(ring_used(r), in - out);
	assert_int_equal(ring_room(r), r->cap - (in - out));
}

static void begin(struct ring *r, uint32_t cap)
{
	*r = (struct ring){ .pages = NULL };
	in = out = 0;
	pages_left = SIZE_MAX;
	assert_int_equal(ring_init(r, cap, NULL), 0);
	expect(r);
}

static void end(struct ring *r)
{
	ring_free(r);
	assert_int_equal(pages_used, 0);
	assert_int_equal(objects_used, 0);
}

/* ---- the tests ---- */

static void move_at_random(struct ring *r, int rounds)
{
	while (rounds--) {
		uint32_t n = random_below(r->cap) >> random_below(13);

		if (random_below(2))
			assert_int_equal(put_bytes(r, n < ring_room(r) ? n : ring_room(r)), 0);
		else
			get_bytes(r, n < ring_used(r) ? n : ring_used(r));
		expect(r);
	}
}

static void any_pieces(void **state)
{
	struct ring r;

	for (uint32_t cap = PAGE_SIZE; cap <= BYTES_MAX; cap *= 2) {
		begin(&r, cap);
		move_at_random(&r, 3000);
		end(&r);
	}
}

static void little_uses_one_page(void **state)
{
	struct ring r;

	begin(&r, BYTES_MAX);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(put_bytes(&r, 100), 0);
		get_bytes(&r, 100);
		assert_int_equal(pages_used, 1);
	}
	end(&r);
}

static void read_pages_go_back(void **state)
{
	struct ring r;

	begin(&r, BYTES_MAX);
	assert_int_equal(put_bytes(&r, BYTES_MAX), 0);
	get_bytes(&r, 10 * PAGE_SIZE + 1);
	assert_int_equal(pages_used, 16 - 9); /* all but those, and the first */
	get_bytes(&r, ring_used(&r));
	assert_int_equal(pages_used, 1);
	end(&r);
}

static void kept_pages_stay(void **state)
{
	struct ring r;

	begin(&r, 2 * PAGE_SIZE);
	assert_int_equal(ring_make_pages(&r), 0);
	pages_left = 0;
	move_at_random(&r, 3000);
	assert_int_equal(pages_used, 2);
	end(&r);
}

static void all_or_none(void **state)
{
	struct ring r;
	struct iter it;

	begin(&r, BYTES_MAX);
	assert_int_equal(put_bytes(&r, 100), 0);
	pages_left = 2;
	assert_int_equal(put_bytes(&r, 3 * PAGE_SIZE), -ENOMEM);
	expect(&r);
	iter_user(&it, (uptr){ 0x1000 }, 50);
	assert_int_equal(ring_append(&r, &it, 50), -EFAULT);
	expect(&r);
	get_bytes(&r, 100);
	end(&r);
	begin(&r, 2 * PAGE_SIZE);
	pages_left = 1;
	assert_int_equal(ring_make_pages(&r), -ENOMEM);
	end(&r);
}

static void resizing(void **state)
{
	struct ring r;

	begin(&r, BYTES_MAX);
	for (int i = 0; i < 200; i++) {
		uint32_t cap = (uint32_t)PAGE_SIZE << random_below(5);

		move_at_random(&r, 10);
		if (cap >= ring_used(&r))
			assert_int_equal(ring_resize(&r, cap), 0);
		expect(&r);
		assert_true(pages_used <= r.cap / PAGE_SIZE);
	}
	get_bytes(&r, ring_used(&r));
	assert_int_equal(ring_resize(&r, BYTES_MAX), 0);
	assert_int_equal(put_bytes(&r, 3 * PAGE_SIZE), 0);
	pages_left = 2;
	assert_int_equal(ring_resize(&r, 4 * PAGE_SIZE), -ENOMEM);
	expect(&r);
	get_bytes(&r, ring_used(&r));
	end(&r);
}

static int make_arena(void **state)
{
	arena = aligned_alloc(PAGE_SIZE, ARENA_PAGES * PAGE_SIZE);
	shim_page_array = (uintptr_t)pages -
			  (((uintptr_t)arena - LINEAR_BASE) >> PAGE_SHIFT) * sizeof(*pages);
	return arena ? 0 : -1;
}

static int free_arena(void **state)
{
	free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_pieces),	      cmocka_unit_test(little_uses_one_page),
		cmocka_unit_test(read_pages_go_back), cmocka_unit_test(kept_pages_stay),
		cmocka_unit_test(all_or_none),	      cmocka_unit_test(resizing),
	};

	return cmocka_run_group_tests_name("ring", tests, make_arena, free_arena);
}
