/*
 * vhe.c - see vhe.h.
 *
 * Rule: between the host's registers and the guest's nothing else of the kernel runs.  So all of
 * PSTATE.DAIF is masked, as it is at EL2 where el2/ is alone; the guest's vector table does not
 * serve the kernel, and ends it by name.
 */
#include "kvm/vhe.h"

#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "arm/levels.h"
#include "log/panic.h"

static uint64_t host_vbar; /* one of the kernel's own vector tables */

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
	if (first)
		host_vbar = READ_SYSREG(vbar_el2);
	vhe_machine_start(first, true);
}

void vhe_unexpected(unsigned int slot)
{
	uint64_t esr = READ_SYSREG(esr_el2), pc = READ_SYSREG(elr_el2), far = READ_SYSREG(far_el2);

	/* The core is the kernel's again, or panic could not say it. */
	WRITE_SYSREG(hcr_el2, READ_SYSREG(hcr_el2) | HCR_TGE);
	WRITE_SYSREG(tpidr_el1, READ_SYSREG(tpidr_el2));
	WRITE_SYSREG(vbar_el2, host_vbar);
	isb();
	panic("kvm: exception %u between host and guest: esr %#lx, pc %#lx, far %#lx", slot, esr,
	      pc, far);
}
