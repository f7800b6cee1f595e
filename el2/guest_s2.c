/*
 * guest_s2.c - a VM's stage 2: which pages of the host's a guest reaches, and how much of each
 * block of RAM that is (el2/pool.h).
 *
 * Invariant: a page is counted before it is mapped, and until no TLB can have it any more.  So a
 * block whose count is 0 is reached by no guest.
 */
#include "abi/errno.h"
#include "el2/guest_s2.h"
#include "el2/machine.h"
#include "el2/pool.h"
#include "el2/tlb.h"

#define PAGE_BITS  12
#define LEVEL_BITS 9
#define ROOT_ORDER 4 /* 16 tables side by side are walked as one */

/* ---- tables ---- */

static uint64_t new_guest_table(struct el2_table *t)
{
	const struct el2_vm *vm = t->arg;
	uint32_t handle;
	uint64_t page;

	el2_lock(&el2_memory_lock);
	page = el2_pages_new(vm->user, 0, EL2_TABLE, &handle);
	el2_unlock(&el2_memory_lock);
	return page;
}

static void free_table(struct el2_table *t, uint64_t page)
{
	el2_lock(&el2_memory_lock);
	el2_pages_free(page, 0);
	el2_unlock(&el2_memory_lock);
}

/* With the lock held: when a VM goes. */
static void free_table_locked(struct el2_table *t, uint64_t page)
{
	el2_pages_free(page, 0);
}

int el2_s2_init(struct el2_vm *vm, unsigned int ipa_bits)
{
	/* As few levels as 16 tables side by side at the top allow. */
	unsigned int levels = DIV_ROUND_UP(ipa_bits - ROOT_ORDER - PAGE_BITS, LEVEL_BITS);
	unsigned int below = PAGE_BITS + levels * LEVEL_BITS; /* bits that one table maps */
	uint32_t handle;

	vm->root_order = ipa_bits > below ? ipa_bits - below : 0;
	vm->table = (struct el2_table){ .root = el2_pages_new(vm->user, vm->root_order, EL2_TABLE,
							      &handle),
					.input_bits = ipa_bits,
					.start = 4 - levels };
	if (!vm->table.root)
		return -ENOMEM;
	/* Now, not by the linker: where el2/ runs is not where it is linked. */
	vm->table.page_new = new_guest_table;
	vm->table.page_free = free_table;
	vm->table.flush = el2_tlb_forget;
	vm->table.arg = vm;
	vm->regime.vtcr = VTCR_RES1 | TCR_EL2_WALKS | (64 - ipa_bits) | VTCR_SL0(vm->table.start) |
			  (uint64_t)el2_machine.pa_range << TCR_EL2_PS_SHIFT;
	return 0;
}

/* Tables that go at once: each is zeroed, and the other cores may wait for the lock. */
#define TABLES_AT_ONCE 32

bool el2_s2_destroy(struct el2_vm *vm)
{
	/* All of it, whatever its size is: also what was fetched of empty tables. */
	el2_tlb_forget(&vm->table, 0, SYSREG_BIT(vm->table.input_bits));
	vm->table.page_free = free_table_locked;
	if (!el2_table_clear(&vm->table, TABLES_AT_ONCE))
		return false;
	el2_pages_free(vm->table.root, vm->root_order);
	return true;
}

void el2_s2_flush(struct el2_vm *vm)
{
	el2_lock(&vm->lock);
	el2_tlb_forget(&vm->table, 0, SYSREG_BIT(vm->table.input_bits));
	el2_unlock(&vm->lock);
}

/* ---- taking away ---- */

/* Entries that map nothing are passed over, so many in a call. */
#define EMPTY_ENTRIES 1024

/* Of a range: up to where there is nothing, and what comes then; end = ipa: that was all. */
struct part {
	uint64_t ipa, end;
};

/*
 * The next part of [@ipa, @end) that may have something mapped: what lies in one table of pages, or
 * a block, the whole of it.
 */
static struct part next_guest_part(const struct el2_vm *vm, uint64_t ipa, uint64_t end)
{
	for (unsigned int n = 0; ipa < end && n < EMPTY_ENTRIES; n++) {
		unsigned int level;
		uint64_t leaf = el2_table_find(&vm->table, ipa, &level);
		uint64_t span = SYSREG_BIT(PTE_LEVEL_SHIFT(level)), start = ALIGN_DOWN(ipa, span);
		uint64_t block_end = ALIGN_DOWN(ipa, EL2_BLOCK) + EL2_BLOCK;

		if (level == TABLE_LEVEL_4K) {
			block_end = min(end, block_end);
			return (struct part){ ipa, block_end };
		}
		if (leaf)
			return (struct part){ start, start + span };
		ipa = start + span;
	}
	ipa = min(ipa, end);
	return (struct part){ ipa, ipa };
}

struct collected {
	struct el2_vm *vm;
	unsigned int n;
	uint64_t end; /* where it did not fit any more */
};

static bool collect_leaf(void *arg, uint64_t ipa, unsigned int level, uint64_t *leaf)
{
	struct collected *c = arg;
	uint32_t pages = level == TABLE_LEVEL_4K ? 1 : EL2_BLOCK / EL2_PAGE;
	uint32_t block = (uint32_t)((*leaf & PTE_ADDR_MASK) / EL2_BLOCK);

	if (c->n && c->vm->gone[c->n - 1].block == block) {
		c->vm->gone[c->n - 1].pages += pages;
		return true;
	}
	if (c->n == ARRAY_SIZE(c->vm->gone)) {
		c->end = ipa;
		return false;
	}
	c->vm->gone[c->n++] = (struct el2_run_of_pages){ block, pages };
	return true;
}

/*
 * [@ipa, @end), in one block, without a leaf that is only partly in it.  Return: how far it came.
 */
static uint64_t unmap_part(struct el2_vm *vm, uint64_t ipa, uint64_t end)
{
	struct collected c = { .vm = vm, .end = end };

	(void)el2_table_walk(&vm->table, ipa, end - ipa, collect_leaf, &c);
	(void)!el2_table_unmap(&vm->table, ipa, c.end - ipa); /* nothing is split: it cannot fail */
	el2_lock(&el2_memory_lock);
	for (unsigned int i = 0; i < c.n; i++) {
		el2_block_drop(vm->gone[i].block * EL2_BLOCK, vm->gone[i].pages);
		vm->mapped -= vm->gone[i].pages;
	}
	el2_unlock(&el2_memory_lock);
	return c.end;
}

static bool is_guest_range(const struct el2_vm *vm, uint64_t ipa, uint64_t size)
{
	uint64_t end = SYSREG_BIT(vm->table.input_bits);

	return size && IS_ALIGNED(ipa | size, EL2_PAGE) && ipa < end && size <= end - ipa;
}

int64_t el2_s2_unmap(struct el2_vm *vm, uint64_t ipa, uint64_t size)
{
	uint64_t end = ipa + size;
	struct part p;

	if (!is_guest_range(vm, ipa, size))
		return EL2_INVALID;
	el2_lock(&vm->lock);
	p = next_guest_part(vm, ipa, end);
	if (p.ipa < p.end)
		p.end = unmap_part(vm, p.ipa, p.end);
	el2_unlock(&vm->lock);
	return (int64_t)(min(p.end, end) - ipa);
}

int64_t el2_s2_protect(struct el2_vm *vm, uint64_t ipa, uint64_t size)
{
	uint64_t end = ipa + size;
	struct part p;

	if (!is_guest_range(vm, ipa, size))
		return EL2_INVALID;
	el2_lock(&vm->lock);
	p = next_guest_part(vm, ipa, end);
	if (p.ipa < p.end) /* nothing is split: it cannot fail */
		(void)!el2_table_protect(&vm->table, p.ipa, p.end - p.ipa, 0, S2_WRITE);
	el2_unlock(&vm->lock);
	return (int64_t)(min(p.end, end) - ipa);
}

/* ---- mapping ---- */

/* A device's pages are no RAM: el2_host_has() knows none of them. */
static bool host_may_lend(uint64_t pa, uint64_t size, uint64_t flags)
{
	if (flags & EL2_MAP_DEVICE)
		return size == EL2_PAGE && !el2_is_ram(pa, size) &&
		       el2_host_lets(pa, S2_READ | S2_WRITE, 0);
	return el2_host_has(pa, size, flags & EL2_MAP_WRITE);
}

/* The guest is to reach [@pa, @pa + @size): may it? and it is counted. */
static int count_lent(struct el2_vm *vm, uint64_t pa, uint64_t size, uint64_t flags)
{
	int err = -EINVAL;

	el2_lock(&el2_memory_lock);
	if (host_may_lend(pa, size, flags))
		err = el2_block_add(pa, (uint32_t)(size / EL2_PAGE), vm->user);
	if (!err)
		vm->mapped += size / EL2_PAGE;
	el2_unlock(&el2_memory_lock);
	return err;
}

static void count_unlent(struct el2_vm *vm, uint64_t pa, uint64_t size)
{
	el2_lock(&el2_memory_lock);
	el2_block_drop(pa, (uint32_t)(size / EL2_PAGE));
	vm->mapped -= size / EL2_PAGE;
	el2_unlock(&el2_memory_lock);
}

static uint64_t attributes_of(uint64_t flags)
{
	uint64_t a = PTE_AF | PTE_SHARED | S2_READ |
		     (el2_machine.has_fwb ? S2_FORCED_NORMAL : S2_NORMAL);

	if (flags & EL2_MAP_DEVICE)
		a = PTE_AF | S2_READ | S2_DEVICE_nGnRE;
	if (flags & EL2_MAP_WRITE)
		a |= S2_WRITE;
	return flags & EL2_MAP_EXEC ? a : a | S2_XN;
}

/*
 * What is mapped in the range otherwise goes first; only other permissions of the same page are
 * changed in place.  Return: it is the same page.
 */
static bool clear_way(struct el2_vm *vm, uint64_t ipa, uint64_t pa, uint64_t size)
{
	unsigned int level;
	uint64_t leaf = el2_table_find(&vm->table, ipa, &level), end = ipa + size;
	struct part p;

	if (leaf && level == (size == EL2_PAGE ? TABLE_LEVEL_4K : TABLE_LEVEL_2M) &&
	    (leaf & PTE_ADDR_MASK) == pa)
		return true;
	if (size == EL2_PAGE && !leaf)
		return false;
	for (p = next_guest_part(vm, ipa, end); p.ipa < p.end; p = next_guest_part(vm, ipa, end))
		ipa = unmap_part(vm, p.ipa, p.end);
	/* The table of its pages, if there was one, is empty now: a block comes in its place. */
	if (size == EL2_BLOCK)
		(void)!el2_table_unmap(&vm->table, end - size, size);
	return false;
}

static int map_locked(struct el2_vm *vm, uint64_t ipa, uint64_t pa, uint64_t size, uint64_t flags)
{
	bool is_same = clear_way(vm, ipa, pa, size);
	int err = count_lent(vm, pa, size, flags);

	if (err)
		return err;
	err = el2_table_map(&vm->table, ipa, pa, size, attributes_of(flags),
			    size == EL2_PAGE ? TABLE_LEVEL_4K : TABLE_LEVEL_2M);
	if (err || is_same) /* it was counted already */
		count_unlent(vm, pa, size);
	return err;
}

int64_t el2_s2_map(struct el2_vm *vm, uint64_t ipa, uint64_t pa, uint64_t size_flags)
{
	uint64_t flags = size_flags & (EL2_MAP_WRITE | EL2_MAP_EXEC | EL2_MAP_DEVICE);
	uint64_t size = size_flags & ~flags;
	int err;

	if ((size != EL2_PAGE && size != EL2_BLOCK) || !IS_ALIGNED(pa | ipa, size) ||
	    !is_guest_range(vm, ipa, size) || pa >> el2_machine.pa_bits)
		return EL2_INVALID;
	el2_lock(&vm->lock);
	err = map_locked(vm, ipa, pa, size, flags);
	el2_unlock(&vm->lock);
	return err == -ENOMEM ? EL2_NOMEM : err ? EL2_INVALID : 0;
}
