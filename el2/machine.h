/*
 * machine.h - what this machine's cores can do for guests: read once, the same on all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/mpidr.h"
#include "el2/switch.h"

struct el2_machine {
	bool present;	/* guests can be: EL2 without VHE, at least a stage 2 of 32 bits */
	bool has_gicv3; /* system registers, at EL2 too */
	bool has_ras;
	bool has_pauth;
	bool has_pmu;
	bool has_aarch32;		/* at EL0 */
	bool stage1_later;		/* of any core: arm/errata.h */
	bool has_fwb;			/* stage 2 alone says how a guest's memory is cached */
	unsigned int pa_bits, pa_range; /* the same as bits, and as ID_AA64MMFR0_EL1 has it */
	unsigned int lrs, aprs; /* list registers; active priorities registers, of each group */
	unsigned int breakpoints, watchpoints;
	uint64_t hcr, cptr, mdcr;      /* of every guest */
	uint64_t icc_sre;	       /* the same: ICC_SRE_EL1 is not for it to change */
	uint64_t vectors[MPIDR_SLOTS]; /* each core's VBAR_EL2 while a guest is in */
	struct {
		struct el2_regime regime;
		uint64_t hcr, icc_sre;
		uint64_t cptr, mdcr, cnthctl;
	} host; /* its own, the same whenever it runs */
};

extern struct el2_machine el2_machine;

/* el2_machine_host - what the host has now is what it gets back after each run. */
void el2_machine_host(void);

/* el2_machine_guesses - EL2_GUESSES.  el2_memory_lock. */
int64_t el2_machine_guesses(uint64_t how, uint64_t branches);

/* el2_machine_start - el2/cpu.c, on each core, @first before any other. */
void el2_machine_start(bool first, bool vhe);
