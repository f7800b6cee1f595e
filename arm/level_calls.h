/*
 * level_calls.h - the calls that Newel's own EL2 and EL3 answer, in the ranges that the SMC Calling
 * Convention leaves to a vendor: SMC64 fast calls.
 *
 * EL2 by HVC in the vendor hypervisor's range, EL3 by SMC in the OEM's.  Each level answers with
 * what it reads itself; a call it does not know gets SMCCC_NOT_SUPPORTED.
 */
#pragma once

#include "arm/smccc.h"

/* 0xc6000000 + n */
#define NEWEL_HVC(n)	      (SMCCC_FAST(SMCCC_OWNER_HYPERVISOR, n) | SMCCC_64)
#define NEWEL_HVC_VERSION     NEWEL_HVC(0) /* x0 = NEWEL_LEVELS_VERSION */
#define NEWEL_HVC_CURRENTEL   NEWEL_HVC(1) /* x0 = CurrentEL at EL2: 0x8 */
#define NEWEL_HVC_NOTE	      NEWEL_HVC(2) /* x1 = 1: notes on this core from now on; 0: no more */

/*
 * The host gives up the right to write, for good (el2/host.c); x0: 0 or SMCCC_INVALID_PARAMETER.
 * Of the arena, where modules lie, at most 64 pages a call; x3: 1: they can be executed, 0: not.
 */
#define NEWEL_HVC_ARENA	      NEWEL_HVC(3) /* x1, x2: its address and size; once */
#define NEWEL_HVC_SEAL_KERNEL NEWEL_HVC(4) /* its text and rodata */
#define NEWEL_HVC_SEAL	      NEWEL_HVC(5) /* x1, x2: pages of the arena; x3 */
#define NEWEL_HVC_UNSEAL      NEWEL_HVC(6) /* x1, x2: pages of the arena: zeroed, then writable */

#define NEWEL_SMC(n)	      (SMCCC_FAST(SMCCC_OWNER_OEM, n) | SMCCC_64) /* 0xc3000000 + n */
#define NEWEL_SMC_VERSION     NEWEL_SMC(0) /* x0 = NEWEL_LEVELS_VERSION */
#define NEWEL_SMC_CURRENTEL   NEWEL_SMC(1) /* x0 = CurrentEL at EL3: 0xc */
#define NEWEL_SMC_NOTE	      NEWEL_SMC(2) /* as NEWEL_HVC_NOTE: arm/level_notes.h */

/*
 * Who serves the OEM's range: every firmware that follows the convention can be asked (DEN 0028,
 * 6.2).  w0..w3: the UUID 2d256367-1f6f-499a-8cfb-9d30b69780e5, four bytes of it a little-endian
 * word.
 */
#define NEWEL_SMC_UID	      SMCCC_FAST(SMCCC_OWNER_OEM, 0xff01)
#define NEWEL_UID                                              \
	{                                                      \
		0x6763252d, 0x9a496f1f, 0x309dfb8c, 0xe58097b6 \
	}

#define NEWEL_LEVELS_VERSION 0x00010001 /* major << 16 | minor */
