/*
 * sysregs.c - every encoding of MRS, MSR and SYS, executed at EL0: 131072 instructions.
 *
 * What EL0 may do is in a table of ranges, from the Arm ARM and from what Linux/arm64 gives to EL0;
 * every other encoding must end in SIGILL.  Reads of the ID space are emulated (HWCAP_CPUID): the
 * fields shown must be those that Linux shows. The instructions are written into memory that is
 * then made executable, so the sweep needs mprotect(2) and coherent instruction fetch too.
 */
#include "abi/auxv.h"
#include "abi/mman.h"
#include "abi/signal.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/code.h"
#include "tests/el0/tap.h"

/* One encoding of the system instruction space: op0:2 op1:3 CRn:4 CRm:4 op2:3 */
#define ENC(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
/* mrs x0, … or sysl x0, … */
#define MRS(enc)		     (0xd5200000u | (uint32_t)(enc) << 5)
/* msr …, x0 or sys …, x0 */
#define MSR(enc)		     (0xd5000000u | (uint32_t)(enc) << 5)
#define ENCODINGS		     0x10000

static volatile int last_signal;
static volatile uint64_t last_pc, last_addr;

/* Go on behind the instruction: x30 still holds the return address of the call to it. */
static void handler(int sig, struct siginfo *info, struct ucontext *uc)
{
	last_signal = sig;
	last_pc = uc->uc_mcontext.pc;
	last_addr = info->fault.addr;
	uc->uc_mcontext.pc = uc->uc_mcontext.regs[30];
}

static uint64_t call(const uint32_t *code, uint64_t x0)
{
	register uint64_t a __asm__("x0") = x0;

	last_signal = 0;
	__asm__ volatile("blr %1" : "+r"(a) : "r"(code) : "x30", "memory", "cc");
	return a;
}

/* Code that consists of one instruction and RET for every encoding. */
static const uint32_t *make_code(uint32_t (*insn)(uint32_t enc))
{
	long p = svc_mmap(0, ENCODINGS * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	uint32_t *code = (uint32_t *)p;

	if (p < 0)
		return NULL;
	for (uint32_t enc = 0; enc < ENCODINGS; enc++) {
		code[2 * enc] = insn(enc);
		code[2 * enc + 1] = INSN_RET;
	}
	sync_code(code, ENCODINGS * 8);
	return svc_mprotect((uintptr_t)p, ENCODINGS * 8, PROT_READ | PROT_EXEC) ? NULL : code;
}

static uint32_t read_insn(uint32_t enc)
{
	return MRS(enc);
}

static uint32_t write_insn(uint32_t enc)
{
	return MSR(enc);
}

/*
 * What EL0 may do, beside the emulated ID space.  Those of optional features may also be undefined.
 */
static const struct {
	uint32_t enc;
	bool read, write, optional;
	const char *name;
} allowed[] = {
	{ ENC(3, 3, 0, 0, 1), true, false, false, "CTR_EL0" },
	{ ENC(3, 3, 0, 0, 7), true, false, false, "DCZID_EL0" },
	{ ENC(3, 3, 4, 2, 0), true, true, false, "NZCV" },
	{ ENC(3, 3, 4, 4, 0), true, true, false, "FPCR" },
	{ ENC(3, 3, 4, 4, 1), true, true, false, "FPSR" },
	{ ENC(3, 3, 9, 14, 0), true, false, true, "PMUSERENR_EL0" }, /* a guest has no PMU */
	{ ENC(3, 3, 13, 0, 2), true, true, false, "TPIDR_EL0" },
	{ ENC(3, 3, 13, 0, 3), true, false, false, "TPIDRRO_EL0" },
	{ ENC(3, 3, 14, 0, 0), true, false, false, "CNTFRQ_EL0" },
	{ ENC(3, 3, 14, 0, 2), true, false, false, "CNTVCT_EL0" },
	{ ENC(3, 3, 14, 0, 6), true, false, true, "CNTVCTSS_EL0" },
	{ ENC(3, 3, 2, 4, 0), true, false, true, "RNDR" },
	{ ENC(3, 3, 2, 4, 1), true, false, true, "RNDRRS" },
	{ ENC(3, 3, 4, 2, 5), true, true, true, "DIT" },
	{ ENC(3, 3, 4, 2, 6), true, true, true, "SSBS" },
	{ ENC(3, 3, 4, 2, 7), true, true, true, "TCO" },
	{ ENC(1, 3, 7, 4, 1), false, true, false, "DC ZVA" },
	{ ENC(1, 3, 7, 5, 1), false, true, false, "IC IVAU" },
	{ ENC(1, 3, 7, 10, 1), false, true, false, "DC CVAC" },
	{ ENC(1, 3, 7, 11, 1), false, true, false, "DC CVAU" },
	{ ENC(1, 3, 7, 14, 1), false, true, false, "DC CIVAC" },
	{ ENC(1, 3, 7, 4, 3), false, true, true, "DC GVA" },
	{ ENC(1, 3, 7, 4, 4), false, true, true, "DC GZVA" },
	{ ENC(1, 3, 7, 10, 3), false, true, true, "DC CGVAC" },
	{ ENC(1, 3, 7, 10, 5), false, true, true, "DC CGDVAC" },
	{ ENC(1, 3, 7, 12, 1), false, true, true, "DC CVAP" },
	{ ENC(1, 3, 7, 12, 3), false, true, true, "DC CGVAP" },
	{ ENC(1, 3, 7, 12, 5), false, true, true, "DC CGDVAP" },
	{ ENC(1, 3, 7, 13, 1), false, true, true, "DC CVADP" },
	{ ENC(1, 3, 7, 13, 3), false, true, true, "DC CGVADP" },
	{ ENC(1, 3, 7, 13, 5), false, true, true, "DC CGDVADP" },
	{ ENC(1, 3, 7, 14, 3), false, true, true, "DC CIGVAC" },
	{ ENC(1, 3, 7, 14, 5), false, true, true, "DC CIGDVAC" },
	{ ENC(0, 3, 1, 0, 0), false, true, true, "WFET" },
	{ ENC(0, 3, 1, 0, 1), false, true, true, "WFIT" },
};

static uint64_t scratch[1024] __attribute__((aligned(4096)));

/* ID registers: Linux emulates S3_0_C0_C0_{0,5,6} and all of S3_0_C0_C2_0 to S3_0_C0_C7_7. */
static bool id_space(uint32_t enc)
{
	uint32_t crm = enc >> 3 & 15, op2 = enc & 7;

	if (enc >> 7 != ENC(3, 0, 0, 0, 0) >> 7)
		return false;
	return crm == 0 ? op2 == 0 || op2 == 5 || op2 == 6 : crm >= 2 && crm <= 7;
}

static void check_outcome(uint32_t enc, bool write)
{
	int want = !write && id_space(enc) ? 0 : SIGILL, or_want = want;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (allowed[i].enc != enc || !(write ? allowed[i].write : allowed[i].read))
			continue;
		want = 0;
		or_want = allowed[i].optional ? SIGILL : 0;
	}
	check_one_of(last_signal, want, or_want, "%s S%u_%u_C%u_C%u_%u: signal",
		     write ? "write" : "read", enc >> 14, enc >> 11 & 7, enc >> 7 & 15,
		     enc >> 3 & 15, enc & 7);
	if (last_signal)
		check((long)last_pc, (long)last_addr, "si_addr is where it happened");
}

static void sweep(const uint32_t *code, bool write)
{
	expect(code != NULL, "no memory, or mprotect failed");
	for (uint32_t enc = 0; code && enc < ENCODINGS; enc++) {
		call(code + 2 * enc, (uint64_t)scratch);
		check_outcome(enc, write);
		/* what such a write left must not disturb what follows */
		__asm__ volatile("msr tpidr_el0, xzr\n\tmsr fpcr, xzr\n\tmsr fpsr, xzr");
	}
}

static const uint32_t *reads;

static uint64_t id_register(uint32_t crm, uint32_t op2)
{
	return call(reads + 2 * ENC(3, 0, 0, crm, op2), 0);
}

/* What a program learns from AT_HWCAP and from an ID register must be the same. */
static const struct {
	uint64_t hwcap;
	uint32_t crm, op2, shift, min;
	const char *name;
} features[] = {
	{ HWCAP_AES, 6, 0, 4, 1, "AES" },
	{ HWCAP_PMULL, 6, 0, 4, 2, "PMULL" },
	{ HWCAP_SHA1, 6, 0, 8, 1, "SHA1" },
	{ HWCAP_SHA2, 6, 0, 12, 1, "SHA2" },
	{ HWCAP_SHA512, 6, 0, 12, 2, "SHA512" },
	{ HWCAP_CRC32, 6, 0, 16, 1, "CRC32" },
	{ HWCAP_ATOMICS, 6, 0, 20, 2, "ATOMICS" },
	{ HWCAP_ASIMDRDM, 6, 0, 28, 1, "ASIMDRDM" },
	{ HWCAP_SHA3, 6, 0, 32, 1, "SHA3" },
	{ HWCAP_SM3, 6, 0, 36, 1, "SM3" },
	{ HWCAP_SM4, 6, 0, 40, 1, "SM4" },
	{ HWCAP_ASIMDDP, 6, 0, 44, 1, "ASIMDDP" },
	{ HWCAP_ASIMDFHM, 6, 0, 48, 1, "ASIMDFHM" },
	{ HWCAP_FLAGM, 6, 0, 52, 1, "FLAGM" },
	{ HWCAP_DCPOP, 6, 1, 0, 1, "DCPOP" },
	{ HWCAP_JSCVT, 6, 1, 12, 1, "JSCVT" },
	{ HWCAP_FCMA, 6, 1, 16, 1, "FCMA" },
	{ HWCAP_LRCPC, 6, 1, 20, 1, "LRCPC" },
	{ HWCAP_ILRCPC, 6, 1, 20, 2, "ILRCPC" },
	{ HWCAP_SB, 6, 1, 36, 1, "SB" },
	{ HWCAP_SVE, 4, 0, 32, 1, "SVE" },
	{ HWCAP_DIT, 4, 0, 48, 1, "DIT" },
	{ HWCAP_USCAT, 7, 2, 32, 1, "USCAT" },
};

static void check_id_registers(void)
{
	uint64_t hwcap = getauxval(AT_HWCAP), pfr0 = id_register(4, 0);

	begin("ID registers: masked, and of one mind with AT_HWCAP");
	check((long)id_register(0, 5), 0x80000000, "MPIDR_EL1 tells no core's number");
	check((long)(pfr0 & 0xff), 0x11, "ID_AA64PFR0_EL1: EL0 and EL1");
	check((long)(pfr0 >> 8 & 0xff), 0, "ID_AA64PFR0_EL1: EL2 and EL3 are not shown");
	check((long)(pfr0 >> 24 & 0xf), 0, "ID_AA64PFR0_EL1: the GIC is not shown");
	check((pfr0 >> 16 & 0xf) != 0xf, !!(hwcap & HWCAP_FP), "FP");
	check((pfr0 >> 20 & 0xf) != 0xf, !!(hwcap & HWCAP_ASIMD), "ASIMD");
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		check((id_register(features[i].crm, features[i].op2) >> features[i].shift & 0xf) >=
			      features[i].min,
		      !!(hwcap & features[i].hwcap), "%s", features[i].name);
	end();
}

static uint32_t word;

static void run_word(void)
{
	uint32_t code[2] = { word, INSN_RET };
	long page = svc_mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy((void *)page, code, sizeof(code));
	sync_code((void *)page, sizeof(code));
	svc_mprotect((uintptr_t)page, 4096, PROT_READ | PROT_EXEC);
	for (int sig = 1; sig < 32; sig++)
		default_signal(sig);
	call((const uint32_t *)page, 0);
	exit(0);
}

static void single_words(void)
{
	static const struct {
		uint32_t word;
		int status;
		const char *name;
	} words[] = {
		{ 0x00000000, SIGILL, "udf #0" },
		{ 0x0000ffff, SIGILL, "udf #0xffff" },
		{ 0xd4000002, SIGILL, "hvc #0" },
		{ 0xd41fffe2, SIGILL, "hvc #0xffff" },
		{ 0xd4000003, SIGILL, "smc #0" },
		{ 0xd41fffe3, SIGILL, "smc #0xffff" },
		{ 0xd4200000, SIGTRAP, "brk #0" },
		{ 0xd43fffe0, SIGTRAP, "brk #0xffff" },
		{ 0xd4400000, SIGILL, "hlt #0" },
		{ 0xd45e0000, SIGILL, "hlt #0xf000 (semihosting)" },
		{ 0xd4a00001, SIGILL, "dcps1" },
		{ 0xd4a00002, SIGILL, "dcps2" },
		{ 0xd4a00003, SIGILL, "dcps3" },
		{ 0xd69f03e0, SIGILL, "eret" },
		{ 0xd6bf03e0, SIGILL, "drps" },
		{ 0xd50040bf, SIGILL, "msr spsel, #0" },
		{ 0xd50041bf, SIGILL, "msr spsel, #1" },
		{ 0xd50342df, SIGILL, "msr daifset, #2" },
		{ 0xd5034fff, SIGILL, "msr daifclr, #15" },
		{ 0xd503201f, 0, "nop" },
		{ 0xd503203f, 0, "yield" },
		{ 0xd503205f, 0, "wfe" },
		{ 0xd503209f, 0, "sev" },
		{ 0xd5033fdf, 0, "isb" },
		{ 0xd5033f9f, 0, "dsb sy" },
		{ 0xd5033f5f, 0, "clrex" },
		{ 0xd508871f, SIGILL, "tlbi vmalle1" },
		{ 0xd508831f, SIGILL, "tlbi vmalle1is" },
		{ 0xd508751f, SIGILL, "ic iallu" },
		{ 0xd5087620, SIGILL, "dc ivac, x0" },
		{ 0xd5087640, SIGILL, "dc isw, x0" },
		{ 0xd5087800, SIGILL, "at s1e1r, x0" },
		{ 0xd50b7420, SIGSEGV, "dc zva of address 0" },
	};

	begin("instructions of other levels, one by one");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		word = words[i].word;
		check_child(run_word, words[i].status, "%s", words[i].name);
	}
	end();
}

/*
 * Whatever a word does, it does it to its own process: what counts is that the kernel is still
 * there.
 */
static void random_words(void)
{
	uint64_t v = 7;

	begin("1000 random words, each in a process of its own");
	for (int i = 0; i < 1000; i++) {
		int pid, status, got = 0;

		v = v * 6364136223846793005UL + 1442695040888963407UL;
		word = (uint32_t)(v >> 32);
		pid = fork();
		if (pid == 0) {
			svc_close(1);
			run_word();
		}
		for (int ms = 0; pid > 0 && ms < 2000 && !got; ms++) {
			got = waitpid(pid, &status, WNOHANG);
			if (!got)
				sleep_ms(1);
		}
		if (pid > 0 && got == 0) { /* it loops */
			svc_kill(pid, SIGKILL);
			got = waitpid(pid, &status, 0);
		}
		check(got, pid, "word %#x", word);
	}
	end();
}

int main(void)
{
	const uint32_t *writes = make_code(write_insn);

	reads = make_code(read_insn);
	catch_signal(SIGILL, handler, SA_NODEFER);
	catch_signal(SIGSEGV, handler, SA_NODEFER);
	catch_signal(SIGBUS, handler, SA_NODEFER);
	catch_signal(SIGTRAP, handler, SA_NODEFER);
	begin("MRS and SYSL: 65536 encodings");
	sweep(reads, false);
	end();
	begin("MSR and SYS: 65536 encodings");
	sweep(writes, true);
	end();
	check_id_registers();
	single_words();
	random_words();
	return tap_done();
}
