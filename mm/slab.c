/*
 * slab.c - kmalloc: size classes, each with a few free objects at hand on every core and blocks of
 * pages behind them.
 *
 * Invariant: a free object is either in one core's list or in its block's list, and carries
 * FREE_MARK in its second word (an object handed out does not): freeing it twice is found out.  A
 * block with no object handed out is given back.  While pages are scarce nothing is kept at hand,
 * and a task that may not use the reserve gets no object of a block that may lie in it.
 */
#include "mm/slab.h"

#include "arm/spinlock.h"
#include "lib/export.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/kmap.h"

static const uint16_t class_size[] = { 16,  32,	 48,  64,   96,	  128,	192,  256,
				       384, 512, 768, 1024, 1536, 2048, 3072, 4096 };
#define NR_CLASSES  ARRAY_SIZE(class_size)
#define KMALLOC_MAX (PAGE_SIZE << PAGE_MAX_ORDER)

struct slab {
	/* Of partial and of the blocks' lists; outside the page allocator's. */
	struct spinlock lock;
	struct list_node partial; /* blocks with a free object */
	/* How many there are; objects that are not in one, handed out or at hand on a core. */
	size_t blocks, out;
	uint16_t size;
	uint16_t per_block;
	uint8_t order;
	uint8_t class; /* its place in slabs */
	/*
	 * how many one core has at hand at the most; atomic: `most`, or none while pages are scarce
	 */
	uint8_t keep;
	uint8_t most;
};
static struct slab slabs[NR_CLASSES];

struct object {
	struct object *next;
	uint64_t mark;
};
#define FREE_MARK(o) ((uint64_t)(uintptr_t)(o) ^ 0x6672656564206f62)

/* Free objects at hand on one core. */
struct slab_cpu {
	struct object *first;
	unsigned int n;
};
static DEFINE_PERCPU(struct slab_cpu[NR_CLASSES], slab_cpu);
#define KEEP_BYTES 16384 /* how much one core keeps of a class at the most, about */

static unsigned int size_class_of(size_t size)
{
	unsigned int i = 0;

	if (size > 16) { /* two classes between powers of two from 32 on */
		/* 2^log < size <= 2^(log+1). */
		unsigned int log = 63 - (unsigned int)__builtin_clzl(size - 1);

		i = log < 5 ? log - 3 : 2 * log - 8;
		if (size > class_size[i])
			i++;
	}
	return i;
}

/* ---- blocks: slab->lock held ---- */

static struct object *block_object(struct page *b, unsigned int offset16)
{
	return (struct object *)((char *)page_to_virt(b) + offset16 * 16UL);
}

static void block_push(struct page *b, struct object *o)
{
	o->next = (struct object *)(uintptr_t)b->free;
	b->free = (uint32_t)(((char *)o - (char *)page_to_virt(b)) / 16 + 1);
}

static struct object *block_pop(struct page *b)
{
	struct object *o = block_object(b, b->free - 1);

	b->free = (uint32_t)(uintptr_t)o->next;
	b->inuse++;
	b->slab->out++;
	return o;
}

static struct page *new_slab_block(struct slab *s)
{
	struct page *b = page_alloc(s->order);

	spin_assert_held(&s->lock);
	if (!b)
		return NULL;
	for (unsigned int i = 0; i < 1U << s->order; i++) {
		b[i].kind = PAGE_SLAB;
		b[i].slab = s;
	}
	b->free = 0;
	b->inuse = 0;
	for (unsigned int i = s->per_block; i-- > 0;) {
		struct object *o = block_object(b, i * s->size / 16);

		o->mark = FREE_MARK(o);
		block_push(b, o);
	}
	list_add_head(&s->partial, &b->list);
	s->blocks++;
	return b;
}

static void free_to_block(struct slab *s, struct object *o)
{
	struct page *b = virt_to_page((void *)ALIGN_DOWN((uintptr_t)o, PAGE_SIZE << s->order));

	spin_assert_held(&s->lock);
	if (!b->free)
		list_add_head(&s->partial, &b->list);
	block_push(b, o);
	s->out--;
	if (--b->inuse)
		return;
	s->blocks--;
	list_del(&b->list);
	for (unsigned int i = 1; i < 1U << s->order; i++)
		b[i].kind = PAGE_RESERVED;
	page_free(b, s->order);
}

/* ---- the cores' lists ---- */

static __attribute__((noinline)) void refill_slab(struct slab *s, struct slab_cpu *c)
{
	const bool scarce = page_is_scarce();
	unsigned int want = scarce ? 1 : s->most / 2;

	if (scarce && page_is_denied()) {
		page_tell_none();
		return;
	}
	/* Half of what a core may keep, at one go: most calls of kmalloc then take no lock. */
	spin_lock(&s->lock);
	while (c->n < want) {
		struct page *b;
		struct object *o;

		if (list_empty(&s->partial) && !new_slab_block(s))
			break;
		b = container_of(s->partial.next, struct page, list);
		o = block_pop(b);
		if (!b->free)
			list_del(&b->list);
		o->next = c->first;
		c->first = o;
		c->n++;
	}
	spin_unlock(&s->lock);
}

static __attribute__((noinline)) void drain_slab(struct slab *s, struct slab_cpu *c)
{
	unsigned int down_to = READ_ONCE(s->keep) / 2;

	/*
	 * A block may lose its last object here and be given back: buddy.lock is inside this one.
	 */
	spin_lock(&s->lock);
	while (c->n > down_to) {
		struct object *o = c->first;

		c->first = o->next;
		c->n--;
		free_to_block(s, o);
	}
	spin_unlock(&s->lock);
}

static void *alloc_pages(size_t size)
{
	unsigned int order = 0;
	struct page *p;

	while (PAGE_SIZE << order < size)
		order++;
	p = page_alloc(order);
	return p ? page_to_virt(p) : NULL;
}

void *kmalloc(size_t size)
{
	struct slab_cpu *c;
	struct object *o;
	unsigned int i;

	CHECK_NO_IRQ();
	if (unlikely(size > class_size[NR_CLASSES - 1]))
		return size <= KMALLOC_MAX ? alloc_pages(size) : NULL;
	if (alloc_must_fail())
		return NULL;
	i = size_class_of(size);
	/*
	 * This core's list needs no lock: neither an interrupt nor another task comes in between.
	 */
	c = &this_cpu(slab_cpu)[i];
	if (unlikely(!c->first))
		refill_slab(&slabs[i], c);
	o = c->first;
	if (unlikely(!o))
		return NULL;
	c->first = o->next;
	c->n--;
	/* From here on kfree takes the object; the mark of a free one would be a double free. */
	o->mark = 0;
	return o;
}
EXPORT(kmalloc);

void *kzalloc(size_t size)
{
	void *p = kmalloc(size);

	return p ? memset(p, 0, size) : NULL;
}
EXPORT(kzalloc);

void kfree(void *ptr)
{
	struct object *o = ptr;
	struct slab_cpu *c;
	struct page *p;
	struct slab *s;

	if (!o)
		return;
	CHECK_NO_IRQ();
	/*
	 * kind and slab do not change while an object of the block is handed out, so no lock to
	 * read them.
	 */
	p = virt_to_page(o);
	if (p->kind != PAGE_SLAB) {
		if (p->kind != PAGE_USED || !IS_ALIGNED((uintptr_t)o, PAGE_SIZE))
			panic("kfree: %p was not allocated (double free?)", ptr);
		page_free(p, p->order);
		return;
	}
	s = p->slab;
	if (unlikely(o->mark == FREE_MARK(o)))
		panic("kfree: double free of %p (class of %u bytes)", ptr, s->size);
	o->mark = FREE_MARK(o);
	c = &this_cpu(slab_cpu)[s->class];
	o->next = c->first;
	c->first = o;
	if (unlikely(++c->n > READ_ONCE(s->keep)))
		drain_slab(s, c);
}
EXPORT(kfree);

void *krealloc(void *ptr, size_t old_size, size_t size)
{
	void *n = kmalloc(size);

	if (n && ptr) {
		memcpy(n, ptr, min(old_size, size));
		kfree(ptr);
	}
	return n;
}
EXPORT(krealloc);

char *kstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *d = kmalloc(n);

	return d ? memcpy(d, s, n) : NULL;
}
EXPORT(kstrdup);

/* Objects of class @i that a core has at hand. */
static size_t at_hand(unsigned int i)
{
	size_t n = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (!cpu || percpu_offset[cpu])
			n += READ_ONCE(per_cpu(slab_cpu, cpu)[i].n);
	return n;
}

size_t slab_free_bytes(void)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < NR_CLASSES; i++) {
		struct slab *s = &slabs[i];

		spin_lock(&s->lock);
		/*
		 * What lies at hand on the cores changes meanwhile: the figure is close, not exact.
		 */
		bytes += (s->blocks * PAGE_SIZE << s->order) - (s->out - at_hand(i)) * s->size;
		spin_unlock(&s->lock);
	}
	return bytes;
}

size_t memory_free_bytes(void)
{
	return (page_free_count() << PAGE_SHIFT) + slab_free_bytes() + kstack_kept_bytes();
}
EXPORT(memory_free_bytes);

static void set_scarce(bool scarce)
{
	for (unsigned int i = 0; i < NR_CLASSES; i++)
		WRITE_ONCE(slabs[i].keep, scarce ? 0 : slabs[i].most);
}

void slab_init(void)
{
	page_scarce_hook = set_scarce;
	for (unsigned int i = 0; i < NR_CLASSES; i++) {
		struct slab *s = &slabs[i];

		spin_init(&s->lock);
		list_init(&s->partial);
		s->class = (uint8_t)i;
		s->size = class_size[i];
		s->most = s->keep = (uint8_t)max(4, min(64, KEEP_BYTES / class_size[i]));
		while ((PAGE_SIZE << s->order) / s->size < 8 && s->order < 3)
			s->order++;
		s->per_block = (uint16_t)((PAGE_SIZE << s->order) / s->size);
	}
}
