/*
 * sysregs.c - /proc/sysregs: the registers that say how this core translates, caches and takes
 * exceptions, and what it is, field by field in words.
 *
 * The names are those of the Arm ARM (DDI 0487, D19.2).  Each register is read at the moment that
 * its text is made, on the core that then runs the reader: TTBR0_EL1 is the reader's own.  What has
 * no word in the tables is printed as a number.
 */
#include "kmod/module.h"

#include "arm/id.h"
#include "arm/idreg.h"
#include "arm/percpu.h"
#include "arm/sysreg.h"
#include "fs/proc/register.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/ksym.h"

/* As arm/fields.def has it. */
struct field {
	const char *name;
	uint8_t high, low;
	const char *words;
};

struct sysreg {
	const char *name;
	uint64_t (*read)(void);
	uint32_t enc; /* of what EL0 may read (arm/idreg.h), else 0 */
	const struct field *fields;
	size_t nr;
};

/* clang-format off */
/* Some tables are for registers that EL1 cannot read: gdb's el-regs shows them. */
#define FIELDS_OF(table) static const struct field table[] __attribute__((unused)) = {
#define FIELD(name, high, low, words) { name, high, low, words },
#define FIELDS_END };
#include "arm/fields.def"
/* clang-format on */
#undef FIELDS_OF
#undef FIELD
#undef FIELDS_END

/* A register's encoding is part of the instruction, so each has a function of its own. */
#define READER(reg)                      \
	static uint64_t read_##reg(void) \
	{                                \
		return READ_SYSREG(reg); \
	}
READER(sctlr_el1)
READER(cpacr_el1)
READER(tcr_el1)
READER(ttbr0_el1)
READER(ttbr1_el1)
READER(mair_el1)
READER(vbar_el1)
READER(midr_el1)
READER(mpidr_el1)
READER(ctr_el0)
READER(id_aa64pfr0_el1)
READER(id_aa64pfr1_el1)
READER(id_aa64dfr0_el1)
READER(id_aa64isar0_el1)
READER(id_aa64isar1_el1)
READER(id_aa64mmfr0_el1)
READER(id_aa64mmfr1_el1)
READER(id_aa64mmfr2_el1)

static uint64_t read_isar2(void)
{
	return READ_SYSREG_S(id_aa64isar2_el1);
}

#define FIELDS(table)	 (table), ARRAY_SIZE(table)
#define ID_ENC(crm, op2) SYSREG_ENC(3, 0, 0, crm, op2)

static const struct sysreg sysregs[] = {
	{ "SCTLR_EL1", read_sctlr_el1, 0, FIELDS(sctlr) },
	{ "CPACR_EL1", read_cpacr_el1, 0, FIELDS(cpacr) },
	{ "TCR_EL1", read_tcr_el1, 0, FIELDS(tcr) },
	{ "TTBR0_EL1", read_ttbr0_el1, 0, FIELDS(ttbr) },
	{ "TTBR1_EL1", read_ttbr1_el1, 0, FIELDS(ttbr) },
	{ "MAIR_EL1", read_mair_el1, 0, FIELDS(mair) },
	{ "VBAR_EL1", read_vbar_el1, 0, NULL, 0 },
	{ "MIDR_EL1", read_midr_el1, ID_ENC(0, 0), FIELDS(midr) },
	{ "MPIDR_EL1", read_mpidr_el1, ID_ENC(0, 5), FIELDS(mpidr) },
	{ "CTR_EL0", read_ctr_el0, SYSREG_ENC(3, 3, 0, 0, 1), FIELDS(ctr) },
	{ "ID_AA64PFR0_EL1", read_id_aa64pfr0_el1, ID_ENC(4, 0), FIELDS(pfr0) },
	{ "ID_AA64PFR1_EL1", read_id_aa64pfr1_el1, ID_ENC(4, 1), FIELDS(pfr1) },
	{ "ID_AA64DFR0_EL1", read_id_aa64dfr0_el1, ID_ENC(5, 0), FIELDS(dfr0) },
	{ "ID_AA64ISAR0_EL1", read_id_aa64isar0_el1, ID_ENC(6, 0), FIELDS(isar0) },
	{ "ID_AA64ISAR1_EL1", read_id_aa64isar1_el1, ID_ENC(6, 1), FIELDS(isar1) },
	{ "ID_AA64ISAR2_EL1", read_isar2, ID_ENC(6, 2), FIELDS(isar2) },
	{ "ID_AA64MMFR0_EL1", read_id_aa64mmfr0_el1, ID_ENC(7, 0), FIELDS(mmfr0) },
	{ "ID_AA64MMFR1_EL1", read_id_aa64mmfr1_el1, ID_ENC(7, 1), FIELDS(mmfr1) },
	{ "ID_AA64MMFR2_EL1", read_id_aa64mmfr2_el1, ID_ENC(7, 2), FIELDS(mmfr2) },
};

/* What @words, "N=word|N=word...", says of @value, its length in *@n; NULL: nothing. */
static const char *word_of(const char *words, uint64_t value, size_t *n)
{
	while (words) {
		const char *end = strchr(words, '|');
		uint64_t of = 0;

		for (; *words != '='; words++)
			of = of * 10 + (uint64_t)(*words - '0');
		words++;
		*n = end ? (size_t)(end - words) : strlen(words);
		if (of == value)
			return words;
		words = end ? end + 1 : NULL;
	}
	return NULL;
}

static void show_field(struct proc_text *t, const struct field *f, uint64_t reg)
{
	uint64_t value = reg << (63 - f->high) >> (63 - f->high + f->low);
	size_t n = 0;
	const char *word = word_of(f->words, value, &n);
	char bits[8];

	if (f->high == f->low)
		snprintf(bits, sizeof(bits), "[%u]", f->low);
	else
		snprintf(bits, sizeof(bits), "[%u:%u]", f->high, f->low);
	proc_printf(t, "  %-12s %-7s 0x%llx", f->name, bits, (unsigned long long)value);
	if (word)
		proc_printf(t, "  %.*s", (int)n, word);
	else if (f->words)
		proc_puts(t, "  not in this table");
	proc_puts(t, "\n");
}

static void show_register(struct proc_text *t, const struct sysreg *r)
{
	uint64_t value = r->read(), el0;
	char symbol[KSYM_TEXT_MAX];

	proc_printf(t, "%s 0x%016llx (cpu %u)", r->name, (unsigned long long)value, cpu_id());
	if (r->enc && idreg_user_value(r->enc, &el0))
		proc_printf(t, ", EL0 reads 0x%016llx", (unsigned long long)el0);
	if (!r->fields) {
		ksym_describe(symbol, sizeof(symbol), (uintptr_t)value, 0);
		proc_printf(t, ", %s", symbol);
	}
	proc_puts(t, "\n");
	for (size_t i = 0; i < r->nr; i++)
		show_field(t, &r->fields[i], value);
}

/* A register a piece: the reader may move to another core between two, but not inside one. */
static int sysregs_show(struct proc_text *t, void *arg, uint64_t *at)
{
	if (*at >= ARRAY_SIZE(sysregs))
		return 0;
	show_register(t, &sysregs[*at]);
	return ++*at < ARRAY_SIZE(sysregs);
}

static struct proc_file sysregs_file = {
	.name = "sysregs",
	.mode = 0400, /* kernel addresses are in it */
	.show = sysregs_show,
	.owner = THIS_OWNER,
};

static int __init sysregs_init(void)
{
	return proc_register(&sysregs_file);
}

static void __exit sysregs_exit(void)
{
	proc_unregister(&sysregs_file);
}

module_init(sysregs_init);
module_exit(sysregs_exit);
MODULE_LICENSE("MIT");
MODULE_DESCRIPTION("/proc/sysregs: system registers, field by field in words");
