/*
 * program_start.c - what a new program finds: registers, stack, argument, environment and auxiliary
 * vectors.
 *
 * It runs itself twice: with registers full of secrets that must not show, and with arguments to
 * find again.
 */
#include "abi/auxv.h"
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

extern const struct {
	uint64_t x[31], sp, nzcv, tpidr, fpcr, fpsr, v[64];
} entry_regs;

static void check_registers(void)
{
	begin("registers at the first instruction are zero");
	for (int i = 0; i < 31; i++)
		check((long)entry_regs.x[i], 0, "x%d", i);
	for (int i = 0; i < 64; i++)
		check((long)entry_regs.v[i], 0, "v%d %s", i / 2, i % 2 ? "high" : "low");
	check((long)entry_regs.nzcv, 0, "nzcv");
	check((long)entry_regs.tpidr, 0, "tpidr_el0");
	check((long)entry_regs.fpcr, 0, "fpcr");
	check((long)entry_regs.fpsr, 0, "fpsr");
	check((long)(entry_regs.sp % 16), 0, "sp alignment");
	end();
}

static void check_stack(int argc, char **argv)
{
	const uint64_t *sp = (const uint64_t *)entry_regs.sp;
	const char *last_string;

	begin("stack: argc, argv, envp, auxv, strings, in this order");
	check((long)sp[0], argc, "argc");
	check((long)(sp + 1), (long)argv, "argv");
	check((long)argv[argc], 0, "argv's end");
	check((long)environ, (long)(argv + argc + 1), "envp");
	for (int i = 1; i < argc; i++)
		check(argv[i] - argv[i - 1], (long)strlen(argv[i - 1]) + 1,
		      "argv[%d] behind argv[%d]", i, i - 1);
	check(environ[0] - argv[argc - 1], (long)strlen(argv[argc - 1]) + 1,
	      "envp[0] behind the last of argv");
	last_string = (const char *)getauxval(AT_EXECFN);
	expect(last_string > environ[0], "AT_EXECFN above the environment");
	check((long)((uintptr_t)last_string + strlen(last_string) + 1 + 8) % 4096, 0,
	      "8 zero bytes end the stack");
	check(*(const long *)((uintptr_t)last_string + strlen(last_string) + 1), 0,
	      "they are zero");
	end();
}

static void check_auxv(void)
{
	extern const char __ehdr_start[];
	const uint8_t *random = (const uint8_t *)getauxval(AT_RANDOM);
	unsigned int sum = 0;

	begin("auxiliary vector");
	check((long)getauxval(AT_PAGESZ), 4096, "AT_PAGESZ");
	check((long)getauxval(AT_CLKTCK), 100, "AT_CLKTCK");
	check((long)getauxval(AT_PHENT), 56, "AT_PHENT");
	check((long)getauxval(AT_PHDR), (long)__ehdr_start + 64, "AT_PHDR");
	check((long)getauxval(AT_PHNUM), *(const uint16_t *)(__ehdr_start + 56), "AT_PHNUM");
	check((long)getauxval(AT_ENTRY), *(const long *)(__ehdr_start + 24), "AT_ENTRY");
	check((long)getauxval(AT_BASE), 0, "AT_BASE");
	check((long)getauxval(AT_FLAGS), 0, "AT_FLAGS");
	check((long)getauxval(AT_SECURE), 0, "AT_SECURE");
	check((long)getauxval(AT_UID), svc_getuid(), "AT_UID");
	check((long)getauxval(AT_EUID), svc_geteuid(), "AT_EUID");
	check((long)getauxval(AT_GID), svc_getgid(), "AT_GID");
	check((long)getauxval(AT_EGID), svc_getegid(), "AT_EGID");
	expect(getauxval(AT_HWCAP) & HWCAP_FP && getauxval(AT_HWCAP) & HWCAP_ASIMD,
	       "AT_HWCAP has FP and ASIMD");
	expect(getauxval(AT_HWCAP) & HWCAP_CPUID, "AT_HWCAP has CPUID");
	check(strcmp((const char *)getauxval(AT_PLATFORM), "aarch64"), 0, "AT_PLATFORM");
	expect(getauxval(AT_MINSIGSTKSZ) >= sizeof(struct rt_sigframe),
	       "AT_MINSIGSTKSZ holds a frame");
	for (int i = 0; i < 16; i++)
		sum |= random[i];
	expect(sum != 0, "AT_RANDOM is random");
	end();
}

/* The program again, from registers that hold what must not be seen. */
static void exec_with_secrets(const char *self)
{
	char *argv[] = { (char *)self, (char *)"check", (char *)"", (char *)"last", NULL };
	register long x0 __asm__("x0") = (long)self;
	register char **x1 __asm__("x1") = argv;
	register char **x2 __asm__("x2") = environ;
	register long x8 __asm__("x8") = NR_execve;

	__asm__ volatile("movi	v0.16b, #0x5a\n\t"
			 "movi	v8.16b, #0x5a\n\t"
			 "movi	v31.16b, #0x5a\n\t"
			 "mov	x9, #0x5a5a\n\t"
			 "mov	x18, x9\n\t"
			 "mov	x20, x9\n\t"
			 "mov	x28, x9\n\t"
			 "mov	x30, x9\n\t"
			 "msr	tpidr_el0, x9\n\t"
			 "msr	fpsr, x9\n\t"
			 "mov	x10, #0x400000\n\t"
			 "msr	fpcr, x10\n\t"
			 "cmp	xzr, xzr\n\t"
			 "svc	#0"
			 : "+r"(x0)
			 : "r"(x1), "r"(x2), "r"(x8)
			 : "x9", "x10", "x20", "x28", "x30", "v0", "v8", "v31", "cc", "memory");
	exit(99);
}

int main(int argc, char **argv)
{
	int pid, status = -1;

	if (argc > 1) {
		check_registers();
		check_stack(argc, argv);
		check_auxv();
		return tap_done();
	}
	pid = fork();
	if (pid == 0)
		exec_with_secrets(argv[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
