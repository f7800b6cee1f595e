/*
 * esr.c - the syndrome register in words: class, then the fields that this class has.
 *
 * Called with an ESR_ELx that was saved at entry, by the dump (el1/panic.c), the trace and the
 * tests.
 * Invariant: every one of the 2^32 values gives a line; what the architecture reserves is said to
 * be so.
 */
#include "trace/esr.h"

#include <stdbool.h>

#include "lib/export.h"
#include "trace/text.h"

static unsigned int bits(uint64_t esr, unsigned int high, unsigned int low)
{
	return (esr >> low) & ((UINT64_C(1) << (high - low + 1)) - 1);
}

static unsigned int bit(uint64_t esr, unsigned int n)
{
	return (esr >> n) & 1;
}

/* @words, if bit @n says so. */
static void add_if(struct text *t, uint64_t esr, unsigned int n, const char *words)
{
	if (bit(esr, n))
		text_add(t, ", %s", words);
}

/* A general register by number; 31 is the zero register wherever an ISS names one. */
static void add_reg(struct text *t, unsigned int n)
{
	if (n == 31)
		text_add(t, "xzr");
	else
		text_add(t, "x%u", n);
}

/* ---- aborts -------------------------------------------------------------------------------- */

#define FOUR_LEVELS(first, what)                                    \
	[first] = "level 0 " what, [(first) + 1] = "level 1 " what, \
	[(first) + 2] = "level 2 " what, [(first) + 3] = "level 3 " what

static const char *const fault_status[64] = {
	FOUR_LEVELS(0x00, "address size fault"),
	FOUR_LEVELS(0x04, "translation fault"),
	FOUR_LEVELS(0x08, "access flag fault"),
	FOUR_LEVELS(0x0c, "permission fault"),
	[0x10] = "synchronous external abort",
	[0x11] = "synchronous tag check fault",
	[0x12] = "level -2 synchronous external abort (translation table walk)",
	[0x13] = "level -1 synchronous external abort (translation table walk)",
	FOUR_LEVELS(0x14, "synchronous external abort (translation table walk)"),
	[0x18] = "synchronous parity or ECC error",
	[0x1b] = "level -1 synchronous parity or ECC error (translation table walk)",
	FOUR_LEVELS(0x1c, "synchronous parity or ECC error (translation table walk)"),
	[0x21] = "alignment fault",
	[0x22] = "level -2 granule protection fault (translation table walk)",
	[0x23] = "level -1 granule protection fault (translation table walk)",
	FOUR_LEVELS(0x24, "granule protection fault (translation table walk)"),
	[0x28] = "granule protection fault",
	[0x29] = "level -1 address size fault",
	[0x2a] = "level -2 translation fault",
	[0x2b] = "level -1 translation fault",
	[0x2c] = "level -2 address size fault",
	[0x30] = "TLB conflict abort",
	[0x31] = "unsupported atomic hardware update",
	[0x34] = "implementation defined fault (lockdown)",
	[0x35] = "implementation defined fault (unsupported exclusive or atomic access)",
	[0x3d] = "section domain fault",
	[0x3e] = "page domain fault",
};

const char *esr_fault_status(unsigned int fsc)
{
	const char *s = fault_status[fsc & 63];

	return s ? s : "reserved fault status";
}
EXPORT(esr_fault_status);

/*
 * SET means something for a synchronous external abort only: what the core knows about its own
 * state.
 */
static void add_error_type(struct text *t, uint64_t esr)
{
	static const char *const set[] = { "recoverable", "reserved severity", "uncontainable",
					   "restartable" };

	if (bits(esr, 5, 0) == 0x10)
		text_add(t, ", %s", set[bits(esr, 12, 11)]);
	add_if(t, esr, 9, "external abort type 1");
}

/* Where and why: the tail that data aborts, instruction aborts and watchpoints share. */
static void add_fault_status(struct text *t, uint64_t esr)
{
	text_add(t, ", %s", esr_fault_status(bits(esr, 5, 0)));
	add_if(t, esr, 7, "on a stage 1 walk");
}

static void iabt(struct text *t, uint64_t esr)
{
	text_add(t, ": fetch");
	add_fault_status(t, esr);
	add_error_type(t, esr);
	add_if(t, esr, 10, "FAR not valid");
}

/* ISV: what the access was, for a hypervisor that has to emulate it. */
static void add_access(struct text *t, uint64_t esr)
{
	static const char *const size[] = { "byte", "halfword", "word", "doubleword" };

	text_add(t, ", %s%s ", bit(esr, 21) ? "sign-extended " : "", size[bits(esr, 23, 22)]);
	add_reg(t, bits(esr, 20, 16));
	add_if(t, esr, 14, "acquire/release");
}

/* ISS2: why a permission fault that the page table's own bits do not explain. */
static void add_iss2(struct text *t, uint64_t esr)
{
	add_if(t, esr, 32 + 5, "dirty state");
	add_if(t, esr, 32 + 6, "overlay permissions");
	add_if(t, esr, 32 + 8, "guarded control stack access");
	add_if(t, esr, 32 + 9, "no tag access");
	add_if(t, esr, 32 + 10, "allocation tag access");
}

static void dabt(struct text *t, uint64_t esr)
{
	text_add(t, ": %s",
		 bit(esr, 8)   ? "cache maintenance or address translation"
		 : bit(esr, 6) ? "write"
			       : "read");
	add_fault_status(t, esr);
	add_error_type(t, esr);
	add_if(t, esr, 10, "FAR not valid");
	add_if(t, esr, 13, "by VNCR_EL2");
	if (bit(esr, 24))
		add_access(t, esr);
	add_iss2(t, esr);
}

/*
 * GPCSC: what the granule protection check itself met, bits 5:2, and at which level of its table.
 */
static const char *granule_status(unsigned int gpcsc)
{
	static const char *const what[16] = {
		[0] = "table address size fault",
		[1] = "table walk fault",
		[3] = "granule protection fault",
		[5] = "external abort on the table",
	};

	return what[gpcsc >> 2] ? what[gpcsc >> 2] : "reserved status";
}

static void gpc(struct text *t, uint64_t esr)
{
	text_add(t, ": %s", bit(esr, 20) ? "fetch" : bit(esr, 6) ? "write" : "read");
	add_fault_status(t, esr);
	text_add(t, ", level %u %s", bits(esr, 15, 14), granule_status(bits(esr, 19, 14)));
	add_if(t, esr, 21, "on a stage 2 walk");
}

/* ---- trapped instructions ------------------------------------------------------------------ */

static void wfx(struct text *t, uint64_t esr)
{
	static const char *const insn[] = { "WFI", "WFE", "WFIT", "WFET" };

	text_add(t, ": %s", insn[bits(esr, 1, 0)]);
	if (bits(esr, 1, 0) >= 2 && bit(esr, 2)) {
		text_add(t, " ");
		add_reg(t, bits(esr, 9, 5));
	}
}

/* AArch32 instructions carry a condition; those of AArch64 always say AL. */
static void add_cond(struct text *t, uint64_t esr)
{
	static const char *const cond[] = { "EQ", "NE", "CS", "CC", "MI", "PL", "VS", "VC",
					    "HI", "LS", "GE", "LT", "GT", "LE", "AL", "NV" };

	if (bit(esr, 24) && bits(esr, 23, 20) != 14)
		text_add(t, ", condition %s", cond[bits(esr, 23, 20)]);
}

static void cp_rt(struct text *t, uint64_t esr)
{
	text_add(t, ": %s %u, r%u, c%u, c%u, %u", bit(esr, 0) ? "MRC" : "MCR", bits(esr, 16, 14),
		 bits(esr, 9, 5), bits(esr, 13, 10), bits(esr, 4, 1), bits(esr, 19, 17));
	add_cond(t, esr);
}

static void cp_rt2(struct text *t, uint64_t esr)
{
	text_add(t, ": %s %u, r%u, r%u, c%u", bit(esr, 0) ? "MRRC" : "MCRR", bits(esr, 19, 16),
		 bits(esr, 9, 5), bits(esr, 14, 10), bits(esr, 4, 1));
	add_cond(t, esr);
}

static void cp_ls(struct text *t, uint64_t esr)
{
	text_add(t, ": %s r%u, %s%u", bit(esr, 0) ? "LDC" : "STC", bits(esr, 9, 5),
		 bit(esr, 4) ? "+" : "-", bits(esr, 19, 12) * 4);
	add_cond(t, esr);
}

static void imm16(struct text *t, uint64_t esr)
{
	text_add(t, " #%#x", bits(esr, 15, 0));
}

static void ls64(struct text *t, uint64_t esr)
{
	static const char *const insn[] = { ": ST64BV", ": ST64BV0", ": LD64B or ST64B" };
	unsigned int n = bits(esr, 24, 0);

	text_add(t, "%s", n < ARRAY_SIZE(insn) ? insn[n] : "");
}

static void add_sysreg(struct text *t, uint32_t enc)
{
	char name[32];

	sysreg_format(name, sizeof(name), enc);
	text_add(t, "%s", name);
}

/* op0 0: MSR (immediate), 1: a system instruction with an operand, 2 and 3: a register. */
static void sys64(struct text *t, uint64_t esr)
{
	unsigned int op0 = bits(esr, 21, 20);
	bool read = ESR_SYS64_READ(esr);

	text_add(t, ": ");
	if (op0 == 0) {
		text_add(t, "MSR ");
		add_sysreg(t, ESR_SYS64_ENC(esr) & ~SYSREG_ENC(0, 0, 0, 15, 0));
		text_add(t, ", #%u", bits(esr, 4, 1));
		return;
	}
	if (op0 >= 2)
		text_add(t, read ? "MRS " : "MSR ");
	if (read) {
		add_reg(t, ESR_SYS64_RT(esr));
		text_add(t, ", ");
	}
	add_sysreg(t, ESR_SYS64_ENC(esr));
	if (!read) {
		text_add(t, ", ");
		add_reg(t, ESR_SYS64_RT(esr));
	}
}

/* The 128-bit forms: a pair of registers, Rt even. */
static void sys128(struct text *t, uint64_t esr)
{
	unsigned int rt = bits(esr, 9, 6) * 2;
	const char *insn = bits(esr, 21, 20) < 2 ? "SYSP" : bit(esr, 0) ? "MRRS" : "MSRR";

	text_add(t, ": %s x%u, x%u, ", insn, rt, rt + 1);
	add_sysreg(t, ESR_SYS64_ENC(esr));
}

static void eret(struct text *t, uint64_t esr)
{
	text_add(t, ": %s", !bit(esr, 1) ? "ERET" : bit(esr, 0) ? "ERETAB" : "ERETAA");
}

static void tstart(struct text *t, uint64_t esr)
{
	text_add(t, " ");
	add_reg(t, bits(esr, 9, 5));
}

static void fpac(struct text *t, uint64_t esr)
{
	text_add(t, ": %s key %c", bit(esr, 1) ? "data" : "instruction", bit(esr, 0) ? 'B' : 'A');
}

static void sme(struct text *t, uint64_t esr)
{
	static const char *const why[8] = {
		"access to SME is disabled",
		"not legal in streaming mode",
		"legal in streaming mode only",
		"ZA is disabled",
		"access to ZT0 is disabled",
		"reserved cause",
		"reserved cause",
		"reserved cause",
	};

	text_add(t, ": %s", why[bits(esr, 2, 0)]);
}

static void bti(struct text *t, uint64_t esr)
{
	text_add(t, ": BTYPE %u%u", bit(esr, 1), bit(esr, 0));
}

static void mops(struct text *t, uint64_t esr)
{
	text_add(t, ": %s, destination x%u, size x%u", bit(esr, 24) ? "SET" : "CPY",
		 bits(esr, 14, 10), bits(esr, 4, 0));
	text_add(t, ", %s, option %c%s", bit(esr, 18) ? "epilogue" : "main",
		 bit(esr, 16) ? 'A' : 'B', bit(esr, 17) ? " (wrong option)" : "");
}

static void gcs(struct text *t, uint64_t esr)
{
	static const char *const what[] = { "data check", "EXLOCK", "GCSSTR or GCSSTTR" };
	unsigned int n = bits(esr, 23, 20);

	text_add(t, ": %s", n < ARRAY_SIZE(what) ? what[n] : "reserved type");
}

/* ---- everything else ----------------------------------------------------------------------- */

static void fp_exc(struct text *t, uint64_t esr)
{
	static const struct {
		unsigned char bit;
		const char *name;
	} flag[] = {
		{ 0, "invalid operation" }, { 1, "division by zero" }, { 2, "overflow" },
		{ 3, "underflow" },	    { 4, "inexact" },	       { 7, "input denormal" },
	};
	const char *sep = ": ";

	if (!bit(esr, 23)) {
		text_add(t, ": which is not known");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(flag); i++)
		if (bit(esr, flag[i].bit)) {
			text_add(t, "%s%s", sep, flag[i].name);
			sep = ", ";
		}
}

static void serror(struct text *t, uint64_t esr)
{
	static const char *const aet[8] = {
		"uncontainable",     "unrecoverable",	  "restartable", "recoverable",
		"reserved severity", "reserved severity", "corrected",	 "reserved severity",
	};

	if (bit(esr, 24)) {
		text_add(t, ": implementation defined syndrome %#x", bits(esr, 23, 0));
		return;
	}
	if (bits(esr, 5, 0) != 0x11) {
		text_add(t, ": %s", bits(esr, 5, 0) ? "reserved syndrome" : "uncategorized");
		return;
	}
	text_add(t, ": asynchronous, %s%s", aet[bits(esr, 12, 10)],
		 bit(esr, 13) ? ", synchronised by an implicit barrier" : "");
}

static void softstep(struct text *t, uint64_t esr)
{
	if (bit(esr, 24))
		text_add(t, ": stepped %s", bit(esr, 6) ? "a load-exclusive" : "one instruction");
}

static void watchpt(struct text *t, uint64_t esr)
{
	text_add(t, ": %s", bit(esr, 8) ? "cache maintenance" : bit(esr, 6) ? "write" : "read");
	if (bit(esr, 17))
		text_add(t, ", watchpoint %u", bits(esr, 23, 18));
	add_if(t, esr, 10, "FAR not valid");
}

/* name: Linux's; words: ours, in full; iss: adds the fields. */
static const struct exception_class {
	const char *name;
	const char *words;
	void (*iss)(struct text *t, uint64_t esr);
} classes[64] = {
	[0x00] = { "Unknown/Uncategorized", "undefined instruction (or unknown reason)", NULL },
	[0x01] = { "WFI/WFE", "wait instruction trapped", wfx },
	[0x03] = { "CP15 MCR/MRC", "AArch32 CP15 access trapped", cp_rt },
	[0x04] = { "CP15 MCRR/MRRC", "AArch32 CP15 access trapped", cp_rt2 },
	[0x05] = { "CP14 MCR/MRC", "AArch32 CP14 access trapped", cp_rt },
	[0x06] = { "CP14 LDC/STC", "AArch32 CP14 access trapped", cp_ls },
	[0x07] = { "ASIMD", "FP or SIMD access trapped", add_cond },
	[0x08] = { "CP10 MRC/VMRS", "AArch32 VMRS trapped", cp_rt },
	[0x09] = { "PAC", "pointer authentication instruction or key trapped", NULL },
	[0x0a] = { "LS64", "64-byte load or store trapped", ls64 },
	[0x0c] = { "CP14 MCRR/MRRC", "AArch32 CP14 access trapped", cp_rt2 },
	[0x0d] = { "BTI", "branch target exception", bti },
	[0x0e] = { "PSTATE.IL", "illegal execution state", NULL },
	[0x11] = { "SVC (AArch32)", "AArch32 SVC", imm16 },
	[0x12] = { "HVC (AArch32)", "AArch32 HVC", imm16 },
	[0x13] = { "SMC (AArch32)", "AArch32 SMC", NULL },
	[0x14] = { "MSRR/MRRS (AArch64)", "128-bit system register access trapped", sys128 },
	[0x15] = { "SVC (AArch64)", "SVC", imm16 },
	[0x16] = { "HVC (AArch64)", "HVC", imm16 },
	[0x17] = { "SMC (AArch64)", "SMC", imm16 },
	[0x18] = { "MSR/MRS (AArch64)", "system register access trapped", sys64 },
	[0x19] = { "SVE", "SVE access trapped", NULL },
	[0x1a] = { "ERET/ERETAA/ERETAB", "exception return trapped", eret },
	[0x1b] = { "TSTART", "TSTART trapped", tstart },
	[0x1c] = { "FPAC", "pointer authentication failed", fpac },
	[0x1d] = { "SME", "SME access trapped", sme },
	[0x1e] = { "GPC", "granule protection check exception", gpc },
	[0x1f] = { "EL3 IMP DEF", "implementation defined exception to EL3", NULL },
	[0x20] = { "IABT (lower EL)", "instruction abort from a lower EL", iabt },
	[0x21] = { "IABT (current EL)", "instruction abort from the current EL", iabt },
	[0x22] = { "PC Alignment", "misaligned PC", NULL },
	[0x24] = { "DABT (lower EL)", "data abort from a lower EL", dabt },
	[0x25] = { "DABT (current EL)", "data abort from the current EL", dabt },
	[0x26] = { "SP Alignment", "misaligned SP", NULL },
	[0x27] = { "MOPS", "memory copy or set exception", mops },
	[0x28] = { "FP (AArch32)", "AArch32 floating-point exception", fp_exc },
	[0x2c] = { "FP (AArch64)", "floating-point exception", fp_exc },
	[0x2d] = { "Guarded Control Stack", "guarded control stack exception", gcs },
	[0x2f] = { "SError", "SError interrupt", serror },
	[0x30] = { "Breakpoint (lower EL)", "breakpoint from a lower EL", NULL },
	[0x31] = { "Breakpoint (current EL)", "breakpoint from the current EL", NULL },
	[0x32] = { "Software Step (lower EL)", "software step from a lower EL", softstep },
	[0x33] = { "Software Step (current EL)", "software step from the current EL", softstep },
	[0x34] = { "Watchpoint (lower EL)", "watchpoint from a lower EL", watchpt },
	[0x35] = { "Watchpoint (current EL)", "watchpoint from the current EL", watchpt },
	[0x38] = { "BKPT (AArch32)", "AArch32 BKPT", imm16 },
	[0x3a] = { "Vector catch (AArch32)", "AArch32 vector catch", NULL },
	[0x3c] = { "BRK (AArch64)", "BRK", imm16 },
	[0x3d] = { "PMU", "profiling exception", NULL },
};

static const struct exception_class *exception_class_of(uint64_t esr)
{
	static const struct exception_class reserved = { "UNRECOGNIZED EC",
							 "reserved exception class", NULL };
	const struct exception_class *c = &classes[bits(esr, 31, 26)];

	return c->name ? c : &reserved;
}

const char *esr_class(uint64_t esr)
{
	return exception_class_of(esr)->name;
}
EXPORT(esr_class);

int esr_describe(char *buf, size_t n, uint64_t esr)
{
	const struct exception_class *c = exception_class_of(esr);
	struct text t;

	text_init(&t, buf, n);
	text_add(&t, "%s", c->words);
	if (c->iss)
		c->iss(&t, esr);
	return (int)t.len;
}
EXPORT(esr_describe);
