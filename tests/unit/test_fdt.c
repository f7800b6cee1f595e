/*
 * test_fdt.c - the device tree reader: what it says of trees that dtc made, and that of a spoiled
 * one it says what libfdt says, or nothing.
 */
#include "unit.h"
#include "abi/errno.h"
#include "fdt_oracle.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

static struct fdt board;
static void *board_blob;
static size_t board_size;

static void *load(const char *name, size_t *n)
{
	char path[256], *raw, *blob;

	sprintf(path, DATA "%s", name);
	raw = read_file(path, n);
	blob = exact_copy(raw, *n);
	free(raw);
	return blob;
}

static int load_board(void **state)
{
	board_blob = load("board.dtb", &board_size);
	return fdt_check(board_blob, board_size, &board);
}

static int free_board(void **state)
{
	free(board_blob);
	return 0;
}

static int at(const char *path)
{
	int node = fdt_find_path(&board, path);

	if (node < 0)
		fail_msg("%s is not there", path);
	return node;
}

static void paths(void **state)
{
	assert_int_equal(at("/"), fdt_root(&board));
	assert_string_equal(fdt_name(&board, at("/")), "");
	assert_string_equal(fdt_name(&board, at("/soc/serial@7e201000")), "serial@7e201000");
	assert_int_equal(at("/soc/serial"), at("/soc/serial@7e201000"));
	assert_int_equal(at("//soc//serial/"), at("/soc/serial@7e201000"));
	assert_int_equal(at("serial0"), at("/soc/serial@7e201000"));
	assert_int_equal(at("bus/aux"), at("/soc/aux@7e215000"));
	assert_int_equal(fdt_find_path_n(&board, "/socks", 4), at("/soc"));
	assert_int_equal(fdt_find_path(&board, ""), -ENOENT);
	assert_int_equal(fdt_find_path(&board, "/so"), -ENOENT);
	assert_int_equal(fdt_find_path(&board, "/soc/serial@7e20100"), -ENOENT);
	assert_int_equal(fdt_find_path(&board, "/soc/serial@"), -ENOENT);
	assert_int_equal(fdt_find_path(&board, "loop"), -ENOENT);
	assert_int_equal(fdt_find_path(&board, "gone"), -ENOENT);
	assert_int_equal(fdt_find_path(&board, "nothing/soc"), -ENOENT);
	assert_int_equal(fdt_parent(&board, at("/soc/aux")), at("/soc"));
	assert_int_equal(fdt_parent(&board, at("/")), -ENOENT);
	assert_int_equal(fdt_parent(&board, -1), -EINVAL);
	assert_int_equal(fdt_first_child(&board, at("/timer")), -ENOENT);
	assert_int_equal(fdt_next_sibling(&board, at("/")), -ENOENT);
	assert_int_equal(fdt_next_node(&board, at("/odd")), -ENOENT);
	assert_string_equal(fdt_name(&board, -7), "");
}

static void searching(void **state)
{
	int soc = fdt_find_compatible(&board, -1, "simple-bus"), child, n = 0;

	assert_int_equal(soc, at("/soc"));
	assert_int_equal(fdt_find_compatible(&board, -1, "arm,primecell"), at("serial0"));
	assert_int_equal(fdt_find_compatible(&board, at("serial0"), "arm,primecell"), -ENOENT);
	assert_int_equal(fdt_find_compatible(&board, -1, "arm,pl01"), -ENOENT);
	assert_true(fdt_is_compatible(&board, at("/"), "newel,board"));
	fdt_for_each_child(child, &board, soc)
		n++;
	assert_int_equal(n, 8);
	assert_true(fdt_enabled(&board, at("/memory@0")));
	assert_true(fdt_enabled(&board, at("/memory@a00000000")));
	assert_false(fdt_enabled(&board, at("/memory@900000000")));
	assert_false(fdt_enabled(&board, -1));
}

static void properties(void **state)
{
	int odd = at("/odd");
	uint32_t v, len;
	uint64_t v64;

	assert_int_equal(fdt_u32(&board, odd, "u32", &v), 0);
	assert_int_equal(v, 0xdeadbeef);
	assert_int_equal(fdt_u64(&board, odd, "u64", &v64), 0);
	assert_int_equal(v64, 0x0123456789abcdef);
	assert_int_equal(fdt_u32(&board, odd, "u64", &v), -EINVAL);
	assert_int_equal(fdt_u64(&board, odd, "u32", &v64), -EINVAL);
	assert_int_equal(fdt_u32(&board, odd, "u3", &v), -ENOENT);
	assert_int_equal(fdt_cell(&board, odd, "u64", 1, &v), 0);
	assert_int_equal(v, 0x89abcdef);
	assert_int_equal(fdt_cell(&board, odd, "u64", 2, &v), -ENOENT);
	assert_int_equal(fdt_cell(&board, odd, "bytes", 1, &v), -ENOENT);
	assert_non_null(fdt_prop(&board, odd, "no-string", &len));
	assert_int_equal(len, 0);
	assert_null(fdt_string(&board, odd, "no-string", 0));
	assert_null(fdt_string(&board, odd, "half-string", 0));
	assert_string_equal(fdt_string(&board, odd, "strings", 0), "one");
	assert_string_equal(fdt_string(&board, odd, "strings", 1), "");
	assert_string_equal(fdt_string(&board, odd, "strings", 2), "three");
	assert_null(fdt_string(&board, odd, "strings", 3));
	assert_int_equal(fdt_string_index(&board, odd, "strings", "three"), 2);
	assert_int_equal(fdt_string_index(&board, odd, "strings", "thre"), -ENOENT);
	assert_null(fdt_prop(&board, -5, "u32", &len));
}

static void expect_reg(const char *path, uint32_t index, int err, uint64_t addr, uint64_t size)
{
	struct fdt_range r = { 0 };

	assert_int_equal(fdt_reg(&board, at(path), index, &r), err);
	if (!err) {
		assert_int_equal(r.addr, addr);
		assert_int_equal(r.size, size);
	}
}

static void addresses_are_translated(void **state)
{
	struct fdt_range r;

	expect_reg("serial0", 0, 0, 0xfe201000, 0x200);
	expect_reg("serial0", 1, -ENOENT, 0, 0);
	expect_reg("/soc/interrupt-controller", 1, 0, 0xff842000, 0x2000);
	expect_reg("/soc/inner/device", 0, 0, 0xfe300010, 0x20);
	expect_reg("/soc/outside", 0, -ENXIO, 0, 0);
	expect_reg("/soc/island/device", 0, -ENXIO, 0, 0);
	expect_reg("/soc/wide/device", 0, -EINVAL, 0, 0);
	expect_reg("/memory@0", 2, 0, 0x100000000, 0x80000000);
	expect_reg("/timer", 0, -ENOENT, 0, 0);
	assert_int_equal(fdt_reg(&board, at("/"), 0, &r), -ENOENT);
	assert_int_equal(fdt_reg_raw(&board, at("serial0"), 0, &r), 0);
	assert_int_equal(r.addr, 0x7e201000);
	assert_int_equal(
		fdt_string_index(&board, at("/soc/interrupt-controller"), "reg-names", "cpu"), 1);
}

/* The Raspberry Pi 4's buses, as its firmware describes them. */
static void peripherals_of_a_pi(void **state)
{
	static const struct {
		const char *path;
		uint32_t index;
		uint64_t low, high; /* arm_peri_high=0, =1 */
	} devices[] = {
		{ "/soc/mailbox", 0, 0xfe00b880, 0x47e00b880 },
		{ "/soc/serial", 0, 0xfe201000, 0x47e201000 },
		{ "/soc/watchdog", 2, 0xfec11000, 0x47ec11000 },
		{ "/soc/interrupt-controller", 0, 0xff841000, 0x4c0041000 },
		{ "/soc/interrupt-controller", 3, 0xff846000, 0x4c0046000 },
		{ "/soc/inner/master", 0, 0xfe300000, 0x47e300000 },
		{ "/scb/ethernet", 0, 0xfd580000, 0x47d580000 },
	};
	static const char *const names[] = { "pi4.dtb", "pi4-high.dtb" };

	for (int high = 0; high < 2; high++) {
		struct fdt fdt;
		size_t n;
		void *blob = load(names[high], &n);

		assert_int_equal(fdt_check(blob, n, &fdt), 0);
		for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
			int node = fdt_find_path(&fdt, devices[i].path);
			struct fdt_range r;

			assert_int_equal(fdt_reg(&fdt, node, devices[i].index, &r), 0);
			assert_int_equal(r.addr, high ? devices[i].high : devices[i].low);
		}
		free(blob);
	}
}

static void pci_bridges(void **state)
{
	struct fdt_pci_range r[4];
	struct fdt fdt;
	size_t n;
	void *blob = load("pci.dtb", &n);
	int path[FDT_MAX_DEPTH], way = 0, node, pcie, gic, to;
	uint32_t cells[4], id;

	assert_int_equal(fdt_check(blob, n, &fdt), 0);
	pcie = fdt_find_path(&fdt, "/bus/pcie");
	gic = fdt_find_path(&fdt, "/intc");
	do {
		node = fdt_path_next(&fdt, path, &way);
		assert_true(node >= 0);
	} while (node != pcie);
	assert_int_equal(way, 3);
	/* Both windows, through the bus above, by the first and by the second of its ranges. */
	assert_int_equal(fdt_pci_ranges(&fdt, path, way, r, 4), 2);
	assert_int_equal(FDT_PCI_SPACE(r[0].space), FDT_PCI_IO);
	assert_int_equal(r[0].cpu, 0x803eff0000);
	assert_int_equal(FDT_PCI_SPACE(r[1].space), FDT_PCI_MEM32);
	assert_int_equal(r[1].bus, 0x10000000);
	assert_int_equal(r[1].cpu, 0x40000000);
	assert_int_equal(r[1].size, 0x2eff0000);
	assert_int_equal(fdt_pci_ranges(&fdt, path, way, r, 1), 1);
	assert_int_equal(fdt_pci_ranges(&fdt, path, 2, r, 4), -EINVAL);
	/* The mask leaves two bits of the device's number. */
	assert_int_equal(
		fdt_interrupt_map(&fdt, pcie, (uint32_t[]){ 0x2800, 0, 0, 2 }, 4, &to, cells, 4),
		3);
	assert_int_equal(to, gic);
	assert_int_equal(cells[1], 5);
	assert_int_equal(
		fdt_interrupt_map(&fdt, pcie, (uint32_t[]){ 0x1000, 0, 0, 1 }, 4, &to, cells, 4),
		-ENOENT);
	assert_int_equal(
		fdt_interrupt_map(&fdt, pcie, (uint32_t[]){ 0, 0, 0, 1 }, 4, &to, cells, 2),
		-EINVAL);
	assert_int_equal(fdt_msi_map(&fdt, pcie, 0xf, &id), gic);
	assert_int_equal(id, 0x10f);
	assert_int_equal(fdt_msi_map(&fdt, pcie, 0x10, &id), -ENOENT);
	assert_int_equal(fdt_msi_map(&fdt, pcie, 0x807, &id), gic);
	assert_int_equal(id, 7);
	while (fdt_path_next(&fdt, path, &way) >= 0)
		;
	free(blob);
}

static void addresses_of_masters(void **state)
{
	uint64_t addr = 77;
	struct fdt fdt;
	size_t n;
	void *blob = load("pi4.dtb", &n);
	int mbox, inner, net;

	assert_int_equal(fdt_check(blob, n, &fdt), 0);
	mbox = fdt_find_path(&fdt, "/soc/mailbox");
	inner = fdt_find_path(&fdt, "/soc/inner/master");
	net = fdt_find_path(&fdt, "/scb/ethernet");
	assert_int_equal(fdt_dma_address(&fdt, mbox, 0x40000000, 1, &addr), -ENXIO);
	assert_int_equal(fdt_dma_address(&fdt, mbox, 0x3fffffc0, 65, &addr), -ENXIO);
	assert_int_equal(fdt_dma_address(&fdt, mbox, 0, UINT64_MAX, &addr), -ENXIO);
	assert_int_equal(fdt_dma_address(&fdt, mbox, UINT64_MAX, 1, &addr), -ENXIO);
	assert_int_equal(addr, 77);
	assert_int_equal(fdt_dma_address(&fdt, mbox, 0x3fffffc0, 64, &addr), 0);
	assert_int_equal(addr, 0xffffffc0);
	/* Two buses: down the outer one first. */
	assert_int_equal(fdt_dma_address(&fdt, inner, 0x1000, 64, &addr), 0);
	assert_int_equal(addr, 0x800001000);
	assert_int_equal(fdt_dma_address(&fdt, inner, 0x20000000, 64, &addr), -ENXIO);
	/* By the second entry; not across the end of one, though the next one goes on there. */
	assert_int_equal(fdt_dma_address(&fdt, net, 0x100000000, 64, &addr), 0);
	assert_int_equal(addr, 0x100000000);
	assert_int_equal(fdt_dma_address(&fdt, net, 0x17ffffff0, 64, &addr), -ENXIO);
	/* A device of the root: as the cores see it.  The root is none. */
	assert_int_equal(fdt_dma_address(&fdt, fdt_find_path(&fdt, "/leds"), 0x5000, 64, &addr), 0);
	assert_int_equal(addr, 0x5000);
	assert_int_equal(fdt_dma_address(&fdt, fdt_root(&fdt), 0, 64, &addr), -ENOENT);
	assert_int_equal(fdt_dma_address(&fdt, -3, 0, 64, &addr), -EINVAL);
	free(blob);
	assert_int_equal(fdt_dma_address(&board, at("/soc/inner/device"), 0, 64, &addr), -ENOENT);
}

static void interrupts(void **state)
{
	int gic = at("/soc/interrupt-controller");
	uint32_t c[4];

	assert_int_equal(fdt_interrupt_parent(&board, at("/timer")), gic);
	assert_int_equal(fdt_interrupt_parent(&board, at("serial0")), gic);
	assert_int_equal(fdt_interrupt_parent(&board, at("/soc/serial@7e215040")), at("/soc/aux"));
	assert_int_equal(fdt_interrupt_parent(&board, at("/ring/a")), -ENOENT);
	assert_int_equal(fdt_interrupt(&board, at("/timer"), 2, c, 4), 3);
	assert_int_equal(c[0], 1);
	assert_int_equal(c[1], 11);
	assert_int_equal(c[2], 8);
	assert_int_equal(fdt_interrupt(&board, at("/timer"), 4, c, 4), -ENOENT);
	assert_int_equal(fdt_interrupt(&board, at("/timer"), 0, c, 2), -EINVAL);
	assert_int_equal(fdt_interrupt(&board, at("/soc/serial@7e215040"), 0, c, 4), 1);
	assert_int_equal(c[0], 2);
	assert_int_equal(fdt_interrupt(&board, at("/memory@0"), 0, c, 4), -ENOENT);
}

static void memory(void **state)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_range r;

	assert_int_equal(fdt_next_memory(&board, &it, &r), 1);
	assert_int_equal(r.addr, 0);
	assert_int_equal(r.size, 0x3b400000);
	assert_int_equal(fdt_next_memory(&board, &it, &r), 1);
	assert_int_equal(r.addr, 0x100000000);
	assert_int_equal(fdt_next_memory(&board, &it, &r), 1);
	assert_int_equal(r.addr, 0xa00000000);
	assert_int_equal(fdt_next_memory(&board, &it, &r), 0);
	assert_int_equal(fdt_next_memory(&board, &it, &r), 0);
}

static void reservations(void **state)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_range r;
	struct fdt_reserved res;

	assert_int_equal(fdt_next_memreserve(&board, &it, &r), 1);
	assert_int_equal(r.size, 0x1000);
	assert_int_equal(fdt_next_memreserve(&board, &it, &r), 1);
	assert_int_equal(r.addr, 0x800000000);
	assert_int_equal(fdt_next_memreserve(&board, &it, &r), 0);

	it = (struct fdt_iter)FDT_ITER_INIT;
	assert_int_equal(fdt_next_reserved(&board, &it, &res), 1);
	assert_int_equal(res.range.addr, 0x10000);
	assert_true(res.no_map);
	assert_int_equal(res.node, at("/reserved-memory/secure"));
	assert_int_equal(fdt_next_reserved(&board, &it, &res), 1);
	assert_int_equal(res.range.addr, 0x20000);
	assert_false(res.no_map);
	assert_int_equal(fdt_next_reserved(&board, &it, &res), 1);
	assert_int_equal(res.range.size, 0x2000);
	assert_int_equal(fdt_next_reserved(&board, &it, &res), 0);
}

static void cpus(void **state)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_cpu cpu;

	assert_int_equal(fdt_next_cpu(&board, &it, &cpu), 1);
	assert_int_equal(cpu.mpidr, 0);
	assert_string_equal(cpu.enable_method, "spin-table");
	assert_int_equal(cpu.release_addr, 0xd8);
	assert_true(cpu.enabled);
	assert_int_equal(fdt_next_cpu(&board, &it, &cpu), 1);
	assert_int_equal(cpu.mpidr, 0x101);
	assert_string_equal(cpu.enable_method, "psci");
	assert_int_equal(cpu.release_addr, 0);
	assert_false(cpu.enabled);
	assert_int_equal(fdt_next_cpu(&board, &it, &cpu), 0);
}

static void chosen(void **state)
{
	struct fdt_chosen c;
	struct fdt plain;
	size_t n;
	void *blob = load("plain.dtb", &n);

	assert_int_equal(fdt_read_chosen(&board, &c), 0);
	assert_string_equal(c.bootargs, "console=ttyAMA0 quiet");
	assert_int_equal(c.stdout_node, at("serial0"));
	assert_string_equal(c.stdout_options, "115200n8");
	assert_int_equal(c.initrd.addr, 0x48000000);
	assert_int_equal(c.initrd.size, 0x123456);
	assert_int_equal(c.rng_seed_len, 9);
	assert_memory_equal(c.rng_seed, "\0\1\2\3\4\5\6\7\10", 9);
	assert_int_equal(c.kaslr_seed, 0x0123456789abcdef);

	assert_int_equal(fdt_check(blob, n, &plain), 0);
	assert_int_equal(fdt_read_chosen(&plain, &c), 0);
	assert_string_equal(c.bootargs, "");
	assert_true(c.stdout_node < 0);
	assert_string_equal(c.stdout_options, "");
	assert_int_equal(c.initrd.size, 0);
	assert_null(c.rng_seed);
	free(blob);
}

static void same_as_libfdt(void **state)
{
	static const char *const names[] = { "board.dtb", "plain.dtb", "pi4.dtb", "pci.dtb" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fdt fdt;
		size_t n;
		void *blob = load(names[i], &n);
		const char *what;

		assert_int_equal(fdt_check(blob, n, &fdt), 0);
		assert_true(oracle_accepts(blob, n));
		what = fdt_differs(&fdt, blob);
		if (what)
			fail_msg("%s: %s", names[i], what);
		free(blob);
	}
}

/* ---- spoiled blobs ---- */

static void put_be32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	__builtin_memcpy(p, &v, 4);
}

/* Every length but the whole one is too short, whether the header says so or not. */
static void cut_anywhere(void **state)
{
	for (size_t n = 0; n < board_size; n++) {
		uint8_t *blob = exact_copy(board_blob, n);
		struct fdt fdt;

		assert_int_equal(fdt_check(blob, n, &fdt), -EINVAL);
		assert_non_null(fdt.error);
		if (n >= 8) {
			put_be32(blob + 4, (uint32_t)n);
			assert_int_equal(fdt_check(blob, n, &fdt), -EINVAL);
		}
		free(blob);
	}
}

static void header_fields(void **state)
{
	static const struct {
		uint32_t at, value;
		const char *error;
	} cases[] = {
		{ 0, 0xd00dfeee, "wrong magic" },
		{ 4, 39, "total size out of bounds" },
		{ 4, 0xffffffff, "total size out of bounds" },
		{ 8, 41, "structure block out of bounds" },
		{ 8, 0, "structure block out of bounds" },
		{ 8, 0xfffffffc, "structure block out of bounds" },
		{ 12, 0xfffffff0, "strings block out of bounds" },
		{ 16, 44, "memory reservation block out of bounds" },
		{ 16, 0xfffffff8, "memory reservation block out of bounds" },
		{ 20, 16, "not compatible with version 17" },
		{ 24, 18, "not compatible with version 17" },
		{ 32, 0xffffffff, "strings block out of bounds" },
		{ 32, 0, "property name out of bounds" },
		{ 36, 0xffffffff, "structure block out of bounds" },
		{ 36, 0, "structure block has no end" },
		{ 36, 8, "structure block has no end" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t *blob = exact_copy(board_blob, board_size);
		struct fdt fdt;

		put_be32(blob + cases[i].at, cases[i].value);
		assert_int_equal(fdt_check(blob, board_size, &fdt), -EINVAL);
		assert_string_equal(fdt.error, cases[i].error);
		free(blob);
	}
}

/* Where in the strings block of check_words() a name stands. */
enum { P = 0, COMPATIBLE = 2, PHANDLE = 13, LINUX_PHANDLE = 21, STRINGS_SIZE = 35 };

/* Structure blocks written by hand: an empty reservation block, four strings, and @words. */
static const char *check_words(const uint32_t *words, size_t n)
{
	static const char strings[36] = "p\0compatible\0phandle\0linux,phandle";
	uint32_t header[10] = { 0xd00dfeed, 0, 92, 56, 40, 17, 17, 0, STRINGS_SIZE, 4 * n };
	size_t size = 92 + 4 * n;
	uint8_t *blob = calloc(1, size);
	struct fdt fdt;

	header[1] = size;
	for (size_t i = 0; i < 10; i++)
		put_be32(blob + 4 * i, header[i]);
	__builtin_memcpy(blob + 56, strings, sizeof(strings));
	for (size_t i = 0; i < n; i++)
		put_be32(blob + 92 + 4 * i, words[i]);
	if (!fdt_check(blob, size, &fdt)) {
		assert_null(fdt_differs(&fdt, blob));
		fdt.error = NULL;
	}
	free(blob);
	return fdt.error;
}

#define WORDS(...) \
	check_words((const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4)

static void nesting(void **state)
{
	uint32_t deep[3 * 40 + 1];

	assert_null(WORDS(1, 0, 2, 9));
	assert_null(WORDS(4, 1, 0, 4, 3, 0, 0, 4, 1, 0x61000000, 2, 4, 2, 4, 9));
	assert_null(WORDS(1, 0, 3, 5, 0, 0, 0, 2, 9)); /* 5 bytes take 8 */
	assert_string_equal(WORDS(9), "no root");
	assert_string_equal(WORDS(1, 0, 9), "end inside a node");
	assert_string_equal(WORDS(1, 0, 2), "structure block has no end");
	assert_string_equal(WORDS(1, 0, 2, 4), "structure block has no end");
	assert_string_equal(WORDS(2, 9), "end of a node that was not begun");
	assert_string_equal(WORDS(1, 0, 2, 2, 9), "end of a node that was not begun");
	assert_string_equal(WORDS(1, 0, 2, 1, 0, 2, 9), "second root");
	assert_string_equal(WORDS(3, 0, 0, 1, 0, 2, 9), "property outside its node's head");
	assert_string_equal(WORDS(1, 0, 1, 0, 2, 3, 0, 0, 2, 9),
			    "property outside its node's head");
	assert_string_equal(WORDS(1, 0, 2, 3, 0, 0, 9), "property outside its node's head");
	assert_string_equal(WORDS(1, 0, 5, 2, 9), "unknown token");
	assert_string_equal(WORDS(1, 0x61000000, 2, 9), "root has a name");
	assert_string_equal(WORDS(1, 0x61616161), "node name without end");
	assert_string_equal(WORDS(1, 0, 3, 0, STRINGS_SIZE, 2, 9), "property name out of bounds");
	assert_string_equal(WORDS(1, 0, 3, 0xffffffff, 0, 2, 9),
			    "property exceeds the structure block");
	assert_string_equal(WORDS(1, 0, 3, 9, 0, 2, 9), "property exceeds the structure block");
	assert_string_equal(WORDS(1, 0, 3), "property exceeds the structure block");
	for (uint32_t depth = 1; depth <= 40; depth++) {
		size_t n = 0;

		for (uint32_t i = 0; i < depth; i++) {
			deep[n++] = 1;
			deep[n++] = i ? 0x61000000 : 0;
		}
		for (uint32_t i = 0; i < depth; i++)
			deep[n++] = 2;
		deep[n++] = 9;
		if (depth <= FDT_MAX_DEPTH)
			assert_null(check_words(deep, n));
		else
			assert_string_equal(check_words(deep, n), "nested too deep");
	}
}

/*
 * Of two properties of one name the first counts: the second does not make a node the one that is
 * looked for.
 */
static void one_name_twice(void **state)
{
	enum { A = 0x61000000, B = 0x62000000 };

	assert_null(WORDS(1, 0, 3, 2, COMPATIBLE, A, 3, 2, COMPATIBLE, B, /* "a", then "b" */
			  1, A, 3, 2, COMPATIBLE, B, 2, 2, 9));
	assert_null(WORDS(1, 0, 3, 4, PHANDLE, 7, 3, 4, PHANDLE, 8, /* 7, then 8 */
			  1, A, 3, 4, PHANDLE, 8, 2, 2, 9));
	assert_null(WORDS(1, 0, 3, 4, LINUX_PHANDLE, 8, 3, 4, PHANDLE, 7, /* its old name */
			  1, A, 3, 4, LINUX_PHANDLE, 8, 2, 2, 9));
	assert_null(WORDS(1, 0, 3, 0, PHANDLE, 3, 4, LINUX_PHANDLE, 8, /* only the old one is one */
			  1, A, 3, 4, PHANDLE, 8, 2, 2, 9));
}

/* Where we are stricter than libfdt, and mean to be. */
static bool stricter(const char *error)
{
	static const char *const ours[] = {
		"property outside its node's head",
		"nested too deep",
		"second root",
		"no root",
		"memory reservation wraps around",
		"memory reservation block has no end",	  /* libfdt ends it at any size of 0 */
		"memory reservation block out of bounds", /* libfdt does not ask for alignment */
		"structure block out of bounds",
		"not compatible with version 17",
		"total size out of bounds",
		/* libfdt takes a length of 2^32 - 1 for 0 */
		"property exceeds the structure block",
	};

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strcmp(error, ours[i]))
			return true;
	return false;
}

static void spoil(uint8_t *blob, size_t n)
{
	static const uint32_t tokens[] = { 0, 1, 2, 3, 4, 9, 0xffffffff, 0x7fffffff, 0x80000000 };

	for (uint32_t k = 1 + random_below(4); k; k--) {
		if (random_below(2))
			blob[random_below((uint32_t)n)] = (uint8_t)random_u32();
		else
			put_be32(blob + random_below((uint32_t)(n / 4)) * 4,
				 tokens[random_below(ARRAY_SIZE(tokens))]);
	}
}

static void spoiled_at_random(void **state)
{
	int both = 0;

	for (int i = 0; i < 6000; i++) {
		uint8_t *blob = exact_copy(board_blob, board_size);
		struct fdt fdt;
		const char *what = NULL;
		bool theirs;
		int err;

		spoil(blob, board_size);
		theirs = oracle_accepts(blob, board_size);
		err = fdt_check(blob, board_size, &fdt);
		if (!err && !theirs)
			fail_msg("round %d: accepted what libfdt refuses", i);
		if (err && theirs && !stricter(fdt.error))
			fail_msg("round %d: refused what libfdt accepts: %s", i, fdt.error);
		if (!err)
			what = fdt_differs(&fdt, blob);
		if (what)
			fail_msg("round %d: %s", i, what);
		both += !err;
		free(blob);
	}
	assert_true(both > 1500); /* else the spoiling is too rough to test anything */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(searching),
		cmocka_unit_test(properties),
		cmocka_unit_test(addresses_are_translated),
		cmocka_unit_test(peripherals_of_a_pi),
		cmocka_unit_test(addresses_of_masters),
		cmocka_unit_test(pci_bridges),
		cmocka_unit_test(interrupts),
		cmocka_unit_test(memory),
		cmocka_unit_test(reservations),
		cmocka_unit_test(cpus),
		cmocka_unit_test(chosen),
		cmocka_unit_test(same_as_libfdt),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(header_fields),
		cmocka_unit_test(nesting),
		cmocka_unit_test(one_name_twice),
		cmocka_unit_test(spoiled_at_random),
	};

	return cmocka_run_group_tests_name("fdt", tests, load_board, free_board);
}
