/*
 * probe.c - is there memory at this address?  The hardware is asked (AT S1E1R), so that no fault is
 * taken.
 *
 * Used by the dump, where a second fault would hide the first.  Invariant: only the kernel's half
 * is looked at; PAR_EL1 is read before an interrupt can change it.
 */
#include "el1/probe.h"

#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "mm/layout.h"

#define PAR_F	    SYSREG_BIT(0)
#define PAR_ATTR(v) ((v) >> 56)
#define ATTR_DEVICE 0x0f /* 0b0000xxxx: any kind of device memory */

static bool probe_readable(uintptr_t va)
{
	unsigned long flags;
	uint64_t par;

	if (va < LINEAR_BASE)
		return false;
	flags = irq_save();
	__asm__ volatile("at s1e1r, %0" ::"r"(va));
	isb();
	par = READ_SYSREG(par_el1);
	irq_restore(flags);
	return !(par & PAR_F) && PAR_ATTR(par) > ATTR_DEVICE;
}

bool probe_u64(uintptr_t va, uint64_t *val)
{
	if (!IS_ALIGNED(va, sizeof(*val)) || !probe_readable(va))
		return false;
	*val = *(const volatile uint64_t *)va;
	return true;
}

bool probe_u32(uintptr_t va, uint32_t *val)
{
	if (!IS_ALIGNED(va, sizeof(*val)) || !probe_readable(va))
		return false;
	*val = *(const volatile uint32_t *)va;
	return true;
}
