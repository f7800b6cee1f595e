/*
 * page.c - the physical page allocator: per-core stacks, a buddy allocator behind them, and behind that the RAM that nobody
 * has touched yet.
 *
 * Invariant: a frame is in exactly one place: untouched (above grow_at), in a free list (PAGE_FREE on the block's head), on
 * one core's stack (PAGE_FREE too, order 0, not in a list), or handed out.  A chunk (2^PAGE_MAX_ORDER frames)
 * has its struct pages made when its turn to grow comes; blocks never merge across chunks.
 */
#include "mm/page.h"

#include "arm/percpu.h"
#include "arm/pte.h"
#include "arm/spinlock.h"
#include "lib/string.h"
#include "log/panic.h"
#include "log/printk.h"
#include "mm/fail.h"
#include "mm/kmap.h"
#include "mm/memmap.h"
#include "mm/slab.h"

#define CHUNK_FRAMES (1UL << PAGE_MAX_ORDER)
#define CHUNK_SIZE   (CHUNK_FRAMES << PAGE_SHIFT)

/* The buddy allocator.  buddy.lock is a leaf lock. */
static struct {
	struct spinlock lock;
	struct list_node free[PAGE_MAX_ORDER + 1];
	size_t nr_free;	 /* frames in the lists */
	size_t nr_fresh; /* frames that wait to be grown into */
	paddr grow_at;	 /* chunks below are in use; CHUNK_SIZE aligned */
	size_t nr_total;
} buddy;

/* Single frames at hand on each core: a stack, so that the warmest goes first. */
struct page_stack {
	struct page *top;
	unsigned int n;
};
static DEFINE_PERCPU(struct page_stack, page_stack);

bool (*fail_hook)(void);

#define STACK_ORDER 5
#define STACK_BATCH (1U << STACK_ORDER)
#define STACK_HIGH  (3 * STACK_BATCH)

/* ---- the buddy lists: buddy.lock held ---- */

static void push_block(struct page *p, unsigned int order)
{
	p->kind = PAGE_FREE;
	p->order = (uint8_t)order;
	p->refs = 0;
	list_add_head(&buddy.free[order], &p->list);
}

/* Puts a block back, merged with its free buddies as far as they go. */
static void free_block(struct page *p, unsigned int order)
{
	size_t frame = (size_t)(p - page_array);

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
}

/* Takes the next chunk with free frames in; false when all RAM is in use. */
static bool grow(void)
{
	paddr pa = buddy.grow_at, end, chunk;

	if (!buddy.nr_fresh || !memmap_next_free(&pa, &end))
		return false;
	chunk = ALIGN_DOWN(pa, CHUNK_SIZE);
	buddy.grow_at = chunk + CHUNK_SIZE;
	memset(phys_to_page(chunk), 0, CHUNK_FRAMES * sizeof(struct page));
	while (pa < buddy.grow_at) {
		paddr stop = min(end, buddy.grow_at);

		buddy.nr_fresh -= (stop - pa) >> PAGE_SHIFT;
		while (pa < stop) {
			unsigned int order =
				min((unsigned int)PAGE_MAX_ORDER,
				    (unsigned int)__builtin_ctzl(pa >> PAGE_SHIFT | CHUNK_FRAMES));

			while ((PAGE_SIZE << order) > stop - pa)
				order--;
			free_block(phys_to_page(pa), order);
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

	while (list_empty(&buddy.free[from]))
		if (++from > PAGE_MAX_ORDER) {
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

/* The stack is empty: a batch as one block if there is one, else what there is. */
static __attribute__((noinline)) void refill(struct page_stack *s)
{
	struct page *p;

	spin_lock(&buddy.lock);
	p = take_block(STACK_ORDER);
	if (p)
		for (unsigned int i = STACK_BATCH; i-- > 0;)
			stack_push(s, p + i); /* the lowest goes out first */
	else
		while (s->n < STACK_BATCH && (p = take_block(0)))
			stack_push(s, p);
	spin_unlock(&buddy.lock);
}

static __attribute__((noinline)) void drain(struct page_stack *s, unsigned int down_to)
{
	spin_lock(&buddy.lock);
	while (s->n > down_to) {
		struct page *p = s->top;

		s->top = p->next;
		s->n--;
		free_block(p, 0);
	}
	spin_unlock(&buddy.lock);
}

static struct page *handed_out(struct page *p, unsigned int order)
{
	p->kind = PAGE_USED;
	p->order = (uint8_t)order;
	p->icache_synced = p->in_object = false;
	p->refs = 1;
	return p;
}

static struct page *alloc_single(void)
{
	struct page_stack *s = &this_cpu(page_stack);
	struct page *p;

	CHECK_NO_IRQ();
	if (alloc_must_fail())
		return NULL;
	if (unlikely(!s->top))
		refill(s);
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
	return p ? handed_out(p, order) : NULL;
}

struct page *page_alloc_zero(void)
{
	struct page *p = alloc_single();

	if (likely(p))
		clear_page(page_to_virt(p));
	return p;
}

void page_free(struct page *p, unsigned int order)
{
	struct page_stack *s;

	CHECK_NO_IRQ();
	if (unlikely((p->kind != PAGE_USED && p->kind != PAGE_SLAB) || p->order != order))
		panic("page_free: frame %#llx order %u was not handed out so (double free?): kind "
		      "%u order %u",
		      (unsigned long long)page_to_phys(p), order, p->kind, p->order);
	p->refs = 0;
	if (order) {
		spin_lock(&buddy.lock);
		free_block(p, order);
		spin_unlock(&buddy.lock);
		return;
	}
	s = &this_cpu(page_stack);
	stack_push(s, p);
	if (unlikely(s->n > STACK_HIGH))
		drain(s, STACK_HIGH - STACK_BATCH);
}

void page_split(struct page *p, unsigned int order)
{
	for (size_t i = 0; i < 1UL << order; i++)
		(void)handed_out(p + i, 0);
}

void page_sync_icache_now(struct page *p)
{
	sync_icache_page(page_to_virt(p));
	WRITE_ONCE(p->icache_synced, true);
}

size_t page_free_count(void)
{
	size_t n = READ_ONCE(buddy.nr_free) + READ_ONCE(buddy.nr_fresh);

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (!cpu || percpu_offset[cpu])
			n += READ_ONCE(per_cpu(page_stack, cpu).n);
	return n;
}

size_t memory_free_bytes(void)
{
	return (page_free_count() << PAGE_SHIFT) + slab_free_bytes() + kstack_kept_bytes();
}

size_t page_total_count(void)
{
	return buddy.nr_total;
}

/* ---- bring-up ---- */

/* The first free, aligned run of @size bytes of RAM, taken: before the allocator there is nothing else to ask. */
static paddr early_take(uint64_t size, uint64_t align)
{
	paddr pa = 0, end;

	while (memmap_next_free(&pa, &end)) {
		paddr at = ALIGN_UP(pa, align);

		if (at < end && size <= end - at) {
			if (memmap_reserve(at, size, false))
				break;
			return at;
		}
		pa = end;
	}
	panic("not enough memory: no room for %llu KiB of page descriptors",
	      (unsigned long long)size >> 10);
}

/* Maps the struct pages of the RAM [pa, end), whole chunks. */
static void make_page_array(paddr pa, paddr end)
{
	uintptr_t from = (uintptr_t)phys_to_page(ALIGN_DOWN(pa, CHUNK_SIZE));
	uintptr_t to = (uintptr_t)phys_to_page(ALIGN_UP(end, CHUNK_SIZE));

	while (from < to && kmap_lookup(from)) /* the chunk is shared with the RAM before */
		from += PAGE_SIZE;
	if (from < to)
		kmap_range(from,
			   early_take(to - from, to - from >= BLOCK_SIZE ? BLOCK_SIZE : PAGE_SIZE),
			   to - from, PTE_KERNEL_RW);
}

void page_init(void)
{
	paddr pa, end;

	for (unsigned int i = 0; i <= PAGE_MAX_ORDER; i++)
		list_init(&buddy.free[i]);
	for (pa = 0; memmap_next_mapped(&pa, &end); pa = end)
		kmap_range(LINEAR_BASE + pa, pa, end - pa, PTE_KERNEL_RW);
	for (pa = 0; memmap_next_ram(&pa, &end); pa = end)
		make_page_array(pa, end);
	for (pa = 0; memmap_next_free(&pa, &end); pa = end)
		buddy.nr_fresh += (end - pa) >> PAGE_SHIFT;
	buddy.nr_total = buddy.nr_fresh;
}

void memmap_release(paddr pa, uint64_t size)
{
	paddr end = ALIGN_DOWN(pa + size, PAGE_SIZE);

	pa = ALIGN_UP(pa, PAGE_SIZE);
	spin_lock(&buddy.lock);
	for (; pa < end && pa < buddy.grow_at; pa += PAGE_SIZE) {
		free_block(phys_to_page(pa), 0);
		buddy.nr_total++;
	}
	if (pa < end && !memmap_unreserve(pa, end)) {
		/* Not grown into yet: it will be found there. */
		buddy.nr_fresh += (end - pa) >> PAGE_SHIFT;
		buddy.nr_total += (end - pa) >> PAGE_SHIFT;
	}
	spin_unlock(&buddy.lock);
}
