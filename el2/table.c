/*
 * table.c - see table.h.
 *
 * Each of map, unmap and protect goes down the tables once: at each level, entry by entry, what
 * concerns an entry whole is done there, and what concerns a part of it one level below.
 */
#include "el2/table.h"

#include "abi/errno.h"
#include "arm/atomic.h"
#include "arm/barrier.h"

#define LAST_LEVEL 3

/* What is to become of a range, for the ways down. */
struct change {
	uint64_t attributes; /* map */
	unsigned int largest;
	uint64_t set, clear; /* protect */
};

static uint64_t entry_span(unsigned int level)
{
	return SYSREG_BIT(PTE_LEVEL_SHIFT(level));
}

static bool is_table(uint64_t entry, unsigned int level)
{
	return level < LAST_LEVEL && (entry & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static uint64_t *table_behind(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & PTE_ADDR_MASK);
}

static uint64_t *root_slots(const struct el2_table *t)
{
	return (uint64_t *)(uintptr_t)t->root;
}

/* The root may have more entries than a page has; of a table below it the upper bits are cut. */
static uint64_t *descriptor_of(const struct el2_table *t, uint64_t *table, unsigned int level,
			       uint64_t ia)
{
	uint64_t i = ia >> PTE_LEVEL_SHIFT(level);

	return &table[level == t->start ? i : i % PTE_ENTRIES];
}

/* How much of @size from @ia on lies in one entry of @level. */
static uint64_t piece_of(unsigned int level, uint64_t ia, uint64_t size)
{
	return min(size, entry_span(level) - (ia & (entry_span(level) - 1)));
}

static uint64_t make_leaf(uint64_t pa, uint64_t attributes, unsigned int level)
{
	return pa | (attributes & TABLE_ATTRIBUTES) | PTE_VALID |
	       (level == LAST_LEVEL ? PTE_PAGE : 0);
}

static bool is_range(const struct el2_table *t, uint64_t ia, uint64_t size)
{
	uint64_t end = SYSREG_BIT(t->input_bits);

	return size && IS_ALIGNED(ia | size, entry_span(LAST_LEVEL)) && size <= end &&
	       ia <= end - size;
}

/* An entry of @level, of which @ia is an address, is @new from now on. */
static void replace_entry(struct el2_table *t, uint64_t *e, unsigned int level, uint64_t ia,
			  uint64_t new)
{
	if (*e & PTE_VALID) {
		WRITE_ONCE(*e, 0);
		t->flush(t, ALIGN_DOWN(ia, entry_span(level)), entry_span(level));
	}
	WRITE_ONCE(*e, new);
}

/* There is a table behind @e afterwards, which maps what @e did. */
static int deepen(struct el2_table *t, uint64_t *e, unsigned int level, uint64_t ia)
{
	uint64_t page, *table, old = *e;

	if (is_table(old, level))
		return 0;
	page = t->page_new(t);
	if (!page)
		return -ENOMEM;
	table = table_behind(page);
	for (unsigned int i = 0; (old & PTE_VALID) && i < PTE_ENTRIES; i++)
		table[i] = make_leaf((old & PTE_ADDR_MASK) + i * entry_span(level + 1), old,
				     level + 1);
	/* What is in the table before the way to it: another core's walker may come at once. */
	dmb(ishst);
	replace_entry(t, e, level, ia, page | PTE_TABLE | PTE_VALID);
	return 0;
}

/* The tables below the table @table of @level, and itself; from the lowest up. */
static void free_tables(struct el2_table *t, uint64_t *table, unsigned int level)
{
	/* Of a table of pages nothing hangs. */
	for (unsigned int i = 0; level < LAST_LEVEL && i < PTE_ENTRIES; i++)
		if (is_table(table[i], level))
			free_tables(t, table_behind(table[i]), level + 1);
	t->page_free(t, (uint64_t)(uintptr_t)table);
}

/* ---- map ---- */

/* May @piece bytes be one leaf of @level that leads to @pa? */
static bool fits_leaf(const struct change *c, uint64_t e, unsigned int level, uint64_t pa,
		      uint64_t piece)
{
	return level >= c->largest && piece == entry_span(level) && IS_ALIGNED(pa, piece) &&
	       !is_table(e, level);
}

/* Does the leaf @e of @level map @ia as it is to be? */
static bool maps_so(const struct change *c, uint64_t e, unsigned int level, uint64_t ia,
		    uint64_t pa)
{
	return (e & PTE_VALID) && !is_table(e, level) &&
	       e == make_leaf(ALIGN_DOWN(pa, entry_span(level)), c->attributes, level) &&
	       el2_leaf_pa(e, level, ia) == pa;
}

static int map_level(struct el2_table *t, uint64_t *table, unsigned int level, uint64_t ia,
		     uint64_t pa, uint64_t size, const struct change *c)
{
	uint64_t piece;
	int err = 0;

	for (; size && !err; ia += piece, pa += piece, size -= piece) {
		uint64_t *e = descriptor_of(t, table, level, ia);

		piece = piece_of(level, ia, size);
		if (maps_so(c, *e, level, ia, pa))
			continue;
		if (fits_leaf(c, *e, level, pa, piece)) {
			replace_entry(t, e, level, ia, make_leaf(pa, c->attributes, level));
			continue;
		}
		err = deepen(t, e, level, ia);
		if (!err)
			err = map_level(t, table_behind(*e), level + 1, ia, pa, piece, c);
	}
	return err;
}

int el2_table_map(struct el2_table *t, uint64_t ia, uint64_t pa, uint64_t size, uint64_t attributes,
		  unsigned int largest)
{
	const struct change c = { .attributes = attributes,
				  .largest = largest < TABLE_LEVEL_1G ? TABLE_LEVEL_1G : largest };
	int err;

	if (!is_range(t, ia, size) || pa & ~PTE_ADDR_MASK ||
	    pa + size - 1 > PTE_ADDR_MASK + 0xfff || largest > LAST_LEVEL)
		return -EINVAL;
	err = map_level(t, root_slots(t), t->start, ia, pa, size, &c);
	/* New entries are seen by every core's walker before the caller goes back. */
	dsb(ishst);
	return err;
}

/* ---- unmap ---- */

static int unmap_level(struct el2_table *t, uint64_t *table, unsigned int level, uint64_t ia,
		       uint64_t size)
{
	uint64_t from = ia, all = size, piece;
	bool gone = false;
	int err = 0;

	for (; size && !err; ia += piece, size -= piece) {
		uint64_t *e = descriptor_of(t, table, level, ia), old = *e;

		piece = piece_of(level, ia, size);
		if (!(old & PTE_VALID))
			continue;
		if (piece < entry_span(level)) {
			err = deepen(t, e, level, ia);
			if (!err)
				err = unmap_level(t, table_behind(*e), level + 1, ia, piece);
			continue;
		}
		WRITE_ONCE(*e, 0);
		if (is_table(old, level)) {
			t->flush(t, ia, piece); /* before the table is another's */
			free_tables(t, table_behind(old), level + 1);
		} else {
			gone = true;
		}
	}
	if (gone)
		t->flush(t, from, all - size);
	return err;
}

int el2_table_unmap(struct el2_table *t, uint64_t ia, uint64_t size)
{
	if (!is_range(t, ia, size))
		return -EINVAL;
	return unmap_level(t, root_slots(t), t->start, ia, size);
}

void el2_table_trim(struct el2_table *t, uint64_t ia)
{
	uint64_t *e = descriptor_of(t, root_slots(t), t->start, ia), *pages;

	for (unsigned int level = t->start; level < LAST_LEVEL - 1; level++) {
		if (!is_table(*e, level))
			return;
		e = descriptor_of(t, table_behind(*e), level + 1, ia);
	}
	if (!is_table(*e, LAST_LEVEL - 1))
		return;
	pages = table_behind(*e);
	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		if (pages[i])
			return;
	replace_entry(t, e, LAST_LEVEL - 1, ia, 0);
	t->page_free(t, (uint64_t)(uintptr_t)pages);
}

/* ---- protect ---- */

static int protect_level(struct el2_table *t, uint64_t *table, unsigned int level, uint64_t ia,
			 uint64_t size, const struct change *c)
{
	uint64_t piece;
	int err = 0;

	for (; size && !err; ia += piece, size -= piece) {
		uint64_t *e = descriptor_of(t, table, level, ia), new;

		piece = piece_of(level, ia, size);
		new = (*e & ~c->clear) | c->set;
		if (!(*e & PTE_VALID) || (new == *e && !is_table(*e, level)))
			continue;
		if (is_table(*e, level) || piece < entry_span(level)) {
			err = deepen(t, e, level, ia);
			if (!err)
				err = protect_level(t, table_behind(*e), level + 1, ia, piece, c);
		} else {
			WRITE_ONCE(*e, new);
		}
	}
	return err;
}

int el2_table_protect(struct el2_table *t, uint64_t ia, uint64_t size, uint64_t set, uint64_t clear)
{
	const struct change c = { .set = set & TABLE_ATTRIBUTES,
				  .clear = clear & TABLE_ATTRIBUTES };
	int err;

	if (!is_range(t, ia, size))
		return -EINVAL;
	err = protect_level(t, root_slots(t), t->start, ia, size, &c);
	t->flush(t, ia, size);
	return err;
}

/* ---- looking ---- */

uint64_t el2_table_find(const struct el2_table *t, uint64_t ia, unsigned int *level)
{
	uint64_t *table = root_slots(t);

	*level = t->start;
	if (ia >> t->input_bits)
		return 0;
	for (;; ++*level) {
		uint64_t e = READ_ONCE(*descriptor_of(t, table, *level, ia));

		if (!is_table(e, *level))
			return e & PTE_VALID ? e : 0;
		table = table_behind(e);
	}
}

bool el2_table_walk(const struct el2_table *t, uint64_t ia, uint64_t size,
		    bool (*fn)(void *arg, uint64_t ia, unsigned int level, uint64_t *leaf),
		    void *arg)
{
	if (!is_range(t, ia, size))
		return false;
	for (uint64_t end = ia + size, span; ia < end; ia += span) {
		unsigned int level = t->start;
		uint64_t *e = descriptor_of(t, root_slots(t), level, ia);

		while (is_table(*e, level)) {
			level++;
			e = descriptor_of(t, table_behind(*e), level, ia);
		}
		span = entry_span(level);
		ia = ALIGN_DOWN(ia, span);
		if ((*e & PTE_VALID) && !fn(arg, ia, level, e))
			return false;
	}
	return true;
}

void el2_table_clear(struct el2_table *t)
{
	uint64_t *root = root_slots(t), n = SYSREG_BIT(t->input_bits - PTE_LEVEL_SHIFT(t->start));

	for (uint64_t i = 0; i < n; i++) {
		if (is_table(root[i], t->start))
			free_tables(t, table_behind(root[i]), t->start + 1);
		root[i] = 0;
	}
}
