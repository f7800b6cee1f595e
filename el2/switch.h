/*
 * switch.h - what el2/switch.S does for el2/run.c.
 */
#pragma once

#include "arm/el2call.h"

/* How many branches EL2_GUESSES_FILL takes: the most that any core needs, at least 1. */
extern uint32_t el2_branches;

/*
 * el2_enter - the guest runs, with @page's general registers, until something ends that: its
 * general registers are in @page then.  Return: an enum el2_exit.  All else is the caller's.
 */
unsigned int el2_enter(struct el2_vcpu *page);

/*
 * el2_regs_to_guest - this core's registers of EL1 are stored in @host and loaded from @guest, so
 * that no table walk mixes what is one's with what is the other's (errata 1319537 of Cortex-A57,
 * 1319367 of A72: AT by speculation).  el2_regs_to_host - the reverse.
 */
struct el2_regime {
	uint64_t vttbr, vtcr;
};

void el2_regs_to_guest(uint64_t *host, const uint64_t *guest, const struct el2_regime *to,
		       uint64_t hcr);
void el2_regs_to_host(uint64_t *guest, const uint64_t *host, const struct el2_regime *to,
		      uint64_t hcr);
/* The same of the ten keys alone. */
void el2_keys_swap(uint64_t *save, const uint64_t *load);
