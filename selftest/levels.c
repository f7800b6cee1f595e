/*
 * levels.c - newel.test=levels: what EL2 and EL3 answer, also to what they must refuse,
 * against what the SMC Calling Convention (Arm DEN 0028) and PSCI 1.1 (DEN 0022) say.
 *
 * Only levels that are our own are asked.  Nothing here starts or stops a core.
 */
#include "selftest/selftest.h"

#include "arm/level_calls.h"
#include "arm/mpidr.h"
#include "arm/smccc.h"
#include "lib/util.h"
#include "log/panic.h"
#include "log/printk.h"
#include "mm/layout.h"
#include "start/boot_info.h"

#define SMC64(fn)	   ((fn) | 0x40000000)

#define NOT_SUPPORTED	   (-1)
#define INVALID_PARAMETERS (-2)
#define ALREADY_ON	   (-4)
#define INVALID_ADDRESS	   (-9)

extern char __resident_start[];

struct question {
	const char *what;
	uint32_t fn;
	uint64_t a1, a2;
	int64_t answer;
};

typedef struct smccc_result call_fn(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3);

static unsigned int asked, wrong;

static void ask(const char *how, call_fn *call, const struct question *q)
{
	int64_t answer = (int64_t)call(q->fn, q->a1, q->a2, 0).x0;

	asked++;
	if (answer == q->answer)
		return;
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
	wrong++;
	pr_err("levels: %s: a register of x4..x17 was lost\n", how);
}

static void ask_el2(void)
{
	static const struct question questions[] = {
		{ "version", NEWEL_HVC_VERSION, 0, 0, NEWEL_LEVELS_VERSION },
		{ "CurrentEL", NEWEL_HVC_CURRENTEL, 0, 0, CurrentEL_EL2 },
		{ "PSCI_VERSION", 0x84000000, 0, 0, NOT_SUPPORTED },
		{ "SYSTEM_OFF", 0x84000008, 0, 0, NOT_SUPPORTED },
		{ "an unknown call of ours", 0xc6000100, 0, 0, NOT_SUPPORTED },
		{ "EL3's call", NEWEL_SMC_CURRENTEL, 0, 0, NOT_SUPPORTED },
		{ "call 0", 0, 0, 0, NOT_SUPPORTED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		ask("hvc", smccc_hvc, &questions[i]);
	check_registers("hvc", KEEPS_REGISTERS("hvc", NEWEL_HVC_VERSION));
}

static void ask_el3(void)
{
	uint64_t self = READ_SYSREG(mpidr_el1) & MPIDR_AFFINITY_MASK, nobody = 0xff00;
	uint64_t entry = boot_info.image;
	uint64_t resident = (uintptr_t)__resident_start - KERNEL_VA + boot_info.image;
	const struct question questions[] = {
		{ "version", NEWEL_SMC_VERSION, 0, 0, NEWEL_LEVELS_VERSION },
		{ "CurrentEL", NEWEL_SMC_CURRENTEL, 0, 0, CurrentEL_EL3 },
		{ "SMCCC_VERSION", 0x80000000, 0, 0, 0x10001 },
		{ "ARCH_FEATURES of SMCCC_VERSION", 0x80000001, 0x80000000, 0, 0 },
		{ "ARCH_FEATURES of WORKAROUND_1", 0x80000001, 0x80008000, 0, NOT_SUPPORTED },
		{ "PSCI_VERSION", 0x84000000, 0, 0, 0x10001 },
		{ "FEATURES of CPU_ON", 0x8400000a, SMC64(0x84000003), 0, 0 },
		{ "FEATURES of CPU_OFF", 0x8400000a, 0x84000002, 0, 0 },
		{ "FEATURES of SYSTEM_RESET", 0x8400000a, 0x84000009, 0, 0 },
		{ "FEATURES of SMCCC_VERSION", 0x8400000a, 0x80000000, 0, 0 },
		{ "FEATURES of SYSTEM_SUSPEND", 0x8400000a, SMC64(0x8400000e), 0, NOT_SUPPORTED },
		{ "FEATURES of a 64-bit CPU_OFF", 0x8400000a, SMC64(0x84000002), 0, NOT_SUPPORTED },
		{ "MIGRATE_INFO_TYPE", 0x84000006, 0, 0, 2 },
		{ "CPU_ON of this core", SMC64(0x84000003), self, entry, ALREADY_ON },
		{ "CPU_ON of no core", SMC64(0x84000003), nobody, entry, INVALID_PARAMETERS },
		{ "CPU_ON with a bit that is not affinity", SMC64(0x84000003), self | 1UL << 31,
		  entry, INVALID_PARAMETERS },
		{ "CPU_ON at an odd address", SMC64(0x84000003), self, entry + 1, INVALID_ADDRESS },
		{ "CPU_ON in EL3's own memory", SMC64(0x84000003), self, resident,
		  INVALID_ADDRESS },
		{ "AFFINITY_INFO of this core", SMC64(0x84000004), self, 0, 0 },
		{ "AFFINITY_INFO of a cluster", SMC64(0x84000004), self, 1, INVALID_PARAMETERS },
		{ "AFFINITY_INFO of no core", SMC64(0x84000004), nobody, 0, INVALID_PARAMETERS },
		{ "CPU_SUSPEND to power down", SMC64(0x84000001), 0x10000, 0, INVALID_PARAMETERS },
		{ "an unknown call of PSCI's range", 0x84000013, 0, 0, NOT_SUPPORTED },
		{ "an unknown call of ours", 0xc3000100, 0, 0, NOT_SUPPORTED },
		{ "a trusted OS's call", 0xbf00ff01, 0, 0, NOT_SUPPORTED },
		{ "call 0", 0, 0, 0, NOT_SUPPORTED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		ask("smc", smccc_smc, &questions[i]);
	check_registers("smc", KEEPS_REGISTERS("smc", NEWEL_SMC_VERSION));
}

void selftest_levels(void)
{
	if (boot_has_el2(&boot_info))
		ask_el2();
	if (boot_has_el3(&boot_info))
		ask_el3();
	panic("newel.test: levels: %u questions, %u wrong answers", asked, wrong);
}
