/*
 * instructions.c - instructions that belong to a level above, or to none: undefined at EL0, so
 * SIGILL.
 */
#include "abi/signal.h"
#include "el0/demos/demos.h"

#define INSTRUCTION(name, what, sig, text)                 \
	static void name(void)                             \
	{                                                  \
		__asm__ volatile(text ::: "x0", "memory"); \
	}                                                  \
	const struct demo demo_##name = { #name, what, sig, 0, name };

INSTRUCTION(msr_sctlr, "switches the MMU off (MSR SCTLR_EL1)", SIGILL, "msr sctlr_el1, xzr")
INSTRUCTION(msr_daif, "masks interrupts (MSR DAIFSet)", SIGILL, "msr daifset, #2")
INSTRUCTION(mrs_currentel, "asks for its level (MRS CurrentEL)", SIGILL, "mrs x0, CurrentEL")
INSTRUCTION(tlbi, "empties the TLB (TLBI VMALLE1)", SIGILL, "tlbi vmalle1")
INSTRUCTION(eret, "returns from an exception that never was (ERET)", SIGILL, "eret")
INSTRUCTION(hvc, "calls the hypervisor (HVC)", SIGILL, "hvc #0")
INSTRUCTION(smc, "calls the secure monitor (SMC)", SIGILL, "smc #0")
INSTRUCTION(undefined, "executes what is no instruction (UDF)", SIGILL, ".inst 0")
INSTRUCTION(breakpoint, "hits a breakpoint (BRK)", SIGTRAP, "brk #0")

/* The other way round: what is an error elsewhere is none here, and must not become one. */
static void divide(void)
{
	uint64_t q;

	__asm__ volatile("udiv %0, %1, xzr" : "=r"(q) : "r"(42UL));
	if (q)
		demo_fails("42 / 0 is not 0");
	demo_passes();
}

const struct demo demo_divide = { "divide", "divides by zero, which Arm defines as 0", 0, 0,
				  divide };
