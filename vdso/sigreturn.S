/*
 * sigreturn.S - where a signal handler returns to, when the program brought no SA_RESTORER; and how
 * an unwinder gets past it.
 *
 * C: never called; x30 of a handler points here, SP to its struct rt_sigframe (abi/signal.h).
 *
 * The directives describe the frame exactly, so that a backtrace, a C++ exception or pthread_cancel
 * goes on in the interrupted function with all registers that it had.  What is restored is not a
 * return address but a PC: that is DWARF register 32, and a value that is computed rather than a
 * place, because libgcc knows no size for that register.  Unwinders look up the return address less
 * one, so the description begins one instruction early; those without DWARF know the two
 * instructions by heart.
 */
#include "abi/signal.h"
#include "arm/asm.h"

#define DW_SP		31
#define DW_PC		32
#define DW_V(n)		(64 + (n))
#define DW_CFA_val_expression 0x16
#define DW_OP_plus_uconst 0x23
#define DW_OP_deref	0x06

/* From the CFA, for which we take the machine context. */
#define AT_REG(n)	(SIGFRAME_REGS + 8 * (n) - SIGFRAME_CONTEXT)
#define AT_SP		(SIGFRAME_SP - SIGFRAME_CONTEXT)
#define AT_PC		(SIGFRAME_PC - SIGFRAME_CONTEXT)
#define AT_V(n)		(SIGFRAME_VREGS + 16 * (n) - SIGFRAME_CONTEXT)

/* clang-format off */
	.text
	.cfi_startproc
	.cfi_signal_frame
	.cfi_return_column DW_PC
	.cfi_def_cfa DW_SP, SIGFRAME_CONTEXT
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
	.cfi_offset \n, AT_REG(\n)
	.endr
	.cfi_offset DW_SP, AT_SP
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	.cfi_offset DW_V(\n), AT_V(\n)
	.endr
	.if	AT_PC < 128 || AT_PC >= 16384
	.error	"the offset of the PC is not a ULEB128 of two bytes"
	.endif
	.cfi_escape DW_CFA_val_expression, DW_PC, 4, DW_OP_plus_uconst, (AT_PC & 0x7f) | 0x80, AT_PC >> 7, DW_OP_deref
	nop
FUNC __kernel_rt_sigreturn
	mov	x8, #139		/* rt_sigreturn(2) */
	svc	#0
	.cfi_endproc
ENDFUNC __kernel_rt_sigreturn

	.section .note.GNU-stack, "", %progbits
