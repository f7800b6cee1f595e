/*
 * signal_delivery.c - delivery, masks, the alternate stack, what a fault tells, and frames given
 * back to rt_sigreturn(2), honest and forged.
 */
#include "abi/mman.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

#define PAGE	       4096UL
#define BIT(sig)       (1UL << ((sig)-1))
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static volatile int count, last_sig;
static struct siginfo last_info;
static volatile uint64_t last_sp, last_mask;

static void record(int sig, struct siginfo *info, struct ucontext *uc)
{
	count++;
	last_sig = sig;
	last_info = *info;
	last_mask = uc->uc_sigmask;
	last_sp = (uint64_t)__builtin_frame_address(0);
}

static void block(sigset_bits set)
{
	svc_rt_sigprocmask(SIG_SETMASK, &set, NULL, 8);
}

static int self(void)
{
	return (int)svc_getpid();
}

static void delivery(void)
{
	begin("a handler runs, once for each signal; siginfo of kill and tgkill");
	catch_signal(SIGUSR1, record, 0);
	count = 0;
	for (int i = 0; i < 100; i++)
		svc_kill(self(), SIGUSR1);
	check(count, 100, "handler calls");
	check(last_info.si_signo, SIGUSR1, "si_signo");
	check(last_info.si_code, SI_USER, "si_code");
	check(last_info.kill.pid, self(), "si_pid");
	check(last_info.kill.uid, 0, "si_uid");
	for (size_t i = 12; i < sizeof(last_info.bytes); i++)
		check(last_info.bytes[i], 0, "byte %lu of siginfo's rest", i);
	svc_tgkill(self(), self(), SIGUSR1);
	check(last_info.si_code, SI_TKILL, "si_code of tgkill");
	default_signal(SIGUSR1);
	end();
}

static void masks(void)
{
	sigset_bits set, old;

	begin("blocked signals wait, once each; SIGKILL and SIGSTOP cannot be blocked");
	catch_signal(SIGUSR1, record, 0);
	catch_signal(SIGUSR2, record, 0);
	count = 0;
	set = BIT(SIGUSR1) | BIT(SIGUSR2);
	check(svc_rt_sigprocmask(SIG_BLOCK, &set, &old, 8), 0, "SIG_BLOCK");
	check((long)old, 0, "the old mask");
	for (int i = 0; i < 5; i++) {
		svc_kill(self(), SIGUSR1);
		svc_kill(self(), SIGUSR2);
	}
	check(count, 0, "none came");
	check(svc_rt_sigpending(&set, 8), 0, "rt_sigpending");
	check((long)set, (long)(BIT(SIGUSR1) | BIT(SIGUSR2)), "both wait");
	set = BIT(SIGUSR1);
	check(svc_rt_sigprocmask(SIG_UNBLOCK, &set, NULL, 8), 0, "SIG_UNBLOCK");
	check(count, 1, "one came");
	check(last_sig, SIGUSR1, "which");
	block(0);
	check(count, 2, "and the other");
	set = ~0UL;
	svc_rt_sigprocmask(SIG_SETMASK, &set, NULL, 8);
	svc_rt_sigprocmask(SIG_SETMASK, NULL, &old, 8);
	check((long)old, (long)~(BIT(SIGKILL) | BIT(SIGSTOP)), "everything but two");
	block(0);
	check(svc_rt_sigprocmask(99, &set, NULL, 8), -EINVAL, "no such how");
	check(svc_rt_sigprocmask(SIG_BLOCK, &set, NULL, 4), -EINVAL, "size 4");
	check(svc_rt_sigprocmask(SIG_BLOCK, &set, NULL, 16), -EINVAL, "size 16");
	check(svc_rt_sigpending(&set, 16), -EINVAL, "rt_sigpending, size 16");
	default_signal(SIGUSR1);
	default_signal(SIGUSR2);
	end();
}

static void actions(void)
{
	struct sigaction sa = { 0 }, old;

	begin("rt_sigaction: what cannot be, what is told");
	sa.sa_handler = (uint64_t)record;
	check(svc_rt_sigaction(SIGKILL, &sa, NULL, 8), -EINVAL, "SIGKILL");
	check(svc_rt_sigaction(SIGSTOP, &sa, NULL, 8), -EINVAL, "SIGSTOP");
	check(svc_rt_sigaction(SIGKILL, NULL, &old, 8), 0, "asking is free");
	check(svc_rt_sigaction(0, &sa, NULL, 8), -EINVAL, "signal 0");
	check(svc_rt_sigaction(65, &sa, NULL, 8), -EINVAL, "signal 65");
	check(svc_rt_sigaction(-1, &sa, NULL, 8), -EINVAL, "signal -1");
	check(svc_rt_sigaction(SIGUSR1, &sa, NULL, 7), -EINVAL, "size 7");
	sa.sa_flags = SA_RESTART | SA_NODEFER;
	sa.sa_mask = ~0UL;
	check(svc_rt_sigaction(SIGUSR1, &sa, NULL, 8), 0, "set");
	check(svc_rt_sigaction(SIGUSR1, NULL, &old, 8), 0, "get");
	check((long)old.sa_handler, (long)record, "sa_handler");
	check((long)old.sa_flags, (long)sa.sa_flags, "sa_flags");
	check((long)old.sa_mask, (long)~(BIT(SIGKILL) | BIT(SIGSTOP)), "sa_mask");
	default_signal(SIGUSR1);
	end();
}

static volatile int depth, deepest, calls;

static void nest(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)info;
	(void)uc;
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (++calls < 5)
		svc_kill(self(), sig);
	depth--;
}

static void flags(void)
{
	struct sigaction old;

	begin("SA_NODEFER, SA_RESETHAND, the mask while a handler runs");
	deepest = depth = calls = 0;
	catch_signal(SIGUSR1, nest, 0);
	svc_kill(self(), SIGUSR1);
	check(deepest, 1, "without SA_NODEFER: one after another");
	check(calls, 5, "calls");
	deepest = depth = calls = 0;
	catch_signal(SIGUSR1, nest, SA_NODEFER);
	svc_kill(self(), SIGUSR1);
	check(deepest, 5, "with SA_NODEFER: one inside another");
	catch_signal(SIGUSR1, record, SA_RESETHAND);
	svc_kill(self(), SIGUSR1);
	svc_rt_sigaction(SIGUSR1, NULL, &old, 8);
	check((long)old.sa_handler, SIG_HANDLER_DFL, "SA_RESETHAND");
	end();
}

static uint8_t alt_stack[65536] __attribute__((aligned(16)));

static void alternate_stack(void)
{
	struct sigaltstack ss = { (uint64_t)alt_stack, 0, 0, sizeof(alt_stack) }, old;

	begin("sigaltstack: used, told, refused");
	check(svc_sigaltstack(NULL, &old), 0, "get");
	check(old.ss_flags, SS_DISABLE, "none yet");
	check(svc_sigaltstack(&ss, NULL), 0, "set");
	check(svc_sigaltstack(NULL, &old), 0, "get");
	check((long)old.ss_sp, (long)alt_stack, "ss_sp");
	check((long)old.ss_size, sizeof(alt_stack), "ss_size");
	check(old.ss_flags | (int)old.pad, 0, "ss_flags, padding");
	catch_signal(SIGUSR1, record, SA_ONSTACK);
	svc_kill(self(), SIGUSR1);
	expect(last_sp >= (uint64_t)alt_stack && last_sp < (uint64_t)alt_stack + sizeof(alt_stack),
	       "the handler ran there");
	catch_signal(SIGUSR1, record, 0);
	svc_kill(self(), SIGUSR1);
	expect(last_sp < (uint64_t)alt_stack || last_sp >= (uint64_t)alt_stack + sizeof(alt_stack),
	       "and here without SA_ONSTACK");
	ss.ss_size = MINSIGSTKSZ - 1;
	check_one_of(svc_sigaltstack(&ss, NULL), -ENOMEM, 0, "too small");
	ss.ss_size = 100;
	check(svc_sigaltstack(&ss, NULL), -ENOMEM, "100 bytes");
	ss.ss_flags = 77;
	check(svc_sigaltstack(&ss, NULL), -EINVAL, "unknown flags");
	ss.ss_flags = SS_DISABLE;
	check(svc_sigaltstack(&ss, NULL), 0, "off");
	default_signal(SIGUSR1);
	end();
}

/* ---- what a fault tells ---- */

static void fault_handler(int sig, struct siginfo *info, struct ucontext *uc)
{
	record(sig, info, uc);
	uc->uc_mcontext.pc = uc->uc_mcontext.regs[30];
}

/* A call of @p as code: the handler returns to behind it. */
static void call_at(uint64_t p)
{
	__asm__ volatile("blr %0" : : "r"(p) : "x30", "memory");
}

/* Single instructions, each behind a name. */
__asm__(".text\n"
	".globl load_code, store_code, udf_code, brk_code, msr_code\n"
	"load_code:	ldr	x0, [x0]\n	ret\n"
	"store_code:	str	xzr, [x0]\n	ret\n"
	"udf_code:	.inst	0\n"
	"brk_code:	brk	#1\n"
	"msr_code:	msr	sctlr_el1, x0\n");
extern const uint32_t load_code[], store_code[], udf_code[], brk_code[], msr_code[];

static void access_at(const uint32_t *code, uint64_t p)
{
	register uint64_t x0 __asm__("x0") = p;

	__asm__ volatile("blr %1" : "+r"(x0) : "r"(code) : "x30", "memory");
}

static void fault(const char *what, int sig, int code, uint64_t addr)
{
	check(last_sig, sig, "%s: signal", what);
	check(last_info.si_code, code, "%s: si_code", what);
	check((long)last_info.fault.addr, (long)addr, "%s: si_addr", what);
	last_sig = 0;
}

static void faults(void)
{
	uint64_t p = (uint64_t)svc_mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP };

	begin("faults: signal, si_code and si_addr");
	for (size_t i = 0; i < ARRAY_COUNT(signals); i++)
		catch_signal(signals[i], fault_handler, 0);
	access_at(load_code, 8);
	fault("load of null", SIGSEGV, SEGV_MAPERR, 8);
	access_at(load_code, 0xffff000000000000);
	fault("load of the kernel", SIGSEGV, SEGV_MAPERR, 0xffff000000000000);
	access_at(load_code, 0x0023000000000000);
	fault("load of what is not canonical", SIGSEGV, SEGV_MAPERR, 0x0023000000000000);
	*(uint64_t *)p = 1;
	svc_mprotect(p, PAGE, PROT_READ);
	access_at(store_code, p + 24);
	fault("store to a read-only page", SIGSEGV, SEGV_ACCERR, p + 24);
	svc_mprotect(p, PAGE, PROT_NONE);
	access_at(load_code, p + 32);
	fault("load of PROT_NONE", SIGSEGV, SEGV_ACCERR, p + 32);
	call_at(p + PAGE);
	fault("a call of data", SIGSEGV, SEGV_ACCERR, p + PAGE);
	call_at(0);
	fault("a call of null", SIGSEGV, SEGV_MAPERR, 0);
	call_at((uint64_t)udf_code | 1);
	fault("a call of an odd address", SIGBUS, BUS_ADRALN, (uint64_t)udf_code | 1);
	call_at((uint64_t)udf_code);
	fault("udf", SIGILL, ILL_ILLOPC, (uint64_t)udf_code);
	call_at((uint64_t)msr_code);
	fault("msr", SIGILL, ILL_ILLOPC, (uint64_t)msr_code);
	call_at((uint64_t)brk_code);
	fault("brk", SIGTRAP, TRAP_BRKPT, (uint64_t)brk_code);
	svc_munmap(p, 2 * PAGE);
	access_at(load_code, p + 40);
	fault("load of what was unmapped", SIGSEGV, SEGV_MAPERR, p + 40);
	for (size_t i = 0; i < ARRAY_COUNT(signals); i++)
		default_signal(signals[i]);
	end();
}

static void tagged(void)
{
	uint64_t p = (uint64_t)svc_mmap(0, PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile uint64_t *t = (uint64_t *)(p | 0x5aUL << 56);

	begin("a tagged address is the program's to use; a fault tells it without the tag");
	*t = 77;
	check(*(long *)p, 77, "a store through a tag");
	svc_mprotect(p, PAGE, PROT_READ);
	catch_signal(SIGSEGV, fault_handler, 0);
	access_at(store_code, (uint64_t)t);
	fault("store to a read-only page", SIGSEGV, SEGV_ACCERR, p);
	default_signal(SIGSEGV);
	svc_munmap(p, PAGE);
	end();
}

static void blocked_fault(void)
{
	block(BIT(SIGSEGV));
	catch_signal(SIGSEGV, record, 0);
	access_at(load_code, 0);
}

static void ignored_fault(void)
{
	ignore_signal(SIGSEGV);
	access_at(load_code, 0);
}

static void fault_in_handler_body(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	(void)uc;
	access_at(load_code, 0);
}

static void fault_in_handler(void)
{
	catch_signal(SIGSEGV, fault_in_handler_body, 0);
	access_at(load_code, 0);
}

static void handler_nowhere(void)
{
	catch_signal(SIGUSR1, (signal_handler)0xffff000000000000, 0);
	svc_kill(self(), SIGUSR1);
}

static void stack_nowhere(uint64_t sp)
{
	catch_signal(SIGUSR1, record, 0);
	__asm__ volatile("mov	sp, %0\n\t"
			 "mov	x8, %1\n\t"
			 "mov	x0, %2\n\t"
			 "mov	x1, %3\n\t"
			 "svc	#0\n\t"
			 "mov	x0, #99\n\t"
			 "mov	x8, #94\n\t"
			 "svc	#0"
			 :
			 : "r"(sp), "i"(NR_kill), "r"((long)self()), "i"(SIGUSR1)
			 : "x0", "x1", "x8", "memory");
}

static void stack_null(void)
{
	stack_nowhere(0);
}

static void stack_in_kernel(void)
{
	stack_nowhere(0xffff000000004000);
}

static void stack_read_only(void)
{
	long p = svc_mmap(0, 16 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	stack_nowhere((uint64_t)p + 16 * PAGE);
}

static void deadly_faults(void)
{
	begin("faults that cannot be handled kill");
	check_child(blocked_fault, SIGSEGV, "SIGSEGV blocked");
	check_child(ignored_fault, SIGSEGV, "SIGSEGV ignored");
	check_child(fault_in_handler, SIGSEGV, "in its own handler");
	check_child(handler_nowhere, SIGSEGV, "a handler in the kernel");
	check_child(stack_null, SIGSEGV, "a stack at 0");
	check_child(stack_in_kernel, SIGSEGV, "a stack in the kernel");
	check_child(stack_read_only, SIGSEGV, "a stack that cannot be written");
	end();
}

/* The overflow of a stack, caught on the other one. */
static void overflow_handler(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)uc;
	exit(info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR ? 42 : 43);
}

static uint64_t descend(uint64_t n)
{
	volatile char frame[512];

	frame[0] = (char)n;
	return n ? descend(n - 1) + (uint64_t)frame[0] : 0;
}

static void overflow(void)
{
	struct sigaltstack ss = { (uint64_t)alt_stack, 0, 0, sizeof(alt_stack) };
	struct rlimit64 limit = { 256 << 10, 256 << 10 };

	svc_prlimit64(0, RLIMIT_STACK, &limit, NULL);
	svc_sigaltstack(&ss, NULL);
	catch_signal(SIGSEGV, overflow_handler, SA_ONSTACK);
	descend(UINT64_MAX);
}

static void overflow_without(void)
{
	struct rlimit64 limit = { 256 << 10, 256 << 10 };

	svc_prlimit64(0, RLIMIT_STACK, &limit, NULL);
	catch_signal(SIGSEGV, overflow_handler, 0);
	descend(UINT64_MAX);
}

static void overflows(void)
{
	begin("a stack overflow, with and without another stack");
	check_child(overflow, WAIT_EXITED(42), "with one");
	check_child(overflow_without, SIGSEGV, "without");
	end();
}

/* ---- the frame ---- */

static volatile uint64_t frame_esr;
static volatile bool has_fpsimd;

static void look_at_frame(int sig, struct siginfo *info, struct ucontext *uc)
{
	const struct _aarch64_ctx *r = (const void *)uc->uc_mcontext.__reserved;

	(void)info;
	(void)sig;
	check((long)((uintptr_t)uc % 16), 0, "alignment");
	/* M and DAIF; NZCV, and BTYPE, SSBS, DIT where a core has them, may be set */
	check((long)(uc->uc_mcontext.pstate & 0x3df), 0, "pstate: EL0t, nothing masked");
	check((long)(uc->uc_flags | uc->uc_link), 0, "uc_flags, uc_link");
	for (; r->magic; r = (const void *)((const char *)r + r->size)) {
		if (r->magic == FPSIMD_MAGIC) {
			has_fpsimd = r->size == sizeof(struct fpsimd_context);
			check((long)((const struct fpsimd_context *)r)->vregs[2 * 7],
			      0x1122334455667788, "V7 in the frame");
		}
		if (r->magic == ESR_MAGIC)
			frame_esr = ((const struct esr_context *)r)->esr;
		if (!expect(r->size >= 8 && r->size % 16 == 0, "record of %u bytes", r->size))
			break;
	}
	check(r->size, 0, "the end");
	uc->uc_mcontext.pc = uc->uc_mcontext.regs[30];
	uc->uc_mcontext.regs[5] = 0x5555; /* what the handler changes comes into force */
	__asm__ volatile("movi v7.16b, #0" ::: "v7");
}

static void frame_layout(void)
{
	register uint64_t x5 __asm__("x5") = 1;
	uint64_t v7;

	begin("the frame: records, registers go in and come back");
	catch_signal(SIGSEGV, look_at_frame, 0);
	__asm__ volatile("fmov	d7, %2\n\t"
			 "mov	x0, #0\n\t"
			 "blr	%3\n\t"
			 "fmov	%1, d7"
			 : "+r"(x5), "=r"(v7)
			 : "r"(0x1122334455667788), "r"(load_code)
			 : "x0", "x30", "v7", "memory");
	expect(has_fpsimd, "an FPSIMD record");
	check((long)x5, 0x5555, "x5 as the handler set it");
	check((long)v7, 0x1122334455667788, "V7 as before the handler");
	check((long)(frame_esr >> 26), 0x24, "the ESR record: a data abort");
	default_signal(SIGSEGV);
	end();
}

/* ---- forged frames: given to rt_sigreturn as if a handler returned ---- */

static struct rt_sigframe forged __attribute__((aligned(16)));

static void arrived(void)
{
	uint64_t nzcv;

	__asm__ volatile("mrs %0, nzcv" : "=r"(nzcv));
	exit(nzcv == 0x60000000 ? 42 : 43);
}

static void fill_frame(void)
{
	struct fpsimd_context *fp = (void *)forged.uc.uc_mcontext.__reserved;

	memset(&forged, 0, sizeof(forged));
	forged.uc.uc_mcontext.pc = (uint64_t)arrived;
	forged.uc.uc_mcontext.sp = (uint64_t)alt_stack + sizeof(alt_stack);
	forged.uc.uc_mcontext.pstate = 0x60000000;
	fp->head = (struct _aarch64_ctx){ FPSIMD_MAGIC, sizeof(*fp) };
}

static void sigreturn_with(uint64_t sp)
{
	__asm__ volatile("mov sp, %0\n\tmov x8, %1\n\tsvc #0"
			 :
			 : "r"(sp), "i"(NR_rt_sigreturn)
			 : "x0", "x8", "memory");
	exit(99);
}

static uint64_t forge_sp;

static void return_forged(void)
{
	sigreturn_with(forge_sp ? forge_sp : (uint64_t)&forged);
}

static void forge(int want, const char *what)
{
	check_child(return_forged, want, "%s", what);
	forge_sp = 0;
	fill_frame();
}

static void forged_pstate(void)
{
	static const struct {
		uint64_t pstate;
		const char *what;
	} bad[] = {
		{ 0x4, "EL1t" },
		{ 0x5, "EL1h" },
		{ 0x8, "EL2t" },
		{ 0x9, "EL2h" },
		{ 0xc, "EL3t" },
		{ 0xd, "EL3h" },
		{ 0x1, "EL0h" },
		{ 0x2, "mode 2" },
		{ 0x10, "AArch32 user" },
		{ 0x13, "AArch32 svc" },
		{ 0x1f, "AArch32 system" },
		{ 0x3c0, "DAIF masked" },
		{ 0x40, "F masked" },
		{ 0x80, "I masked" },
		{ 0x100, "A masked" },
		{ 0x200, "D masked" },
	};
	static const struct {
		uint64_t pstate;
		const char *what;
	} harmless[] = {
		/* bits that are taken out */
		{ 1UL << 20, "IL" },  { 1UL << 21, "SS" },     { 1UL << 22, "PAN" },
		{ 1UL << 23, "UAO" }, { 1UL << 63, "bit 63" },
	};

	begin("rt_sigreturn with a forged PSTATE");
	fill_frame();
	forge(WAIT_EXITED(42), "an honest frame");
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		forged.uc.uc_mcontext.pstate |= bad[i].pstate;
		forge(SIGSEGV, bad[i].what);
	}
	for (size_t i = 0; i < ARRAY_COUNT(harmless); i++) {
		forged.uc.uc_mcontext.pstate |= harmless[i].pstate;
		forge(WAIT_EXITED(42), harmless[i].what);
	}
	end();
}

static void forged_registers(void)
{
	begin("rt_sigreturn with a forged PC or SP");
	fill_frame();
	forged.uc.uc_mcontext.pc = 0xffff000000000000;
	forge(SIGSEGV, "PC in the kernel");
	forged.uc.uc_mcontext.pc = 0xffffffff80000000;
	forge(SIGSEGV, "PC in the kernel's image");
	forged.uc.uc_mcontext.pc = 0x0001000000000000;
	forge(SIGSEGV, "PC not canonical");
	forged.uc.uc_mcontext.pc = (uint64_t)arrived + 1;
	forge(SIGBUS, "PC unaligned");
	forged.uc.uc_mcontext.pc = 0;
	forge(SIGSEGV, "PC 0");
	forged.uc.uc_mcontext.pc = (uint64_t)load_code; /* ldr x0, [x0] */
	forged.uc.uc_mcontext.regs[0] = 0xffff000000000000;
	forge(SIGSEGV, "an access to the kernel");
	forged.uc.uc_mcontext.pc = (uint64_t)svc_exit_group;
	forged.uc.uc_mcontext.regs[0] = 17;
	forged.uc.uc_mcontext.sp = 0xffff000000000000;
	forge(WAIT_EXITED(17), "SP in the kernel, not used");
	forged.uc.uc_mcontext.pc = (uint64_t)svc_exit_group;
	forged.uc.uc_mcontext.sp = 3;
	forge(WAIT_EXITED(0), "SP unaligned, not used");
	end();
}

static struct _aarch64_ctx *record_at(size_t offset)
{
	return (void *)(forged.uc.uc_mcontext.__reserved + offset);
}

static void forged_records(void)
{
	begin("rt_sigreturn with forged records");
	fill_frame();
	record_at(0)->size = 0;
	forge(SIGSEGV, "FPSIMD of size 0");
	record_at(0)->size = 8;
	forge(SIGSEGV, "FPSIMD of size 8");
	record_at(0)->size = 527;
	forge(SIGSEGV, "FPSIMD of size 527");
	record_at(0)->size = 529;
	forge(SIGSEGV, "FPSIMD of size 529");
	record_at(0)->size = 0xfffffff0;
	forge(SIGSEGV, "FPSIMD of 4 GiB");
	record_at(0)->magic = 0;
	record_at(0)->size = 0;
	forge(SIGSEGV, "no FPSIMD record");
	record_at(0)->magic = 0x12345678;
	forge(SIGSEGV, "an unknown record");
	*record_at(528) = (struct _aarch64_ctx){ FPSIMD_MAGIC, 528 };
	forge(SIGSEGV, "FPSIMD twice");
	*record_at(528) = (struct _aarch64_ctx){ ESR_MAGIC, 16 };
	forge(WAIT_EXITED(42), "an ESR record");
	*record_at(528) = (struct _aarch64_ctx){ ESR_MAGIC, 3568 };
	forge(SIGSEGV, "a record up to the end, and nothing that ends the list");
	*record_at(528) = (struct _aarch64_ctx){ 0, 16 };
	forge(SIGSEGV, "an end with a size");
	*record_at(528) = (struct _aarch64_ctx){ EXTRA_MAGIC, 32 };
	forge(SIGSEGV, "an EXTRA record that leads to 0");
	end();
}

static void forged_places(void)
{
	uint64_t p = (uint64_t)svc_mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	begin("rt_sigreturn from a frame that is not there");
	fill_frame();
	svc_munmap(p + 2 * PAGE, PAGE);
	forge_sp = (uint64_t)&forged + 8;
	forge(SIGSEGV, "unaligned");
	forge_sp = 1UL << 48;
	forge(SIGSEGV, "at 2^48");
	forge_sp = 0x10;
	forge(SIGSEGV, "at 16");
	forge_sp = 0xffff000000000000;
	forge(SIGSEGV, "in the kernel");
	forge_sp = 0xfffffffffffffff0;
	forge(SIGSEGV, "at -16");
	for (uint64_t cut = 16; cut < 1100; cut += 160) {
		/* Only so much of it is mapped; it needs 1128 bytes. */
		memcpy((void *)(p + 2 * PAGE - cut), &forged, cut);
		forge_sp = p + 2 * PAGE - cut;
		forge(SIGSEGV, "cut off by a hole");
	}
	svc_munmap(p, 2 * PAGE);
	end();
}

/* ---- waiting ---- */

static void suspend(void)
{
	sigset_bits none = 0;
	int pid, status, me = self();

	begin("rt_sigsuspend: waits with another mask, and puts the old one back");
	catch_signal(SIGUSR1, record, 0);
	block(BIT(SIGUSR1));
	count = 0;
	pid = fork();
	if (pid == 0) {
		sleep_ms(20);
		svc_kill(me, SIGUSR1);
		exit(0);
	}
	check(svc_rt_sigsuspend(&none, 8), -EINTR, "rt_sigsuspend");
	check(count, 1, "the handler ran");
	check((long)last_mask, (long)BIT(SIGUSR1), "the mask it goes back to");
	svc_rt_sigprocmask(SIG_BLOCK, NULL, &none, 8);
	check((long)none, (long)BIT(SIGUSR1), "the mask afterwards");
	check(svc_rt_sigsuspend(&none, 4), -EINVAL, "size 4");
	waitpid(pid, &status, 0);
	block(0);
	default_signal(SIGUSR1);
	end();
}

static void child_signals(void)
{
	int pid, status;

	begin("SIGCHLD: siginfo; SA_NOCLDWAIT and SIG_IGN reap by themselves");
	catch_signal(SIGCHLD, record, 0);
	last_sig = 0;
	pid = fork();
	if (pid == 0)
		exit(9);
	check(waitpid(pid, &status, 0), pid, "wait");
	check(last_sig, SIGCHLD, "SIGCHLD came");
	check(last_info.si_code, CLD_EXITED, "si_code");
	check(last_info.child.pid, pid, "si_pid");
	check(last_info.child.status, 9, "si_status");
	ignore_signal(SIGCHLD);
	pid = fork();
	if (pid == 0)
		exit(9);
	check(waitpid(-1, &status, 0), -ECHILD, "SIG_IGN: there is nothing to wait for");
	default_signal(SIGCHLD);
	end();
}

static void restart(bool with)
{
	int fds[2], pid, status, me = self();
	char c = 0;
	long n;

	catch_signal(SIGUSR1, record, with ? SA_RESTART : 0);
	svc_pipe2(fds, 0);
	pid = fork();
	if (pid == 0) {
		do { /* the first may come before the read */
			sleep_ms(30);
			svc_kill(me, SIGUSR1);
		} while (!with);
		sleep_ms(30);
		svc_write(fds[1], "r", 1);
		exit(0);
	}
	n = svc_read(fds[0], &c, 1);
	check(n, with ? 1 : -EINTR, with ? "with SA_RESTART" : "without SA_RESTART");
	ignore_signal(SIGUSR1);
	svc_kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	svc_close(fds[0]);
	svc_close(fds[1]);
	default_signal(SIGUSR1);
}

static void restarts(void)
{
	begin("a read of a pipe that a signal interrupts");
	restart(false);
	restart(true);
	end();
}

static void storm(void)
{
	int pids[4], status, me = self();

	begin("a storm: four senders, 1000 signals each");
	catch_signal(SIGUSR1, record, 0);
	catch_signal(SIGUSR2, record, 0);
	count = 0;
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			for (int j = 0; j < 1000; j++)
				svc_kill(me, i % 2 ? SIGUSR1 : SIGUSR2);
			exit(0);
		}
	}
	for (int i = 0; i < 4; i++)
		check(waitpid(pids[i], &status, 0), pids[i], "sender %d", i);
	expect(count > 0 && count <= 4000, "%d arrived", count);
	default_signal(SIGUSR1);
	default_signal(SIGUSR2);
	end();
}

int main(void)
{
	delivery();
	masks();
	actions();
	flags();
	alternate_stack();
	faults();
	tagged();
	deadly_faults();
	overflows();
	frame_layout();
	forged_pstate();
	forged_registers();
	forged_records();
	forged_places();
	suspend();
	child_signals();
	restarts();
	storm();
	return tap_done();
}
