/*
 * page.c - the physical page allocator: per-core stacks, a buddy allocator behind them, and behind
 * that the RAM that was never allocated.
 *
 * Invariant: a frame is in exactly one place: untouched (above grow_at), in a free list (PAGE_FREE
 * on the block's head), on one core's stack (PAGE_FREE too, order 0, not in a list), or handed out.
 * A chunk (2^PAGE_MAX_ORDER frames) has its struct pages made when its turn to grow comes; blocks
 * never merge across chunks.
 *
 * The last part of memory is the reserve (page.h).  While little more than that is left, no core
 * keeps freed frames on its stack: from there the next task that asks would get them, whether it
 * may use the reserve or not.
 */
#include "mm/page.h"

#include "arm/pte.h"
#include "arm/spinlock.h"
#include "lib/export.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/memmap.h"

/* The buddy allocator.  buddy.lock is a leaf lock. */
static struct {
	struct spinlock lock;
	struct list_node free[PAGE_MAX_ORDER + 1];
	size_t nr_free;	  /* frames in the lists */
	size_t nr_fresh;  /* frames that wait to be grown into */
	uint64_t grow_at; /* chunks below are in use; PAGE_CHUNK_SIZE aligned */
	size_t nr_total;
	size_t reserve; /* frames that not everybody may take */
} buddy;

/* Single frames at hand on each core: a stack, so that the warmest goes first. */
struct page_stack {
	struct page *top;
	unsigned int n;
};
static DEFINE_PERCPU(struct page_stack, page_stack);

bool (*fail_hook)(void);
enum page_reserve (*page_reserve_hook)(void);
void (*page_none_hook)(void);
void (*page_scarce_hook)(bool scarce);
bool page_scarce; /* hardly more than the reserve is left */
void (*page_low_hook)(void);
bool (*page_throttle_hook)(void);

#define ORDER_SMALL 3 /* what kmalloc's blocks and the kernel's stacks have at the most */

#define STACK_ORDER 5
#define STACK_BATCH (1U << STACK_ORDER)
#define STACK_HIGH  (3 * STACK_BATCH)

/* How many a core keeps at hand: STACK_HIGH, or none while memory is scarce. */
static unsigned int stack_high = STACK_HIGH;

/* ---- the reserve: buddy.lock held ---- */

#define RESERVE_SHARE 64 /* one of so many frames */
#define RESERVE_MOST  4096

static size_t frames_left(void)
{
	return buddy.nr_free + buddy.nr_fresh;
}

/*
 * Frames were taken or given back.  The flags are stored under the lock and read without it: a core
 * that sees the old one keeps a few frames at hand, or not, for one allocation more.
 */
static void note_level(void)
{
	bool scarce = frames_left() < 2 * buddy.reserve;

	spin_assert_held(&buddy.lock);
	if (likely(scarce == page_scarce))
		return;
	WRITE_ONCE(page_scarce, scarce);
	WRITE_ONCE(stack_high, scarce ? 0 : STACK_HIGH);
	if (page_scarce_hook)
		page_scarce_hook(scarce);
}

/* The least that must be left behind an allocation of current. */
static size_t floor_of_current(void)
{
	switch (page_reserve_hook ? page_reserve_hook() : RESERVE_ALL) {
	case RESERVE_ALL: return 0;
	case RESERVE_PART_OF_IT: return buddy.reserve / 2;
	default: return buddy.reserve;
	}
}

static bool may_take(unsigned int order)
{
	size_t n = 1UL << order, left = frames_left();

	spin_assert_held(&buddy.lock);
	return likely(left >= buddy.reserve + n) || left >= floor_of_current() + n;
}

void page_tell_none(void)
{
	if (page_none_hook)
		page_none_hook();
}

bool page_is_low(void)
{
	return READ_ONCE(buddy.nr_free) + READ_ONCE(buddy.nr_fresh) < 4 * buddy.reserve;
}

bool page_is_denied(void)
{
	return READ_ONCE(buddy.nr_free) + READ_ONCE(buddy.nr_fresh) <= floor_of_current();
}

/* ---- the buddy lists: buddy.lock held ---- */

static void push_block(struct page *p, unsigned int order)
{
	p->kind = PAGE_FREE;
	p->order = (uint8_t)order;
	p->refs = 0;
	list_add_head(&buddy.free[order], &p->list);
}

/* Puts a block back, merged with its free buddies as far as they go. */
static void free_buddy_block(struct page *p, unsigned int order)
{
	size_t frame = (size_t)(p - page_array);

	spin_assert_held(&buddy.lock);
	buddy.nr_free += 1UL << order;
	while (order < PAGE_MAX_ORDER) {
		struct page *other = &page_array[frame ^ (1UL << order)];

		/* a frame on a core's stack is PAGE_FREE but in no list: its next is NULL */
		if (other->kind != PAGE_FREE || other->order != order || !other->list.next)
			break;
		list_del(&other->list);
		other->kind = PAGE_RESERVED;
		frame &= ~(1UL << order);
		order++;
	}
	push_block(&page_array[frame], order);
	note_level();
}

/* Takes the next chunk with free frames in; false when all RAM is in use. */
static bool grow(void)
{
	uint64_t pa = buddy.grow_at, end, chunk;

	if (!buddy.nr_fresh || !memmap_next_free(&pa, &end))
		return false;
	chunk = ALIGN_DOWN(pa, PAGE_CHUNK_SIZE);
	/*
	 * The struct pages are written before any of the chunk's frames is in a list: a neighbour's
	 * merge looks at them, and never beyond the chunk.
	 */
	buddy.grow_at = chunk + PAGE_CHUNK_SIZE;
	memset(phys_to_page(paddr_of(chunk)), 0, PAGE_CHUNK * sizeof(struct page));
	while (pa < buddy.grow_at) {
		uint64_t stop = min(end, buddy.grow_at);

		buddy.nr_fresh -= (stop - pa) >> PAGE_SHIFT;
		while (pa < stop) {
			unsigned int order =
				min((unsigned int)PAGE_MAX_ORDER,
				    (unsigned int)__builtin_ctzl(pa >> PAGE_SHIFT | PAGE_CHUNK));

			while ((PAGE_SIZE << order) > stop - pa)
				order--;
			free_buddy_block(phys_to_page(paddr_of(pa)), order);
			pa += PAGE_SIZE << order;
		}
		if (!memmap_next_free(&pa, &end))
			break;
	}
	return true;
}

static struct page *take_block(unsigned int order)
{
	unsigned int from = order;
	struct page *p;

	spin_assert_held(&buddy.lock);
	if (!may_take(order))
		return NULL;
	while (list_empty(&buddy.free[from]))
		if (++from > PAGE_MAX_ORDER) {
			/*
			 * All under the lock: another core that finds the lists empty waits, and
			 * then finds the new chunk.
			 */
			if (!grow())
				return NULL;
			from = order;
		}
	p = container_of(buddy.free[from].next, struct page, list);
	list_del(&p->list);
	buddy.nr_free -= 1UL << order;
	while (from > order) { /* give the upper halves back */
		from--;
		push_block(p + (1UL << from), from);
	}
	note_level();
	return p;
}

/* ---- the per-core stacks ---- */

static void stack_push(struct page_stack *s, struct page *p)
{
	p->kind = PAGE_FREE;
	p->order = 0;
	p->list.next = NULL;
	p->next = s->top;
	s->top = p;
	s->n++;
}

/*
 * The stack is empty: a batch as one block if there is one, else what there is.  So buddy.lock is
 * taken once for STACK_BATCH pages.
 */
static __attribute__((noinline)) void refill_pages(struct page_stack *s)
{
	struct page *p;

	spin_lock(&buddy.lock);
	p = page_scarce ? NULL : take_block(STACK_ORDER);
	if (p)
		for (unsigned int i = STACK_BATCH; i-- > 0;)
			stack_push(s, p + i); /* the lowest goes out first */
	else
		while (s->n < (page_scarce ? 1 : STACK_BATCH) && (p = take_block(0)))
			stack_push(s, p);
	spin_unlock(&buddy.lock);
	if (page_low_hook && page_is_low())
		page_low_hook();
	if (!s->top)
		page_tell_none();
}

static __attribute__((noinline)) void drain_pages(struct page_stack *s, unsigned int down_to)
{
	spin_lock(&buddy.lock);
	while (s->n > down_to) {
		struct page *p = s->top;

		s->top = p->next;
		s->n--;
		free_buddy_block(p, 0);
	}
	spin_unlock(&buddy.lock);
}

static struct page *handed_out(struct page *p, unsigned int order)
{
	p->kind = PAGE_USED;
	p->order = (uint8_t)order;
	p->written = 0;
	p->in_object = false;
#ifdef CHECKED
	p->writers = 0;
	p->user_writes = false;
#endif
	p->refs = 1;
	return p;
}

static struct page *alloc_single(void)
{
	struct page_stack *s = &this_cpu(page_stack);
	struct page *p;

	/*
	 * No lock: the stack is this core's, interrupts do not allocate, and kernel code is not
	 * preempted.
	 */
	CHECK_NO_IRQ();
	if (alloc_must_fail())
		return NULL;
	if (unlikely(!s->top))
		refill_pages(s);
	p = s->top;
	if (unlikely(!p))
		return NULL;
	s->top = p->next;
	s->n--;
	return handed_out(p, 0);
}

struct page *page_alloc(unsigned int order)
{
	struct page *p;

	CHECK_NO_IRQ();
	if (!order)
		return alloc_single();
	if (order > PAGE_MAX_ORDER || alloc_must_fail())
		return NULL;
	spin_lock(&buddy.lock);
	p = take_block(order);
	spin_unlock(&buddy.lock);
	if (p)
		return handed_out(p, order);
	if (order <= ORDER_SMALL)
		page_tell_none();
	return NULL;
}
EXPORT(page_alloc);

struct page *page_alloc_zero(void)
{
	struct page *p = alloc_single();

	if (likely(p))
		clear_page(page_to_virt(p));
	return p;
}
EXPORT(page_alloc_zero);

void page_free(struct page *p, unsigned int order)
{
	struct page_stack *s;

	CHECK_NO_IRQ();
	if (unlikely((p->kind != PAGE_USED && p->kind != PAGE_SLAB) || p->order != order))
		panic("page_free: frame %#llx order %u was not handed out so (double free?): kind "
		      "%u order %u",
		      (unsigned long long)paddr_value(page_to_phys(p)), order, p->kind, p->order);
	if (p->kind == PAGE_USED && page_is_synced(p))
		page_check_code(p);
	/* In no list yet, and no core's: no lock for the page itself. */
	p->refs = 0;
	if (order) {
		spin_lock(&buddy.lock);
		free_buddy_block(p, order);
		spin_unlock(&buddy.lock);
		return;
	}
	s = &this_cpu(page_stack);
	stack_push(s, p);
	if (unlikely(s->n > READ_ONCE(stack_high)))
		drain_pages(s, page_is_scarce() ? 0 : STACK_HIGH - STACK_BATCH);
}
EXPORT(page_free);

void page_split(struct page *p, unsigned int order)
{
	for (size_t i = 0; i < 1UL << order; i++)
		(void)handed_out(p + i, 0);
}
EXPORT(page_split);

/* ---- pages that hold code ---- */

#ifdef CHECKED
static struct spinlock code_lock = SPINLOCK_INIT; /* of PAGE_SYNCED's setting, with code_sum */

static uint64_t code_sum(const struct page *p)
{
	const uint64_t *words = page_to_virt(p);
	uint64_t sum = 0;

	for (size_t i = 0; i < PAGE_SIZE / sizeof(*words); i++)
		sum = (sum << 7 | sum >> 57) ^ READ_ONCE(words[i]);
	return sum;
}

void page_write_begin(struct page *p)
{
	atomic_add(&p->writers, 1);
	dmb(ish); /* before the first byte: who finds that changed finds the writer too */
}

void page_write_end(struct page *p)
{
	__atomic_sub_fetch(&p->writers, 1, __ATOMIC_RELEASE);
}

void page_check_code(const struct page *p)
{
	uint8_t seen = load_acquire(&p->written);
	bool same = code_sum(p) == READ_ONCE(p->code_sum);

	/* The bytes first: a writer of one that we saw is still there, or has counted itself. */
	dmb(ish);
	if (same || !(seen & PAGE_SYNCED) || READ_ONCE(p->user_writes) || READ_ONCE(p->writers) ||
	    READ_ONCE(p->written) != seen)
		return;
	panic("page %#llx: stored to by the kernel without page_written(), and executable",
	      (unsigned long long)paddr_value(page_to_phys(p)));
}

static void set_synced(struct page *p, uint8_t seen)
{
	uint64_t sum = code_sum(p);

	spin_lock(&code_lock);
	if (READ_ONCE(p->written) == seen)
		p->code_sum = sum;
	(void)atomic_cmpxchg(&p->written, &seen, seen | PAGE_SYNCED);
	spin_unlock(&code_lock);
}
#else
static void set_synced(struct page *p, uint8_t seen)
{
	(void)atomic_cmpxchg(&p->written, &seen, seen | PAGE_SYNCED);
}
#endif

void page_sync_icache_now(struct page *p)
{
	uint8_t seen = load_acquire(&p->written);

	if (seen & PAGE_SYNCED)
		return; /* another core was faster */
	/* What was stored up to this count is there to be cleaned. */
	dmb(ish);
	sync_icache_page(page_to_virt(p));
	/*
	 * After the caches are synced: another core that sees the flag may show the page as code at
	 * once.  Not if it was written to meanwhile: then the next one syncs it.  Two that sync it
	 * at one moment do no harm.
	 */
	set_synced(p, seen);
}

size_t page_free_count(void)
{
	size_t n = READ_ONCE(buddy.nr_free) + READ_ONCE(buddy.nr_fresh);

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (!cpu || percpu_offset[cpu])
			/*
			 * Other cores change theirs meanwhile: a figure for /proc and the OOM
			 * killer, no promise.
			 */
			n += READ_ONCE(per_cpu(page_stack, cpu).n);
	return n;
}

size_t page_total_count(void)
{
	return buddy.nr_total;
}

/* ---- bring-up ---- */

void page_init(void)
{
	uint64_t pa, end;

	for (unsigned int i = 0; i <= PAGE_MAX_ORDER; i++)
		list_init(&buddy.free[i]);
	for (pa = 0; memmap_next_free(&pa, &end); pa = end)
		buddy.nr_fresh += (end - pa) >> PAGE_SHIFT;
	buddy.nr_total = buddy.nr_fresh;
	buddy.reserve = min(buddy.nr_total / RESERVE_SHARE, (size_t)RESERVE_MOST);
}

void page_release(uint64_t pa, uint64_t size)
{
	uint64_t end = ALIGN_DOWN(pa + size, PAGE_SIZE);

	pa = ALIGN_UP(pa, PAGE_SIZE);
	/*
	 * grow_at stands still: each frame is either freed here or found later by grow(), never
	 * both.
	 */
	spin_lock(&buddy.lock);
	for (; pa < end && pa < buddy.grow_at; pa += PAGE_SIZE) {
		free_buddy_block(phys_to_page(paddr_of(pa)), 0);
		buddy.nr_total++;
	}
	if (pa < end && !memmap_unreserve(pa, end)) {
		/* Not grown into yet: it will be found there. */
		buddy.nr_fresh += (end - pa) >> PAGE_SHIFT;
		buddy.nr_total += (end - pa) >> PAGE_SHIFT;
	}
	spin_unlock(&buddy.lock);
}
