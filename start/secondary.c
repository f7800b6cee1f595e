/*
 * secondary.c - what the boot core prepares for the others.  Runs in the higher half.
 *
 * Invariant: everything that a core reads before its MMU is on was cleaned to memory before the
 * core could start.
 */
#include "start/cache.h"
#include "start/boot_info.h"
#include "start/secondary.h"
#include "start/park.h"

#include "abi/errno.h"
#include "arm/barrier.h"
#include "arm/percpu.h"
#include "mm/layout.h"

#define TTBR_BADDR 0x0000fffffffffffe

/* On a line of its own: cleaning one core's must not write back a neighbour's. */
static struct {
	__attribute__((aligned(PARK_SLOT_SIZE))) struct secondary_boot s;
} secondary_boots[NR_CPUS];

extern char secondary_entry[], secondary_spin_entry[];

static uint64_t image_pa(const void *va)
{
	return (uintptr_t)va - KERNEL_VA + boot_info.image;
}

uint64_t secondary_entry_pa(void)
{
	return image_pa(secondary_entry);
}

uint64_t secondary_spin_pa(void)
{
	return image_pa(secondary_spin_entry);
}

uint64_t secondary_prepare(const struct secondary_boot *s)
{
	struct secondary_boot *copy = &secondary_boots[s->cpu].s;

	*copy = *s;
	if (!copy->root)
		copy->root = READ_SYSREG(ttbr1_el1) & TTBR_BADDR;
	dcache_clean_range((uintptr_t)copy, (uintptr_t)(copy + 1));
	return image_pa(copy);
}

int secondary_allow(uint64_t mpidr, uint64_t context)
{
	int slot = mpidr_slot(mpidr);

	if (slot < 0)
		return -EINVAL;
	park_slots[slot].context = context;
	dcache_clean_range((uintptr_t)&park_slots[slot], (uintptr_t)&park_slots[slot + 1]);
	return 0;
}

bool secondary_parked(uint64_t mpidr)
{
	int slot = mpidr_slot(mpidr);

	if (slot < 0)
		return false;
	/* The core wrote it past our cache. */
	dcache_clean_range((uintptr_t)&park_slots[slot], (uintptr_t)&park_slots[slot + 1]);
	return park_slots[slot].mpidr != 0;
}
