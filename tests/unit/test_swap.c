/*
 * test_swap.c - mm/swap.c beside a model of it: leaves that are made, stored to, copied, sent out,
 * brought in and dropped in any order, also while a page is being read or written, with errors of
 * both; each leaf has what was stored to it last, and nothing is left at the end.
 */
#include "unit.h"
#include "shim.h"
#include "abi/errno.h"
#include "lib/string.h"

#include "mm/swap.c"

#define NR_PAGES  96
#define NR_SLOTS  40
#define NR_AREAS  3
#define NR_LEAVES 160

static struct page pages[NR_PAGES];
static uint64_t value[NR_PAGES]; /* what each page holds */
static uint64_t disk[NR_AREAS][NR_SLOTS];
static struct swap_area area[NR_AREAS];
static struct swap_slot slots[NR_AREAS][NR_SLOTS];
static unsigned int pages_used, depth;
static bool errors;

/* ---- what it stands on ---- */

bool page_scarce; /* now and then */

struct page *page_alloc(unsigned int order)
{
	page_scarce = !random_below(4);
	for (size_t i = 0; i < NR_PAGES; i++)
		if (!pages[i].refs) {
			memset(&pages[i], 0, sizeof(pages[i]));
			pages[i].refs = 1;
			pages[i].kind = PAGE_USED;
			pages_used++;
			return &pages[i];
		}
	return NULL;
}

void page_free(struct page *p, unsigned int order)
{
	assert_int_equal(p->refs, 0);
	assert_int_equal(p->kind, PAGE_USED); /* no slot has it */
	pages_used--;
}

int give_way(void)
{
	return 0;
}

void mutex_init(struct mutex *m)
{
	m->held = 0;
}

/* Who would wait for a task further down this stack is killed instead. */
int mutex_lock_killable(struct mutex *m)
{
	if (m->held)
		return -EINTR;
	m->held = 1;
	return 0;
}

bool mutex_trylock(struct mutex *m)
{
	return !mutex_lock_killable(m);
}

void mutex_unlock(struct mutex *m)
{
	assert_true(m->held);
	m->held = 0;
}

/* ---- leaves, as mm/fault.c and mm/swapout.c handle them ---- */

struct leaf {
	struct page *page; /* it shows; or NULL */
	uint64_t entry;	   /* or has; or 0: empty */
	uint64_t expected;
};

static struct leaf leaves[NR_LEAVES];
static struct swap_batch batch;

static uint64_t *value_of(const struct page *p)
{
	return &value[p - pages];
}

static void step(void);

static int read_slots(struct swap_area *a, uint64_t slot, struct page **p, unsigned int n)
{
	assert_true(n && n <= SWAP_AHEAD && slot + n <= NR_SLOTS);
	/* Others go on meanwhile. */
	for (uint32_t i = depth < 3 ? random_below(4) : 0; i; i--)
		step();
	if (n > 1 && !random_below(8))
		return -EAGAIN;
	if (errors && !random_below(8))
		return -EIO;
	for (unsigned int i = 0; i < n; i++)
		*value_of(p[i]) = disk[a->index][slot + i];
	return 0;
}

static struct leaf *any_leaf(void)
{
	return &leaves[random_below(NR_LEAVES)];
}

/* The leaf's page is there afterwards, or false. */
static bool bring_leaf(struct leaf *l)
{
	uint64_t entry = l->entry;
	struct page *p, *read;

	if (l->page)
		return true;
	if (!entry)
		return false;
	p = swap_claim(entry);
	if (!p) {
		assert_true(swap_dup(entry));
		read = swap_bring(entry);
		swap_free(entry);
		if (is_err(read))
			return false;
		/* Others may have had their turn. */
		if (l->entry == entry)
			p = swap_claim(entry);
		page_put(read);
		if (!p)
			return l->page;
	}
	l->page = p;
	l->entry = 0;
	return true;
}

static void load_leaf(struct leaf *l)
{
	if (bring_leaf(l))
		assert_int_equal(*value_of(l->page), l->expected);
}

static void store_leaf(struct leaf *l)
{
	struct page *p;

	if (!bring_leaf(l)) {
		if (l->entry)
			return;
		l->page = page_alloc(0);
		if (!l->page)
			return;
	} else if (l->page->refs != 1) {
		p = page_alloc(0);
		if (!p)
			return;
		page_put(l->page);
		l->page = p;
	} else {
		assert_int_equal(l->page->kind, PAGE_USED); /* no slot's: it may be changed */
	}
	l->expected = *value_of(l->page) = random_u32();
}

static void fork_leaf(const struct leaf *from, struct leaf *to)
{
	if (to->page || to->entry)
		return;
	if (from->page)
		page_get(from->page);
	else if (from->entry)
		assert_true(swap_dup(from->entry));
	*to = *from;
}

static void zap_leaf(struct leaf *l)
{
	struct leaf was = *l;

	*l = (struct leaf){ .page = NULL };
	if (was.page)
		page_put(was.page);
	else if (was.entry)
		swap_free(was.entry);
}

static void send_leaf(struct leaf *l)
{
	struct page *p = l->page;
	bool fresh;

	if (!p || batch.n == SWAP_BATCH)
		return;
	l->entry = swap_entry_for(p, &fresh);
	if (!l->entry)
		return;
	l->page = NULL;
	if (fresh)
		batch.at[batch.n++] = (struct swap_leaf){ .page = p, .entry = l->entry };
	page_put(p);
	if (!fresh)
		(void)swap_drop(l->entry);
}

static void write_batch(void)
{
	for (unsigned int i = 0; i < batch.n; i++) {
		struct swap_leaf *l = &batch.at[i];

		l->error = errors && !random_below(8) ? -EIO : 0;
		if (!l->error)
			disk[swap_area_of(l->entry)][l->entry >> PAGE_SHIFT] = *value_of(l->page);
	}
	(void)swap_batch_end(&batch);
}

static void step(void)
{
	struct leaf *l = any_leaf();

	depth++;
	switch (random_below(12)) {
	case 0:
	case 1:
	case 2: store_leaf(l); break;
	case 3:
	case 4: load_leaf(l); break;
	case 5: fork_leaf(l, any_leaf()); break;
	case 6: zap_leaf(l); break;
	case 7: write_batch(); break;
	case 8:
		if (!random_below(200))
			(void)swap_drop_cached();
		break;
	default: send_leaf(l); break;
	}
	depth--;
}

/* ---- areas ---- */

static void add_areas(void)
{
	shim_page_array = (uintptr_t)pages;
	memset(slots, 0, sizeof(slots));
	for (unsigned int i = 0; i < NR_AREAS; i++) {
		area[i] = (struct swap_area){ .read = read_slots,
					      .slots = slots[i],
					      .nr_slots = NR_SLOTS,
					      .prio = i ? -2 : 5 };
		for (uint64_t n = NR_SLOTS; --n;) {
			if (n % 7 == 3)
				continue; /* bad */
			swap_area_slot(&area[i], n);
			area[i].pages++;
		}
		assert_int_equal(swap_area_add(&area[i]), 0);
		assert_int_equal(area[i].index, i);
	}
}

/* All goes. */
static void remove_areas(void)
{
	struct swap_counts c;
	uint64_t all = 0;

	write_batch();
	for (size_t i = 0; i < NR_LEAVES; i++)
		zap_leaf(&leaves[i]);
	swap_count(&c);
	for (unsigned int i = 0; i < NR_AREAS; i++)
		all += area[i].pages;
	assert_int_equal(c.total, all);
	assert_int_equal(c.free, all);
	assert_int_equal(c.cached, 0);
	assert_int_equal(pages_used, 0);
	for (unsigned int i = 0; i < NR_AREAS; i++) {
		swap_area_stop(&area[i], true);
		assert_true(swap_area_remove(&area[i]));
	}
	assert_false(swap_has_room());
	assert_int_equal(swap_pages(), 0);
}

static void test_any_order(void **state)
{
	for (unsigned int round = 0; round < 20; round++) {
		errors = round % 2;
		add_areas();
		for (unsigned int i = 0; i < 20000; i++)
			step();
		errors = false;
		for (size_t i = 0; i < NR_LEAVES; i++)
			load_leaf(&leaves[i]);
		remove_areas();
	}
}

/* What is in a stopped area comes back, and nothing new goes there; equal priorities take turns. */
static void test_areas(void **state)
{
	unsigned int in[NR_AREAS] = { 0 };

	add_areas();
	for (size_t i = 0; i < NR_PAGES - 1; i++)
		store_leaf(&leaves[i]);
	for (size_t i = 0; i < NR_PAGES - 1; i++) {
		send_leaf(&leaves[i]);
		write_batch();
		if (leaves[i].entry)
			in[swap_area_of(leaves[i].entry)]++;
	}
	assert_int_equal(in[0], area[0].pages); /* the highest first, all of it */
	assert_true(in[1] > 5 && in[2] > 5);
	swap_area_stop(&area[1], true);
	assert_false(swap_area_remove(&area[1]));
	for (size_t i = 0; i < NR_LEAVES; i++)
		if (leaves[i].entry && swap_area_of(leaves[i].entry) == 1)
			load_leaf(&leaves[i]);
	assert_int_equal(area[1].used, 0);
	for (size_t i = 0; i < NR_LEAVES; i++) {
		send_leaf(&leaves[i]);
		assert_int_equal(area[1].used, 0);
	}
	assert_true(swap_area_remove(&area[1]));
	area[1].stopped = false;
	assert_int_equal(swap_area_add(&area[1]), 0);
	remove_areas();
}

/* A page that cannot be read stays out, for who tries again; SWAP_LOST is nobody's. */
static void test_lost(void **state)
{
	struct page *p;

	assert_true(swap_dup(SWAP_LOST));
	swap_free(SWAP_LOST);
	assert_null(swap_claim(SWAP_LOST));
	p = swap_bring(SWAP_LOST);
	assert_int_equal(ptr_err(p), -EIO);
	assert_int_equal(swap_sharers(SWAP_LOST), 1);
	assert_true(swap_is_entry(SWAP_LOST));
	assert_false(swap_is_entry(0) || swap_is_entry(PTE_VALID));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_areas),
		cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
