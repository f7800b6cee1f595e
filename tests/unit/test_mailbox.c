/*
 * test_mailbox.c - drivers/bcm2711/mailbox.c against a firmware that is played here: one that
 * answers, one that answers nonsense, one that is silent.
 */
#include "unit.h"
#include "shim.h"
#include "drivers/bcm2711/mailbox.c"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

enum { BUFFER_PA = 0x00a00040 };
static const uint32_t word_of_buffer = 0xc0000000 | BUFFER_PA | 8;

static struct firmware {
	struct mailbox_regs regs;
	bool full, silent;  /* takes no word; takes it and never answers */
	unsigned int stale; /* words of others that come first; UINT32_MAX: for ever */
	bool pending;
	uint32_t word;
	uint32_t wrong_word; /* what comes back, if not 0 */
	uint32_t response;   /* 0: success */
	uint32_t value_code; /* 0: the right one */
	uint32_t answer[VALUE_WORDS], bytes;
	uint32_t other_tag;   /* the buffer's tag afterwards, if not 0 */
	unsigned int cleaned; /* how often the buffer went to memory, or came from there */
	unsigned int asked;
} vc;

void shim_dcache(const volatile void *p, size_t size)
{
	assert_ptr_equal(p, &property);
	assert_int_equal(size, sizeof(property));
	vc.cleaned++;
}

/* What the VideoCore does with a word in mailbox 1. */
static void serve(uint32_t word)
{
	/* Each question so far, its answer, and this question. */
	assert_int_equal(vc.cleaned, 2 * vc.asked + 1);
	assert_int_equal(word, word_of_buffer);
	assert_int_equal(property.code, 0);
	assert_int_equal(property.size, 24 + property.value_size);
	assert_int_equal(property.value[property.value_size / 4], 0);
	vc.asked++;
	vc.word = word;
	if (vc.silent)
		return;
	vc.pending = true;
	property.code = vc.response ? vc.response : 0x80000000;
	property.value_code = vc.value_code ? vc.value_code : 0x80000000 | vc.bytes;
	if (vc.other_tag)
		property.tag = vc.other_tag;
	for (size_t i = 0; i < VALUE_WORDS && i * 4 < vc.bytes; i++)
		property.value[i] = vc.answer[i];
}

uint32_t shim_mmio_read32(const volatile uint32_t *reg)
{
	if (reg == &vc.regs.status1)
		return vc.full ? MAILBOX_FULL : 0;
	if (reg == &vc.regs.status0)
		return vc.stale || vc.pending ? 0 : MAILBOX_EMPTY;
	assert_ptr_equal(reg, &vc.regs.read);
	if (vc.stale) {
		vc.stale -= vc.stale != UINT32_MAX;
		return 0x00000001;
	}
	assert_true(vc.pending);
	vc.pending = false;
	return vc.wrong_word ? vc.wrong_word : vc.word;
}

void shim_mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	assert_ptr_equal(reg, &vc.regs.write);
	assert_false(vc.full);
	assert_false(vc.pending);
	serve(v);
}

void *ioremap(paddr where, size_t size)
{
	assert_int_equal(paddr_value(where), 0xfe00b880);
	assert_true(size >= sizeof(vc.regs));
	return &vc.regs;
}

static uint64_t buffer_pa = BUFFER_PA;

paddr kmap_to_phys(const void *va)
{
	assert_ptr_equal(va, &property);
	return paddr_of(buffer_pa);
}

/* ---- trees ---- */

static struct fdt tree;
static void *tree_blob;

/* The board's tree, anew; what mailbox.c has learnt is forgotten. */
static void load_tree(void)
{
	size_t n;
	void *raw = read_file(DATA "pi4.dtb", &n);

	free(tree_blob);
	tree_blob = exact_copy(raw, n);
	free(raw);
	assert_int_equal(fdt_check(tree_blob, n, &tree), 0);
	memset(&vc, 0, sizeof(vc));
	memset(&mailbox, 0, sizeof(mailbox));
	buffer_pa = BUFFER_PA;
}

static uint32_t *cell(const char *path, const char *name, uint32_t index)
{
	uint32_t len, *p = (uint32_t *)fdt_prop(&tree, fdt_find_path(&tree, path), name, &len);

	assert_non_null(p);
	assert_true(index < DIV_ROUND_UP(len, 4));
	return p + index;
}

static void set_cell(const char *path, const char *name, uint32_t index, uint32_t v)
{
	*cell(path, name, index) = __builtin_bswap32(v);
}

/* The property becomes so many NOPs. */
static void drop(const char *path, const char *name)
{
	uint32_t len, nop = __builtin_bswap32(4),
		      *p = (uint32_t *)fdt_prop(&tree, fdt_find_path(&tree, path), name, &len);

	assert_non_null(p);
	for (uint32_t *at = p - 3; at < p + DIV_ROUND_UP(len, 4); at++)
		*at = nop;
}

static void boot(void)
{
	load_tree();
	mailbox_init(&tree);
}

static int asked_nothing(void)
{
	uint32_t v = 77;
	int err = mailbox_board_revision(&v);

	assert_int_equal(v, 77);
	assert_int_equal(vc.asked, 0);
	return err;
}

/* ---- the tests ---- */

static void answers(void **state)
{
	struct mailbox_memory m;
	uint64_t serial;
	uint32_t v;

	boot();
	vc.bytes = 4;
	vc.answer[0] = 0x00d03114;
	assert_int_equal(mailbox_board_revision(&v), 0);
	assert_int_equal(v, 0x00d03114);
	assert_int_equal(property.tag, 0x00010002);
	assert_int_equal(mailbox_firmware_revision(&v), 0);
	assert_int_equal(property.tag, 0x00000001);
	vc.answer[0] = 0x50005;
	assert_int_equal(mailbox_throttled(&v), 0);
	assert_int_equal(v, 0x50005);

	vc.bytes = 8;
	vc.answer[0] = 0xabcdef01;
	vc.answer[1] = 0x10000000;
	assert_int_equal(mailbox_board_serial(&serial), 0);
	assert_true(serial == 0x10000000abcdef01);
	vc.answer[0] = 0x3b400000;
	vc.answer[1] = 0x04c00000;
	assert_int_equal(mailbox_vc_memory(&m), 0);
	assert_true(m.base == 0x3b400000 && m.size == 0x04c00000);
	assert_int_equal(mailbox_arm_memory(&m), 0);

	vc.answer[0] = MAILBOX_CLOCK_UART;
	vc.answer[1] = 48000000;
	assert_int_equal(mailbox_clock_rate(MAILBOX_CLOCK_UART, &v), 0);
	assert_int_equal(v, 48000000);
	vc.answer[1] = 1;
	assert_int_equal(mailbox_clock_on(MAILBOX_CLOCK_UART), 0);
	assert_int_equal(property.tag, 0x00038001);
	vc.answer[1] = 0;
	assert_int_equal(mailbox_clock_on(MAILBOX_CLOCK_UART), -ENOENT);
	vc.answer[1] = 3;
	assert_int_equal(mailbox_clock_on(MAILBOX_CLOCK_UART), -ENOENT);
	vc.answer[0] = 0;
	vc.answer[1] = 54321;
	assert_int_equal(mailbox_temperature(&v), 0);
	assert_int_equal(v, 54321);
	assert_int_equal(mailbox_max_temperature(&v), 0);
	assert_int_equal(vc.asked, 12);
	assert_int_equal(vc.cleaned, 2 * vc.asked);
}

/* What a boot loader has left in the mailbox is not the answer. */
static void words_of_others(void **state)
{
	uint32_t v;

	boot();
	vc.stale = 8;
	vc.bytes = 4;
	assert_int_equal(mailbox_board_revision(&v), 0);
	assert_int_equal(vc.stale, 0);
	assert_false(mailbox.dead);
}

static void refuse(int want)
{
	uint32_t v = 77;

	assert_int_equal(mailbox_clock_rate(MAILBOX_CLOCK_UART, &v), want);
	assert_int_equal(v, 77);
}

static void nonsense(void **state)
{
	static const uint32_t responses[] = { 0x80000001, 1, 0xffffffff, 0x00000000 + 7 };
	static const uint32_t lengths[] = { 1, 4, 7, 8, 0x7fffffff };

	for (size_t i = 0; i < ARRAY_SIZE(responses); i++) {
		boot();
		vc.bytes = 8;
		vc.answer[0] = MAILBOX_CLOCK_UART;
		vc.response = responses[i];
		refuse(-EIO);
	}
	/* Of a tag that it does not know it says nothing, or that there are no bytes. */
	boot();
	vc.bytes = 0;
	refuse(-ENOENT);
	vc.value_code = 8;
	refuse(-ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint32_t v;

		vc.bytes = 8;
		vc.answer[0] = MAILBOX_CLOCK_UART;
		vc.value_code = 0x80000000 | lengths[i];
		assert_int_equal(mailbox_clock_rate(MAILBOX_CLOCK_UART, &v),
				 lengths[i] < 8 ? -EIO : 0);
	}
	vc.value_code = 0;
	vc.answer[0] = MAILBOX_CLOCK_ARM; /* another clock's rate */
	refuse(-EIO);
	vc.answer[0] = MAILBOX_CLOCK_UART;
	vc.other_tag = 0x00010002;
	refuse(-EIO);
	/* None of it makes the firmware a dead one. */
	vc.other_tag = 0;
	assert_false(mailbox.dead);
	assert_int_equal(mailbox_clock_rate(MAILBOX_CLOCK_UART, &(uint32_t){ 0 }), 0);
}

/* Who is silent once is not asked again, and each way of being silent ends. */
static void silence(void **state)
{
	for (int way = 0; way < 4; way++) {
		unsigned int asked;

		boot();
		vc.bytes = 8;
		vc.silent = way == 0;
		vc.full = way == 1;
		vc.stale = way == 2 ? UINT32_MAX : 0;
		vc.wrong_word = way == 3 ? 0x12345678 : 0;
		refuse(-ETIMEDOUT);
		assert_int_equal(vc.asked, way == 0 || way == 3);
		vc.silent = vc.full = false;
		vc.stale = vc.wrong_word = 0;
		asked = vc.asked;
		refuse(-ENODEV);
		assert_int_equal(vc.asked, asked);
	}
}

static void no_mailbox(void **state)
{
	static const char *const nodes[] = { "/soc/firmware", "/soc/mailbox" };
	struct fdt none;
	void *blob;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		load_tree();
		memcpy(cell(nodes[i], "status", 0), "fail", 5);
		mailbox_init(&tree);
		assert_int_equal(asked_nothing(), -ENODEV);
	}
	load_tree();
	set_cell("/soc/firmware", "mboxes", 0, 0x12345678);
	mailbox_init(&tree);
	assert_int_equal(asked_nothing(), -ENODEV);
	load_tree();
	drop("/soc/firmware", "mboxes");
	mailbox_init(&tree);
	assert_int_equal(asked_nothing(), -ENODEV);
	load_tree();
	drop("/soc/mailbox", "compatible");
	mailbox_init(&tree);
	assert_int_equal(asked_nothing(), -ENODEV);
	load_tree();
	drop("/soc/mailbox", "reg");
	mailbox_init(&tree);
	assert_int_equal(asked_nothing(), -ENODEV);
	/* Too few registers. */
	load_tree();
	set_cell("/soc/mailbox", "reg", 1, 0x20);
	mailbox_init(&tree);
	assert_int_equal(asked_nothing(), -ENODEV);
	/* Another board. */
	load_tree();
	blob = read_file(DATA "plain.dtb", &n);
	assert_int_equal(fdt_check(blob, n, &none), 0);
	mailbox_init(&none);
	assert_int_equal(asked_nothing(), -ENODEV);
	free(blob);
}

static void bus_addresses(void **state)
{
	uint32_t v;

	/* Through the caches that the VideoCore has: what the tree says counts. */
	load_tree();
	set_cell("/soc", "dma-ranges", 0, 0x40000000);
	mailbox_init(&tree);
	assert_int_equal(mailbox.message, 0x40000000 | BUFFER_PA | 8);
	/* A tree that says nothing. */
	load_tree();
	drop("/soc", "dma-ranges");
	mailbox_init(&tree);
	vc.bytes = 4;
	assert_int_equal(mailbox_board_revision(&v), 0);
	load_tree();
	drop("/soc", "dma-ranges");
	buffer_pa = 0x40000000;
	mailbox_init(&tree);
	assert_int_equal(asked_nothing(), -ENODEV);
	/* Memory that the firmware does not reach. */
	load_tree();
	buffer_pa = 0x3fffffe0;
	mailbox_init(&tree);
	assert_int_equal(asked_nothing(), -ENODEV);
	/* A bus address that a message has no room for. */
	load_tree();
	set_cell("/soc", "dma-ranges", 0, 0xc0000008);
	mailbox_init(&tree);
	assert_int_equal(asked_nothing(), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),    cmocka_unit_test(words_of_others),
		cmocka_unit_test(nonsense),   cmocka_unit_test(silence),
		cmocka_unit_test(no_mailbox), cmocka_unit_test(bus_addresses),
	};
	int failed = cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);

	free(tree_blob);
	return failed;
}
