/*
 * test_esr.c - trace/esr.c and trace/sysreg.c: each class in words, all of them within the buffer.
 */
#include "unit.h"

#include "lib/string.h"
#include "trace/esr.c"
#include "trace/sysreg.c"

#define EC(n) ((uint64_t)(n) << 26)
#define IL    (UINT64_C(1) << 25)

static void each_class_in_words(void **state)
{
	static const struct {
		uint64_t esr;
		const char *words;
	} cases[] = {
		{ EC(0x00) | IL, "undefined instruction (or unknown reason)" },
		{ EC(0x01) | IL | 0x1e00000, "wait instruction trapped: WFI" },
		{ EC(0x01) | IL | 0x1e00001, "wait instruction trapped: WFE" },
		{ EC(0x01) | IL | 0x1e00066, "wait instruction trapped: WFIT x3" },
		{ EC(0x01) | IL | 0x1e00067, "wait instruction trapped: WFET x3" },
		{ EC(0x02), "reserved exception class" },
		{ EC(0x03) | 0x0e00021, "AArch32 CP15 access trapped: MRC 0, r1, c0, c0, 0" },
		{ EC(0x03) | 0x1000020,
		  "AArch32 CP15 access trapped: MCR 0, r1, c0, c0, 0, condition EQ" },
		{ EC(0x07) | IL | 0x1e00000, "FP or SIMD access trapped" },
		{ EC(0x0a) | IL | 2, "64-byte load or store trapped: LD64B or ST64B" },
		{ EC(0x0d) | IL | 2, "branch target exception: BTYPE 10" },
		{ EC(0x0e) | IL, "illegal execution state" },
		{ EC(0x15) | IL, "SVC #0" },
		{ EC(0x15) | IL | 0xffff, "SVC #0xffff" },
		{ EC(0x16) | IL | 1, "HVC #0x1" },
		{ EC(0x17) | IL, "SMC #0" },
		/*
		 * mrs x3, midr_el1; msr vbar_el1, x0; dc zva, x5; msr daifset, #2; mrs xzr, an
		 * unnamed one
		 */
		{ EC(0x18) | IL | 0x300061, "system register access trapped: MRS x3, MIDR_EL1" },
		{ EC(0x18) | IL | 0x303000, "system register access trapped: MSR VBAR_EL1, x0" },
		{ EC(0x18) | IL | 0x12dca8, "system register access trapped: DC ZVA, x5" },
		{ EC(0x18) | IL | 0x0cd3e4, "system register access trapped: MSR DAIFSet, #2" },
		{ EC(0x18) | IL | 0x3affff,
		  "system register access trapped: MRS xzr, S3_3_C15_C15_5" },
		{ EC(0x1a) | IL | 2, "exception return trapped: ERETAA" },
		{ EC(0x1c) | IL | 3, "pointer authentication failed: data key B" },
		{ EC(0x1d) | IL, "SME access trapped: access to SME is disabled" },
		{ EC(0x20) | IL | 0x07,
		  "instruction abort from a lower EL: fetch, level 3 translation fault" },
		{ EC(0x21) | IL | 0x0e,
		  "instruction abort from the current EL: fetch, level 2 permission fault" },
		{ EC(0x22) | IL, "misaligned PC" },
		{ EC(0x24) | IL | 0x4f,
		  "data abort from a lower EL: write, level 3 permission fault" },
		{ EC(0x24) | IL | 0x06,
		  "data abort from a lower EL: read, level 2 translation fault" },
		{ EC(0x24) | IL | 0x147, "data abort from a lower EL: cache maintenance or address "
					 "translation, level 3 translation fault" },
		{ EC(0x25) | IL | 0x61, "data abort from the current EL: write, alignment fault" },
		{ EC(0x25) | IL | 0x410, "data abort from the current EL: read, synchronous "
					 "external abort, recoverable, FAR not valid" },
		{ EC(0x25) | IL | 0x1a50007 | 1 << 15,
		  "data abort from the current EL: read, level 3 translation fault, sign-extended "
		  "word x5" },
		{ EC(0x26) | IL, "misaligned SP" },
		{ EC(0x27) | IL | 0x1000c43,
		  "memory copy or set exception: SET, destination x3, size x3, main, option B" },
		{ EC(0x2c) | IL | 0x800013,
		  "floating-point exception: invalid operation, division by zero, inexact" },
		{ EC(0x2c) | IL, "floating-point exception: which is not known" },
		{ EC(0x2f) | IL | 0x11, "SError interrupt: asynchronous, uncontainable" },
		{ EC(0x2f) | IL | 0x1000042,
		  "SError interrupt: implementation defined syndrome 0x42" },
		{ EC(0x30) | IL | 0x22, "breakpoint from a lower EL" },
		{ EC(0x32) | IL | 0x1000022,
		  "software step from a lower EL: stepped one instruction" },
		{ EC(0x34) | IL | 0x62, "watchpoint from a lower EL: write" },
		{ EC(0x3c) | IL | 0x3e8, "BRK #0x3e8" },
		{ EC(0x3f), "reserved exception class" },
	};
	char text[ESR_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int n = esr_describe(text, sizeof(text), cases[i].esr);

		assert_string_equal(text, cases[i].words);
		assert_int_equal(n, strlen(cases[i].words));
	}
}

/* Linux's names, which tools and people look for. */
static void classes_by_linux_names(void **state)
{
	assert_string_equal(esr_class(EC(0x00)), "Unknown/Uncategorized");
	assert_string_equal(esr_class(EC(0x15)), "SVC (AArch64)");
	assert_string_equal(esr_class(EC(0x20)), "IABT (lower EL)");
	assert_string_equal(esr_class(EC(0x25)), "DABT (current EL)");
	assert_string_equal(esr_class(EC(0x3c)), "BRK (AArch64)");
	assert_string_equal(esr_class(EC(0x3e)), "UNRECOGNIZED EC");
}

static void fault_status_codes(void **state)
{
	assert_string_equal(esr_fault_status(0x00), "level 0 address size fault");
	assert_string_equal(esr_fault_status(0x07), "level 3 translation fault");
	assert_string_equal(esr_fault_status(0x09), "level 1 access flag fault");
	assert_string_equal(esr_fault_status(0x0f), "level 3 permission fault");
	assert_string_equal(esr_fault_status(0x11), "synchronous tag check fault");
	assert_string_equal(esr_fault_status(0x2b), "level -1 translation fault");
	assert_string_equal(esr_fault_status(0x30), "TLB conflict abort");
	for (unsigned int fsc = 0; fsc < 64; fsc++)
		assert_non_null(esr_fault_status(fsc));
}

/*
 * One ESR into a buffer of each interesting size: the text is a beginning of the whole, terminated,
 * nothing beyond.
 */
static void check_bounds(uint64_t esr)
{
	static const size_t sizes[] = { 0, 1, 2, 17, 64, ESR_TEXT_MAX };
	char whole[ESR_TEXT_MAX * 2];
	size_t len = (size_t)esr_describe(whole, sizeof(whole), esr);

	assert_true(len < ESR_TEXT_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *text = malloc(sizes[i] + 1); /* exact: the sanitizer sees a byte too much */
		size_t n = (size_t)esr_describe(text, sizes[i], esr);

		assert_int_equal(n, sizes[i] ? (len < sizes[i] ? len : sizes[i] - 1) : 0);
		if (sizes[i]) {
			assert_memory_equal(text, whole, n);
			assert_int_equal(text[n], 0);
		}
		free(text);
	}
}

/* Every class with every single bit of ISS and ISS2, none, all, and random ones. */
static void every_class_within_bounds(void **state)
{
	for (unsigned int ec = 0; ec < 64; ec++) {
		for (unsigned int b = 0; b < 25; b++)
			check_bounds(EC(ec) | UINT64_C(1) << b);
		for (unsigned int b = 32; b < 64; b++)
			check_bounds(EC(ec) | UINT64_C(1) << b);
		check_bounds(EC(ec));
		check_bounds(EC(ec) | IL | 0x1ffffff | UINT64_C(0xffffffff00000000));
		for (int i = 0; i < 3000; i++)
			check_bounds(EC(ec) | (random_u32() & 0x3ffffff) |
				     (uint64_t)random_u32() << 32);
	}
}

/* The table is searched by halving: sorted, nothing twice, each name terminated. */
static void sysreg_table_is_sorted(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		assert_true(!i || table[i - 1].enc < table[i].enc);
		assert_true(strnlen(table[i].name, sizeof(table[i].name)) < sizeof(table[i].name));
		assert_ptr_equal(sysreg_name(table[i].enc), table[i].name);
	}
}

static void sysregs_by_name(void **state)
{
	static const struct {
		uint32_t enc;
		const char *name;
	} cases[] = {
		{ SYSREG_ENC(3, 0, 0, 0, 0), "MIDR_EL1" },
		{ SYSREG_ENC(3, 0, 1, 0, 0), "SCTLR_EL1" },
		{ SYSREG_ENC(3, 3, 13, 0, 2), "TPIDR_EL0" },
		{ SYSREG_ENC(3, 3, 14, 0, 2), "CNTVCT_EL0" },
		{ SYSREG_ENC(3, 4, 1, 1, 0), "HCR_EL2" },
		{ SYSREG_ENC(3, 6, 1, 1, 0), "SCR_EL3" },
		{ SYSREG_ENC(1, 3, 7, 5, 1), "IC IVAU" },
		{ SYSREG_ENC(2, 0, 0, 3, 6), "DBGWVR3_EL1" },
		{ SYSREG_ENC(3, 3, 14, 11, 6), "PMEVCNTR30_EL0" },
		{ SYSREG_ENC(3, 4, 12, 13, 7), "ICH_LR15_EL2" },
		{ SYSREG_ENC(3, 7, 15, 15, 7), "S3_7_C15_C15_7" },
	};
	char name[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		sysreg_format(name, sizeof(name), cases[i].enc);
		assert_string_equal(name, cases[i].name);
	}
	for (uint32_t enc = 0; enc < 0x10000; enc++)
		assert_in_range(sysreg_format(name, sizeof(name), enc), 2, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_class_in_words),
		cmocka_unit_test(classes_by_linux_names),
		cmocka_unit_test(fault_status_codes),
		cmocka_unit_test(every_class_within_bounds),
		cmocka_unit_test(sysreg_table_is_sorted),
		cmocka_unit_test(sysregs_by_name),
	};

	return cmocka_run_group_tests_name("esr", tests, NULL, NULL);
}
