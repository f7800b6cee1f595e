/*
 * test_ksym.c - names of addresses, the kernel's and modules': at every edge, while modules come
 * and go.
 */
#include "unit.h"
#include "lib/string.h"
#include "log/ksym.c"

const struct ksym ksym_table[] = { { 0x1000, 0 }, { 0x1040, 6 }, { 0x2000, 12 }, { 0x2100, 0 } };
const uint32_t ksym_count = 3;
const char ksym_names[] = "first\0other\0third";

#define CORE UINT64_C(0xffffffff7c000000)
#define INIT UINT64_C(0xffffffff7c010000)

static const struct ksym_section sections[] = {
	{ ".text", CORE, 0x200 },
	{ ".rodata", CORE + 0x1000, 0x20 },
	{ ".data", CORE + 0x2000, 0x100 },
};
static const struct ksym_entry symbols[] = {
	{ CORE + 0x10, "begin" },   { CORE + 0x10, "begin_too" }, { CORE + 0x100, "end" },
	{ CORE + 0x1000, "words" }, { CORE + 0x2000, "state" },
};
static const struct ksym_section init_section = { ".init.text", INIT, 0x40 };
static const struct ksym_entry init_symbol = { INIT, "hello_init" };

static struct ksym_module core = {
	.name = "hello",
	.base = CORE,
	.size = 0x3000,
	.sorted = symbols,
	.nr = ARRAY_SIZE(symbols),
	.sections = sections,
	.nr_sections = ARRAY_SIZE(sections),
	.taints = UINT64_C(1) << TAINT_OOT_MODULE,
};
static struct ksym_module init = {
	.name = "hello",
	.base = INIT,
	.size = 0x1000,
	.sorted = &init_symbol,
	.nr = 1,
	.sections = &init_section,
	.nr_sections = 1,
	.init = true,
};
static struct ksym_module plain = { .name = "plain", .base = INIT + 0x5000, .size = 0x1000 };

static void described(uintptr_t va, uintptr_t back, const char *text)
{
	char buf[KSYM_TEXT_MAX];

	ksym_describe(buf, sizeof(buf), va, back);
	assert_string_equal(buf, text);
}

static void kernel(void **state)
{
	uintptr_t va, off, size;

	assert_null(ksym_lookup(KERNEL_VA + 0xfff, &off, &size));
	assert_string_equal(ksym_lookup(KERNEL_VA + 0x103f, &off, &size), "first");
	assert_int_equal(off, 0x3f);
	assert_int_equal(size, 0x40);
	described(KERNEL_VA + 0x1040, 0, "other+0x0/0xfc0");
	described(KERNEL_VA + 0x1040, 4, "first+0x40/0x40");
	described(KERNEL_VA + 0x20ff, 0, "third+0xff/0x100");
	described(KERNEL_VA + 0x2100, 0, "0xffffffff80002100");
	for (size_t i = 0; i < ksym_count; i++) {
		assert_string_equal(ksym_nth(i, &va), ksym_names + ksym_table[i].name);
		assert_int_equal(va, KERNEL_VA + ksym_table[i].offset);
	}
	assert_null(ksym_nth(ksym_count, &va));
}

static void of_modules(void **state)
{
	described(CORE + 0x10, 0, "0xffffffff7c000010");
	ksym_add_module(&core);
	ksym_add_module(&plain);
	ksym_add_module(&init);
	described(CORE, 0, "0xffffffff7c000000 [hello]");
	described(CORE + 0x10, 0, "begin+0x0/0xf0 [hello]");
	described(CORE + 0xff, 0, "begin+0xef/0xf0 [hello]");
	/* The last of a section ends with it, and what is behind has no name. */
	described(CORE + 0x1ff, 0, "end+0xff/0x100 [hello]");
	described(CORE + 0x200, 0, "0xffffffff7c000200 [hello]");
	described(CORE + 0x200, 4, "end+0x100/0x100 [hello]");
	described(CORE + 0x101f, 0, "words+0x1f/0x20 [hello]");
	described(CORE + 0x2004, 0, "state+0x4/0x100 [hello]");
	described(CORE + 0x2fff, 0, "0xffffffff7c002fff [hello]");
	described(CORE + 0x3000, 0, "0xffffffff7c003000");
	described(CORE - 1, 0, "0xffffffff7bffffff");
	described(INIT + 0x3c, 0, "hello_init+0x3c/0x40 [hello]");
	described(plain.base, 0, "0xffffffff7c015000 [plain]");
	described(KERNEL_VA + 0x1000, 0, "first+0x0/0x40");
	assert_ptr_equal(ksym_section_of(&core, CORE + 0x1000), &sections[1]);
	assert_null(ksym_section_of(&core, CORE + 0x300));
}

static void listed(const char *text)
{
	char buf[200];

	ksym_list_modules(buf, sizeof(buf));
	assert_string_equal(buf, text);
}

static void lists(void **state)
{
	char small[10];

	plain.state = '+';
	listed(" plain(+) hello(O)");
	core.state = '-';
	plain.state = 0;
	listed(" plain hello(O-)");
	ksym_list_modules(small, sizeof(small));
	assert_string_equal(small, " plain he");
	ksym_remove_module(&init);
	listed(" plain hello(O-)");
	described(INIT, 0, "0xffffffff7c010000");
	ksym_remove_module(&core);
	listed(" plain [last unloaded: hello(O)]");
	/* Who stood on it goes on to the rest. */
	assert_null(core.next);
	assert_ptr_equal(init.next, &plain);
	ksym_remove_module(&plain);
	listed(" [last unloaded: plain]");
	assert_null(ksym_modules());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel),
		cmocka_unit_test(of_modules),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
