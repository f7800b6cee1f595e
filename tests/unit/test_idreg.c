/*
 * test_idreg.c - arm/idreg.c against Linux 6.12: the cores' own values (QEMU 10's), and what Linux
 * showed EL0 of them there.
 */
#include "unit.h"

#include "arm/sysreg.h"

static uint64_t shim_S3_0_C0_C0_0, shim_S3_0_C0_C4_0, shim_S3_0_C0_C4_1, shim_S3_0_C0_C6_0,
	shim_S3_0_C0_C6_1, shim_S3_0_C0_C6_2, shim_S3_0_C0_C7_0, shim_S3_0_C0_C7_1,
	shim_S3_0_C0_C7_2, shim_ctr_el0, shim_cntkctl_el1;

#include "arm/idreg.c"

/* In the order of the shim's variables above. */
enum { MIDR, PFR0, PFR1, ISAR0, ISAR1, ISAR2, MMFR0, MMFR1, MMFR2, NR_REGISTERS };

static const uint32_t encodings[NR_REGISTERS] = {
	MIDR_EL1,	  ID_AA64PFR0_EL1,  ID_AA64PFR1_EL1,  ID_AA64ISAR0_EL1, ID_AA64ISAR1_EL1,
	ID_AA64ISAR2_EL1, ID_AA64MMFR0_EL1, ID_AA64MMFR1_EL1, ID_AA64MMFR2_EL1,
};

struct core {
	uint64_t hardware[NR_REGISTERS], linux_shows[NR_REGISTERS];
	uint64_t hwcap, hwcap2; /* Linux's */
};

static const struct core cortex_a72 = {
	.hardware = { 0x410fd083, 0x2222, 0, 0x11120, 0, 0, 0x1124, 0, 0 },
	.linux_shows = { 0x410fd083, 0x11, 0, 0x11120, 0, 0, 0x111ff000000, 0, 0 },
	.hwcap = 0x8ff,
};

static const struct core max = {
	.hardware = { 0x000f0510, 0x1201111123111112, 0x1001000121, 0x1221111110212120,
		      0x111211110211502, 0x110012, 0x2100032310201126, 0x110112012312122,
		      0x1221011112011011 },
	.linux_shows = { 0x000f0510, 0x0001000100110011, 0x121, 0x1021111110212120,
			 0x0011201110211502, 0x110012, 0x20000111ff000000, 0x0000100000000000,
			 0x0000000100000000 },
	.hwcap = 0xffffffff,
	.hwcap2 = 0x1803803bffff,
};

/* What Linux serves and we do not. */
static const uint64_t not_ours[NR_REGISTERS] = {
	[PFR0] = F(32),			       /* SVE */
	[PFR1] = F(24) | F(8) | F(0),	       /* SME, MTE, BTI */
	[ISAR1] = F(4) | F(8) | F(24) | F(28), /* pointer authentication */
	[ISAR2] = F(8) | F(12) | F(16),	       /* the same, MOPS */
};
#define HWCAP_NOT_OURS	(1UL << 22 | 1UL << 30 | 1UL << 31) /* SVE, PACA, PACG */
/* SVE2..., BTI, SVE_EBF16, MOPS. */
#define HWCAP2_NOT_OURS (0x7eUL | 0x1e00UL | 1UL << 17 | 1UL << 33 | 1UL << 43)

static void boot_on(const struct core *c)
{
	uint64_t *const shims[NR_REGISTERS] = {
		&shim_S3_0_C0_C0_0, &shim_S3_0_C0_C4_0, &shim_S3_0_C0_C4_1,
		&shim_S3_0_C0_C6_0, &shim_S3_0_C0_C6_1, &shim_S3_0_C0_C6_2,
		&shim_S3_0_C0_C7_0, &shim_S3_0_C0_C7_1, &shim_S3_0_C0_C7_2,
	};

	for (int i = 0; i < NR_REGISTERS; i++)
		*shims[i] = c->hardware[i];
	shim_ctr_el0 = 0x8444c004;
	shim_cntkctl_el1 = CNTKCTL_EL0VCTEN | CNTKCTL_EVNTEN;
	hwcap = HWCAP_CPUID;
	hwcap2 = 0;
	idreg_init();
}

static void check_core(const struct core *c)
{
	uint64_t value;

	boot_on(c);
	for (int i = 0; i < NR_REGISTERS; i++) {
		assert_true(idreg_user_value(encodings[i], &value));
		assert_int_equal(value, c->linux_shows[i] & ~not_ours[i]);
	}
	assert_int_equal(cpu_hwcap(), c->hwcap & ~HWCAP_NOT_OURS);
	assert_int_equal(cpu_hwcap2(), c->hwcap2 & ~HWCAP2_NOT_OURS);
}

static void what_linux_shows(void **state)
{
	check_core(&cortex_a72);
	check_core(&max);
}

static void the_same_on_every_core(void **state)
{
	uint64_t value;

	boot_on(&max);
	assert_true(idreg_user_value(MPIDR_EL1, &value));
	assert_int_equal(value, 0x80000000); /* which core it is, is not told */
	assert_true(idreg_user_value(REVIDR_EL1, &value));
	assert_int_equal(value, 0);
	assert_true(idreg_user_value(ID_AA64DFR0_EL1, &value));
	assert_int_equal(value, 6);
	assert_true(idreg_user_value(CTR_EL0, &value));
	assert_int_equal(value, 0x8444c004);
}

/*
 * Linux emulates op0 3, op1 0, CRn 0, CRm 0 (three of them) and 2..7 (all); every other encoding is
 * an undefined instruction.
 */
static void nothing_else_can_be_read(void **state)
{
	uint64_t value;

	boot_on(&max);
	for (uint32_t enc = 0; enc < 0x10000; enc++) {
		unsigned int crm = enc >> 3 & 15;
		bool id_space = enc >> 7 == MIDR_EL1 >> 7;
		bool ours = enc == MIDR_EL1 || enc == MPIDR_EL1 || enc == REVIDR_EL1 ||
			    enc == CTR_EL0 || (id_space && crm >= 2 && crm <= 7);

		assert_int_equal(idreg_user_value(enc, &value), ours);
	}
}

static void event_stream_only_when_it_runs(void **state)
{
	boot_on(&cortex_a72);
	shim_cntkctl_el1 = CNTKCTL_EL0VCTEN;
	assert_int_equal(cpu_hwcap() & HWCAP_EVTSTRM, 0);
}

static void no_fp_no_capability(void **state)
{
	struct core c = cortex_a72;

	c.hardware[PFR0] = 0xff2222; /* FP and AdvSIMD: not there */
	boot_on(&c);
	assert_int_equal(cpu_hwcap() & (HWCAP_FP | HWCAP_ASIMD | HWCAP_FPHP | HWCAP_ASIMDHP), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_linux_shows),
		cmocka_unit_test(the_same_on_every_core),
		cmocka_unit_test(nothing_else_can_be_read),
		cmocka_unit_test(event_stream_only_when_it_runs),
		cmocka_unit_test(no_fp_no_capability),
	};

	return cmocka_run_group_tests_name("idreg", tests, NULL, NULL);
}
