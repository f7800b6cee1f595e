/*
 * test_memory.c - el1/memory.c and mm/memmap.c on the trees of Raspberry Pis with 1, 2, 4 and 8 GiB
 * as their firmware edits them, and on trees that lie: what is free afterwards is RAM, and nothing
 * of what is kept out.
 */
#include "unit.h"
#include "start/boot_info.h"

/* The image has a size, as link.ld gives it one. */
#define IMAGE_SIZE 0x100000
__asm__(".bss\n.globl __image_start, __image_end\n__image_start:\n.skip 0x100000\n__image_end:\n"
	".skip 1\n.text");

#include "el1/memory.c"
#include "mm/memmap.c"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

/* What comes afterwards is not tried here. */
#define NOTHING(name)   \
	void name(void) \
	{               \
	}
NOTHING(kmap_init)
NOTHING(page_init)
NOTHING(slab_init)
NOTHING(asid_init)
NOTHING(pgt_init)
NOTHING(uaccess_init)
NOTHING(uaccess_init_cpu)

void modarea_reserve(const char *cmdline)
{
}

size_t page_free_count(void)
{
	return 0;
}

static struct mailbox_memory vc;
static bool vc_answers;

int mailbox_vc_memory(struct mailbox_memory *m)
{
	*m = vc;
	return vc_answers ? 0 : -ENODEV;
}

static struct fdt tree;
static char *blob;

static const struct boot_info pi = {
	.image = 0x200000,
	.dtb = 0x8000000,
	.dtb_size = 0x10000,
};

/* The board's tree with these banks, each an address (two cells) and a size. */
static void load_tree(const uint32_t banks[4][3])
{
	size_t n;
	uint32_t len, *reg;

	free(blob);
	blob = read_file(DATA "pi4.dtb", &n);
	assert_int_equal(fdt_check(blob, n, &tree), 0);
	reg = (uint32_t *)fdt_prop(&tree, fdt_find_path(&tree, "/memory"), "reg", &len);
	assert_non_null(reg);
	assert_int_equal(len, 4 * 3 * 4);
	for (int i = 0; i < 12; i++)
		reg[i] = __builtin_bswap32(banks[i / 3][i % 3]);
	memset(&ram, 0, sizeof(ram));
	memset(&taken, 0, sizeof(taken));
	memset(&unmapped, 0, sizeof(unmapped));
}

struct run {
	uint64_t start, end;
};

static void expect_runs(bool (*next)(uint64_t *, uint64_t *), const struct run *want)
{
	uint64_t at = 0, end;

	for (; want->end; want++, at = end) {
		assert_true(next(&at, &end));
		assert_int_equal(at, want->start);
		assert_int_equal(end, want->end);
	}
	assert_false(next(&at, &end));
}

/* What the first GiB has below the VideoCore, on each of them. */
#define LOW_FREE                                                                  \
	{ 0x1000, 0x200000 }, { 0x300000, 0x8000000 }, { 0x8010000, 0x20000000 }, \
	{                                                                         \
		0x20001000, 0x3b3f0000                                            \
	}
#define LOW_MAPPED                   \
	{ 0, 0x200000 },             \
	{                            \
		0x300000, 0x3b400000 \
	}

static const struct {
	uint32_t banks[4][3];
	struct run free[8], mapped[8];
} boards[] = {
	{ { { 0, 0, 0x3b400000 } }, { LOW_FREE }, { LOW_MAPPED } },
	{ { { 0, 0, 0x3b400000 }, { 0, 0x40000000, 0x40000000 } },
	  { LOW_FREE, { 0x40000000, 0x80000000 } },
	  { LOW_MAPPED, { 0x40000000, 0x80000000 } } },
	{ { { 0, 0, 0x3b400000 }, { 0, 0x40000000, 0xbc000000 } },
	  { LOW_FREE, { 0x40000000, 0xfc000000 } },
	  { LOW_MAPPED, { 0x40000000, 0xfc000000 } } },
	/* 32 bits of size cannot say 4 GiB: two banks that touch. */
	{ { { 0, 0, 0x3b400000 },
	    { 0, 0x40000000, 0xbc000000 },
	    { 1, 0, 0x80000000 },
	    { 1, 0x80000000, 0x80000000 } },
	  { LOW_FREE, { 0x40000000, 0xfc000000 }, { 0x100000000, 0x200000000 } },
	  { LOW_MAPPED, { 0x40000000, 0xfc000000 }, { 0x100000000, 0x200000000 } } },
};

static void firmware_edits(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(boards); i++)
		for (int answers = 0; answers < 2; answers++) {
			vc_answers = answers;
			vc = (struct mailbox_memory){ 0x3b400000, 0x4c00000 };
			load_tree(boards[i].banks);
			assert_int_equal(memory_init(&pi, &tree, "").size, 0);
			expect_runs(memmap_next_free, boards[i].free);
			expect_runs(memmap_next_mapped, boards[i].mapped);
		}
}

static const uint32_t whole_gib[4][3] = { { 0, 0, 0x40000000 } };

/* A tree whose /memory has the VideoCore's share in it: the firmware's word keeps it out. */
static void the_videocores_share(void **state)
{
	static const struct run free[] = { LOW_FREE, { 0, 0 } },
				mapped[] = { LOW_MAPPED, { 0, 0 } };
	/* Without that word: all but the tree's own reservations, of which one is no-map. */
	static const struct run no_word[] = {
		LOW_FREE, { 0x3b400000, 0x3ef64000 }, { 0x3ef65000, 0x40000000 }, { 0, 0 }
	};
	static const struct run no_word_mapped[] = {
		{ 0, 0x200000 }, { 0x300000, 0x3ef64000 }, { 0x3ef65000, 0x40000000 }, { 0, 0 }
	};

	vc_answers = true;
	vc = (struct mailbox_memory){ 0x3b400000, 0x4c00000 };
	load_tree(whole_gib);
	(void)memory_init(&pi, &tree, "");
	expect_runs(memmap_next_free, free);
	expect_runs(memmap_next_mapped, mapped);
	vc_answers = false;
	load_tree(whole_gib);
	(void)memory_init(&pi, &tree, "");
	expect_runs(memmap_next_free, no_word);
	expect_runs(memmap_next_mapped, no_word_mapped);
}

/* A word that would take what we stand on is not believed; any other may only cost memory. */
static void a_firmware_that_lies(void **state)
{
	static const struct mailbox_memory ours[] = {
		{ 0, 0x40000000 },	  { 0x2fffff, 1 },   { 0x800f000, 0x1000 },
		{ 0x10000fff, 0x200000 }, { 0, 0xffffffff },
	};
	static const struct mailbox_memory harmless[] = {
		{ 0x200000, 0 },
		{ 0xffffffff, 0xffffffff },
		{ 0x300000, 0x1000 },
		{ 0x1fffff, 1 },
	};
	const struct initrd rd = { 0x10000000, 0x1000 };

	vc_answers = true;
	for (size_t i = 0; i < ARRAY_SIZE(ours) + ARRAY_SIZE(harmless); i++) {
		bool lie = i < ARRAY_SIZE(ours);
		unsigned int n;

		load_tree(whole_gib);
		vc = lie ? ours[i] : harmless[i - ARRAY_SIZE(ours)];
		n = unmapped.n;
		reserve_videocore(&pi, &rd);
		assert_int_equal(unmapped.n, n + (!lie && vc.size));
	}
	vc_answers = false;
}

static void initrd_is_kept(void **state)
{
	struct initrd rd;
	uint64_t at = 0x10000000, end;

	vc_answers = false;
	load_tree(boards[3].banks);
	rd = memory_init(&pi, &tree, "initrd=0x10000000,8192");
	assert_int_equal(rd.size, 8192);
	assert_true(memmap_next_free(&at, &end));
	assert_int_equal(at, 0x10002000);
	/* mem= limits what there is, over the banks. */
	load_tree(boards[3].banks);
	(void)memory_init(&pi, &tree, "mem=1G");
	at = 0x40000000;
	assert_true(memmap_next_free(&at, &end));
	assert_int_equal(end, 0x40000000 + (0x40000000 - 0x3b400000));
	at = end;
	assert_false(memmap_next_free(&at, &end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firmware_edits),
		cmocka_unit_test(the_videocores_share),
		cmocka_unit_test(a_firmware_that_lies),
		cmocka_unit_test(initrd_is_kept),
	};
	int failed = cmocka_run_group_tests_name("memory", tests, NULL, NULL);

	free(blob);
	return failed;
}
