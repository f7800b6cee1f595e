/*
 * swap.c - slots of swap areas, and the pages of RAM that hold the same.  See swap.h.
 *
 * Comes from mm/ where leaves are made, copied and dropped, and from fs/swap.c.
 *
 * Invariant (swap_lock): a slot is in use (named by count entries, or SLOT_BUSY), or its count and
 * state are 0: then it is in its area's list of free ones, or unusable and in none.
 */
#include "mm/swap.h"

#include "abi/errno.h"
#include "log/panic.h"
#include "mm/giveway.h"

#define SLOT_PAGE	1U /* what is the frame of its page */
#define SLOT_BUSY	2U /* which is being read, or written: SLOT_UNSAVED says which */
#define SLOT_UNSAVED	4U /* the page holds what the area does not */
#define SLOT_READING(s) (((s)->state & (SLOT_BUSY | SLOT_UNSAVED)) == SLOT_BUSY)
#define COUNT_MAX	((1U << 24) - 1)

static struct spinlock swap_lock = SPINLOCK_INIT;
static struct swap_area *areas[SWAP_AREAS];
static struct swap_counts counts; /* swap_lock */
static uint64_t turns;		  /* counts the slots taken */
static uint64_t free_slots;	  /* of areas that are not stopped; read without the lock, too */

struct swap_area *swap_area_at(uint64_t entry)
{
	return areas[swap_area_of(entry)];
}

static struct swap_slot *slot_of(uint64_t entry)
{
	return &swap_area_at(entry)->slots[entry >> PAGE_SHIFT];
}

static uint64_t entry_of(const struct swap_area *a, uint64_t slot)
{
	return slot << PAGE_SHIFT | (uint64_t)a->index << 2 | SWAP_ENTRY;
}

/* ---- slots: swap_lock held ---- */

static struct page *page_of_slot(const struct swap_slot *s)
{
	return &page_array[s->what];
}

static void give_page(struct swap_slot *s, struct page *p, uint64_t entry, unsigned int state)
{
	p->kind = PAGE_SWAP;
	p->swap = entry;
	s->what = (uint64_t)(p - page_array);
	s->state = SLOT_PAGE | state;
	counts.cached++;
}

/* The slot's page leaves it, with the slot's reference. */
static struct page *take_from_slot(struct swap_slot *s)
{
	struct page *p = page_of_slot(s);

	p->kind = PAGE_USED;
	s->state = 0;
	counts.cached--;
	return p;
}

/* One entry less, or a request less: @s is free if nothing is left.  Its page, to be put. */
static struct page *release_slot(uint64_t entry, struct swap_slot *s)
{
	struct swap_area *a = swap_area_at(entry);
	struct page *p = NULL;

	spin_assert_held(&swap_lock);
	if (s->count || s->state & SLOT_BUSY)
		return NULL;
	if (s->state & SLOT_PAGE)
		p = take_from_slot(s);
	s->what = a->free;
	a->free = entry >> PAGE_SHIFT;
	a->used--;
	if (!a->stopped)
		WRITE_ONCE(free_slots, free_slots + 1);
	return p;
}

/* The area that the next slot is taken from, or NULL. */
static struct swap_area *best_area(void)
{
	struct swap_area *best = NULL;

	for (unsigned int i = 0; i < SWAP_AREAS; i++) {
		struct swap_area *a = areas[i];

		if (!a || a->stopped || !a->free)
			continue;
		if (!best || a->prio > best->prio ||
		    (a->prio == best->prio && a->last < best->last))
			best = a;
	}
	return best;
}

/* A slot for @p, which gets one entry; 0: none. */
static uint64_t new_slot(struct page *p)
{
	struct swap_area *a = best_area();
	struct swap_slot *s;
	uint64_t entry;

	spin_assert_held(&swap_lock);
	if (!a)
		return 0;
	entry = entry_of(a, a->free);
	s = &a->slots[a->free];
	CHECK(!s->count && !s->state);
	a->free = s->what;
	a->used++;
	/* A batch is from one area, so that its requests lie side by side. */
	if (!(++turns % SWAP_BATCH))
		a->last = turns;
	WRITE_ONCE(free_slots, free_slots - 1);
	s->count = 1;
	page_get(p);
	give_page(s, p, entry, SLOT_BUSY | SLOT_UNSAVED);
	return entry;
}

/* ---- entries ---- */

bool swap_dup(uint64_t entry)
{
	struct swap_slot *s;
	bool done = false;

	if (entry == SWAP_LOST)
		return true;
	spin_lock(&swap_lock);
	s = slot_of(entry);
	if (s->count < COUNT_MAX) {
		s->count++;
		done = true;
	}
	spin_unlock(&swap_lock);
	return done;
}

void swap_free(uint64_t entry)
{
	struct page *p;
	struct swap_slot *s;

	if (entry == SWAP_LOST)
		return;
	spin_lock(&swap_lock);
	s = slot_of(entry);
	CHECK(s->count);
	s->count--;
	p = release_slot(entry, s);
	spin_unlock(&swap_lock);
	if (p)
		page_put(p);
}

size_t swap_free_leaves(uint64_t *pte, size_t n)
{
	size_t freed = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t e = pte[i];

		if (!swap_is_entry(e))
			continue;
		WRITE_ONCE(pte[i], 0);
		swap_free(e);
		freed++;
	}
	return freed;
}

struct page *swap_claim(uint64_t entry)
{
	struct page *p = NULL, *whole;
	struct swap_slot *s;

	if (entry == SWAP_LOST)
		return NULL;
	spin_lock(&swap_lock);
	s = slot_of(entry);
	if (s->state & SLOT_PAGE && !SLOT_READING(s)) {
		p = page_of_slot(s);
		page_get(p);
		s->count--;
		whole = release_slot(entry, s);
		/* Under the lock: who gets it alone finds that it is alone. */
		if (whole)
			page_put(whole);
	}
	spin_unlock(&swap_lock);
	return p;
}

unsigned int swap_sharers(uint64_t entry)
{
	unsigned int n = 1;

	if (entry == SWAP_LOST)
		return n;
	spin_lock(&swap_lock);
	n = slot_of(entry)->count;
	spin_unlock(&swap_lock);
	return n ? n : 1;
}

/* ---- in ---- */

/* Its page with a reference, if it is in RAM, or @fresh (not NULL), which becomes its page. */
static struct page *page_or(uint64_t entry, struct page *fresh)
{
	struct swap_slot *s;
	struct page *p = NULL;

	spin_lock(&swap_lock);
	s = slot_of(entry);
	if (s->state & SLOT_PAGE) {
		p = page_of_slot(s);
		page_get(p);
	} else if (fresh) {
		p = fresh;
		page_get(p); /* its slot's */
		give_page(s, p, entry, SLOT_BUSY);
	}
	spin_unlock(&swap_lock);
	return p;
}

/* The read of @entry's page has ended. */
static void end_read(uint64_t entry, int err)
{
	struct swap_slot *s;
	struct page *p;

	spin_lock(&swap_lock);
	s = slot_of(entry);
	s->state &= ~SLOT_BUSY;
	p = err ? take_from_slot(s) : NULL;
	if (!err) {
		counts.in++;
		p = release_slot(entry, s);
	} else {
		(void)release_slot(entry, s);
	}
	spin_unlock(&swap_lock);
	if (p)
		page_put(p);
}

static struct mutex *reading_of(struct swap_area *a, uint64_t slot)
{
	return &a->reading[slot % SWAP_READS];
}

/*
 * A page for @slot, which lies behind one that is read, is out, and that nobody reads: it is read
 * with it.  NULL: none.  Afterwards with a reference for the caller, who has its mutex.
 */
static struct page *read_ahead(struct swap_area *a, uint64_t slot)
{
	struct swap_slot *s;
	struct page *p;
	bool is_out;

	if (slot >= a->nr_slots || page_is_scarce() || !mutex_trylock(reading_of(a, slot)))
		return NULL;
	s = &a->slots[slot];
	p = page_alloc(0);
	spin_lock(&swap_lock);
	is_out = p && s->count && !s->state;
	if (is_out) {
		page_get(p);
		give_page(s, p, entry_of(a, slot), SLOT_BUSY);
	}
	spin_unlock(&swap_lock);
	if (is_out)
		return p;
	if (p)
		page_put(p);
	mutex_unlock(reading_of(a, slot));
	return NULL;
}

/* swap_bring, by the only task that reads the slot. */
static struct page *read_page(uint64_t entry)
{
	struct swap_area *a = swap_area_at(entry);
	const uint64_t slot = entry >> PAGE_SHIFT;
	struct page *pages[SWAP_AHEAD] = { page_or(entry, NULL) };
	unsigned int n = 1;
	int err, first;

	if (pages[0])
		return pages[0]; /* another task was faster */
	pages[0] = page_alloc(0);
	if (!pages[0])
		return err_ptr(-ENOMEM);
	(void)page_or(entry, pages[0]);
	while (n < SWAP_AHEAD && (pages[n] = read_ahead(a, slot + n)))
		n++;
	err = first = a->read(a, slot, pages, n);
	if (err && n > 1) /* whoever wants the others finds out himself */
		first = a->read(a, slot, pages, 1);
	for (unsigned int i = 1; i < n; i++) {
		end_read(entry_of(a, slot + i), err);
		page_put(pages[i]);
		mutex_unlock(reading_of(a, slot + i));
	}
	end_read(entry, first);
	if (!first)
		return pages[0];
	page_put(pages[0]);
	return err_ptr(first);
}

struct page *swap_bring(uint64_t entry)
{
	struct mutex *reading;
	struct page *p;

	if (entry == SWAP_LOST)
		return err_ptr(-EIO);
	reading = reading_of(swap_area_at(entry), entry >> PAGE_SHIFT);
	if (mutex_lock_killable(reading))
		return err_ptr(-EINTR);
	p = read_page(entry);
	mutex_unlock(reading);
	return p;
}

/* ---- out ---- */

uint64_t swap_entry_for(struct page *p, bool *fresh)
{
	struct swap_slot *s;
	uint64_t entry = 0;

	*fresh = false;
	spin_lock(&swap_lock);
	if (p->kind == PAGE_SWAP) {
		s = slot_of(p->swap);
		if (!(s->state & (SLOT_BUSY | SLOT_UNSAVED)) && s->count < COUNT_MAX) {
			s->count++;
			entry = p->swap;
		}
	} else {
		entry = new_slot(p);
		*fresh = entry != 0;
	}
	spin_unlock(&swap_lock);
	return entry;
}

/* Its page goes if nobody else has it and the area has the same.  swap_lock held. */
static struct page *drop_if_clean(struct swap_slot *s)
{
	if ((s->state & (SLOT_PAGE | SLOT_BUSY | SLOT_UNSAVED)) != SLOT_PAGE ||
	    READ_ONCE(page_of_slot(s)->refs) != 1)
		return NULL;
	return take_from_slot(s);
}

bool swap_drop(uint64_t entry)
{
	struct page *p;

	spin_lock(&swap_lock);
	p = drop_if_clean(slot_of(entry));
	spin_unlock(&swap_lock);
	if (p)
		page_put(p);
	return p;
}

/* The page of a batch has been written: has a page of RAM become free? */
static bool end_page_write(const struct swap_leaf *l)
{
	struct swap_slot *s;
	struct page *p;
	bool freed;

	spin_lock(&swap_lock);
	s = slot_of(l->entry);
	s->state &= ~SLOT_BUSY;
	if (!l->error) {
		s->state &= ~SLOT_UNSAVED;
		counts.out++;
	}
	p = release_slot(l->entry, s);
	if (!p && s->state)
		p = drop_if_clean(s);
	freed = p && READ_ONCE(p->refs) == 1;
	spin_unlock(&swap_lock);
	if (p)
		page_put(p);
	return freed;
}

size_t swap_batch_end(struct swap_batch *b)
{
	size_t freed = 0;

	for (const struct swap_leaf *l = b->at; l < b->at + b->n; l++)
		freed += end_page_write(l);
	b->n = 0;
	return freed;
}

void (*swap_write_hook)(struct swap_batch *b);

size_t swap_send(struct swap_batch *b)
{
	size_t went = b->freed;

	if (b->n)
		swap_write_hook(b);
	b->freed = 0;
	return went + swap_batch_end(b);
}

#define LOOK_SLOTS 128 /* under the lock */
#define LOOK_PAGES 32  /* the same: that go */
#define LOOK_ROUND 256 /* so many times */

/* Of some slots of area @i: how many pages went is added to *@freed.  False: there are none. */
static bool drop_some(unsigned int i, size_t *freed)
{
	struct page *pages[LOOK_PAGES];
	size_t n = 0;
	struct swap_area *a;
	bool some;

	spin_lock(&swap_lock);
	a = areas[i];
	some = a && counts.cached;
	for (unsigned int looks = LOOK_SLOTS; some && looks && n < LOOK_PAGES; looks--) {
		pages[n] = drop_if_clean(&a->slots[a->hand]);
		n += pages[n] != NULL;
		a->hand = a->hand + 1 < a->nr_slots ? a->hand + 1 : 0;
	}
	spin_unlock(&swap_lock);
	*freed += n;
	while (n--)
		page_put(pages[n]);
	return some;
}

size_t swap_drop_cached(void)
{
	size_t freed = 0;

	for (unsigned int i = 0; i < SWAP_AREAS; i++)
		for (unsigned int n = 0; n < LOOK_ROUND && drop_some(i, &freed); n++)
			if (give_way())
				return freed;
	return freed;
}

/* ---- areas ---- */

void swap_area_slot(struct swap_area *a, uint64_t slot)
{
	a->slots[slot].state = 0;
	a->slots[slot].what = a->free;
	a->free = slot;
}

int swap_area_add(struct swap_area *a)
{
	unsigned int i;

	for (i = 0; i < SWAP_READS; i++)
		mutex_init(&a->reading[i]);
	spin_lock(&swap_lock);
	for (i = 0; i < SWAP_AREAS && areas[i]; i++)
		;
	if (i < SWAP_AREAS) {
		a->index = i;
		areas[i] = a;
		counts.total += a->pages;
		WRITE_ONCE(free_slots, free_slots + a->pages);
	}
	spin_unlock(&swap_lock);
	return i < SWAP_AREAS ? 0 : -EPERM;
}

void swap_area_stop(struct swap_area *a, bool stop)
{
	spin_lock(&swap_lock);
	if (a->stopped != stop) {
		a->stopped = stop;
		WRITE_ONCE(free_slots, stop ? free_slots - (a->pages - a->used)
					    : free_slots + (a->pages - a->used));
		counts.total = stop ? counts.total - a->pages : counts.total + a->pages;
	}
	spin_unlock(&swap_lock);
}

void swap_area_prio(struct swap_area *a, int prio)
{
	spin_lock(&swap_lock);
	a->prio = prio;
	spin_unlock(&swap_lock);
}

bool swap_area_remove(struct swap_area *a)
{
	bool done;

	spin_lock(&swap_lock);
	done = !a->used;
	if (done)
		areas[a->index] = NULL;
	spin_unlock(&swap_lock);
	return done;
}

void swap_count(struct swap_counts *c)
{
	spin_lock(&swap_lock);
	*c = counts;
	c->free = free_slots;
	spin_unlock(&swap_lock);
}

bool swap_has_room(void)
{
	return READ_ONCE(free_slots) != 0;
}

uint64_t swap_pages(void)
{
	return READ_ONCE(counts.total);
}
