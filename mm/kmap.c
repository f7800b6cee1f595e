/*
 * kmap.c - the kernel's translation tables.
 *
 * Invariant: an entry only ever goes from invalid to valid (no TLB can hold the old one: nothing to
 * flush), but for stacks that are freed and for pages that come and go, which flush.  Tables are
 * never freed.
 */
#include "mm/kmap.h"

#include "arm/pte.h"
#include "arm/spinlock.h"
#include "lib/export.h"
#include "log/panic.h"
#include "mm/giveway.h"
#include "mm/memmap.h"

extern char __image_start[], __image_end[];

/* Of the tables and of device_next; page allocation happens inside it. */
static struct spinlock kmap_lock;
static uintptr_t device_next = DEVICE_BASE;

/* Tables for before page_init(): the linear map itself and the first devices. */
#define POOL_TABLES 48
static uint64_t pool[POOL_TABLES][PTE_ENTRIES] __attribute__((aligned(4096)));
static unsigned int pool_used;

paddr kmap_to_phys(const void *va)
{
	uint64_t par;

	__asm__ volatile("at s1e1r, %1\n\tisb\n\tmrs %0, par_el1" : "=r"(par) : "r"(va) : "memory");
	if (par & 1)
		panic("kmap_to_phys: %p is not mapped", va);
	return paddr_of((par & PTE_ADDR_MASK) | ((uintptr_t)va & ~PAGE_MASK));
}
EXPORT(kmap_to_phys);

/*
 * A table's address, wherever it is: in the image (start/'s and the pool's) or in the linear map.
 */
static uint64_t *kernel_table_at(uint64_t pa)
{
	static uint64_t image; /* every core computes the same value */

	if (!image)
		image = paddr_value(kmap_to_phys(__image_start));
	if (pa - image < (uintptr_t)(__image_end - __image_start))
		return (uint64_t *)(__image_start + (pa - image));
	return phys_to_virt(paddr_of(pa));
}

static uint64_t *root(void)
{
	return kernel_table_at(READ_SYSREG(ttbr1_el1) & PTE_ADDR_MASK & ~1UL);
}

/* A new empty table's physical address, or 0. */
static uint64_t new_table(void)
{
	struct page *p;

	/* kmap_lock is held; before page_init() there is one core, and no allocator to ask. */
	if (pool_used < POOL_TABLES)
		return paddr_value(kmap_to_phys(pool[pool_used++]));
	p = page_alloc_zero();
	return p ? paddr_value(page_to_phys(p)) : 0;
}

static size_t entry_size(unsigned int level)
{
	return 1UL << PTE_LEVEL_SHIFT(level);
}

static unsigned int entry_index(uintptr_t va, unsigned int level)
{
	return (va >> PTE_LEVEL_SHIFT(level)) & (PTE_ENTRIES - 1);
}

/* The largest level's entry that may map @va to @pa whole: 3 = page, 2 = 2 MiB, 1 = 1 GiB. */
static unsigned int leaf_level(uintptr_t va, uint64_t pa, size_t size)
{
	for (unsigned int level = 1; level < 3; level++)
		if (IS_ALIGNED(va | pa, entry_size(level)) && size >= entry_size(level))
			return level;
	return 3;
}

/*
 * Of the @n entries of @level from table[@i] on, each that is free maps its part of what begins at
 * @pa_attr (address and attributes); one that is a table is filled in the same way, and one that
 * maps something already stays.
 */
static void fill_table(uint64_t *table, unsigned int level, size_t i, size_t n, uint64_t pa_attr)
{
	for (; n--; i++, pa_attr += entry_size(level)) {
		uint64_t e = table[i];

		if (!(e & PTE_VALID))
			WRITE_ONCE(table[i], pa_attr | (level == 3 ? PTE_PAGE : 0));
		else if (level < 3 && (e & PTE_TABLE))
			fill_table(kernel_table_at(e & PTE_ADDR_MASK), level + 1, 0, PTE_ENTRIES,
				   pa_attr);
	}
}

/*
 * Maps at @va as much as one table has entries for, all of one level; *@done is how many bytes that
 * was.  Finding it mapped already is fine.  Returns false: no memory for a table.
 */
static bool map_some(uintptr_t va, uint64_t pa, size_t size, uint64_t attr, size_t *done)
{
	unsigned int leaf = leaf_level(va, pa, size), level;
	uint64_t *table = root(), *e;
	size_t i, n;

	for (level = 0; level < leaf; level++) {
		e = &table[entry_index(va, level)];
		if ((*e & PTE_VALID) && !(*e & PTE_TABLE)) { /* a block shows it */
			*done = entry_size(level) - (va & (entry_size(level) - 1));
			return true;
		}
		if (!(*e & PTE_VALID)) {
			uint64_t t = new_table();

			if (!t)
				return false;
			dmb(ishst); /* the zeros before the way to them */
			WRITE_ONCE(*e, t | PTE_TABLE | PTE_VALID);
		}
		table = kernel_table_at(*e & PTE_ADDR_MASK);
	}
	i = entry_index(va, leaf);
	n = min(PTE_ENTRIES - i, max(size / entry_size(leaf), (size_t)1));
	fill_table(table, leaf, i, n, pa | attr);
	*done = n * entry_size(leaf);
	return true;
}

static bool map_range(uintptr_t va, uint64_t pa, size_t size, uint64_t attr)
{
	size_t done, step;

	for (done = 0; done < size; done += step)
		if (!map_some(va + done, pa + done, size - done, attr, &step))
			return false;
	/*
	 * The entries are seen by every core's walks before the caller uses the address; and by
	 * this core's next instruction.
	 */
	dsb(ishst);
	isb();
	return true;
}

void kmap_range(uintptr_t va, paddr pa, size_t size, uint64_t attr)
{
	bool ok;

	/* Two that map at one moment may need the same table: it is made once. */
	spin_lock(&kmap_lock);
	ok = map_range(va, paddr_value(pa), size, attr);
	spin_unlock(&kmap_lock);
	if (!ok)
		panic("not enough memory for the kernel's translation tables");
}

static uint64_t *find_leaf(uintptr_t va, unsigned int *at_level)
{
	uint64_t *table = root(), *e;

	if (va < LINEAR_BASE)
		return NULL;
	for (unsigned int level = 0;; level++) {
		e = &table[entry_index(va, level)];
		if (!(*e & PTE_VALID))
			return NULL;
		*at_level = level;
		if (level == 3 || !(*e & PTE_TABLE))
			return e;
		table = kernel_table_at(*e & PTE_ADDR_MASK);
	}
}

/* Is [@pa, @pa + @span) mapped from @va on, in a row? */
static bool is_mapped_at(uintptr_t va, uint64_t pa, size_t span)
{
	unsigned int level;

	for (size_t n = 0; n < span;) {
		uint64_t *e = find_leaf(va + n, &level);
		uintptr_t off = e ? (va + n) & (entry_size(level) - 1) : 0;

		if (!e || (*e & PTE_ADDR_MASK) + off != pa + n)
			return false;
		n += entry_size(level) - off;
	}
	return true;
}

/*
 * Where among the devices [@pa, @pa + @span) is mapped already, or 0.  Leaf by leaf: there are some
 * dozens, and only drivers that begin ask.
 */
static uintptr_t find_device(uint64_t pa, size_t span)
{
	size_t step;

	spin_assert_held(&kmap_lock);
	for (uintptr_t va = DEVICE_BASE; va < device_next; va += step) {
		unsigned int level = 3;
		uint64_t *e = find_leaf(va, &level);
		uint64_t into = e ? pa - (*e & PTE_ADDR_MASK) : UINT64_MAX;

		step = entry_size(level);
		if (into < step && is_mapped_at(va + into, pa, span))
			return va + into;
	}
	return 0;
}

#define DEVICE_BLOCK (1UL << PTE_LEVEL_SHIFT(2))

void *ioremap(paddr where, size_t size)
{
	uint64_t pa = paddr_value(where);
	uintptr_t va;
	size_t span = ALIGN_UP((pa & ~PAGE_MASK) + size, PAGE_SIZE);
	bool ok = false;

	if (!size || size > DEVICE_END - DEVICE_BASE || pa + size < pa ||
	    pa + size > 1UL << VA_BITS)
		return NULL;
	spin_lock(&kmap_lock);
	va = find_device(pa & PAGE_MASK, span);
	if (va) {
		ok = true;
	} else if (span + DEVICE_BLOCK <= DEVICE_END - device_next) {
		va = device_next;
		/* So that what is large is mapped by blocks: a bus's registers are 256 MiB. */
		if (span >= DEVICE_BLOCK)
			va += (pa - va) & (DEVICE_BLOCK - 1) & PAGE_MASK;
		ok = map_range(va, pa & PAGE_MASK, span, PTE_DEVICE);
		device_next = va + span + PAGE_SIZE; /* a hole between: an overrun faults */
	}
	spin_unlock(&kmap_lock);
	return ok ? (void *)(va + (pa & ~PAGE_MASK)) : NULL;
}
EXPORT(ioremap);

uint64_t kmap_lookup(uintptr_t va)
{
	unsigned int level;
	/*
	 * Without kmap_lock, also from a panic: tables are never freed, and an entry is read in one
	 * piece.
	 */
	uint64_t *e = find_leaf(va, &level);

	return e ? *e : 0;
}
EXPORT(kmap_lookup);

static void walk(uint64_t *table, unsigned int level, uintptr_t va,
		 void (*fn)(uintptr_t, size_t, uint64_t, void *), void *arg)
{
	for (unsigned int i = 0; i < PTE_ENTRIES; i++, va += entry_size(level)) {
		uint64_t e = table[i];

		if (!(e & PTE_VALID))
			continue;
		if (level == 3 || !(e & PTE_TABLE))
			fn(va, entry_size(level), e, arg);
		else
			walk(kernel_table_at(e & PTE_ADDR_MASK), level + 1, va, fn, arg);
	}
}

void kmap_walk(void (*fn)(uintptr_t va, size_t size, uint64_t desc, void *arg), void *arg)
{
	walk(root(), 0, LINEAR_BASE, fn, arg);
}

/* [@start, @end) of TTBR1 leaves all TLBs, all ASIDs; the order is that of mm/tlb.h. */
static void flush_kernel_tlb(uintptr_t start, uintptr_t end)
{
	dsb(ishst);
	for (uintptr_t va = start; va < end; va += PAGE_SIZE)
		__asm__ volatile("tlbi vaale1is, %0" ::"r"((va >> PAGE_SHIFT) & 0xfffffffffffUL)
				 : "memory");
	dsb(ish);
	isb();
}

/* ---- pages that come and go ---- */

/*
 * So many pages under the lock at once: less than a block, so that none is made, and the lock is
 * not held long.
 */
#define PAGES_AT_ONCE 64

static size_t next_piece(size_t left)
{
	return min(left, PAGES_AT_ONCE * PAGE_SIZE);
}

bool kmap_pages(uintptr_t va, paddr pa, size_t size, uint64_t attr)
{
	bool ok = true;
	size_t n;

	for (size_t done = 0; done < size; done += n) {
		n = next_piece(size - done);
		spin_lock(&kmap_lock);
		ok = map_range(va + done, paddr_value(pa) + done, n, attr);
		spin_unlock(&kmap_lock);
		if (!ok) {
			kmap_unmap_pages(va, done + n);
			break;
		}
		(void)give_way(); /* a half would be of no use */
	}
	return ok;
}

/* Each leaf of [@va, @va + @size) that is there becomes its address and @attr; 0: invalid. */
static void change_pages(uintptr_t va, size_t size, uint64_t attr)
{
	size_t n;

	for (; size; va += n, size -= n) {
		n = next_piece(size);
		spin_lock(&kmap_lock);
		for (uintptr_t at = va; at < va + n; at += PAGE_SIZE) {
			unsigned int level;
			uint64_t *e = find_leaf(at, &level);

			if (e)
				WRITE_ONCE(*e, attr ? (*e & PTE_ADDR_MASK) | attr | PTE_PAGE : 0);
		}
		/* Under the lock: who maps something here next finds no TLB that has the old. */
		flush_kernel_tlb(va, va + n);
		spin_unlock(&kmap_lock);
		(void)give_way();
	}
}

void kmap_protect_pages(uintptr_t va, size_t size, uint64_t attr)
{
	change_pages(va, size, attr);
}

void kmap_unmap_pages(uintptr_t va, size_t size)
{
	change_pages(va, size, 0);
}

/* ---- kernel stacks ---- */

/*
 * A slot is 2 * STACK_SIZE, aligned to that; the stack is its upper half, the lower half is never
 * mapped.  So bit STACK_SHIFT of an SP inside the stack is set, and clear once it has run over:
 * el1/vectors.S tests that bit.
 *
 * The first few freed stacks stay mapped, linked through their lowest word: the next fork gets one
 * at the price of a pop.
 */
#define STACK_SLOTS 65536
#define STACKS_KEPT 32
#define STACK_ORDER (STACK_SHIFT - PAGE_SHIFT)

static struct {
	struct spinlock lock; /* leaf */
	void *kept;	      /* lowest address of the first kept stack */
	unsigned int nr_kept;
	unsigned int hint; /* no free slot below this word */
	uint64_t used[STACK_SLOTS / 64];
} stacks;

static void *pop_kept(void)
{
	void *low;

	spin_lock(&stacks.lock);
	low = stacks.kept;
	if (low) {
		/*
		 * The link lies in the stack's lowest word: it is written by push_kept after the
		 * task has left it.
		 */
		stacks.kept = *(void **)low;
		stacks.nr_kept--;
	}
	spin_unlock(&stacks.lock);
	return low;
}

static bool push_kept(void *low)
{
	bool room;

	spin_lock(&stacks.lock);
	room = stacks.nr_kept < STACKS_KEPT && !page_is_scarce();
	if (room) {
		*(void **)low = stacks.kept;
		stacks.kept = low;
		stacks.nr_kept++;
	}
	spin_unlock(&stacks.lock);
	return room;
}

/* Returns the stack's lowest address in a free slot, or 0: more than STACK_SLOTS stacks. */
static uintptr_t take_slot(void)
{
	uintptr_t low = 0;

	spin_lock(&stacks.lock);
	while (stacks.hint < ARRAY_SIZE(stacks.used) && !~stacks.used[stacks.hint])
		stacks.hint++;
	if (stacks.hint < ARRAY_SIZE(stacks.used)) {
		unsigned int bit = (unsigned int)__builtin_ctzl(~stacks.used[stacks.hint]);

		stacks.used[stacks.hint] |= BIT(bit);
		low = VMAP_BASE + (stacks.hint * 64UL + bit) * 2 * STACK_SIZE + STACK_SIZE;
	}
	spin_unlock(&stacks.lock);
	return low;
}

static void give_slot(uintptr_t low)
{
	unsigned int slot = (unsigned int)((low - VMAP_BASE) / (2 * STACK_SIZE));

	spin_lock(&stacks.lock);
	stacks.used[slot / 64] &= ~BIT(slot % 64);
	stacks.hint = min(stacks.hint, slot / 64);
	spin_unlock(&stacks.lock);
}

/* Unmaps what is mapped of the stack at @low, in every core's TLB too. */
static void unmap_stack(uintptr_t low)
{
	spin_lock(&kmap_lock);
	for (uintptr_t va = low; va < low + STACK_SIZE; va += PAGE_SIZE) {
		unsigned int level;
		uint64_t *e = find_leaf(va, &level);

		if (e)
			WRITE_ONCE(*e, 0);
	}
	/*
	 * Before the pages are freed, and before the slot is free: a stale entry would let
	 * another's stack be written.
	 */
	flush_kernel_tlb(low, low + STACK_SIZE);
	spin_unlock(&kmap_lock);
}

size_t kstack_kept_bytes(void)
{
	return READ_ONCE(stacks.nr_kept) * STACK_SIZE;
}

void *kstack_alloc(void)
{
	uintptr_t low = (uintptr_t)pop_kept();
	struct page *p;
	bool ok;

	if (low)
		return (void *)(low + STACK_SIZE);
	p = page_alloc(STACK_ORDER);
	if (!p)
		return NULL;
	low = take_slot();
	if (!low)
		goto no_slot;
	spin_lock(&kmap_lock);
	ok = map_range(low, paddr_value(page_to_phys(p)), STACK_SIZE, PTE_KERNEL_RW);
	spin_unlock(&kmap_lock);
	if (ok)
		return (void *)(low + STACK_SIZE);
	unmap_stack(low);
	give_slot(low);
no_slot:
	page_free(p, STACK_ORDER);
	return NULL;
}

void kstack_free(void *top)
{
	uintptr_t low = (uintptr_t)top - STACK_SIZE;
	struct page *p;

	if (push_kept((void *)low))
		return;
	p = phys_to_page(kmap_to_phys((void *)low));
	/* Unmapped, then the slot, then the pages: in this order none of them is used twice. */
	unmap_stack(low);
	give_slot(low);
	page_free(p, STACK_ORDER);
}

/* ---- bring-up ---- */

/*
 * The first free, aligned run of @size bytes of RAM, taken: before the allocator there is nothing
 * else to ask.
 */
static uint64_t early_take(uint64_t size, uint64_t align)
{
	uint64_t pa = 0, end;

	while (memmap_next_free(&pa, &end)) {
		uint64_t at = ALIGN_UP(pa, align);

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
static void make_page_array(uint64_t pa, uint64_t end)
{
	uintptr_t from = (uintptr_t)phys_to_page(paddr_of(ALIGN_DOWN(pa, PAGE_CHUNK_SIZE)));
	uintptr_t to = (uintptr_t)phys_to_page(paddr_of(ALIGN_UP(end, PAGE_CHUNK_SIZE)));
	size_t size;

	while (from < to && kmap_lookup(from)) /* the chunk is shared with the RAM before */
		from += PAGE_SIZE;
	size = to - from;
	if (size) {
		pa = early_take(size, size >= BLOCK_SIZE ? BLOCK_SIZE : PAGE_SIZE);
		kmap_range(from, paddr_of(pa), size, PTE_KERNEL_RW);
	}
}

void kmap_init(void)
{
	uint64_t pa, end;

	for (pa = 0; memmap_next_mapped(&pa, &end); pa = end)
		kmap_range(LINEAR_BASE + pa, paddr_of(pa), end - pa, PTE_KERNEL_RW);
	for (pa = 0; memmap_next_ram(&pa, &end); pa = end)
		make_page_array(pa, end);
}
