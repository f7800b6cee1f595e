/*
 * vmid.c - see vmid.h.
 *
 * A VM that is to run and has no VMID, where none is free, gets that of a VM which does not run.
 * Most runs need no lock for it, and not even a look of their own: they look at vm->last anyway.
 *
 * Invariant: a VM has a VMID where its last[] is not 0 on any core, and keeps it while one of its
 * vcpus runs.  Who runs first says so (EL2_VCPU_RUNS), and then looks at last[]; who takes a VMID
 * away first clears last[], and then looks who runs: one of them sees the other.  Only under
 * el2_memory_lock what is 0 in last[] becomes anything else.
 */
#include "el2/vmid.h"

#include "arm/levels.h"
#include "el2/guest.h"
#include "el2/pool.h"
#include "el2/tlb.h"

#define VMIDS 256 /* VTCR_EL2.VS is 0: eight bits, and each core has them */

/* While one looks for a VM that does not run, no more can than there are cores. */
_Static_assert(MPIDR_SLOTS < VMIDS - 1, "some VM does not run");

static struct el2_vm *vm_of[VMIDS]; /* 0 is the host's */
static uint32_t taken_last;	    /* the VMID that was taken away last */

uint32_t el2_vmid_free(void)
{
	for (uint32_t vmid = 1; vmid < VMIDS; vmid++)
		if (!vm_of[vmid])
			return vmid;
	return 0;
}

void el2_vmid_set(struct el2_vm *vm, uint32_t vmid)
{
	if (vmid)
		vm_of[vmid] = vm;
	WRITE_ONCE(vm->regime.vttbr, (uint64_t)vmid << VTTBR_VMID_SHIFT | vm->table.root);
}

void el2_vmid_drop(struct el2_vm *vm)
{
	uint32_t vmid = (uint32_t)(vm->regime.vttbr >> VTTBR_VMID_SHIFT);

	if (vmid)
		vm_of[vmid] = NULL;
}

static bool runs_anywhere(const struct el2_vm *vm)
{
	for (const struct el2_vcpu_own *v = vm->vcpus; v; v = v->next)
		if (load_acquire(el2_holds_of(v->handle)) == EL2_VCPU_RUNS)
			return true;
	return false;
}

/*
 * @vm has none any more, if none of its vcpus runs.  The first look decides nothing: it is so that
 * a VM that runs keeps its last[], without which each of its runs would come here.
 */
static bool is_taken_from(struct el2_vm *vm)
{
	if (runs_anywhere(vm))
		return false;
	for (unsigned int i = 0; i < MPIDR_SLOTS; i++)
		WRITE_ONCE(vm->last[i], 0);
	dmb(ish);
	if (runs_anywhere(vm))
		return false;
	el2_tlb_forget(&vm->table, 0, SYSREG_BIT(vm->table.input_bits));
	el2_vmid_set(vm, 0);
	return true;
}

/* One after the other, so that whoever has lost one does not take it back from who has it now. */
static uint32_t take_from_any(void)
{
	do
		taken_last = taken_last % (VMIDS - 1) + 1;
	while (!is_taken_from(vm_of[taken_last]));
	return taken_last;
}

static void give_vmid(struct el2_vm *vm)
{
	uint32_t vmid = el2_vmid_free();

	el2_vmid_set(vm, vmid ? vmid : take_from_any());
}

void el2_vmid_hold(struct el2_vm *vm, uint32_t *last, uint32_t handle)
{
	uint32_t was = READ_ONCE(*last);

	/* It is 0, or becomes 0 now, if the VMID may be another's. */
	if (likely(was) && atomic_cmpxchg(last, &was, handle))
		return;
	el2_lock(&el2_memory_lock);
	if (!(vm->regime.vttbr >> VTTBR_VMID_SHIFT))
		give_vmid(vm);
	WRITE_ONCE(*last, handle);
	el2_unlock(&el2_memory_lock);
	/* Before any walk with it: el2_tlb_forget passes over a VM that has none. */
	dsb(ish);
}
