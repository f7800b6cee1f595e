/*
 * vhe.h - all that differs, in the half of el2/ that guests are for, where the kernel itself is at
 * EL2 (newel.el2=vhe; docs/levels.md).
 *
 * That half is run, switch, guest, guest_s2, machine, pool, table, tlb and vmid.  It is compiled
 * twice: as el2/, which is alone at EL2 and trusts nobody; and with EL2_VHE as a part of the
 * kernel, which calls it.  There HCR_EL2.E2H is set for good, so that registers have other names
 * and forms; memory is where the kernel's linear map has it; and no wall stands between it and its
 * host, whose word is taken: nothing is taken from the host's tables, nothing is counted.
 */
#pragma once

/* The guest's registers of arm/el2call.h's EL12 lists: with VHE EL1's own names are EL2's. */
#ifdef EL2_VHE
#define EL12(name)	name##_el12
#define el2_unexpected	vhe_unexpected
#define GUEST_SCTLR	SCTLR_EL12
#define GUEST_TCR	TCR_EL12
#define GUEST_CNTV_CTL	CNTV_CTL_EL02
#define GUEST_CNTV_CVAL CNTV_CVAL_EL02
#else
#define EL12(name)	name##_el1
#define GUEST_SCTLR	sctlr_el1
#define GUEST_TCR	tcr_el1
#define GUEST_CNTV_CTL	cntv_ctl_el0
#define GUEST_CNTV_CVAL cntv_cval_el0
#endif

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

#include "el2/lock.h"
#ifdef EL2_VHE
#include "arm/levels.h"
#include "arm/percpu.h"
#include "lib/string.h"
#include "mm/layout.h"
#else
#include "arm/mpidr.h"
#include "el2/board.h"
#include "el2/memory.h"
#endif

#ifdef EL2_VHE

#define EL2_IS_VHE	  true
#define EL2_PAGES	  /* .bss will do */

/* What the kernel calls (kvm/vhe.c): all other names of this half are its own there. */
#define el2_guest_call	  vhe_guest_call
#define el2_guest_run	  vhe_guest_run
#define el2_machine_start vhe_machine_start

extern struct el2_lock el2_memory_lock; /* el2/memory.h */

/* All memory is the host's, which reaches it, and gives it away as it likes. */
static inline int el2_host_take(uint64_t block)
{
	return 0;
}

static inline void el2_host_give(uint64_t block)
{
}

static inline bool el2_host_has(uint64_t pa, uint64_t size, bool write)
{
	return true;
}

static inline bool el2_host_lets(uint64_t ipa, uint64_t set, uint64_t clear)
{
	return true;
}

static inline bool el2_is_ram(uint64_t pa, uint64_t size)
{
	return false;
}

static inline int el2_see(uint64_t page)
{
	return 0;
}

static inline void el2_unsee(uint64_t page)
{
}

static inline void el2_memory_spare(uint64_t (*page_new)(void), void (*page_free)(uint64_t page))
{
}

static inline void el2_clear(void *at, uint64_t size)
{
	memset(at, 0, size);
}

/* A page of memory, and its address. */
static inline void *el2_at(uint64_t pa)
{
	return (void *)(LINEAR_BASE + pa);
}

static inline uint64_t el2_address(const void *p)
{
	return (uint64_t)p - LINEAR_BASE;
}

/* This core's number below MPIDR_SLOTS, as long as the host's registers are in it. */
#define EL2_CORE		 cpu_id()
/* TPIDR_EL2, which is not the kernel's: for vhe_unexpected. */
#define EL2_TPIDR		 this_cpu_offset()
/* What no host uses, but a run. */
#define EL2_RUN_TIMER_CTL	 CNTV_CTL_EL02

#define EL2_HAS_SMC		 true

/* As CPACR_EL1: without FPEN and ZEN, FP and SVE trap. */
#define CPTR_OF_GUEST		 CPTR_EL2_VHE_TTA
#define CPTR_WITH_FP(v)		 ((v) | CPTR_EL2_VHE_FPEN)
#define HCR_OF_GUEST		 HCR_E2H
/* The lower bits are the host's CNTKCTL_EL1: EL0 has other ones while a guest runs. */
#define CNTHCTL_GUEST(host, may) (((host) & ~CNTHCTL_VHE_EL1) | (may) << CNTHCTL_VHE_SHIFT)

#else

#define EL2_IS_VHE		 false
#define EL2_PAGES		 __attribute__((section(".pages")))

static inline void *el2_at(uint64_t pa)
{
	return (void *)pa;
}

static inline uint64_t el2_address(const void *p)
{
	return (uint64_t)p;
}

#define EL2_CORE		 READ_SYSREG(tpidr_el2)
#define EL2_TPIDR		 ((uint64_t)mpidr_slot(READ_SYSREG(mpidr_el1)))
#define EL2_RUN_TIMER_CTL	 cnthp_ctl_el2
#define EL2_HAS_SMC		 el2_board.smc

#define CPTR_OF_GUEST		 (CPTR_EL2_RES1 | CPTR_EL2_TZ | CPTR_EL2_TFP | CPTR_EL2_TTA)
#define CPTR_WITH_FP(v)		 ((v) & ~(uint64_t)CPTR_EL2_TFP)
#define HCR_OF_GUEST		 UINT64_C(0)
#define CNTHCTL_GUEST(host, may) (may)

#endif
#endif
