/*
 * esr.h - the syndrome register in words.
 *
 * Pure functions of ESR_ELx: no lock, no memory, any context; built for the host too.  Source: Arm
 * ARM (DDI 0487), ESR_EL1/2/3: every exception class that AArch64 has, at whichever level it is
 * taken.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arm/sysreg.h"

#define ESR_TEXT_MAX 384

/*
 * esr_class - the exception class by the name that Linux's dumps made known, "DABT (current EL)".
 */
const char *esr_class(uint64_t esr);

/* esr_fault_status - an abort's DFSC or IFSC: "level 3 translation fault".  @fsc: 6 bits. */
const char *esr_fault_status(unsigned int fsc);

/*
 * esr_describe - the whole syndrome as one line: "data abort from a lower EL: write, level 3
 * permission fault".
 * @buf, @n: where to; always terminated when @n is not 0, cut short if it does not fit
 * (ESR_TEXT_MAX holds the longest).
 * Return: the length of what is in @buf, without the NUL.
 */
int esr_describe(char *buf, size_t n, uint64_t esr);

/*
 * sysreg_name - the register or system instruction with this SYSREG_ENC, or NULL if it is not in
 * our table.
 */
const char *sysreg_name(uint32_t enc);

/* sysreg_format - its name, or the generic S3_0_C1_C2_3.  Returns the length, as esr_describe. */
int sysreg_format(char *buf, size_t n, uint32_t enc);
