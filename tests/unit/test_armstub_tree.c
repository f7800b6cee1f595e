/*
 * test_armstub_tree.c - the device tree that our own EL3 hands on: complete, as libfdt reads it,
 * with nothing else changed, whatever room there is; and what is no tree is left alone.
 */
#include "unit.h"
#include "abi/errno.h"
#include "armstub/armstub.h"
#include "armstub/fdt_edit.h"
#include "armstub/tree.h"
#include "fdt_oracle.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

static const char *const trees[] = { "board.dtb", "plain.dtb" };

static void *load(const char *name, size_t *n)
{
	char path[256];

	sprintf(path, DATA "%s", name);
	return read_file(path, n);
}

/* In a block of exactly @room bytes. */
static char *with_room(const void *blob, size_t n, size_t room)
{
	char *copy = calloc(1, room);

	assert_non_null(copy);
	__builtin_memcpy(copy, blob, n);
	return copy;
}

static void read_back(const char *blob, size_t room, struct fdt *fdt)
{
	assert_int_equal(fdt_check(blob, room, fdt), 0);
	assert_true(oracle_accepts(blob, fdt->totalsize));
	assert_null(fdt_differs(fdt, blob));
}

static bool is_changed(const char *path, const char *prop)
{
	if (!strncmp(path, "/cpus/", 6))
		return !strcmp(prop, "enable-method") || !strcmp(prop, "cpu-release-addr");
	return false;
}

/* Every property of every node of @old is in @blob, under the same path, as it was. */
static void nothing_else_changed(const void *old, const void *blob)
{
	int depth = 0;

	for (int node = 0; node >= 0 && depth >= 0; node = oracle_next_node(old, node, &depth)) {
		char path[512];
		int there;

		assert_int_equal(oracle_get_path(old, node, path, sizeof(path)), 0);
		there = oracle_find_path(blob, path);
		assert_true(there >= 0);
		for (int p = oracle_first_prop(old, node); p >= 0; p = oracle_next_prop(old, p)) {
			const char *name = oracle_prop_name(old, p);
			int was_len, is_len;
			const void *was = oracle_prop(old, node, name, &was_len), *is;

			if (is_changed(path, name))
				continue;
			is = oracle_prop(blob, there, name, &is_len);
			assert_non_null(is);
			assert_int_equal(was_len, is_len);
			assert_memory_equal(was, is, was_len);
		}
	}
}

static int count_nodes(const void *blob)
{
	int depth = 0, n = 0;

	for (int node = 0; node >= 0 && depth >= 0; node = oracle_next_node(blob, node, &depth))
		n++;
	return n;
}

static void expect_prop(const void *blob, const char *path, const char *name, const void *value,
			int size)
{
	int len, node = oracle_find_path(blob, path);
	const void *is;

	assert_true(node >= 0);
	is = oracle_prop(blob, node, name, &len);
	assert_non_null(is);
	assert_int_equal(len, size);
	assert_memory_equal(is, value, size);
}

static void expect_cores(const struct fdt *fdt)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_cpu cpu;

	while (fdt_next_cpu(fdt, &it, &cpu) > 0) {
		assert_string_equal(cpu.enable_method, "psci");
		assert_null(fdt_prop(fdt, cpu.node, "cpu-release-addr", NULL));
	}
}

/* Our memory, once and not to be mapped; and no entry that covers a part of it otherwise. */
static void expect_reserved(const struct fdt *fdt)
{
	struct fdt_iter it = FDT_ITER_INIT, entries = FDT_ITER_INIT;
	struct fdt_reserved res;
	struct fdt_range r;
	int found = 0;

	while (fdt_next_reserved(fdt, &it, &res) > 0)
		if (res.range.addr == 0) {
			assert_int_equal(res.range.size, ARMSTUB_SIZE);
			assert_true(res.no_map);
			found++;
		}
	assert_int_equal(found, 1);
	while (fdt_next_memreserve(fdt, &entries, &r) > 0)
		assert_true(r.addr >= ARMSTUB_SIZE);
}

static void complete(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		size_t n, room;
		void *old = load(trees[i], &n);
		char *blob;
		int had_reserved = oracle_find_path(old, "/reserved-memory") >= 0;
		struct fdt fdt;

		room = n + ARMSTUB_TREE_GROWTH;
		blob = with_room(old, n, room);
		assert_int_equal(armstub_complete_tree(blob, (uint32_t)n, (uint32_t)room), 0);
		read_back(blob, room, &fdt);
		nothing_else_changed(old, blob);
		assert_int_equal(count_nodes(blob), count_nodes(old) + (had_reserved ? 2 : 3));
		expect_prop(blob, "/psci", "compatible", "arm,psci-1.0\0arm,psci-0.2", 26);
		expect_prop(blob, "/psci", "method", "smc", 4);
		expect_cores(&fdt);
		expect_reserved(&fdt);
		free(blob);
		free(old);
	}
}

/* A kernel that starts another one hands on what it got. */
static void complete_twice(void **state)
{
	size_t n, room;
	void *old = load("board.dtb", &n);
	char *blob, *first;

	room = n + ARMSTUB_TREE_GROWTH;
	blob = with_room(old, n, room);
	assert_int_equal(armstub_complete_tree(blob, (uint32_t)n, (uint32_t)room), 0);
	first = exact_copy(blob, room);
	n = fdt_be32(blob + FDT_H_TOTALSIZE);
	assert_int_equal(armstub_complete_tree(blob, (uint32_t)n, (uint32_t)room), 0);
	assert_memory_equal(blob, first, n);
	free(first);
	free(blob);
	free(old);
}

/* Byte by byte more room: well formed each time, and complete once there is enough. */
static void every_room(void **state)
{
	size_t n;
	void *old = load("board.dtb", &n);
	bool was_complete = false;
	struct fdt fdt;

	for (size_t room = n; room <= n + ARMSTUB_TREE_GROWTH; room++) {
		char *blob = with_room(old, n, room);
		int err = armstub_complete_tree(blob, (uint32_t)n, (uint32_t)room);

		assert_true(err == 0 || err == -ENOSPC);
		assert_false(was_complete && err);
		was_complete = !err;
		read_back(blob, room, &fdt);
		nothing_else_changed(old, blob);
		free(blob);
	}
	assert_true(was_complete);
	free(old);
}

static void put_word(char *blob, size_t at, uint32_t v)
{
	v = __builtin_bswap32(v);
	__builtin_memcpy(blob + at, &v, sizeof(v));
}

static void expect_refused(char *blob, size_t n, size_t room)
{
	char *before = exact_copy(blob, room);

	assert_int_equal(armstub_complete_tree(blob, (uint32_t)n, (uint32_t)room), -EINVAL);
	assert_memory_equal(blob, before, room);
	free(before);
	free(blob);
}

static void refused(void **state)
{
	size_t n, room;
	void *old = load("board.dtb", &n);
	uint32_t strings, structs, size;
	char *blob;

	room = n + ARMSTUB_TREE_GROWTH;
	/* No tree; a size that is not there. */
	blob = with_room(old, n, room);
	blob[0] ^= 1;
	expect_refused(blob, n, room);
	expect_refused(with_room(old, n, room), n - 1, room);
	/* Fewer bytes to write than to read. */
	blob = with_room(old, n, n);
	assert_int_equal(armstub_complete_tree(blob, (uint32_t)n, (uint32_t)n - 1), -EINVAL);
	assert_memory_equal(blob, old, n);
	free(blob);
	/* Blocks in another order: the structure once more, behind the strings. */
	blob = with_room(old, n, 3 * n + ARMSTUB_TREE_GROWTH);
	structs = fdt_be32(blob + FDT_H_OFF_STRUCT);
	size = fdt_be32(blob + FDT_H_SIZE_STRUCT);
	strings = (uint32_t)ALIGN_UP(n, 8);
	__builtin_memcpy(blob + strings, blob + structs, size);
	put_word(blob, FDT_H_OFF_STRUCT, strings);
	put_word(blob, FDT_H_TOTALSIZE, (uint32_t)(2 * n));
	expect_refused(blob, 2 * n, 3 * n + ARMSTUB_TREE_GROWTH);
	/* Strings that begin inside the structure block: as readable as any. */
	blob = with_room(old, n, room);
	put_word(blob, FDT_H_OFF_STRINGS, structs);
	put_word(blob, FDT_H_SIZE_STRINGS, (uint32_t)(n - structs));
	expect_refused(blob, n, room);
	free(old);
}

/* One byte of it is another: refused, or as well formed as before. */
static void spoiled(void **state)
{
	size_t n, room;
	void *old = load("board.dtb", &n);

	for (int i = 0; i < 20000; i++) {
		struct fdt fdt;
		char *blob;
		bool was_tree;

		room = n + random_below(ARMSTUB_TREE_GROWTH);
		blob = with_room(old, n, room);
		blob[random_below((uint32_t)n)] ^= (char)(1 + random_below(255));
		was_tree = !fdt_check(blob, n, &fdt);
		if (armstub_complete_tree(blob, (uint32_t)n, (uint32_t)room) != -EINVAL)
			assert_true(was_tree);
		if (was_tree)
			read_back(blob, room, &fdt);
		free(blob);
	}
	free(old);
}

/* The parts that a tree of the firmware does not need. */
static void edits(void **state)
{
	size_t n, room;
	void *old = load("plain.dtb", &n);
	char *blob, name[] = "deep";
	struct fdt_edit e;
	struct fdt fdt;
	int node;

	room = n + 4096;
	blob = with_room(old, n, room);
	assert_int_equal(fdt_edit_open(&e, blob, (uint32_t)n, (uint32_t)room), 0);
	assert_int_equal(fdt_edit_set(&e, -1, "a", "", 0), -EINVAL);
	assert_int_equal(fdt_edit_set(&e, 1 << 20, "a", "", 0), -EINVAL);
	assert_int_equal(fdt_edit_child(&e, 2, "a"), -EINVAL);
	fdt_edit_delete(&e, -1, "a");
	/* A value that grows, shrinks and is empty; padding is zero. */
	node = fdt_edit_child(&e, fdt_root(&e.fdt), "new");
	assert_true(node >= 0);
	for (uint32_t len = 0; len < 18; len++) {
		uint32_t size = (len * 7) % 18;

		assert_int_equal(fdt_edit_set(&e, node, "value", "0123456789abcdefgh", size), 0);
		fdt_edit_close(&e);
		read_back(blob, room, &fdt);
		expect_prop(blob, "/new", "value", "0123456789abcdefgh", (int)size);
	}
	/* As deep as trees may be, and no deeper. */
	for (int depth = 3; depth <= FDT_MAX_DEPTH; depth++)
		assert_true((node = fdt_edit_child(&e, node, name)) >= 0);
	assert_int_equal(fdt_edit_child(&e, node, name), -ENOSPC);
	fdt_edit_close(&e);
	assert_int_equal(fdt_check(blob, room, &fdt), 0);
	assert_true(oracle_accepts(blob, fdt.totalsize));
	free(blob);
	free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complete),   cmocka_unit_test(complete_twice),
		cmocka_unit_test(every_room), cmocka_unit_test(refused),
		cmocka_unit_test(spoiled),    cmocka_unit_test(edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
