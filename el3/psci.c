/*
 * psci.c - the Power State Coordination Interface 1.1 (Arm DEN 0022), for machines that have no
 * firmware.
 *
 * The order of a core's states, which makes every race between two callers an answer that the
 * standard has: OFF -> PENDING under el3_lock, by CPU_ON's caller; PENDING -> ON and ON -> OFF by
 * the core itself.
 */
#include "el3/el3.h"

#include "arm/psci.h"

extern char __resident_start[], __resident_el2_text[], __resident_el2_end[], __resident_end[];

/* The core with exactly this affinity, or NULL. */
static volatile struct el3_core *find_core(uint64_t affinity)
{
	int slot = mpidr_slot(affinity);
	volatile struct el3_core *core;

	if (affinity & ~(uint64_t)MPIDR_AFFINITY_MASK || slot < 0)
		return NULL;
	core = &el3_machine.cores[slot];
	return core->state != EL3_CORE_ABSENT && core->mpidr == affinity ? core : NULL;
}

/* An instruction's address in what physical memory this core can have, and not one of ours. */
static bool entry_is_valid(uint64_t entry)
{
	if (entry & 3 || entry >> 48)
		return false;
	if (entry >= el3_machine.secure_ram &&
	    entry - el3_machine.secure_ram < el3_machine.secure_size)
		return false;
	/*
	 * This memory must not be entered at a lower level, but for el2/'s own part.  The
	 * names are those of the image, seen from where this code has moved.
	 */
	entry += el3_machine.moved;
	if (entry >= (uint64_t)__resident_el2_text && entry < (uint64_t)__resident_el2_end)
		return true;
	return entry < (uint64_t)__resident_start || entry >= (uint64_t)__resident_end;
}

static int64_t cpu_on(uint64_t target, uint64_t entry, uint64_t context)
{
	volatile struct el3_core *core = find_core(target);
	unsigned int self = el3_this_slot();
	int64_t result = PSCI_SUCCESS;

	if (!core)
		return PSCI_INVALID_PARAMETERS;
	if (!entry_is_valid(entry))
		return PSCI_INVALID_ADDRESS;
	el3_lock(self);
	if (core->state == EL3_CORE_ON) {
		result = PSCI_ALREADY_ON;
	} else if (core->state == EL3_CORE_PENDING) {
		result = PSCI_ON_PENDING;
	} else {
		core->entry = entry;
		core->context = context;
		/*
		 * Entry and context before the state: the core reads them once it sees PENDING, and
		 * takes no lock.
		 */
		dsb(sy);
		core->state = EL3_CORE_PENDING;
		dsb(sy);
		sev();
	}
	el3_unlock(self);
	return result;
}

static __noreturn void cpu_off(void)
{
	/*
	 * By the core itself, and without el3_lock: a caller of CPU_ON sees ON or OFF, and both
	 * answers are true.
	 */
	el3_machine.cores[el3_this_slot()].state = EL3_CORE_OFF;
	dsb(sy);
	el3_park();
}

static int64_t affinity_info(uint64_t target, uint64_t lowest_level)
{
	volatile struct el3_core *core = find_core(target);

	if (!core || lowest_level != 0)
		return PSCI_INVALID_PARAMETERS;
	switch (core->state) {
	case EL3_CORE_ON: return PSCI_AFFINITY_ON;
	case EL3_CORE_PENDING: return PSCI_AFFINITY_PENDING;
	default: return PSCI_AFFINITY_OFF;
	}
}

/* Standby only: the core waits here for the interrupt that would wake it, and returns. */
static int64_t cpu_suspend(uint64_t power_state)
{
	if (power_state & PSCI_SUSPEND_POWERDOWN)
		return PSCI_INVALID_PARAMETERS;
	dsb(sy);
	wfi();
	return PSCI_SUCCESS;
}

/* The calls that have a 64-bit form have it under the same number with SMCCC_64 set. */
static bool is_served(uint32_t fn)
{
	switch (fn) {
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND | SMCCC_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_CPU_ON | SMCCC_64:
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO | SMCCC_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case SMCCC_VERSION: return true;
	default: return false;
	}
}

int64_t el3_psci(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	if (!is_served(fn))
		return PSCI_NOT_SUPPORTED;
	if (!(fn & SMCCC_64)) {
		a1 = (uint32_t)a1;
		a2 = (uint32_t)a2;
		a3 = (uint32_t)a3;
	}
	switch (fn & ~SMCCC_64) {
	case PSCI_VERSION: return PSCI_VERSION_1_1;
	case PSCI_CPU_SUSPEND: return cpu_suspend(a1);
	case PSCI_CPU_OFF: cpu_off();
	case PSCI_CPU_ON: return cpu_on(a1, a2, a3);
	case PSCI_AFFINITY_INFO: return affinity_info(a1, a2);
	case PSCI_MIGRATE_INFO_TYPE: return PSCI_MIGRATE_NOT_REQUIRED;
	case PSCI_FEATURES: return is_served((uint32_t)a1) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
	case PSCI_SYSTEM_OFF: el3_power_off(); return PSCI_INTERNAL_FAILURE;
	case PSCI_SYSTEM_RESET: el3_power_reset(); return PSCI_INTERNAL_FAILURE;
	default: return PSCI_NOT_SUPPORTED;
	}
}
