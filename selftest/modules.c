/*
 * modules.c - the memory that modules get, without a module: code is written, sealed and called, by
 * each core; what is given back is whole; no page can be written and executed meanwhile.
 */
#include "selftest/modules.h"

#include "arm/irqflags.h"
#include "arm/pte.h"
#include "lib/string.h"
#include "log/panic.h"
#include "mm/kmap.h"
#include "mm/kvmap.h"
#include "mm/modarea.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "mm/wx.h"
#include "task/cores.h"
#include "task/oncores.h"

#define ROUNDS	  200
#define CODE_SIZE (3 * PAGE_SIZE)

static uint32_t answered; /* atomic: how many cores got the right answer */

struct question {
	unsigned int (*code)(void);
	unsigned int answer;
};

static void ask_code(void *arg)
{
	struct question *q = arg;

	if (q->code() == q->answer)
		atomic_add(&answered, 1);
}

/* A function that returns @n, at the end of @size bytes of text. */
static void *write_code(size_t size, unsigned int n)
{
	uint32_t *text = modarea_alloc(size), *code;

	if (!text)
		panic("newel.test: modules: no memory for code");
	for (size_t i = 0; i < size / sizeof(*text); i++)
		if (text[i])
			panic("newel.test: modules: memory that is not zero");
	code = text + size / sizeof(*text) - 2;
	code[0] = 0x52800000 | n << 5; /* mov w0, #n */
	code[1] = 0xd65f03c0;	       /* ret */
	modarea_seal(text, size, MODAREA_TEXT);
	return text;
}

/* The same address holds another code each time: a stale cache or TLB gives the last answer. */
static void call_code(void)
{
	for (unsigned int n = 0; n < ROUNDS; n++) {
		void *text = write_code(CODE_SIZE, n);
		struct question q = { (unsigned int (*)(void))((uintptr_t)text + CODE_SIZE - 8),
				      n };

		cores_call(ask_code, &q);
		modarea_free(text, CODE_SIZE);
		if (kmap_lookup((uintptr_t)text))
			panic("newel.test: modules: still mapped");
	}
	if (answered != ROUNDS * cores_count())
		panic("newel.test: modules: %u of %u answers", answered, ROUNDS * cores_count());
}

static void expect_attributes(const void *at, uint64_t attr)
{
	uint64_t desc = kmap_lookup((uintptr_t)at);

	if ((desc & ~PTE_ADDR_MASK) != (attr | PTE_PAGE))
		panic("newel.test: modules: %p is mapped by %#lx", at, desc);
}

static void check_tables(size_t text_pages)
{
	struct wx_counts n = wx_walk();

	if (n.writable_executable || n.open_to_el0 || n.module_text != text_pages)
		panic("newel.test: modules: %zu writable and executable, %zu open to EL0, %zu of "
		      "text",
		      n.writable_executable, n.open_to_el0, n.module_text);
}

/* Each kind of page, and the holes between; all of the arena; nothing more. */
static void fill_arena(void)
{
	char *data = modarea_alloc(1), *rodata = modarea_alloc(PAGE_SIZE + 1);
	void *text = write_code(PAGE_SIZE, 1), *rest;
	size_t left = modarea_size() - modarea_used();

	modarea_seal(rodata, PAGE_SIZE, MODAREA_RODATA);
	expect_attributes(data, PTE_KERNEL_RW);
	expect_attributes(rodata, PTE_KERNEL_RO);
	expect_attributes(rodata + PAGE_SIZE, PTE_KERNEL_RW);
	expect_attributes(text, PTE_KERNEL_RX);
	if (kmap_lookup((uintptr_t)data + PAGE_SIZE) || kmap_lookup((uintptr_t)text + PAGE_SIZE))
		panic("newel.test: modules: no hole behind an allocation");
	if (!modarea_holds((uintptr_t)data) || modarea_holds(MODULES_BASE + modarea_size()))
		panic("newel.test: modules: what is in the arena");
	if (modarea_alloc(left) || modarea_alloc(SIZE_MAX) || modarea_alloc(0))
		panic("newel.test: modules: more than there is");
	rest = modarea_alloc(left - PAGE_SIZE);
	if (!rest || modarea_used() != modarea_size() || modarea_alloc(1))
		panic("newel.test: modules: not all that there is");
	check_tables(1);
	modarea_free(rest, left - PAGE_SIZE);
	modarea_free(text, PAGE_SIZE);
	modarea_free(rodata, PAGE_SIZE + 1);
	modarea_free(data, 1);
	if (modarea_used())
		panic("newel.test: modules: %zu bytes are lost", modarea_used());
}

/* A module's exception table is asked for its own text alone, and only while it is in the list. */
static void exception_table(void)
{
	static const struct ex_entry entries[] = { { 64, 128 }, { 32, 256 } };
	uintptr_t first = (uintptr_t)&entries[0].insn + 64,
		  second = (uintptr_t)&entries[1].insn + 32;
	struct uaccess_table table = { .entries = entries,
				       .nr = ARRAY_SIZE(entries),
				       .text = (uintptr_t)entries,
				       .text_size = 68 };
	static struct uaccess_table other;

	uaccess_add_table(&table);
	uaccess_add_table(&other);
	if (uaccess_fixup(first) != (uintptr_t)&entries[0].fixup + 128 ||
	    uaccess_fixup(second) != (uintptr_t)&entries[1].fixup + 256 || uaccess_fixup(first + 4))
		panic("newel.test: modules: the exception table");
	uaccess_remove_table(&table);
	if (uaccess_fixup(first))
		panic("newel.test: modules: an exception table that is gone");
	uaccess_remove_table(&other);
}

#define BUFFER_SIZE ((UL(5) << 20) + 1)

static void large_buffers(void)
{
	size_t before = 0;

	for (int i = 0; i < 3; i++) {
		char *a = kvmap_alloc(BUFFER_SIZE), *b = kvmap_alloc(1);

		if (!a || !b || a[BUFFER_SIZE - 1] || kmap_lookup((uintptr_t)b + PAGE_SIZE))
			panic("newel.test: modules: no large buffer");
		memset(a, 0xa5, BUFFER_SIZE);
		kvmap_free(a, BUFFER_SIZE);
		kvmap_free(b, 1);
		if (kmap_lookup((uintptr_t)a))
			panic("newel.test: modules: a buffer is still mapped");
		/* The first time it may take a table for good. */
		if (i && before != memory_free_bytes())
			panic("newel.test: modules: %zu bytes are lost in buffers",
			      before - memory_free_bytes());
		before = memory_free_bytes();
	}
	if (kvmap_alloc(SIZE_MAX) || kvmap_alloc(0))
		panic("newel.test: modules: a buffer without bounds");
}

void selftest_modules(void)
{
	if (!modarea_size()) {
		if (modarea_alloc(1))
			panic("newel.test: modules: memory out of nothing");
		panic("newel.test: modules: there is no arena");
	}
	/* As where modules are loaded: what is tried may sleep. */
	irq_enable();
	call_code();
	fill_arena();
	large_buffers();
	exception_table();
	check_tables(0);
	panic("newel.test: modules: %zu KiB, code ran on %u cores, all is given back",
	      modarea_size() >> 10, cores_count());
}
