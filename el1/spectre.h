/*
 * spectre.h - what a program can learn of the kernel by the core's guesses, and what is done about
 * it: branches trained by a program (CVE-2017-5715, Spectre v2), the history of branches
 * (CVE-2022-23960, Spectre-BHB), loads that pass older stores (CVE-2018-3639, Spectre v4).
 *
 * 	v2	the firmware makes the core forget its branches (Arm DEN 0028,
 * 		SMCCC_ARCH_WORKAROUND_1): when another address space comes, and when a program was
 * 		found at an address of the kernel's half
 * 	BHB	another vector table (el1/vectors.S); only where v2 is not open: who can train the
 * 		branches themselves needs no history
 * 	guests	both of these when a guest leaves a core, in el2/'s own vector table (EL2_GUESSES,
 * 		arm/el2call.h)
 * 	v4	a bit of CPUACTLR_EL1, set by EL3 or EL2 on the way down (start/errata.c)
 *
 * Words of the command line, as Linux/arm64 spells them: mitigations=off, nospectre_v2,
 * nospectre_bhb, ssbd=force-off.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct boot_info;

/* spectre_init - boot core, after psci_init, before vbar_init_cpu; says in the log how it is. */
void spectre_init(const struct boot_info *boot, const char *cmdline);

/* spectre_init_cpu - any other core, before vbar_init_cpu. */
void spectre_init_cpu(void);

/* spectre_bhb_loops - how many branches el1/vectors.S takes then; never 0. */
extern uint32_t spectre_bhb_loops;

/* spectre_fills_history - whether this core's entries from EL0 are to run the loop. */
bool spectre_fills_history(void);

/*
 * spectre_forget_branches - a program may have trained this core's branches against the kernel.
 * Interrupts masked.
 */
void spectre_forget_branches(void);
