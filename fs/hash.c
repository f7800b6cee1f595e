/*
 * hash.c - the table of hash.h: one bucket more or less at a time.
 *
 * Invariants: (mask + 1) / 2 < n <= mask + 1 once there is more than one page; an element is in the
 * bucket that hash_bucket() says for the n of now; there is a page for each bucket below n.
 */
#include "fs/hash.h"

#include "fs/random.h"
#include "mm/page.h"

#define PAGES_MAX (PAGE_SIZE / sizeof(struct hash_node **))

uint64_t hash_keys[HASH_KEYS], hash_mix_key;

_Static_assert(HASH_BUCKETS * sizeof(struct hash_node *) == PAGE_SIZE, "hash.h");

/*
 * What is random about the keys is 128 bits: that many are drawn, and spread by the finalizer of
 * SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").  Nobody is
 * shown a hash, so that it need be no cipher.
 */
static uint64_t spread(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void hash_init(void)
{
	uint64_t seed[3];

	random_bytes(seed, sizeof(seed));
	for (size_t i = 0; i < HASH_KEYS; i++)
		hash_keys[i] = spread(seed[0] += seed[1] | 1);
	hash_mix_key = seed[2];
	hash_mix_key |= 1; /* multiplying by an odd number loses nothing */
}

static struct hash_node **bucket_at(const struct hash_table *t, uint32_t i)
{
	return &t->pages[i / HASH_BUCKETS][i % HASH_BUCKETS];
}

static void *new_bucket_page(void)
{
	struct page *p = page_alloc_zero();

	return p ? page_to_virt(p) : NULL;
}

/* There is room for bucket number n.  False: no memory, or as many as there can be. */
static bool make_room_in_hash(struct hash_table *t)
{
	uint32_t page = t->n / HASH_BUCKETS;

	if (t->n % HASH_BUCKETS)
		return true;
	if (t->pages == &t->first) {
		struct hash_node ***pages = new_bucket_page();

		if (!pages)
			return false;
		pages[0] = t->first;
		t->pages = pages;
	}
	return page < PAGES_MAX && (t->pages[page] = new_bucket_page()) != NULL;
}

/*
 * One bucket more: the elements that belong there move to it from the one bucket that has held them
 * until now.
 */
static void split_bucket(struct hash_table *t)
{
	struct hash_node **from, **to;

	if (!make_room_in_hash(t))
		return;
	/*
	 * The table's owner holds its lock (dcache_lock, names_lock): nobody is in a bucket now.
	 * One bucket a time: no insertion takes long.
	 */
	if (t->n > t->mask)
		t->mask = t->mask * 2 + 1;
	from = bucket_at(t, t->n & t->mask >> 1);
	to = bucket_at(t, t->n);
	while (*from) {
		struct hash_node *n = *from;

		if ((n->hash & t->mask) == t->n) {
			*from = n->next;
			n->next = NULL;
			*to = n;
			to = &n->next;
		} else {
			from = &n->next;
		}
	}
	t->n++;
}

/* One bucket less: the reverse. */
static void merge(struct hash_table *t)
{
	struct hash_node **last = bucket_at(t, t->n - 1), **to;

	t->n--;
	to = bucket_at(t, t->n & t->mask >> 1);
	while (*to)
		to = &(*to)->next;
	*to = *last;
	*last = NULL;
	if (t->n == (t->mask + 1) / 2)
		t->mask >>= 1;
	if (t->n % HASH_BUCKETS == 0) {
		page_put(virt_to_page(t->pages[t->n / HASH_BUCKETS]));
		t->pages[t->n / HASH_BUCKETS] = NULL;
	}
	if (t->n == HASH_BUCKETS) {
		page_put(virt_to_page(t->pages));
		t->pages = &t->first;
	}
}

void hash_insert(struct hash_table *t, struct hash_node *n)
{
	struct hash_node **b;

	if (++t->count > t->n)
		split_bucket(t);
	b = hash_bucket(t, n->hash);
	n->next = *b;
	*b = n;
}

void hash_remove(struct hash_table *t, struct hash_node *n)
{
	struct hash_node **b = hash_bucket(t, n->hash);

	while (*b != n)
		b = &(*b)->next;
	*b = n->next;
	t->count--;
	/* Two at a time below the half: it is small again when it is empty. */
	for (int i = 0; i < 2 && t->n > HASH_BUCKETS && t->count < t->n / 2; i++)
		merge(t);
}
