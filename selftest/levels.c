/*
 * levels.c - newel.test=levels: what EL2 and EL3 answer, also to what they must refuse,
 * against what the SMC Calling Convention (Arm DEN 0028) and PSCI 1.1 (DEN 0022) say.
 *
 * Only levels that are our own are asked.  Nothing here starts or stops a core.
 */
#include "selftest/selftest.h"

#include "arm/errata.h"
#include "arm/level_calls.h"
#include "arm/levels.h"
#include "arm/psci.h"
#include "log/panic.h"
#include "mm/layout.h"
#include "start/boot_info.h"

extern char __resident_start[];

struct question {
	const char *what;
	uint32_t fn;
	uint64_t a1, a2;
	int64_t answer;
};

typedef struct smccc_result call_fn(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3);

static unsigned int asked, wrong;

static void ask_level(const char *how, call_fn *call, const struct question *q)
{
	int64_t answer = (int64_t)call(q->fn, q->a1, q->a2, 0).x0;

	asked++;
	if (answer == q->answer)
		return;
	/* Counted, and the test goes on: one run shows all that is wrong. */
	wrong++;
	pr_err("levels: %s %s: answered %lld, not %lld\n", how, q->what, (long long)answer,
	       (long long)q->answer);
}

/* x4..x17 come back as they were (SMCCC 1.1): each gets a value of its own, and loses it again. */
#define KEEPS_REGISTERS(insn, fn)                                                                \
	({                                                                                       \
		uint64_t lost_;                                                                  \
		__asm__ volatile("mov w0, %w1\n"                                                 \
				 ".irp n, 4,5,6,7,8,9,10,11,12,13,14,15,16,17\n"                 \
				 "	mov x\\n, #(0x100 + \\n)\n"                                   \
				 ".endr\n" insn " #0\n"                                          \
				 "mov x1, #0\n"                                                  \
				 ".irp n, 4,5,6,7,8,9,10,11,12,13,14,15,16,17\n"                 \
				 "	sub x\\n, x\\n, #(0x100 + \\n)\n"                             \
				 "	orr x1, x1, x\\n\n"                                           \
				 ".endr\n"                                                       \
				 "mov %0, x1\n"                                                  \
				 : "=r"(lost_)                                                   \
				 : "r"(fn)                                                       \
				 : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",   \
				   "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "cc", \
				   "memory");                                                    \
		lost_ == 0;                                                                      \
	})

static void check_registers(const char *how, bool kept)
{
	asked++;
	if (kept)
		return;
	/* The caller of an SMC relies on these, as it does not save them. */
	wrong++;
	pr_err("levels: %s: a register of x4..x17 was lost\n", how);
}

static void ask_el2(void)
{
	static const struct question questions[] = {
		{ "version", NEWEL_HVC_VERSION, 0, 0, NEWEL_LEVELS_VERSION },
		{ "CurrentEL", NEWEL_HVC_CURRENTEL, 0, 0, CurrentEL_EL2 },
		{ "PSCI_VERSION", PSCI_VERSION, 0, 0, SMCCC_NOT_SUPPORTED },
		{ "SYSTEM_OFF", PSCI_SYSTEM_OFF, 0, 0, SMCCC_NOT_SUPPORTED },
		{ "NOTE of 2", NEWEL_HVC_NOTE, 2, 0, SMCCC_INVALID_PARAMETER },
		{ "NOTE", NEWEL_HVC_NOTE, 1, 0, SMCCC_SUCCESS },
		{ "CurrentEL, by the table that notes", NEWEL_HVC_CURRENTEL, 0, 0, CurrentEL_EL2 },
		{ "NOTE no more", NEWEL_HVC_NOTE, 0, 0, SMCCC_SUCCESS },
		{ "an unknown call of ours", NEWEL_HVC(0x100), 0, 0, SMCCC_NOT_SUPPORTED },
		{ "EL3's call", NEWEL_SMC_CURRENTEL, 0, 0, SMCCC_NOT_SUPPORTED },
		{ "call 0", 0, 0, 0, SMCCC_NOT_SUPPORTED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		ask_level("hvc", smccc_hvc, &questions[i]);
	check_registers("hvc", KEEPS_REGISTERS("hvc", NEWEL_HVC_VERSION));
}

static void ask_el3(void)
{
	/* A core that is on, and one that there is not: so no question starts or stops one. */
	uint64_t self = READ_SYSREG(mpidr_el1) & MPIDR_AFFINITY_MASK, nobody = 0xff00;
	uint64_t entry = boot_info.image;
	/* In an image of its own it begins at 0 (armstub/). */
	uint64_t resident = boot_has_el3(&boot_info)
				    ? (uintptr_t)__resident_start - KERNEL_VA + boot_info.image
				    : 0x1000;
	const uint32_t uid[] = NEWEL_UID;
	uint64_t midr = READ_SYSREG(midr_el1);
	bool is_a72 = MIDR_IMPLEMENTER(midr) == MIDR_ARM && MIDR_PART(midr) == MIDR_CORTEX_A72;
	/* Where its image lies at 0, and the core needs it (el3/predictor.c). */
	int64_t forgets = !boot_has_el3(&boot_info) && is_a72 ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
	/* It notes nothing for a trace where its image is not ours (armstub/rings.c). */
	bool notes = boot_has_el3(&boot_info);
	int64_t noted = notes ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
	/* EL1 may read it, whatever ACTLR_EL2 says of writes (Arm 100095, CPUACTLR_EL1). */
	bool no_load_pass = is_a72 && READ_SYSREG_S(CPUACTLR_EL1) & A72_NO_LOAD_PASS;
	const struct question questions[] = {
		{ "version", NEWEL_SMC_VERSION, 0, 0, NEWEL_LEVELS_VERSION },
		{ "UUID", NEWEL_SMC_UID, 0, 0, uid[0] },
		{ "CurrentEL", NEWEL_SMC_CURRENTEL, 0, 0, CurrentEL_EL3 },
		{ "SMCCC_VERSION", SMCCC_VERSION, 0, 0, SMCCC_VERSION_1_1 },
		{ "ARCH_FEATURES of SMCCC_VERSION", SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0 },
		{ "ARCH_FEATURES of WORKAROUND_1", SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_1, 0,
		  forgets },
		{ "WORKAROUND_1", SMCCC_WORKAROUND_1, 0, 0, forgets },
		{ "WORKAROUND_1 again", SMCCC_WORKAROUND_1, 0, 0, forgets },
		{ "ARCH_FEATURES of WORKAROUND_3", SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_3, 0,
		  forgets },
		{ "WORKAROUND_3", SMCCC_WORKAROUND_3, 0, 0, forgets },
		{ "ARCH_FEATURES of WORKAROUND_2", SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_2, 0,
		  no_load_pass ? SMCCC_NOT_REQUIRED : SMCCC_NOT_SUPPORTED },
		{ "WORKAROUND_2", SMCCC_WORKAROUND_2, 0, 0,
		  no_load_pass ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED },
		{ "PSCI_VERSION", PSCI_VERSION, 0, 0, PSCI_VERSION_1_1 },
		{ "FEATURES of CPU_ON", PSCI_FEATURES, PSCI_CPU_ON | SMCCC_64, 0, 0 },
		{ "FEATURES of CPU_OFF", PSCI_FEATURES, PSCI_CPU_OFF, 0, 0 },
		{ "FEATURES of SYSTEM_RESET", PSCI_FEATURES, PSCI_SYSTEM_RESET, 0, 0 },
		{ "FEATURES of SMCCC_VERSION", PSCI_FEATURES, SMCCC_VERSION, 0, 0 },
		{ "FEATURES of SYSTEM_SUSPEND", PSCI_FEATURES, PSCI_SYSTEM_SUSPEND | SMCCC_64, 0,
		  SMCCC_NOT_SUPPORTED },
		{ "FEATURES of a 64-bit CPU_OFF", PSCI_FEATURES, PSCI_CPU_OFF | SMCCC_64, 0,
		  SMCCC_NOT_SUPPORTED },
		{ "MIGRATE_INFO_TYPE", PSCI_MIGRATE_INFO_TYPE, 0, 0, PSCI_MIGRATE_NOT_REQUIRED },
		{ "CPU_ON of this core", PSCI_CPU_ON | SMCCC_64, self, entry, PSCI_ALREADY_ON },
		{ "CPU_ON of no core", PSCI_CPU_ON | SMCCC_64, nobody, entry,
		  PSCI_INVALID_PARAMETERS },
		{ "CPU_ON with a bit that is not affinity", PSCI_CPU_ON | SMCCC_64,
		  self | 1UL << 31, entry, PSCI_INVALID_PARAMETERS },
		{ "CPU_ON at an odd address", PSCI_CPU_ON | SMCCC_64, self, entry + 1,
		  PSCI_INVALID_ADDRESS },
		{ "CPU_ON in EL3's own memory", PSCI_CPU_ON | SMCCC_64, self, resident,
		  PSCI_INVALID_ADDRESS },
		{ "AFFINITY_INFO of this core", PSCI_AFFINITY_INFO | SMCCC_64, self, 0, 0 },
		{ "AFFINITY_INFO of a cluster", PSCI_AFFINITY_INFO | SMCCC_64, self, 1,
		  PSCI_INVALID_PARAMETERS },
		{ "AFFINITY_INFO of no core", PSCI_AFFINITY_INFO | SMCCC_64, nobody, 0,
		  PSCI_INVALID_PARAMETERS },
		{ "CPU_SUSPEND to power down", PSCI_CPU_SUSPEND | SMCCC_64, PSCI_SUSPEND_POWERDOWN,
		  0, PSCI_INVALID_PARAMETERS },
		{ "an unknown call of PSCI's range", SMCCC_FAST(SMCCC_OWNER_STANDARD, 0x13), 0, 0,
		  SMCCC_NOT_SUPPORTED },
		{ "NOTE of 2", NEWEL_SMC_NOTE, 2, 0, notes ? SMCCC_INVALID_PARAMETER : noted },
		{ "NOTE", NEWEL_SMC_NOTE, 1, 0, noted },
		{ "WORKAROUND_1, by the table that notes", SMCCC_WORKAROUND_1, 0, 0, forgets },
		{ "NOTE no more", NEWEL_SMC_NOTE, 0, 0, noted },
		{ "an unknown call of ours", NEWEL_SMC(0x100), 0, 0, SMCCC_NOT_SUPPORTED },
		{ "a trusted OS's call", SMCCC_FAST(SMCCC_OWNER_TRUSTED_OS, 0xff01), 0, 0,
		  SMCCC_NOT_SUPPORTED },
		{ "call 0", 0, 0, 0, SMCCC_NOT_SUPPORTED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		ask_level("smc", smccc_smc, &questions[i]);
	check_registers("smc", KEEPS_REGISTERS("smc", NEWEL_SMC_VERSION));
}

void selftest_levels(void)
{
	if (boot_has_el2(&boot_info))
		ask_el2();
	if (boot_info.own_el3)
		ask_el3();
	/*
	 * The panic's line is what the test looks for; the questions above say which answer was
	 * wrong.
	 */
	panic("newel.test: levels: %u questions, %u wrong answers", asked, wrong);
}
