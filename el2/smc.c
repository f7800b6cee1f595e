/*
 * smc.c - every SMC of EL1's comes here first (HCR_EL2.TSC), also where EL3 has disabled it: what
 * is known to be harmless is made in EL1's name, what starts a core is rewritten, the rest is not
 * supported.
 *
 * A core that EL3 starts begins at EL2.  So CPU_ON, and a suspend that a core comes back from,
 * name an entry of ours; what EL1 has asked for is kept here, and the core goes there at EL1.
 *
 * Invariant: EL3 is only ever given an address by el2/ itself.
 */
#include "el2/smc.h"
#include "el2/el2.h"
#include "el2/host.h"
#include "el2/memory.h"
#include "el2/board.h"

#include "arm/atomic.h"
#include "arm/level_calls.h"
#include "arm/mpidr.h"
#include "arm/psci.h"

/* PSCI 1.1 and TRNG (DEN 0098) have more than arm/psci.h, which lists what Newel itself uses. */
#define PSCI_SYSTEM_RESET2 SMCCC_FAST(SMCCC_OWNER_STANDARD, 18)
#define TRNG_FIRST	   SMCCC_FAST(SMCCC_OWNER_STANDARD, 0x50)
#define TRNG_LAST	   SMCCC_FAST(SMCCC_OWNER_STANDARD, 0x53)
#define SMCCC_ARCH_SOC_ID  SMCCC_FAST(SMCCC_OWNER_ARCH, 2)

/* Where EL1 wants a core to begin. */
struct beginning {
	uint32_t pending; /* CPU_ON is under way: the core has not read it yet */
	uint64_t entry, context;
};

static struct beginning cpu_on[MPIDR_SLOTS], resume[MPIDR_SLOTS];

static bool is_harmless(uint32_t fn)
{
	switch (fn) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
	case SMCCC_ARCH_SOC_ID:
	case SMCCC_ARCH_SOC_ID | SMCCC_64:
	case SMCCC_WORKAROUND_1:
	case SMCCC_WORKAROUND_2:
	case SMCCC_WORKAROUND_3:
	case PSCI_VERSION:
	case PSCI_CPU_OFF:
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO | SMCCC_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2 | SMCCC_64:
	case NEWEL_SMC_VERSION:
	case NEWEL_SMC_CURRENTEL:
	case NEWEL_SMC_NOTE:
	case NEWEL_SMC_UID: return true;
	default: return (fn & ~SMCCC_64) >= TRNG_FIRST && (fn & ~SMCCC_64) <= TRNG_LAST;
	}
}

/* Of these too EL3 may be asked whether it serves them. */
static bool is_known(uint32_t fn)
{
	switch (fn & ~SMCCC_64) {
	case PSCI_CPU_ON:
	case PSCI_CPU_SUSPEND:
	case PSCI_FEATURES: return true;
	case PSCI_SYSTEM_SUSPEND: return true;
	default: return is_harmless(fn);
	}
}

static int64_t call_el3(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	struct resident_frame f;

	for (unsigned int i = 4; i < 18; i++)
		f.x[i] = 0;
	f.x[0] = fn;
	f.x[1] = a1;
	f.x[2] = a2;
	f.x[3] = a3;
	el2_call_el3(&f);
	return (int32_t)f.x[0];
}

/* @fn: the number by which EL3 knows it. */
static int64_t psci_cpu_on(uint32_t fn, uint64_t target, uint64_t entry, uint64_t context)
{
	int slot = target & ~(uint64_t)MPIDR_AFFINITY_MASK ? -1 : mpidr_slot(target);
	struct beginning *b;
	int64_t answer;
	bool kept;

	if (slot < 0)
		return PSCI_INVALID_PARAMETERS;
	el2_lock(&el2_memory_lock);
	kept = el2_is_kept(entry);
	el2_unlock(&el2_memory_lock);
	if (entry & 3 || kept)
		return PSCI_INVALID_ADDRESS;
	b = &cpu_on[slot];
	/* One caller at a time: what the core is to read stays until it has. */
	if (atomic_xchg(&b->pending, 1))
		return PSCI_ON_PENDING;
	b->entry = entry;
	b->context = context;
	dsb(ish);
	answer = call_el3(fn, target, (uint64_t)el2_cpu_on_entry, 0);
	if (answer != PSCI_SUCCESS)
		store_release(&b->pending, 0);
	return answer;
}

uint64_t el2_take_cpu_on(uint64_t *context)
{
	/* It has a slot: el2_stack would not have let it through. */
	struct beginning *b = &cpu_on[mpidr_slot(READ_SYSREG(mpidr_el1))];
	uint64_t entry = b->entry;

	*context = b->context;
	store_release(&b->pending, 0);
	return entry;
}

/*
 * @fn, as EL3 knows it, has an entry and a context for its last two arguments, and @state before
 * them, if it is not SYSTEM_SUSPEND.
 * The entry is not looked at: at EL1 it is an abort at worst, and of a standby it means nothing.
 */
static int64_t psci_suspend(uint32_t fn, uint64_t state, uint64_t entry, uint64_t context)
{
	struct beginning *b = &resume[mpidr_slot(READ_SYSREG(mpidr_el1))];
	uint64_t ours = (uint64_t)el2_resume_entry;

	b->entry = entry;
	b->context = context;
	if (fn == (PSCI_SYSTEM_SUSPEND | SMCCC_64))
		return call_el3(fn, ours, 0, 0);
	return call_el3(fn, state, ours, 0);
}

uint64_t el2_take_resume(uint64_t *context)
{
	const struct beginning *b = &resume[mpidr_slot(READ_SYSREG(mpidr_el1))];

	*context = b->context;
	return b->entry;
}

/* PSCI 0.1.  Return: whether it was that. */
static bool own_numbers(struct resident_frame *f)
{
	uint32_t fn = (uint32_t)f->x[0];

	if (!fn)
		return false;
	if (fn == el2_board.cpu_on)
		f->x[0] = (uint64_t)psci_cpu_on(fn, f->x[1], f->x[2], f->x[3]);
	else if (fn == el2_board.cpu_suspend)
		f->x[0] = (uint64_t)psci_suspend(fn, f->x[1], f->x[2], f->x[3]);
	else if (fn == el2_board.cpu_off)
		el2_call_el3(f);
	else
		return false;
	return true;
}

static uint64_t filter_smc(struct resident_frame *f)
{
	uint32_t fn = (uint32_t)f->x[0];
	/* A 32-bit call has no upper halves. */
	uint64_t mask = fn & SMCCC_64 ? UINT64_MAX : UINT32_MAX;
	uint64_t a1 = f->x[1] & mask, a2 = f->x[2] & mask, a3 = f->x[3] & mask;

	if (!el2_board.smc)
		return (uint64_t)SMCCC_NOT_SUPPORTED;
	if (own_numbers(f))
		return f->x[0];
	switch (fn & ~SMCCC_64) {
	case PSCI_CPU_ON: return (uint64_t)psci_cpu_on(fn | SMCCC_64, a1, a2, a3);
	case PSCI_CPU_SUSPEND: return (uint64_t)psci_suspend(fn | SMCCC_64, a1, a2, a3);
	case PSCI_SYSTEM_SUSPEND: return (uint64_t)psci_suspend(fn | SMCCC_64, 0, a1, a2);
	}
	if (fn == PSCI_FEATURES
		    ? is_known((uint32_t)a1)
		    : is_harmless(fn) && (fn != SMCCC_ARCH_FEATURES || is_harmless((uint32_t)a1)))
		el2_call_el3(f);
	else
		f->x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
	return f->x[0];
}

void el2_smc(struct resident_frame *f)
{
	f->x[0] = filter_smc(f);
}
