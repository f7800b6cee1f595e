/*
 * smccc.h - calling firmware or the hypervisor by the SMC Calling Convention (Arm DEN 0028).
 *
 * Function number in w0, arguments in x1.., results in x0..x3; x4..x17 are lost, the rest is kept.
 * An SMC where there is no EL3, or where EL3 has disabled it, is undefined: the caller knows from
 * the device tree that it is answered.
 */
#pragma once

#include <stdint.h>

/*
 * A function's number: bit 31, a fast call; bit 30, its 64-bit form; whose call it is; the owner's
 * own number.
 */
#define SMCCC_64		0x40000000u
#define SMCCC_FAST(owner, n)	(0x80000000u | (uint32_t)(owner) << 24 | (n))
#define SMCCC_OWNER(fn)		(((fn) >> 24) & 0x3f)
#define SMCCC_OWNER_ARCH	0 /* the architecture */
#define SMCCC_OWNER_OEM		3
#define SMCCC_OWNER_STANDARD	4 /* standard secure services: PSCI */
#define SMCCC_OWNER_HYPERVISOR	6 /* vendor-specific hypervisor services */
#define SMCCC_OWNER_TRUSTED_OS	63

#define SMCCC_VERSION		SMCCC_FAST(SMCCC_OWNER_ARCH, 0) /* 0x80000000 */
#define SMCCC_ARCH_FEATURES	SMCCC_FAST(SMCCC_OWNER_ARCH, 1)
#define SMCCC_WORKAROUND_1	SMCCC_FAST(SMCCC_OWNER_ARCH, 0x8000)
#define SMCCC_WORKAROUND_2	SMCCC_FAST(SMCCC_OWNER_ARCH, 0x7fff)
#define SMCCC_WORKAROUND_3	SMCCC_FAST(SMCCC_OWNER_ARCH, 0x3fff)
#define SMCCC_VERSION_1_1	0x10001

#define SMCCC_SUCCESS		0
#define SMCCC_NOT_REQUIRED	1 /* of a workaround: this core does without the call */
#define SMCCC_NOT_SUPPORTED	(-1)
#define SMCCC_INVALID_PARAMETER (-3)
#define SMCCC_NOT_NEEDED	(-2) /* DEN 0028's NOT_REQUIRED: no core needs the call */

struct smccc_result {
	uint64_t x0, x1, x2, x3;
};

/*
 * smccc_hvc, smccc_smc - make the call.  The observer, if there is one, is called before (its
 * result is NULL) and after.  Not below EL1: EL2 and EL3 only answer.
 */
struct smccc_result smccc_hvc(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
struct smccc_result smccc_smc(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3);

/*
 * smccc_unseen - the call @fn of @level (2 or 3), without arguments, and without the observer: for
 * a caller that holds what the observer takes (the run queue's lock), or that is called so often
 * that nobody wants to see it.
 */
void smccc_unseen(unsigned int level, uint32_t fn);

/*
 * An observer of the calls (trace/): @level that is called, 2 or 3; @elr: where the call returns
 * to. In the caller's context.
 */
typedef void (*smccc_observer)(unsigned int level, uint32_t fn, const uint64_t arg[3], uint64_t elr,
			       const struct smccc_result *result);
void smccc_observe(smccc_observer fn);
