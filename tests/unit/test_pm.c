/*
 * test_pm.c - drivers/bcm2711/pm.c: what the watchdog's registers hold, and in which order they
 * were written, for each way to the reset.
 */
#include "unit.h"
#include "shim.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "drivers/bcm2711/pm.c"

static struct bcm2711_pm regs;
static volatile uint32_t *order[16];
static unsigned int writes;
static void (*registered_poweroff)(void), (*registered_reset)(void);
static unsigned int waited_us, last_line_at;

/* The top byte reads as whatever: here as what is no password. */
uint32_t shim_mmio_read32(const volatile uint32_t *reg)
{
	return *reg | 0xa5000000;
}

void shim_mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	assert_true(writes < ARRAY_SIZE(order));
	order[writes++] = reg;
	if ((v & 0xff000000) == 0x5a000000)
		*reg = v & 0xffffff;
}

void *device_ioremap(const struct fdt *fdt, int node, unsigned int index, uint64_t *pa)
{
	assert_int_equal(index, 0);
	return fdt ? &regs : NULL;
}

void reset_register(void (*poweroff)(void), void (*reset)(void))
{
	registered_poweroff = poweroff;
	registered_reset = reset;
}

/* Nothing of the chip is touched before the last line is out. */
void uart_flush(void)
{
	last_line_at = writes;
}

void timer_udelay(unsigned int us)
{
	waited_us += us;
}

static void probe_with(uint32_t rstc, uint32_t rsts)
{
	static const struct fdt tree;

	memset(&regs, 0, sizeof(regs));
	regs.rstc = rstc;
	regs.rsts = rsts;
	writes = waited_us = 0;
	last_line_at = UINT32_MAX;
	assert_int_equal(bcm2711_pm_probe(&tree, 0), 0);
}

static void fired_with(uint32_t rsts, unsigned int from)
{
	assert_int_equal(regs.rsts, rsts);
	assert_int_equal(regs.wdog, PM_WDOG_TICKS);
	assert_int_equal(regs.rstc & 0x30, 0x20);
	assert_int_equal(writes, from + 3);
	assert_int_equal(last_line_at, from);
	assert_ptr_equal(order[from], &regs.rsts);
	assert_ptr_equal(order[from + 1], &regs.wdog);
	/* Last: from here on it counts. */
	assert_ptr_equal(order[from + 2], &regs.rstc);
	/* It has longer than the watchdog's ticks take. */
	assert_true(waited_us > PM_WDOG_TICKS * 1000000ull / 65536);
}

/* The partition's bits are every second one; those between say why the chip was reset, and stay. */
static void reset_and_off(void **state)
{
	static const uint32_t left[] = { 0, 0x1000, 0x555, 0x1001, 0xfff };

	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		probe_with(0x102, left[i]);
		assert_int_equal(writes, 0);
		registered_reset();
		fired_with(left[i] & ~0x555u, 0);
		assert_int_equal(regs.rstc, 0x122);
		probe_with(0x102, left[i]);
		registered_poweroff();
		fired_with(left[i] | 0x555, 0);
	}
}

static void one_that_runs_is_stopped(void **state)
{
	probe_with(0x122, 0x1000);
	assert_int_equal(writes, 1);
	assert_int_equal(regs.rstc, 0x102);
	assert_int_equal(regs.rsts, 0x1000);
	registered_reset();
	fired_with(0x1000, 1);
}

static void none(void **state)
{
	assert_int_equal(bcm2711_pm_probe(NULL, 0), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_and_off),
		cmocka_unit_test(one_that_runs_is_stopped),
		cmocka_unit_test(none),
	};

	return cmocka_run_group_tests_name("pm", tests, NULL, NULL);
}
