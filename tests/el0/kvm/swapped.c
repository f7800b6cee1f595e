/*
 * swapped.c - a guest whose pages go to swap under it and come back, because they are sent there or
 * because it has more memory than the machine; by pages, and out of blocks of 2 MiB.  Each is what
 * the guest has written.
 *
 * SWAPPED=N in the environment: N MiB; the machine has swap then.
 */
#define _GNU_SOURCE
#include "tests/el0/kvm/guest.h"

#define AT	 0x40000000ul
#define KIB4	 4096ul
#define BLOCK	 0x200000ul
#define ROUNDS	 2
#define WRONG_AT 0xfe0ul /* in DEVICE: the guest has found what it has not written */

/* clang-format off */
/* From x1 on, x2 pages: each gets its number + x5; then each has it. */
GUEST(fills,
	"mov x3, #0\n"
	"1: add x14, x1, x3, lsl #12\n add x4, x3, x5\n str x4, [x14, #8]\n"
	"add x3, x3, #1\n cmp x3, x2\n b.ne 1b\n" DONE);
GUEST(compares,
	"mov x3, #0\n"
	"1: add x14, x1, x3, lsl #12\n add x4, x3, x5\n ldr x6, [x14, #8]\n cmp x4, x6\n b.ne 2f\n"
	"add x3, x3, #1\n cmp x3, x2\n b.ne 1b\n" DONE
	"2: str x6, [x20, #0xfe0]\n");
/* clang-format on */

static void run_over(struct guest *g, size_t size, uint64_t mark, const char *what)
{
	SET_X(g, 1, AT);
	SET_X(g, 2, size / KIB4);
	SET_X(g, 5, mark);
	check(guest_run(g), AT_DONE, "it %s, with %#llx; page %ld is %#lx", what,
	      (unsigned long long)mark, X(g, 3), X(g, 6));
}

/* The VMM's own look at some of it. */
static void look(const char *mem, size_t size, uint64_t mark)
{
	for (size_t i = 0; i < size / KIB4; i += 251)
		if (!check(*(const long *)(const void *)(mem + i * KIB4 + 8), (long)(i + mark),
			   "page %zu", i))
			return;
}

static void rounds(size_t size, int advice)
{
	struct guest g;
	char *mem = pages(size + BLOCK), *p;

	p = (char *)(((uintptr_t)mem + BLOCK - 1) & ~(BLOCK - 1));
	guest_make(&g, 1, 0);
	madvise(p, size, advice);
	check(set_slot(g.vm, 1, 0, AT, size, p), 0, "memory");
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		guest_load(&g, 0, fills);
		run_over(&g, size, round << 32, "fills");
		madvise(p, size / 2, 21 /* MADV_PAGEOUT */);
		guest_load(&g, 0, compares);
		run_over(&g, size, round << 32, "compares");
		look(p, size, round << 32);
	}
	guest_free(&g);
	munmap(mem, size + BLOCK);
}

int main(void)
{
	const char *mib = getenv("SWAPPED");
	size_t size = (size_t)(mib ? atoi(mib) : 4) << 20;

	open_kvm();
	begin("KVM_RUN, madvise: memory that goes to swap, by pages");
	rounds(size / 4, 15 /* MADV_NOHUGEPAGE */);
	end();
	begin("KVM_RUN, madvise: memory that goes to swap, by blocks");
	rounds(size, 14 /* MADV_HUGEPAGE */);
	end();
	return tap_done();
}
