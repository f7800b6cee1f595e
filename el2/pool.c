/*
 * pool.c - see pool.h.
 */
#include "el2/pool.h"

#include "abi/errno.h"

#define GIB_SHIFT 30
#define GIBS	  512 /* RAM that guests may have lies below: counts[] */

/* What is known of a GiB of the host's, as long as a guest reaches any of it. */
struct counts {
	uint32_t total, pages[BIT(GIB_SHIFT) / EL2_BLOCK];
};

_Static_assert(sizeof(struct counts) <= EL2_PAGE, "a page");

#ifdef EL2_VHE
struct el2_lock el2_memory_lock; /* elsewhere el2/memory.c's */
#endif

/* Not in the file: el2_pool_start. */
EL2_PAGES struct el2_chunk el2_chunks[NR_CHUNKS];
EL2_PAGES uint8_t el2_page_holds[NR_CHUNKS * CHUNK_PAGES] __attribute__((aligned(64)));
static unsigned int chunks_end; /* from here on there are none */
static struct counts *counts[GIBS];

static uint8_t *holds_of(const struct el2_chunk *c)
{
	return &el2_page_holds[(c - el2_chunks) * CHUNK_PAGES];
}

/* ---- chunks ---- */

/* For EL2's own tables and the host's, when their own pages are used up. */
static uint64_t spare_page_new(void)
{
	uint32_t handle;

	return el2_pages_new(EL2_ANY_USER, 0, EL2_TABLE, &handle);
}

static void spare_page_free(uint64_t page)
{
	el2_pages_free(page, 0);
}

void el2_pool_start(void)
{
	el2_clear(el2_chunks, sizeof(el2_chunks));
	el2_clear(el2_page_holds, sizeof(el2_page_holds));
}

int el2_chunk_add(uint64_t pa, uint32_t user)
{
	unsigned int i = 0;
	int err;

	if (!IS_ALIGNED(pa, EL2_CHUNK) || !pa || user == EL2_ANY_USER)
		return -EINVAL;
	while (i < chunks_end && el2_chunks[i].pa)
		i++;
	if (i == NR_CHUNKS)
		return -ENOMEM;
	if (el2_block_in_use(pa))
		return -EBUSY;
	err = el2_host_take(pa);
	if (err)
		return err;
	el2_chunks[i] = (struct el2_chunk){ .user = user };
	el2_clear(holds_of(&el2_chunks[i]), CHUNK_PAGES);
	holds_of(&el2_chunks[i])[0] = EL2_TABLE; /* no page has the number 0 */
	el2_chunks[i].pa = pa;
	chunks_end = max(chunks_end, i + 1);
	el2_memory_spare(spare_page_new, spare_page_free);
	return 0;
}

uint64_t el2_chunk_remove(void)
{
	for (unsigned int i = 0; i < chunks_end; i++) {
		uint64_t pa = el2_chunks[i].pa;

		if (!pa || el2_chunks[i].used)
			continue;
		el2_chunks[i].pa = 0;
		while (chunks_end && !el2_chunks[chunks_end - 1].pa)
			chunks_end--;
		el2_host_give(pa);
		return pa;
	}
	return 0;
}

static struct el2_chunk *pool_chunk(uint64_t pa)
{
	unsigned int i = 0;

	while (el2_chunks[i].pa != ALIGN_DOWN(pa, EL2_CHUNK))
		i++;
	return &el2_chunks[i];
}

/* ---- pages ---- */

static bool are_free(const struct el2_chunk *c, unsigned int first, unsigned int n)
{
	while (n && holds_of(c)[first + n - 1] <= EL2_ZEROS)
		n--;
	return !n;
}

/* The first of @n pages of the chunk @c, or 0. */
static unsigned int find_free_pages(const struct el2_chunk *c, unsigned int n)
{
	/* From page n on: an aligned one, and not the first. */
	for (unsigned int i = n; c->used + n < CHUNK_PAGES && i < CHUNK_PAGES; i += n)
		if (are_free(c, i, n))
			return i;
	return 0;
}

uint64_t el2_pages_new(uint32_t user, unsigned int order, enum el2_holds what, uint32_t *handle)
{
	unsigned int n = 1u << order;

	for (unsigned int i = 0; i < chunks_end; i++) {
		struct el2_chunk *c = &el2_chunks[i];
		unsigned int first;

		if (!c->pa || (user != c->user && user != EL2_ANY_USER))
			continue;
		first = find_free_pages(c, n);
		if (!first)
			continue;
		for (unsigned int j = first; j < first + n; j++) {
			if (holds_of(c)[j] == EL2_NOTHING)
				el2_clear(el2_at(c->pa + j * EL2_PAGE), EL2_PAGE);
			holds_of(c)[j] = (uint8_t)what;
		}
		c->used += n;
		*handle = i * CHUNK_PAGES + first;
		return c->pa + first * EL2_PAGE;
	}
	return 0;
}

void el2_pages_free(uint64_t pa, unsigned int order)
{
	struct el2_chunk *c = pool_chunk(pa);
	unsigned int first = pa % EL2_CHUNK / EL2_PAGE, n = 1u << order;

	for (unsigned int i = first; i < first + n; i++) {
		el2_clear(el2_at(c->pa + i * EL2_PAGE), EL2_PAGE);
		holds_of(c)[i] = EL2_ZEROS;
	}
	c->used -= n;
}

/* ---- counts ---- */

static uint32_t *block_count(struct counts *c, uint64_t pa)
{
	return &c->pages[pa % BIT(GIB_SHIFT) / EL2_BLOCK];
}

int el2_block_add(uint64_t pa, uint32_t pages, uint32_t user)
{
	uint64_t gib = pa >> GIB_SHIFT;
	uint32_t handle;

	if (EL2_IS_VHE)
		return 0;
	if (gib >= GIBS)
		return -EINVAL;
	if (!counts[gib])
		counts[gib] = el2_page_new(user, EL2_TABLE, &handle);
	if (!counts[gib])
		return -ENOMEM;
	/* A page may be mapped in many places: but not so often that nobody knows how often. */
	if (counts[gib]->total > UINT32_MAX - pages)
		return -EINVAL;
	counts[gib]->total += pages;
	*block_count(counts[gib], pa) += pages;
	return 0;
}

void el2_block_drop(uint64_t pa, uint32_t pages)
{
	uint64_t gib = pa >> GIB_SHIFT;

	if (EL2_IS_VHE)
		return;
	*block_count(counts[gib], pa) -= pages;
	counts[gib]->total -= pages;
	if (counts[gib]->total)
		return;
	el2_page_free(counts[gib]);
	counts[gib] = NULL;
}

bool el2_block_in_use(uint64_t pa)
{
	uint64_t gib = pa >> GIB_SHIFT;

	return gib < GIBS && counts[gib] && *block_count(counts[gib], pa);
}
