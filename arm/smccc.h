/*
 * smccc.h - calling firmware or the hypervisor by the SMC Calling Convention (Arm DEN 0028).
 *
 * Function number in w0, arguments in x1.., results in x0..x3; x4..x17 are lost, the rest is kept.
 * An SMC where there is no EL3, or where EL3 has disabled it, is undefined: the caller knows from the device tree
 * that somebody answers.
 */
#pragma once

#include <stdint.h>

#define SMCCC_SUCCESS	    0
#define SMCCC_NOT_SUPPORTED (-1)

struct smccc_result {
	uint64_t x0, x1, x2, x3;
};

#define SMCCC_CALL(insn)                                                                          \
	register uint64_t x0 __asm__("x0") = fn;                                                  \
	register uint64_t x1 __asm__("x1") = a1;                                                  \
	register uint64_t x2 __asm__("x2") = a2;                                                  \
	register uint64_t x3 __asm__("x3") = a3;                                                  \
	__asm__ volatile(insn " #0"                                                               \
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)                                 \
			 :                                                                        \
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", \
			   "x15", "x16", "x17", "cc", "memory");                                  \
	return (struct smccc_result)                                                              \
	{                                                                                         \
		x0, x1, x2, x3                                                                    \
	}

static inline struct smccc_result smccc_smc(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	SMCCC_CALL("smc");
}

static inline struct smccc_result smccc_hvc(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	SMCCC_CALL("hvc");
}

#undef SMCCC_CALL
