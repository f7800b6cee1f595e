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

/* @words: "0=off|1=on"; NULL: a number in hexadecimal. */
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

#define BIT_FIELD(name, n, words) \
	{                         \
		name, n, n, words \
	}
#define ID_FIELD4(name, low, words)         \
	{                                   \
		name, (low) + 3, low, words \
	}
#define OFF_ON	 "0=off|1=on"
#define TRAP_EL0 "0=traps at EL0|1=EL0 may"
#define THERE	 "0=not there|1=there"

static const struct field sctlr[] = {
	BIT_FIELD("M", 0, "0=stage 1 translation off|1=stage 1 translation on"),
	BIT_FIELD("A", 1, "0=alignment is not checked|1=alignment is checked"),
	BIT_FIELD("C", 2, "0=data is not cached|1=data is cached"),
	BIT_FIELD("SA", 3, "0=SP at EL1 is not checked|1=SP at EL1 is checked for alignment"),
	BIT_FIELD("SA0", 4, "0=SP at EL0 is not checked|1=SP at EL0 is checked for alignment"),
	BIT_FIELD("nAA", 6, "0=unaligned acquire and release fault|1=they may be unaligned"),
	BIT_FIELD("SED", 8, "0=SETEND at EL0|1=SETEND is undefined at EL0"),
	BIT_FIELD("UMA", 9, "0=DAIF traps at EL0|1=EL0 may change DAIF"),
	BIT_FIELD("EnRCTX", 10, TRAP_EL0),
	BIT_FIELD("EOS", 11,
		  "0=an exception return is no context synchronization|1=an exception "
		  "return is a context synchronization event"),
	BIT_FIELD("I", 12, "0=instructions are not cached|1=instructions are cached"),
	BIT_FIELD("DZE", 14, "0=DC ZVA traps at EL0|1=EL0 may DC ZVA"),
	BIT_FIELD("UCT", 15, "0=CTR_EL0 traps at EL0|1=EL0 may read CTR_EL0"),
	BIT_FIELD("nTWI", 16, "0=WFI traps at EL0|1=EL0 may WFI"),
	BIT_FIELD("nTWE", 18, "0=WFE traps at EL0|1=EL0 may WFE"),
	BIT_FIELD("WXN", 19,
		  "0=writable memory may be executable|1=writable memory is never executable"),
	BIT_FIELD("TSCXT", 20, "0=EL0 may use SCXTNUM_EL0|1=SCXTNUM_EL0 traps at EL0"),
	BIT_FIELD("IESB", 21, "0=no implicit error barrier|1=an error barrier at each exception"),
	BIT_FIELD("EIS", 22,
		  "0=taking an exception is no context synchronization|1=taking an "
		  "exception is a context synchronization event"),
	BIT_FIELD("SPAN", 23, "0=an exception to EL1 sets PAN|1=an exception leaves PAN as it is"),
	BIT_FIELD("E0E", 24, "0=EL0 is little-endian|1=EL0 is big-endian"),
	BIT_FIELD("EE", 25, "0=EL1 is little-endian|1=EL1 is big-endian"),
	BIT_FIELD("UCI", 26, "0=cache maintenance traps at EL0|1=EL0 may maintain caches"),
	BIT_FIELD("EnDA", 27, OFF_ON),
	BIT_FIELD("nTLSMD", 28, "0=unusual LDM and STM trap|1=they do not"),
	BIT_FIELD("LSMAOE", 29, "0=LDM and STM are not ordered|1=LDM and STM are ordered"),
	BIT_FIELD("EnIB", 30, OFF_ON),
	BIT_FIELD("EnIA", 31, OFF_ON),
	BIT_FIELD("BT0", 35, OFF_ON),
	BIT_FIELD("BT1", 36, OFF_ON),
	BIT_FIELD("ITFSB", 37,
		  "0=tag faults are not waited for|1=tag faults are there at each exception"),
	BIT_FIELD("DSSBS", 44, "0=an exception clears SSBS|1=an exception sets SSBS"),
	BIT_FIELD("EPAN", 57,
		  "0=PAN is about what EL0 reads|1=PAN is about what EL0 executes, too"),
};

#define CACHED                                                                             \
	"0=walks not cached|1=walks write-back, allocating|2=walks write-through|3=walks " \
	"write-back"
#define SHARED	"0=not shareable|2=outer shareable|3=inner shareable"
#define IGNORED "0=the top byte is a part of the address|1=the top byte is ignored"

static const struct field tcr[] = {
	{ "T0SZ", 5, 0, NULL },
	BIT_FIELD("EPD0", 7, "0=TTBR0_EL1 is walked|1=TTBR0_EL1 is not walked"),
	{ "IRGN0", 9, 8, CACHED },
	{ "ORGN0", 11, 10, CACHED },
	{ "SH0", 13, 12, SHARED },
	{ "TG0", 15, 14, "0=4 KiB pages|1=64 KiB pages|2=16 KiB pages" },
	{ "T1SZ", 21, 16, NULL },
	BIT_FIELD("A1", 22, "0=the ASID is TTBR0_EL1's|1=the ASID is TTBR1_EL1's"),
	BIT_FIELD("EPD1", 23, "0=TTBR1_EL1 is walked|1=TTBR1_EL1 is not walked"),
	{ "IRGN1", 25, 24, CACHED },
	{ "ORGN1", 27, 26, CACHED },
	{ "SH1", 29, 28, SHARED },
	{ "TG1", 31, 30, "1=16 KiB pages|2=4 KiB pages|3=64 KiB pages" },
	{ "IPS", 34, 32,
	  "0=32-bit physical addresses|1=36-bit physical addresses|2=40-bit physical "
	  "addresses|3=42-bit physical addresses|4=44-bit physical addresses|5=48-bit "
	  "physical addresses|6=52-bit physical addresses" },
	BIT_FIELD("AS", 36, "0=8-bit ASIDs|1=16-bit ASIDs"),
	BIT_FIELD("TBI0", 37, IGNORED),
	BIT_FIELD("TBI1", 38, IGNORED),
	BIT_FIELD("HA", 39, "0=software keeps the Access flag|1=hardware sets the Access flag"),
	BIT_FIELD("HD", 40, "0=software keeps the dirty state|1=hardware keeps the dirty state"),
	BIT_FIELD("E0PD0", 55, "0=EL0 may walk by TTBR0_EL1|1=EL0 faults without a walk"),
	BIT_FIELD("E0PD1", 56, "0=EL0's accesses by TTBR1_EL1 walk|1=EL0 faults without a walk"),
};

static const struct field ttbr[] = {
	{ "CnP", 0, 0, "0=this core's own|1=shared with other cores" },
	{ "BADDR", 47, 1, NULL },
	{ "ASID", 63, 48, NULL },
};

#define MEMORY                                                                              \
	"0=Device-nGnRnE|4=Device-nGnRE|8=Device-nGRE|12=Device-GRE|68=Normal, not cached|" \
	"187=Normal, write-through, allocating|255=Normal, write-back, allocating"

static const struct field mair[] = {
	{ "Attr0", 7, 0, MEMORY },   { "Attr1", 15, 8, MEMORY },  { "Attr2", 23, 16, MEMORY },
	{ "Attr3", 31, 24, MEMORY }, { "Attr4", 39, 32, MEMORY }, { "Attr5", 47, 40, MEMORY },
	{ "Attr6", 55, 48, MEMORY }, { "Attr7", 63, 56, MEMORY },
};

static const struct field midr[] = {
	{ "Revision", 3, 0, NULL },
	{ "PartNum", 15, 4,
	  "3331=Cortex-A53|3333=Cortex-A55|3335=Cortex-A57|3336=Cortex-A72|3339=Cortex-A75|"
	  "3339=Cortex-A75|3341=Cortex-A76|3340=Neoverse-N1" },
	{ "Architecture", 19, 16, "15=the ID registers say it" },
	{ "Variant", 23, 20, NULL },
	{ "Implementer", 31, 24, "0=software|65=Arm|66=Broadcom|67=Cavium|81=Qualcomm|97=Apple" },
};

static const struct field mpidr[] = {
	{ "Aff0", 7, 0, NULL },
	{ "Aff1", 15, 8, NULL },
	{ "Aff2", 23, 16, NULL },
	BIT_FIELD("MT", 24, "0=Aff0 are cores|1=Aff0 are threads of a core"),
	BIT_FIELD("U", 30, "0=one of several cores|1=the only core"),
	{ "Aff3", 39, 32, NULL },
};

#define LEVEL "0=not there|1=AArch64|2=AArch64 and AArch32"

static const struct field pfr0[] = {
	ID_FIELD4("EL0", 0, LEVEL),
	ID_FIELD4("EL1", 4, LEVEL),
	ID_FIELD4("EL2", 8, LEVEL),
	ID_FIELD4("EL3", 12, LEVEL),
	ID_FIELD4("FP", 16, "0=there|1=there, with half precision|15=not there"),
	ID_FIELD4("AdvSIMD", 20, "0=there|1=there, with half precision|15=not there"),
	ID_FIELD4("GIC", 24, "0=no system registers|1=system registers of GICv3|3=of GICv4.1"),
	ID_FIELD4("RAS", 28, THERE "|2=version 1.1|3=version 2"),
	ID_FIELD4("SVE", 32, THERE),
	ID_FIELD4("SEL2", 36, THERE),
	ID_FIELD4("MPAM", 40, NULL),
	ID_FIELD4("AMU", 44, THERE "|2=version 1.1"),
	ID_FIELD4("DIT", 48, THERE),
	ID_FIELD4("RME", 52, THERE),
	ID_FIELD4("CSV2", 56,
		  "0=not said|1=branches of others are not followed|2=and SCXTNUM_ELx|3=and by "
		  "version 1.2"),
	ID_FIELD4("CSV3", 60, "0=not said|1=no data of a faulting load is speculated on"),
};

static const struct field pfr1[] = {
	ID_FIELD4("BT", 0, THERE),
	ID_FIELD4("SSBS", 4, "0=not there|1=PSTATE.SSBS|2=and MSR, MRS to it"),
	ID_FIELD4("MTE", 8,
		  "0=not there|1=instructions alone|2=with tags in memory|3=and asymmetric faults"),
	ID_FIELD4("RAS_frac", 12, NULL),
	ID_FIELD4("MPAM_frac", 16, NULL),
	ID_FIELD4("SME", 24, THERE "|2=SME2"),
	ID_FIELD4("RNDR_trap", 28, THERE),
	ID_FIELD4("CSV2_frac", 32, NULL),
	ID_FIELD4("NMI", 36, THERE),
};

static const struct field dfr0[] = {
	ID_FIELD4("DebugVer", 0,
		  "6=Armv8|7=Armv8 with VHE|8=Armv8.2|9=Armv8.4|10=Armv8.8|11=Armv8.9"),
	ID_FIELD4("TraceVer", 4, THERE),
	ID_FIELD4("PMUVer", 8,
		  "0=not there|1=PMUv3|4=PMUv3 of Armv8.1|5=of Armv8.4|6=of Armv8.5|7=of "
		  "Armv8.7|8=of Armv8.8|15=not an architected one"),
	ID_FIELD4("BRPs", 12, NULL),
	ID_FIELD4("WRPs", 20, NULL),
	ID_FIELD4("CTX_CMPs", 28, NULL),
	ID_FIELD4("PMSVer", 32, NULL),
	ID_FIELD4("DoubleLock", 36, "0=there|15=not there"),
	ID_FIELD4("TraceFilt", 40, THERE),
	ID_FIELD4("TraceBuffer", 44, THERE),
};

static const struct field isar0[] = {
	ID_FIELD4("AES", 4, THERE "|2=and PMULL"),
	ID_FIELD4("SHA1", 8, THERE),
	ID_FIELD4("SHA2", 12, "0=not there|1=SHA256|2=and SHA512"),
	ID_FIELD4("CRC32", 16, THERE),
	ID_FIELD4("Atomic", 20, "0=not there|2=there|3=and 128 bits"),
	ID_FIELD4("RDM", 28, THERE),
	ID_FIELD4("SHA3", 32, THERE),
	ID_FIELD4("SM3", 36, THERE),
	ID_FIELD4("SM4", 40, THERE),
	ID_FIELD4("DP", 44, THERE),
	ID_FIELD4("FHM", 48, THERE),
	ID_FIELD4("TS", 52, "0=not there|1=CFINV, RMIF, SETF|2=and AXFLAG, XAFLAG"),
	ID_FIELD4("TLB", 56, "0=not there|1=outer shareable TLBI|2=and by range"),
	ID_FIELD4("RNDR", 60, THERE),
};

#define PAUTH "0=not there|1=there|2=EPAC|3=PAuth2|4=FPAC|5=FPACCOMBINE"

static const struct field isar1[] = {
	ID_FIELD4("DPB", 0, "0=not there|1=DC CVAP|2=and DC CVADP"),
	ID_FIELD4("APA", 4, PAUTH),
	ID_FIELD4("API", 8, PAUTH),
	ID_FIELD4("JSCVT", 12, THERE),
	ID_FIELD4("FCMA", 16, THERE),
	ID_FIELD4("LRCPC", 20, "0=not there|1=LDAPR|2=and LDAPUR|3=and pairs"),
	ID_FIELD4("GPA", 24, THERE),
	ID_FIELD4("GPI", 28, THERE),
	ID_FIELD4("FRINTTS", 32, THERE),
	ID_FIELD4("SB", 36, THERE),
	ID_FIELD4("SPECRES", 40, THERE "|2=and COSP"),
	ID_FIELD4("BF16", 44, THERE "|2=extended"),
	ID_FIELD4("DGH", 48, THERE),
	ID_FIELD4("I8MM", 52, THERE),
	ID_FIELD4("XS", 56, THERE),
	ID_FIELD4("LS64", 60, NULL),
};

static const struct field isar2[] = {
	ID_FIELD4("WFxT", 0, "0=not there|2=there"),
	ID_FIELD4("RPRES", 4, THERE),
	ID_FIELD4("GPA3", 8, THERE),
	ID_FIELD4("APA3", 12, PAUTH),
	ID_FIELD4("MOPS", 16, THERE),
	ID_FIELD4("BC", 20, THERE),
	ID_FIELD4("PAC_frac", 24, NULL),
	ID_FIELD4("CLRBHB", 28, THERE),
	ID_FIELD4("RPRFM", 48, THERE),
	ID_FIELD4("CSSC", 52, THERE),
};

static const struct field mmfr0[] = {
	ID_FIELD4(
		"PARange", 0,
		"0=32 bits|1=36 bits|2=40 bits|3=42 bits|4=44 bits|5=48 bits|6=52 bits|7=56 bits"),
	ID_FIELD4("ASIDBits", 4, "0=8 bits|2=16 bits"),
	ID_FIELD4("BigEnd", 8, THERE),
	ID_FIELD4("SNSMem", 12, THERE),
	ID_FIELD4("BigEndEL0", 16, THERE),
	ID_FIELD4("TGran16", 20, THERE "|2=with 52 bits"),
	ID_FIELD4("TGran64", 24, "0=there|15=not there"),
	ID_FIELD4("TGran4", 28, "0=there|1=with 52 bits|15=not there"),
	ID_FIELD4("ExS", 44, THERE),
	ID_FIELD4("FGT", 56, THERE "|2=FGT2"),
	ID_FIELD4("ECV", 60, THERE "|2=and CNTPOFF_EL2"),
};

static const struct field mmfr1[] = {
	ID_FIELD4("HAFDBS", 0, "0=not there|1=Access flag|2=and dirty state|3=and of tables"),
	ID_FIELD4("VMIDBits", 4, "0=8 bits|2=16 bits"),
	ID_FIELD4("VH", 8, THERE),
	ID_FIELD4("HPDS", 12, THERE "|2=and hardware use of bits"),
	ID_FIELD4("LO", 16, THERE),
	ID_FIELD4("PAN", 20, "0=not there|1=there|2=and AT S1E1RP|3=and EPAN"),
	ID_FIELD4("SpecSEI", 24, THERE),
	ID_FIELD4("XNX", 28, THERE),
	ID_FIELD4("TWED", 32, THERE),
	ID_FIELD4("ETS", 36, NULL),
	ID_FIELD4("HCX", 40, THERE),
	ID_FIELD4("AFP", 44, THERE),
	ID_FIELD4("nTLBPA", 48, THERE),
	ID_FIELD4("TIDCP1", 52, THERE),
	ID_FIELD4("CMOW", 56, THERE),
	ID_FIELD4("ECBHB", 60, "0=an exception leaves the branch history|1=an exception clears it"),
};

static const struct field mmfr2[] = {
	ID_FIELD4("CnP", 0, THERE),
	ID_FIELD4("UAO", 4, THERE),
	ID_FIELD4("LSM", 8, THERE),
	ID_FIELD4("IESB", 12, THERE),
	ID_FIELD4("VARange", 16, "0=48 bits|1=52 bits with 64 KiB pages|2=56 bits"),
	ID_FIELD4("CCIDX", 20, "0=32-bit CCSIDR_EL1|1=64-bit CCSIDR_EL1"),
	ID_FIELD4("NV", 24, THERE "|2=and by memory"),
	ID_FIELD4("ST", 28, THERE),
	ID_FIELD4("AT", 32, THERE),
	ID_FIELD4("IDS", 36, THERE),
	ID_FIELD4("FWB", 40, THERE),
	ID_FIELD4("TTL", 48, THERE),
	ID_FIELD4("BBM", 52, "0=level 0|1=level 1|2=level 2"),
	ID_FIELD4("EVT", 56, THERE "|2=and TTLBIS"),
	ID_FIELD4("E0PD", 60, THERE),
};

static const struct field ctr[] = {
	{ "IminLine", 3, 0, NULL },
	{ "L1Ip", 15, 14, "0=by VMID|1=by ASID|2=by virtual address|3=by physical address" },
	{ "DminLine", 19, 16, NULL },
	{ "ERG", 23, 20, NULL },
	{ "CWG", 27, 24, NULL },
	BIT_FIELD("IDC", 28, "0=data must be cleaned for instructions|1=data need not be cleaned"),
	BIT_FIELD("DIC", 29, "0=instructions must be invalidated|1=they need not be invalidated"),
};

/* A register's encoding is part of the instruction, so each has a function of its own. */
#define READER(reg)                      \
	static uint64_t read_##reg(void) \
	{                                \
		return READ_SYSREG(reg); \
	}
READER(sctlr_el1)
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
