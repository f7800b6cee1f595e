/*
 * idreg.h - what a program may know about the core it runs on: AT_HWCAP, and the ID registers.
 *
 * The registers trap at EL0; programs read them all the same (a C library's or OpenSSL's CPU
 * detection), because Linux answers for the hardware with the fields that a program may rely on:
 * Documentation/arch/arm64/ cpu-feature-registers.rst.  Anything that needs the kernel's help,
 * which Newel does not give, reads as missing; AArch32, which EL0 never runs in, too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * idreg_init - read the boot core's ID registers; the other cores are taken to be alike.  Once,
 * before the first exec.
 */
void idreg_init(void);

/*
 * idreg_user_value - what EL0 reads from the register @enc (SYSREG_ENC).
 * Return false if EL0 may not read it; Linux emulates CTR_EL0 and op0 3, op1 0, CRn 0, CRm 0 and
 * 2..7.
 */
bool idreg_user_value(uint32_t enc, uint64_t *value);

/* The values of AT_HWCAP and AT_HWCAP2 (abi/auxv.h). */
uint64_t cpu_hwcap(void);
uint64_t cpu_hwcap2(void);
