/*
 * test_rng200.c - drivers/bcm2711/rng200.c on a generator that works, is slow, is stuck, fails its
 * own tests, or says nothing; QEMU has no model of it.
 */
#include "unit.h"
#include "shim.h"
#include "abi/errno.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "drivers/bcm2711/rng200.c"

static struct rng200 regs;
static struct generator {
	bool enabled;
	unsigned int fill;		   /* so many looks until the FIFO has a word */
	unsigned int looks, words;	   /* since then; how many were given */
	unsigned int fail_after;	   /* words until its tests fail; 0: never */
	unsigned int stuck_after;	   /* words from which on it repeats the last; 0: never */
	unsigned int restarts, good_after; /* restarts after which it works */
	bool silent;
} g;

static bool works(void)
{
	return g.restarts >= g.good_after;
}

uint32_t shim_mmio_read32(const volatile uint32_t *reg)
{
	if (reg == &regs.fifo_count) {
		g.looks++;
		if (!g.enabled || (g.silent && !works()) || g.looks <= g.fill)
			return 0xff00; /* the threshold, beside the count */
		return 0xff01;
	}
	if (reg == &regs.fifo_data) {
		assert_true(g.enabled && g.looks > g.fill);
		g.looks = 0;
		g.words++;
		if (g.stuck_after && g.words > g.stuck_after && !works())
			return 0xcafe;
		return g.words * 2654435761u;
	}
	if (reg == &regs.status)
		return g.fail_after && g.words >= g.fail_after && !works() ? regs.status : 0;
	return *reg;
}

void shim_mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	*reg = v;
	if (reg == &regs.ctrl)
		g.enabled = v & 1;
	if (reg == &regs.status) {
		/* Cleared while it stands, before the reset. */
		assert_false(g.enabled);
		assert_int_equal(v, UINT32_MAX);
		regs.status = STATUS_NIST_FAIL;
	}
	if (reg == &regs.rng_reset && v & 1) {
		assert_int_equal(regs.rbg_reset & 1, 1);
		g.restarts++;
		g.words = 0;
	}
	if (reg == &regs.rbg_reset && !(v & 1))
		assert_int_equal(regs.rng_reset & 1, 0);
}

void *device_ioremap(const struct fdt *fdt, int node, unsigned int index, uint64_t *pa)
{
	return fdt ? &regs : NULL;
}

static void found(struct generator how, uint32_t ctrl)
{
	static const struct fdt tree;

	memset(&regs, 0, sizeof(regs));
	g = how;
	regs.ctrl = ctrl;
	regs.status = STATUS_LOCKOUT;
	g.enabled = ctrl & 1;
	assert_int_equal(rng200_probe(&tree, 0), 0);
	assert_true(g.enabled);
}

static void noise(void **state)
{
	uint32_t words[8] = { 0 };

	found((struct generator){ .fill = 0 }, 0);
	assert_true(rng200_read(words, sizeof(words)));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(words[i], (uint32_t)(i + 2) * 2654435761u);
	/* Slow, but not dead: each word has its time. */
	found((struct generator){ .fill = 3 }, 0x6000);
	assert_int_equal(regs.ctrl, 0x6001);
	assert_true(rng200_read(words, sizeof(words)));
	assert_int_equal(g.restarts, 0);
	/* The firmware's settings stay, where it has started it. */
	found((struct generator){ .fill = 0 }, 0x7fff);
	assert_int_equal(regs.ctrl, 0x7fff);
	assert_true(rng200_read(words, sizeof(words)));
}

static void helped_by_a_restart(void **state)
{
	static const struct generator bad[] = {
		{ .fail_after = 3, .good_after = 1 },
		{ .stuck_after = 3, .good_after = 1 },
		{ .silent = true, .good_after = 1 },
	};
	uint32_t words[8];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		found(bad[i], 0);
		assert_true(rng200_read(words, sizeof(words)));
		assert_int_equal(g.restarts, 1);
	}
}

static void given_up(void **state)
{
	static const struct generator bad[] = {
		{ .fail_after = 3, .good_after = 9 },
		{ .fail_after = 9, .good_after = 9 },
		{ .stuck_after = 1, .good_after = 9 },
		{ .silent = true, .good_after = 9 },
	};
	uint32_t words[8];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		unsigned int looks;

		found(bad[i], 0);
		assert_false(rng200_read(words, sizeof(words)));
		assert_int_equal(g.restarts, 1);
		assert_false(g.enabled);
		looks = g.looks;
		assert_false(rng200_read(words, sizeof(words)));
		assert_int_equal(g.looks, looks);
	}
}

static void no_device(void **state)
{
	uint32_t word;

	assert_int_equal(rng200_probe(NULL, 0), -ENOMEM);
	assert_false(rng200_read(&word, sizeof(word)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise),
		cmocka_unit_test(helped_by_a_restart),
		cmocka_unit_test(given_up),
		cmocka_unit_test(no_device),
	};

	return cmocka_run_group_tests_name("rng200", tests, NULL, NULL);
}
