/*
 * smccc_call.S - hvc and smc, at addresses that have a name: what the level above reads as ELR.
 *
 * The callee may change x0-x17, as a C function may; x8 says where C wants the result.
 */
#include "arm/asm.h"

/* clang-format off */

.macro	SMCCC_CALL insn
	str	x8, [sp, #-16]!
	\insn	#0
	.globl	smccc_\insn\()_returns
smccc_\insn\()_returns:
	ldr	x8, [sp], #16
	stp	x0, x1, [x8]
	stp	x2, x3, [x8, #16]
	ret
.endm

	.text

/* struct smccc_result smccc_hvc_call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3) */
FUNC smccc_hvc_call
	SMCCC_CALL hvc
ENDFUNC smccc_hvc_call

/* struct smccc_result smccc_smc_call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3) */
FUNC smccc_smc_call
	SMCCC_CALL smc
ENDFUNC smccc_smc_call
