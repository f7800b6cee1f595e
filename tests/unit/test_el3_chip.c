/*
 * test_el3_chip.c - what EL3 writes into the Raspberry Pi 4's registers: the watchdog for off and
 * reset (el3/power.c), the counter's source (el3/bcm2711.c); and which bits a core's errata ask for
 * (arm/errata.h).  QEMU's machine shows none of it.
 */
#include "unit.h"
#include "shim.h"
#include "arm/barrier.h"

/* The machine is off, or starts again, while EL3 waits for it. */
static jmp_buf machine_gone;
#undef cpu_relax
#define cpu_relax() longjmp(machine_gone, 1)

#include "arm/sysreg.h"

static uint64_t shim_midr_el1, shim_S3_1_C11_C0_2, shim_mpidr_el1;
/* What inline functions of arm/levels.h would read. */
static uint64_t shim_id_aa64isar1_el1, shim_S3_0_C0_C6_2, shim_id_aa64pfr0_el1,
	shim_id_aa64pfr1_el1, shim_id_aa64dfr0_el1;

#include "el3/power.c"
#include "el3/bcm2711.c"
#include "lib/fdt.h"
#include "lib/string.h"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

#define PM   0xfe100000
#define RSTC (PM + 0x1c)
#define RSTS (PM + 0x20)
#define WDOG (PM + 0x24)

volatile struct el3_machine el3_machine;

static uint32_t rstc, rsts;
static struct store {
	uint64_t at;
	uint32_t v;
} stores[8];
static unsigned int writes;

/* The top byte reads as whatever: here as what is no password. */
uint32_t shim_mmio_read32(const volatile uint32_t *reg)
{
	switch ((uintptr_t)reg) {
	case RSTC: return rstc | 0xa5000000;
	case RSTS: return rsts | 0xa5000000;
	default: fail_msg("%p is not read", (const volatile void *)reg); return 0;
	}
}

void shim_mmio_write32(volatile uint32_t *reg, uint32_t v)
{
	assert_true(writes < ARRAY_SIZE(stores));
	stores[writes++] = (struct store){ (uintptr_t)reg, v };
}

static void wrote(unsigned int i, uint64_t at, uint32_t v)
{
	assert_true(i < writes);
	assert_int_equal(stores[i].at, at);
	assert_int_equal(stores[i].v, v);
}

static void watchdog_after(void (*end)(void), uint32_t left_rstc, uint32_t left_rsts)
{
	el3_machine.power = (struct el3_power){ .watchdog = PM };
	rstc = left_rstc;
	rsts = left_rsts;
	writes = 0;
	if (!setjmp(machine_gone)) {
		end();
		fail_msg("nobody waited for the watchdog");
	}
	assert_int_equal(writes, 3);
}

/*
 * The partition's six bits are every second one, those between stay; each write has its password
 * once, and the one that makes the count's end a reset is the last.
 */
static void reset_and_off(void **state)
{
	static const uint32_t left[] = { 0, 0x1000, 0x555, 0x1001, 0xfff };

	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		watchdog_after(el3_power_reset, 0x112, left[i]);
		wrote(0, RSTS, 0x5a000000 | (left[i] & ~0x555u));
		wrote(1, WDOG, 0x5a00000a);
		wrote(2, RSTC, 0x5a000122);
		watchdog_after(el3_power_off, 0x102, left[i]);
		wrote(0, RSTS, 0x5a000000 | left[i] | 0x555);
		wrote(1, WDOG, 0x5a00000a);
		wrote(2, RSTC, 0x5a000122);
	}
}

static void no_watchdog(void **state)
{
	el3_machine.power = (struct el3_power){ 0 };
	writes = 0;
	el3_power_off();
	el3_power_reset();
	assert_int_equal(writes, 0);
}

static void counter_runs_by_the_crystal(void **state)
{
	struct fdt tree;
	size_t n;
	void *blob = read_file(DATA "uarts.dtb", &n);

	assert_int_equal(fdt_check(blob, n, &tree), 0);
	writes = 0;
	assert_int_equal(el3_bcm2711_init(&tree), 54000000);
	assert_int_equal(writes, 2);
	wrote(0, 0xff800000, 0);	  /* the crystal, steps of 1 */
	wrote(1, 0xff800008, 0x80000000); /* 2^31: every tick of it */
	free(blob);
}

static void l2_of_an_a72(void **state)
{
	shim_midr_el1 = 0x410fd083;
	shim_S3_1_C11_C0_2 = 0x3000001;
	el3_bcm2711_set_l2();
	assert_int_equal(shim_S3_1_C11_C0_2, 0x3000022);
	shim_midr_el1 = 0x410fd034;
	shim_S3_1_C11_C0_2 = 1;
	el3_bcm2711_set_l2();
	assert_int_equal(shim_S3_1_C11_C0_2, 1);
}

static void errata_by_midr(void **state)
{
	static const struct {
		uint64_t midr, bits;
	} cores[] = {
		{ 0x410fd080, 1ull << 55 | 1ull << 32 }, /* Cortex-A72 r0p0 */
		{ 0x410fd083, 1ull << 55 | 1ull << 32 }, /* r0p3, the Raspberry Pi 4's */
		{ 0x411fd080, 1ull << 55 },		 /* r1p0 */
		{ 0x410fd032, 0 },			 /* Cortex-A53 r0p2 */
		{ 0x410fd033, 1ull << 44 },
		{ 0x410fd034, 1ull << 44 },
		{ 0x411fd030, 1ull << 44 },
		{ 0x411fd070, 0 }, /* Cortex-A57 */
		{ 0x410fd0b1, 0 }, /* Cortex-A76 */
		{ 0x420fd083, 0 }, /* another maker's */
		{ 0x000f0510, 0 }, /* QEMU's max */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cores); i++)
		assert_int_equal(errata_cpuactlr(cores[i].midr), cores[i].bits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_and_off),
		cmocka_unit_test(no_watchdog),
		cmocka_unit_test(counter_runs_by_the_crystal),
		cmocka_unit_test(l2_of_an_a72),
		cmocka_unit_test(errata_by_midr),
	};

	return cmocka_run_group_tests_name("el3_chip", tests, NULL, NULL);
}
