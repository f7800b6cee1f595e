/*
 * el2call.h - what the kernel at EL1 (kvm/) and the hypervisor at EL2 (el2/) say to one another.
 *
 * The kernel asks by HVC; el2/ checks every number, as EL1 may be anybody's.  A running guest's
 * registers lie in a struct el2_vcpu: a page of the kernel's that both read and write.  What el2/
 * itself has to rely on (HCR_EL2, VTTBR_EL2, the mode in SPSR_EL2) it composes anew at each run.
 *
 * The guest's memory is the kernel's too: el2/ keeps the tables (stage 2) that say where it is, in
 * pages that the kernel donated and can reach no more until they come back zeroed.
 */
#pragma once

/*
 * The guest's system registers of EL1 and EL0 that a run loads and an exit stores: X(name,
 * register), for C and for the assembly of el2/switch.S.  Those of the EL12 lists have other names
 * where the kernel itself is at EL2 (el2/vhe.h: EL12): they are spelled without a level.
 */
/* What lets the core walk tables: last in, first out (el2/switch.S). */
#define EL2_WALK_REGS(X) \
	X(SCTLR, sctlr)  \
	X(TCR, tcr)
#define EL2_EL12_REGS(X)          \
	X(CPACR, cpacr)           \
	X(TTBR0, ttbr0)           \
	X(TTBR1, ttbr1)           \
	X(MAIR, mair)             \
	X(AMAIR, amair)           \
	X(VBAR, vbar)             \
	X(CONTEXTIDR, contextidr) \
	X(CNTKCTL, cntkctl)
#define EL2_PLAIN_REGS(X)           \
	X(TPIDR, tpidr_el1)         \
	X(SP_EL1, sp_el1)           \
	X(SP_EL0, sp_el0)           \
	X(TPIDR_EL0, tpidr_el0)     \
	X(TPIDRRO_EL0, tpidrro_el0) \
	X(MDSCR, mdscr_el1)
/* Nothing of these is alive in the host's kernel when it calls: they are the guest's alone. */
#define EL2_EL12_GUEST_REGS(X) \
	X(ESR, esr)            \
	X(AFSR0, afsr0)        \
	X(AFSR1, afsr1)        \
	X(FAR, far)            \
	X(ELR, elr)            \
	X(SPSR, spsr)
#define EL2_PLAIN_GUEST_REGS(X) X(PAR, par_el1)
/* With EL2_RUN_DEBUG. */
#define EL2_DEBUG_REGS(X)	X(MDCCINT, mdccint_el1)
/* Where the core has pointer authentication: S3_0_C2_C1_0 and on, low half first. */
#define EL2_KEY_REGS(X)            \
	X(APIAKEYLO, S3_0_C2_C1_0) \
	X(APIAKEYHI, S3_0_C2_C1_1) \
	X(APIBKEYLO, S3_0_C2_C1_2) \
	X(APIBKEYHI, S3_0_C2_C1_3) \
	X(APDAKEYLO, S3_0_C2_C2_0) \
	X(APDAKEYHI, S3_0_C2_C2_1) \
	X(APDBKEYLO, S3_0_C2_C2_2) \
	X(APDBKEYHI, S3_0_C2_C2_3) \
	X(APGAKEYLO, S3_0_C2_C3_0) \
	X(APGAKEYHI, S3_0_C2_C3_1)

/* hvc #1, x0 = the vcpu, is EL2_RUN: nothing but ESR_EL2 is looked at. */
#define EL2_RUN_IMM   1
#define ESR_EL2_RUN   0x5a000001 /* EC: HVC64; IL; EL2_RUN_IMM */

/* EC: MRS; IL; CTR_EL0, to any register: what el2/ answers itself, with el2_vcpu.ctr. */
#define ESR_READS_CTR 0x6232c001
#define EL2_VCPU_CTR  264

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

#include "arm/level_calls.h"
#include "arm/levels.h"
#include "lib/util.h"

/* The calls: x0 = the number, x1.. = arguments; x0 is 0 or more, or one of the errors below. */
#define EL2_INFO   NEWEL_HVC(0x10) /* x1: enum el2_info; x0: the figure */
/* x1: a chunk's address: el2/'s from now on; x2: for the VMs of which user (EL2_VM_CREATE) */
#define EL2_DONATE NEWEL_HVC(0x11)
#define EL2_RECLAIM \
	NEWEL_HVC(0x12) /* x0: address of a chunk, the kernel's again; EL2_INVALID: none */
/*
 * x1: bits of its physical addresses, x2: whose it is, any number of 32 bits but the last, which is
 * nobody's: it lies in chunks for that one; x0: its number
 */
#define EL2_VM_CREATE	 NEWEL_HVC(0x13)
/* x1: vm, which has no vcpu and nothing mapped; x0: 1: a part is done, call again */
#define EL2_VM_DESTROY	 NEWEL_HVC(0x14)
#define EL2_VCPU_CREATE	 NEWEL_HVC(0x15) /* x1: vm, x2: address of its page; x0: its number */
#define EL2_VCPU_DESTROY NEWEL_HVC(0x16) /* x1: vcpu, which runs on no core */
/*
 * EL2_RUN is hvc #EL2_RUN_IMM, interrupts masked, x0: vcpu; x0: enum el2_exit, or an error
 * (EL2_BUSY: it runs already).  x1-x17 are lost.
 */
/* x1: vm, x2: guest address, x3: physical address, x4: bytes (EL2_PAGE or EL2_BLOCK) | EL2_MAP_* */
#define EL2_MAP		 NEWEL_HVC(0x18)
/*
 * x1: vm, x2: guest address, x3: bytes: not mapped any more on any core when it returns;
 * EL2_PROTECT: not writable any more.  x0: how many of the bytes are done, at least one page: call
 * again for the rest.  Of a block the whole goes, whatever part of it was meant.
 */
#define EL2_UNMAP	 NEWEL_HVC(0x19)
#define EL2_PROTECT	 NEWEL_HVC(0x1a)
#define EL2_FLUSH	 NEWEL_HVC(0x1b) /* x1: vm: nothing of its tables is in any TLB */

/* x1: enum el2_guesses: what this core does when a guest leaves it; x2: FILL's branches */
#define EL2_GUESSES	 NEWEL_HVC(0x1c)

#define EL2_INVALID	 (-1) /* an argument that is none */
#define EL2_NOMEM	 (-2) /* donate a chunk, and call again */
#define EL2_BUSY	 (-3) /* it is in use: a chunk's page is mapped, a vcpu runs */

enum el2_info {
	EL2_INFO_VERSION,  /* EL2_CALLS_VERSION */
	EL2_INFO_IPA_BITS, /* the most that a guest's physical address can have */
	EL2_INFO_VTR,	   /* ICH_VTR_EL2 of a GICv3; 0: no such GIC */
	EL2_INFO_COHERENT, /* 1: guests' memory is cached, whatever they want */
};

/* Against what a guest has taught a core of branches; the host knows its cores (el1/spectre.h). */
enum el2_guesses {
	EL2_GUESSES_ALONE,
	EL2_GUESSES_FILL,   /* its history is filled with branches of EL2's (CVE-2022-23960) */
	EL2_GUESSES_FORGET, /* EL3 makes it forget them: SMCCC_WORKAROUND_1 (CVE-2017-5715) */
};

#define EL2_BRANCHES_MAX  64 /* x2 of EL2_GUESSES */
#define EL2_CALLS_VERSION 1
#define EL2_CHUNK	  (UINT64_C(2) << 20) /* bytes, aligned: what is donated at once */
#define EL2_PAGE	  UINT64_C(0x1000)
#define EL2_BLOCK	  (UINT64_C(2) << 20)
#define EL2_MAP_WRITE	  BIT(0)
#define EL2_MAP_EXEC	  BIT(1)
#define EL2_MAP_DEVICE	  BIT(2) /* not memory: GICV's page */

/* Why EL2_RUN returned. */
enum el2_exit {
	EL2_EXIT_SYNC,	  /* an exception that the guest caused: esr, far, hpfar */
	EL2_EXIT_IRQ,	  /* an interrupt of the host's: it is taken as soon as it is unmasked */
	EL2_EXIT_SERROR,  /* esr: of the machine, or of the guest's making */
	EL2_EXIT_ILLEGAL, /* the guest could not be entered: its PSTATE is none of EL0's or EL1's */
};

#define EL2_REG_INDEX(name, reg) EL2_##name,
enum el2_reg {
	EL2_WALK_REGS(EL2_REG_INDEX) EL2_EL12_REGS(EL2_REG_INDEX) EL2_PLAIN_REGS(EL2_REG_INDEX)
		EL2_EL12_GUEST_REGS(EL2_REG_INDEX) EL2_PLAIN_GUEST_REGS(EL2_REG_INDEX)
			EL2_KEY_REGS(EL2_REG_INDEX) EL2_DEBUG_REGS(EL2_REG_INDEX) NR_EL2_REGS
};

#define EL2_LRS	       16 /* list registers of a GICv3, at most */
#define EL2_BREAKPTS   16 /* breakpoints, and watchpoints, at most */

/* el2_vcpu.flags */
#define EL2_RUN_FP     BIT(0) /* the FP registers are the guest's: it does not trap for them */
#define EL2_RUN_DEBUG  BIT(1) /* load bvr and so on: they are in use */
#define EL2_RUN_GICV3  BIT(2) /* the guest has a GICv3: load lr[] and so on */
#define EL2_RUN_PAUTH  BIT(3) /* it may authenticate pointers: its keys are loaded */

#define EL2_RUN_CNTPCT BIT(4) /* it may not read CNTPCT_EL0: a trap */

/* What of HCR_EL2 and MDCR_EL2 the kernel chooses at each run; el2/ takes these bits alone. */
#define EL2_HCR_MAY    (HCR_VF | HCR_VI | HCR_VSE | HCR_TWI | HCR_TWE | HCR_TVM)
#define EL2_MDCR_MAY   (MDCR_EL2_TDE | MDCR_EL2_TDA)

/*
 * A vcpu: the guest's registers while it does not run.  A page of its own; written by the task that
 * runs it (its vcpu's mutex) and, during EL2_RUN, by el2/ alone.
 */
struct el2_vcpu {
	uint64_t x[31];
	uint64_t pc, pstate;
	uint64_t ctr; /* what the guest reads as CTR_EL0 */
	uint64_t sys[NR_EL2_REGS];
	uint64_t mpidr;	  /* what the guest reads as MPIDR_EL1 */
	uint64_t cntvoff; /* CNTVOFF_EL2: its virtual counter is so much behind the machine's */
	uint64_t cntv_ctl, cntv_cval;
	uint64_t vsesr; /* VSESR_EL2, with HCR_VSE, where there is RAS */
	uint64_t vdisr; /* VDISR_EL2, what the guest reads as DISR_EL1, where there is RAS */

	/* in: how it is to run */
	uint64_t hcr;  /* EL2_HCR_MAY; out: HCR_VSE is clear if the guest has taken its SError */
	uint64_t mdcr; /* EL2_MDCR_MAY; TDA is set anyway without EL2_RUN_DEBUG */
	uint64_t flags;

	/* out: the exit */
	uint64_t esr, far, hpfar;

	/* GICv3, with EL2_RUN_GICV3: in, and out after the exit */
	uint64_t lr[EL2_LRS];
	uint64_t nr_lrs; /* in: lr[0] .. lr[nr_lrs - 1] are in use */
	uint64_t ich_hcr, ich_vmcr;
	uint64_t ap0r[4], ap1r[4];

	/* with EL2_RUN_DEBUG */
	uint64_t bvr[EL2_BREAKPTS], bcr[EL2_BREAKPTS], wvr[EL2_BREAKPTS], wcr[EL2_BREAKPTS];
};

_Static_assert(sizeof(struct el2_vcpu) <= EL2_PAGE, "a vcpu is one page");
_Static_assert(offsetof(struct el2_vcpu, ctr) == EL2_VCPU_CTR, "EL2_VCPU_CTR");

/*
 * Where the kernel itself is at EL2 it calls its own copy of el2/'s half for guests (el2/vhe.h),
 * with all of PSTATE.DAIF masked: a call but EL2_RUN, with its number and arguments as x[0] to
 * x[4]; EL2_RUN; and, on each core before its first run, what the core needs, @first on the first.
 */
int64_t vhe_guest_call(uint32_t fn, const uint64_t x[5]);
int64_t vhe_guest_run(uint64_t handle);
void vhe_machine_start(bool first, bool vhe);

#endif
