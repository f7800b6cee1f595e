/*
 * vhe.c - see vhe.h.
 *
 * Rule: between the host's registers and the guest's nothing else of the kernel runs.  So all of
 * PSTATE.DAIF is masked, as it is at EL2 where el2/ is alone; the guest's vector table does not
 * serve the kernel, and ends it by name (vhe_unexpected, el1/vectors.S).
 */
#include "kvm/vhe.h"

#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "arm/levels.h"
#include "log/panic.h"

static inline unsigned long mask_all(void)
{
	unsigned long flags = irq_save();

	__asm__ volatile("msr daifset, #0xf" ::: "memory");
	return flags;
}

int64_t vhe_call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	const uint64_t x[5] = { fn, a1, a2, a3, a4 };
	unsigned long flags = mask_all();
	int64_t ret = vhe_guest_call(fn, x);

	irq_restore(flags);
	return ret;
}

enum el2_exit vhe_run(int vcpu)
{
	uint64_t flags = READ_SYSREG(daif);
	int64_t exit;

	/* The exception that ends the run masks all of them, too. */
	__asm__ volatile("msr daifset, #0xf" ::: "memory");
	exit = vhe_guest_run((uint64_t)vcpu);
	/* No ERET is here, by which traps and vectors would be the kernel's again. */
	isb();
	WRITE_SYSREG(daif, flags);
	return (enum el2_exit)exit;
}

void vhe_init_cpu(bool first)
{
	vhe_machine_start(first, true);
}
