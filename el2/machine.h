/*
 * machine.h - what this machine's cores can do for guests: read once, the same on all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct el2_machine {
	bool present;	/* guests can be: EL2 without VHE, at least a stage 2 of 32 bits */
	bool has_gicv3; /* system registers, at EL2 too */
	bool has_ras;
	bool has_pauth;
	bool has_aarch32; /* at EL0 */
	bool wide_vmid;	  /* 16 bits */
	unsigned int pa_bits;
	unsigned int lrs, aprs; /* list registers; active priorities registers, of each group */
	unsigned int breakpoints, watchpoints;
	uint64_t hcr, cptr, mdcr; /* of every guest */
};

extern struct el2_machine el2_machine;

/* el2_machine_start - el2/cpu.c, on each core, @first before any other. */
void el2_machine_start(bool first, bool vhe);
