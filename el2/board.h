/*
 * board.h - what el2/ knows of the machine and of itself: written by the first core with the MMU
 * off, and read by all.
 */
#pragma once

#define EL2_BOOT_HCR	 0
#define EL2_BOOT_MAIR	 8
#define EL2_BOOT_TCR	 16
#define EL2_BOOT_TTBR0	 24
#define EL2_BOOT_SCTLR	 32
#define EL2_BOOT_PARK	 40
#define EL2_BOOT_READY	 48
#define EL2_BOARD_SMC	 0

/* el2_boot.ready: cores may come in; or there is no EL2 but the kernel itself. */
#define EL2_IS_READY	 1
#define EL2_KERNEL_STAYS 2

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/mpidr.h"
#include "arm/rawuart.h"

struct boot_info;

/*
 * What a core needs to turn its MMU on, and what each core's registers become.  Written by the
 * first core with the MMU off and never again, and read by the others past their caches.
 */
struct el2_boot {
	uint64_t hcr; /* while the core comes in: no more than the mode of what is below */
	uint64_t mair, tcr, ttbr0, sctlr;
	uint64_t park;	/* where cores wait that nobody has called yet (start/head.S) */
	uint64_t ready; /* 0: not yet; EL2_IS_READY, EL2_KERNEL_STAYS */
	uint64_t vtcr, vttbr;
	uint64_t cpuactlr_set, cpuactlr_clear; /* 0, or what each core's CPUACTLR_EL1 wants */
	uint64_t vhe;			       /* HCR_EL2.E2H cannot be cleared */
	uint64_t first;			       /* where the first core goes on at EL1 */
};

_Static_assert(offsetof(struct el2_boot, mair) == EL2_BOOT_MAIR, "EL2_BOOT_MAIR");
_Static_assert(offsetof(struct el2_boot, tcr) == EL2_BOOT_TCR, "EL2_BOOT_TCR");
_Static_assert(offsetof(struct el2_boot, ttbr0) == EL2_BOOT_TTBR0, "EL2_BOOT_TTBR0");
_Static_assert(offsetof(struct el2_boot, sctlr) == EL2_BOOT_SCTLR, "EL2_BOOT_SCTLR");
_Static_assert(offsetof(struct el2_boot, park) == EL2_BOOT_PARK, "EL2_BOOT_PARK");
_Static_assert(offsetof(struct el2_boot, ready) == EL2_BOOT_READY, "EL2_BOOT_READY");

extern struct el2_boot el2_boot;

#define EL2_RAM_RANGES 16

struct el2_range {
	uint64_t base, size;
};

/* What the device tree says, read once, before EL1 could have written to it. */
struct el2_board {
	bool smc; /* EL3 answers SMC: it is ours, or PSCI's conduit */
	/* PSCI 0.1 has no numbers of its own: those of the tree; 0: none, or a later PSCI. */
	uint32_t cpu_on, cpu_off, cpu_suspend;
	struct el2_range el3; /* an EL3 that came first, as an image of its own (armstub/) */
	unsigned int nr_ram, nr_spinning;
	struct el2_range ram[EL2_RAM_RANGES];
	uint64_t spinning[MPIDR_SLOTS]; /* where cores in a loader's spin table look */
};

_Static_assert(offsetof(struct el2_board, smc) == EL2_BOARD_SMC, "EL2_BOARD_SMC");

extern struct el2_board el2_board;

/* el2_find_board - fills in el2_board. */
void el2_find_board(const struct boot_info *boot);

extern struct rawuart el2_uarts[RAWUARTS]; /* for the lines that el2/ may have to print */

#endif
