/*
 * mirrors.c - a mirror of an address space (mm/mirror.h) hears of each way in which a leaf goes or
 * shows less, in time: when it is told, the tables say so already.
 */
#include "selftest/mirrors.h"

#include "abi/mman.h"
#include "log/panic.h"
#include "mm/advise.h"
#include "mm/mirror.h"
#include "mm/mmap.h"
#include "mm/pgtable.h"
#include "mm/vma.h"
#include "mm/zap.h"

#define AT    UL(0x40000000)
#define PAGES 8UL
#define SIZE  (PAGES * PAGE_SIZE)

static struct mirror_test {
	struct mm_mirror mirror;
	struct mm *mm;
	const char *step;
	uintptr_t start, end; /* of all that it was told since the last step */
	unsigned int steps;
	bool gives; /* mprotect(2) tells of rights that it gives, too */
} test;

static void step_failed(const char *what)
{
	panic("newel.test: mirrors: %s: %s (told %#lx-%#lx)", test.step, what, test.start,
	      test.end);
}

static void note_lost(struct mm_mirror *m, uintptr_t start, uintptr_t end)
{
	struct mirror_test *t = container_of(m, struct mirror_test, mirror);
	struct mm_leaf leaf;

	if (start >= end || !IS_ALIGNED(start | end, PAGE_SIZE))
		step_failed("no range");
	if (t->start == t->end || start < t->start)
		t->start = start;
	t->end = max(t->end, end);
	/* COLD takes the mark of use alone, and looking at the leaf here would set it. */
	for (uintptr_t va = AT; va < AT + SIZE && !t->gives; va += PAGE_SIZE)
		if (va >= start && va < end && pgt_lookup(t->mm->pgd, va) & PTE_AF &&
		    mm_leaf_at(t->mm, va, ACCESS_WRITE, &leaf) && t->mm->refs.n)
			step_failed("told too early, or of nothing");
}

/* The next step; what is told from now on is its. */
static void begin_step(const char *step)
{
	test.step = step;
	test.steps++;
	test.start = test.end = 0;
}

static void expect_told(uintptr_t start, size_t size)
{
	if (test.start == test.end || test.start > start || test.end < start + size)
		step_failed("was not told");
}

static bool find_mirrored(uintptr_t va, enum vm_access access, struct mm_leaf *leaf)
{
	bool found;

	vm_lock(test.mm);
	found = mm_leaf_at(test.mm, va, access, leaf);
	vm_unlock(test.mm);
	return found;
}

/* All pages are there for @access, and nothing is told for that. */
static void show_all_pages(enum vm_access access)
{
	struct mm_leaf leaf;

	for (uintptr_t va = AT; va < AT + SIZE; va += PAGE_SIZE) {
		if (mm_fault(test.mm, va, access) != FAULT_OK)
			step_failed("a fault failed");
		if (!find_mirrored(va, access, &leaf) || leaf.va != va || leaf.size != PAGE_SIZE)
			step_failed("no leaf after a fault");
		if (access == ACCESS_WRITE && !leaf.writable)
			step_failed("a leaf that was written is read-only");
	}
	test.start = test.end = 0;
}

static void expect_gone(uintptr_t va, enum vm_access access)
{
	struct mm_leaf leaf;

	expect_told(va, PAGE_SIZE);
	if (find_mirrored(va, access, &leaf))
		step_failed("the leaf is there still");
}

static void map_zeros(uintptr_t at, size_t size, uint32_t how)
{
	if (mm_map_anonymous(test.mm, at, size, VM_READ | VM_WRITE, how | MAP_ANONYMOUS | MAP_FIXED,
			     NULL) != (long)at)
		step_failed("mmap failed");
}

static void private_pages(void)
{
	begin_step("write after read");
	show_all_pages(ACCESS_READ);
	if (mm_fault(test.mm, AT, ACCESS_WRITE) != FAULT_OK)
		step_failed("a fault failed");
	expect_told(AT, PAGE_SIZE);
	begin_step("mprotect");
	show_all_pages(ACCESS_WRITE);
	if (mm_protect(test.mm, AT + PAGE_SIZE, PAGE_SIZE, VM_READ, false))
		step_failed("failed");
	expect_gone(AT + PAGE_SIZE, ACCESS_WRITE);
	begin_step("mprotect to nothing");
	if (mm_protect(test.mm, AT + PAGE_SIZE, PAGE_SIZE, 0, false))
		step_failed("failed");
	expect_gone(AT + PAGE_SIZE, ACCESS_READ);
	test.gives = true;
	if (mm_protect(test.mm, AT, SIZE, VM_READ | VM_WRITE, false))
		step_failed("failed");
	test.gives = false;
	begin_step("madvise(DONTNEED)");
	show_all_pages(ACCESS_WRITE);
	if (mm_advise(test.mm, AT + PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED))
		step_failed("failed");
	expect_gone(AT + PAGE_SIZE, ACCESS_READ);
	begin_step("madvise(COLD)");
	show_all_pages(ACCESS_WRITE);
	if (mm_advise(test.mm, AT, SIZE, MADV_COLD))
		step_failed("failed");
	expect_told(AT, SIZE);
	if (pgt_lookup(test.mm->pgd, AT) & PTE_AF)
		step_failed("it is not cold");
	show_all_pages(ACCESS_WRITE);
	if (!(pgt_lookup(test.mm->pgd, AT) & PTE_AF))
		step_failed("its use was not seen");
}

static void fork_and_move(void)
{
	struct mm *child;

	begin_step("fork");
	show_all_pages(ACCESS_WRITE);
	child = mm_fork(test.mm);
	if (!child || child->mirrors)
		step_failed("no child, or with a mirror");
	expect_gone(AT, ACCESS_WRITE);
	expect_told(AT, SIZE);
	begin_step("copy on write");
	if (mm_fault(test.mm, AT, ACCESS_WRITE) != FAULT_OK)
		step_failed("a fault failed");
	expect_told(AT, PAGE_SIZE);
	mm_put(child);
	begin_step("mremap");
	show_all_pages(ACCESS_WRITE);
	if (mm_remap(test.mm, AT, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, AT + 4 * SIZE) !=
	    (long)(AT + 4 * SIZE))
		step_failed("failed");
	expect_gone(AT, ACCESS_READ);
	expect_told(AT, SIZE);
	begin_step("mmap over it");
	map_zeros(AT, SIZE, MAP_PRIVATE);
	show_all_pages(ACCESS_WRITE);
	map_zeros(AT, SIZE, MAP_PRIVATE);
	expect_gone(AT, ACCESS_READ);
	begin_step("munmap");
	show_all_pages(ACCESS_WRITE);
	if (mm_unmap(test.mm, AT, SIZE))
		step_failed("failed");
	expect_gone(AT + PAGE_SIZE, ACCESS_READ);
	expect_told(AT, SIZE);
}

static void shared_pages(void)
{
	struct vm_object *o;

	begin_step("a hole in shared memory");
	map_zeros(AT, SIZE, MAP_SHARED);
	show_all_pages(ACCESS_WRITE);
	o = mm_find(test.mm, AT)->object;
	object_punch(o, 1, 2);
	expect_gone(AT + PAGE_SIZE, ACCESS_READ);
	begin_step("write-back");
	show_all_pages(ACCESS_WRITE);
	mm_clean_object(o, 1, 3);
	expect_gone(AT + 2 * PAGE_SIZE, ACCESS_WRITE);
	begin_step("reclaim");
	show_all_pages(ACCESS_WRITE);
	mm_unshow_object(o, 1, 3);
	expect_gone(AT + PAGE_SIZE, ACCESS_READ);
	begin_step("truncate");
	show_all_pages(ACCESS_WRITE);
	mm_cut_object(o, 4, PAGES, true);
	expect_gone(AT + 4 * PAGE_SIZE, ACCESS_READ);
	if (mm_unmap(test.mm, AT, SIZE))
		step_failed("munmap failed");
}

static void blocks(void)
{
	const uintptr_t at = ALIGN_UP(AT + SIZE, BLOCK_SIZE);
	struct mm_leaf leaf;

	begin_step("a block");
	map_zeros(at, 2 * BLOCK_SIZE, MAP_PRIVATE);
	if (mm_fault(test.mm, at + PAGE_SIZE, ACCESS_WRITE) != FAULT_OK ||
	    mm_fault(test.mm, at + BLOCK_SIZE, ACCESS_WRITE) != FAULT_OK ||
	    !find_mirrored(at + PAGE_SIZE, ACCESS_WRITE, &leaf) || leaf.va != at ||
	    leaf.size != BLOCK_SIZE || !IS_ALIGNED(paddr_value(leaf.pa), BLOCK_SIZE))
		step_failed("there is none");
	if (mm_protect(test.mm, at, BLOCK_SIZE, VM_READ, false))
		step_failed("mprotect failed");
	expect_told(at, BLOCK_SIZE);
	if (!find_mirrored(at, ACCESS_READ, &leaf) || leaf.size != BLOCK_SIZE || leaf.writable)
		step_failed("it was split, or can be written");
	begin_step("a block that is split");
	if (mm_unmap(test.mm, at + PAGE_SIZE, PAGE_SIZE))
		step_failed("munmap failed");
	expect_told(at, BLOCK_SIZE);
	if (!find_mirrored(at, ACCESS_READ, &leaf) || leaf.size != PAGE_SIZE)
		step_failed("it was not split");
	begin_step("a block that goes");
	if (mm_unmap(test.mm, at + BLOCK_SIZE, BLOCK_SIZE))
		step_failed("munmap failed");
	expect_told(at + BLOCK_SIZE, BLOCK_SIZE);
}

static void ends(void)
{
	struct mm *mm = test.mm;
	struct mm_mirror other = test.mirror;

	begin_step("one more mirror");
	map_zeros(AT, SIZE, MAP_PRIVATE);
	show_all_pages(ACCESS_WRITE);
	mm_mirror_add(mm, &other);
	mm_mirror_remove(mm, &other);
	begin_step("out of memory");
	mm_reap(mm);
	expect_gone(AT, ACCESS_READ);
	begin_step("exit");
	mm_pin(mm);
	mm_put(mm);
	expect_told(0, USER_TOP);
	mm_mirror_remove(mm, &test.mirror);
	if (mm->mirrors)
		step_failed("it is there still");
	mm_unpin(mm);
}

void selftest_mirrors(void)
{
	const size_t before = page_free_count();

	test.mm = mm_create();
	if (!test.mm)
		panic("newel.test: mirrors: no memory");
	test.mirror.lost = note_lost;
	mm_mirror_add(test.mm, &test.mirror);
	begin_step("mmap");
	map_zeros(AT, SIZE, MAP_PRIVATE);
	private_pages();
	fork_and_move();
	shared_pages();
	blocks();
	ends();
	panic("newel.test: mirrors: %u steps, all were told, %ld pages are lost", test.steps,
	      (long)(before - page_free_count()));
}
