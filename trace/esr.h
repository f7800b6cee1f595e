/*
 * esr.h - the syndrome register in words.
 *
 * Pure functions of ESR_ELx: no lock, no memory, any context; built for the host too.  Source: Arm ARM
 * (DDI 0487), ESR_EL1/2/3: every exception class that AArch64 has, at whichever level it is taken.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * The encoding of a system register or instruction in one number: op0, op1, CRn, CRm, op2 in the order
 * in which the Arm ARM sorts its tables.
 */
#define SYSREG_ENC(op0, op1, crn, crm, op2) \
	((uint32_t)((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2)))

/* The same, from the ISS of a trapped MSR, MRS or system instruction (EC 0x18). */
#define ESR_SYS64_ENC(esr)                                                                      \
	SYSREG_ENC(((esr) >> 20) & 3, ((esr) >> 14) & 7, ((esr) >> 10) & 15, ((esr) >> 1) & 15, \
		   ((esr) >> 17) & 7)
#define ESR_SYS64_RT(esr)   (((esr) >> 5) & 31)
#define ESR_SYS64_READ(esr) ((esr)&1)

#define ESR_TEXT_MAX 384

/* esr_class - the exception class by the name that Linux's dumps made known, "DABT (current EL)". */
const char *esr_class(uint64_t esr);

/* esr_fault_status - an abort's DFSC or IFSC: "level 3 translation fault".  @fsc: 6 bits. */
const char *esr_fault_status(unsigned int fsc);

/*
 * esr_describe - the whole syndrome as one line: "data abort from a lower EL: write, level 3 permission fault".
 * @buf, @n: where to; always terminated when @n is not 0, cut short if it does not fit (ESR_TEXT_MAX holds the longest).
 * Return: the length of what is in @buf, without the NUL.
 */
int esr_describe(char *buf, size_t n, uint64_t esr);

/* sysreg_name - the register or system instruction with this SYSREG_ENC, or NULL if it is not in our table. */
const char *sysreg_name(uint32_t enc);

/* sysreg_format - its name, or the generic S3_0_C1_C2_3.  Returns the length, as esr_describe. */
int sysreg_format(char *buf, size_t n, uint32_t enc);
