/*
 * stack.c - the stack pointer and the program counter, where they must not be.
 */
#include "abi/signal.h"
#include "el0/demos/demos.h"
#include "el0/lib/syscall.h"

static uint64_t descend(uint64_t depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	return depth ? descend(depth - 1) + (uint64_t)frame[0] : 0;
}

/* With less stack than usual, so that it does not take long. */
static void stack_overflow(void)
{
	struct rlimit64 limit = { 256 << 10, 256 << 10 };

	if (svc_prlimit64(0, RLIMIT_STACK, &limit, NULL) < 0)
		demo_fails("prlimit failed");
	descend(UINT64_MAX);
}

const struct demo demo_stack_overflow = { "stack_overflow", "calls itself until the stack ends",
					  SIGSEGV, 0, stack_overflow };

/*
 * The kernel must not lose its own footing when it is entered with such an SP; the access through
 * it then ends in SIGBUS. An emulator that does not check SP alignment lets that access pass, which
 * is all right too.
 */
static void unaligned_sp(void)
{
	long pid;

	__asm__ volatile("mov	x9, sp\n\t"
			 "sub	x10, x9, #40\n\t"
			 "mov	sp, x10\n\t"
			 "mov	x8, %1\n\t"
			 "svc	#0\n\t"
			 "ldr	x10, [sp]\n\t"
			 "mov	sp, x9\n\t"
			 "mov	%0, x0"
			 : "=r"(pid)
			 : "i"(NR_getpid)
			 : "x0", "x8", "x9", "x10", "memory");
	if (pid != svc_getpid())
		demo_fails("the system call with an unaligned SP went wrong");
	demo_detail("this machine does not check SP alignment");
	demo_passes();
}

const struct demo demo_unaligned_sp = { "unaligned_sp",
					"makes a system call and a load with an unaligned SP", 0,
					SIGBUS, unaligned_sp };

static void unaligned_pc(void)
{
	__asm__ volatile("br %0" : : "r"((uintptr_t)unaligned_pc + 2));
}

const struct demo demo_unaligned_pc = { "unaligned_pc", "jumps between two instructions", SIGBUS, 0,
					unaligned_pc };
