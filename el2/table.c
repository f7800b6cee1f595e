/*
 * table.c - see table.h.
 *
 * Each of map, unmap and protect goes down the tables once, first to where its range lies in more
 * than one entry: from there on, entry by entry, what concerns an entry whole is done at its level,
 * and what concerns a part of it one level below.
 */
#include "el2/table.h"

#include "abi/errno.h"
#include "arm/atomic.h"
#include "arm/barrier.h"
#include "el2/vhe.h"

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
	return el2_at(entry & PTE_ADDR_MASK);
}

static uint64_t *root_slots(const struct el2_table *t)
{
	return el2_at(t->root);
}

/* The entry for @ia of the table of @level behind @e. */
static uint64_t *entry_behind(uint64_t e, unsigned int level, uint64_t ia)
{
	return &table_behind(e)[ia >> PTE_LEVEL_SHIFT(level) & (PTE_ENTRIES - 1)];
}

/*
 * Down as long as there are tables and [@ia, @last] lies in one entry: that for @ia, of *@level.
 * The root may have more entries than a page has.
 */
static uint64_t *go_down(const struct el2_table *t, uint64_t ia, uint64_t last, unsigned int *level)
{
	unsigned int at = t->start, shift = PTE_LEVEL_SHIFT(at);
	uint64_t *e = &root_slots(t)[ia >> shift], here = READ_ONCE(*e);

	while (is_table(here, at) && !((ia ^ last) >> shift)) {
		at++;
		shift -= PTE_LEVEL_SHIFT(2) - PTE_LEVEL_SHIFT(3);
		e = &table_behind(here)[ia >> shift & (PTE_ENTRIES - 1)];
		here = READ_ONCE(*e);
	}
	*level = at;
	return e;
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
	t->tables++;
	table = table_behind(page);
	for (unsigned int i = 0; (old & PTE_VALID) && i < PTE_ENTRIES; i++)
		table[i] = make_leaf((old & PTE_ADDR_MASK) + i * entry_span(level + 1), old,
				     level + 1);
	/* What is in the table before the way to it: another core's walker may come at once. */
	dmb(ishst);
	replace_entry(t, e, level, ia, page | PTE_TABLE | PTE_VALID);
	return 0;
}

static void free_one(struct el2_table *t, uint64_t *table)
{
	t->tables--;
	t->page_free(t, el2_address(table));
}

/*
 * The tables below the table @table of @level, and itself; from the lowest up, but no more than
 * *@left.  Return: all of them.
 */
static bool free_tables(struct el2_table *t, uint64_t *table, unsigned int level,
			unsigned int *left)
{
	/* Nothing hangs below a table of pages, nor below the last there is. */
	for (unsigned int i = 0; level < LAST_LEVEL && i < PTE_ENTRIES && t->tables > 1; i++) {
		if (!is_table(table[i], level))
			continue;
		if (!free_tables(t, table_behind(table[i]), level + 1, left))
			return false;
		table[i] = 0;
	}
	if (!*left)
		return false;
	--*left;
	free_one(t, table);
	return true;
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

/* From the entry @e of @level on, which is that for @ia, in one table: so in unmap and protect. */
static int map_level(struct el2_table *t, uint64_t *e, unsigned int level, uint64_t ia, uint64_t pa,
		     uint64_t size, const struct change *c)
{
	uint64_t piece;
	int err = 0;

	for (; size && !err; e++, ia += piece, pa += piece, size -= piece) {
		piece = piece_of(level, ia, size);
		if (maps_so(c, *e, level, ia, pa))
			continue;
		if (fits_leaf(c, *e, level, pa, piece)) {
			replace_entry(t, e, level, ia, make_leaf(pa, c->attributes, level));
			continue;
		}
		err = deepen(t, e, level, ia);
		if (!err)
			err = map_level(t, entry_behind(*e, level + 1, ia), level + 1, ia, pa,
					piece, c);
	}
	return err;
}

int el2_table_map(struct el2_table *t, uint64_t ia, uint64_t pa, uint64_t size, uint64_t attributes,
		  unsigned int largest)
{
	const struct change c = { .attributes = attributes,
				  .largest = largest < TABLE_LEVEL_1G ? TABLE_LEVEL_1G : largest };
	unsigned int level;
	uint64_t *e;
	int err;

	if (!is_range(t, ia, size) || pa & ~PTE_ADDR_MASK ||
	    pa + size - 1 > PTE_ADDR_MASK + 0xfff || largest > LAST_LEVEL)
		return -EINVAL;
	e = go_down(t, ia, ia + size - 1, &level);
	err = map_level(t, e, level, ia, pa, size, &c);
	/* New entries are seen by every core's walker before the caller goes back. */
	dsb(ishst);
	return err;
}

/* ---- unmap ---- */

static int unmap_level(struct el2_table *t, uint64_t *e, unsigned int level, uint64_t ia,
		       uint64_t size)
{
	uint64_t from = ia, all = size, piece;
	unsigned int no_end = UINT32_MAX;
	bool gone = false;
	int err = 0;

	for (; size && !err; e++, ia += piece, size -= piece) {
		uint64_t old = *e;

		piece = piece_of(level, ia, size);
		if (!(old & PTE_VALID))
			continue;
		if (piece < entry_span(level)) {
			err = deepen(t, e, level, ia);
			if (!err)
				err = unmap_level(t, entry_behind(*e, level + 1, ia), level + 1, ia,
						  piece);
			continue;
		}
		WRITE_ONCE(*e, 0);
		if (is_table(old, level)) {
			t->flush(t, ia, piece); /* before the table is another's */
			(void)free_tables(t, table_behind(old), level + 1, &no_end);
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
	unsigned int level;
	uint64_t *e;

	if (!is_range(t, ia, size))
		return -EINVAL;
	/* To the byte behind it: what ends where its entry ends may be the whole of that. */
	e = go_down(t, ia, ia + size, &level);
	return unmap_level(t, e, level, ia, size);
}

/* Eight at a time: most are looked at for nothing. */
static bool maps_nothing(const uint64_t *table)
{
	uint64_t any = 0;

	for (unsigned int i = 0; !any && i < PTE_ENTRIES; i += 8, table += 8)
		any = table[0] | table[1] | table[2] | table[3] | table[4] | table[5] | table[6] |
		      table[7];
	return !any;
}

void el2_table_trim(struct el2_table *t, uint64_t ia)
{
	uint64_t block = ALIGN_DOWN(ia, entry_span(LAST_LEVEL - 1)), *pages;
	unsigned int level;
	/* The way to two blocks, this one's and the other of the pair, ends at their level. */
	uint64_t *e = go_down(t, block, block ^ entry_span(LAST_LEVEL - 1), &level);

	if (level != LAST_LEVEL - 1 || !is_table(*e, level))
		return;
	pages = table_behind(*e);
	if (!maps_nothing(pages))
		return;
	replace_entry(t, e, level, ia, 0);
	free_one(t, pages);
}

/* ---- protect ---- */

static int protect_level(struct el2_table *t, uint64_t *e, unsigned int level, uint64_t ia,
			 uint64_t size, const struct change *c)
{
	uint64_t piece, new;
	int err = 0;

	for (; size && !err; e++, ia += piece, size -= piece) {
		piece = piece_of(level, ia, size);
		new = (*e & ~c->clear) | c->set;
		if (!(*e & PTE_VALID) || (new == *e && !is_table(*e, level)))
			continue;
		if (is_table(*e, level) || piece < entry_span(level)) {
			err = deepen(t, e, level, ia);
			if (!err)
				err = protect_level(t, entry_behind(*e, level + 1, ia), level + 1,
						    ia, piece, c);
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
	unsigned int level;
	uint64_t *e;
	int err;

	if (!is_range(t, ia, size))
		return -EINVAL;
	e = go_down(t, ia, ia + size - 1, &level);
	err = protect_level(t, e, level, ia, size, &c);
	t->flush(t, ia, size);
	return err;
}

/* ---- looking ---- */

uint64_t el2_table_find(const struct el2_table *t, uint64_t ia, unsigned int *level)
{
	uint64_t e;

	*level = t->start;
	if (ia >> t->input_bits)
		return 0;
	e = *go_down(t, ia, ia, level);
	return e & PTE_VALID ? e : 0;
}

bool el2_table_walk(const struct el2_table *t, uint64_t ia, uint64_t size,
		    bool (*fn)(void *arg, uint64_t ia, unsigned int level, uint64_t *leaf),
		    void *arg)
{
	if (!is_range(t, ia, size))
		return false;
	for (uint64_t end = ia + size, span; ia < end; ia += span) {
		unsigned int level;
		uint64_t *e = go_down(t, ia, ia, &level);

		span = entry_span(level);
		ia = ALIGN_DOWN(ia, span);
		if ((*e & PTE_VALID) && !fn(arg, ia, level, e))
			return false;
	}
	return true;
}

bool el2_table_clear(struct el2_table *t, unsigned int most)
{
	uint64_t *root = root_slots(t), n = SYSREG_BIT(t->input_bits - PTE_LEVEL_SHIFT(t->start));

	for (uint64_t i = 0; i < n && t->tables; i++)
		if (is_table(root[i], t->start)) {
			if (!free_tables(t, table_behind(root[i]), t->start + 1, &most))
				return false;
			root[i] = 0;
		}
	return true;
}
