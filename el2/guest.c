/*
 * guest.c - the host's calls about guests (arm/el2call.h): every number is checked here or where it
 * is used, as the host may be anybody's.
 */
#include "el2/guest.h"

#include "abi/errno.h"
#include "el2/guest_s2.h"
#include "el2/machine.h"
#include "el2/pool.h"
#include "el2/vmid.h"

#define IPA_BITS_MIN 32

static int64_t answer_of(int err)
{
	switch (err) {
	case -ENOMEM: return EL2_NOMEM;
	case -EBUSY: return EL2_BUSY;
	default: return err < 0 ? EL2_INVALID : err;
	}
}

/* ---- handles ---- */

struct el2_vm *el2_vm_get(uint64_t handle)
{
	struct el2_vm *vm;

	el2_lock(&el2_memory_lock);
	vm = el2_held(handle, EL2_VM);
	if (vm)
		vm->users++;
	el2_unlock(&el2_memory_lock);
	return vm;
}

void el2_vm_put(struct el2_vm *vm)
{
	el2_lock(&el2_memory_lock);
	vm->users--;
	el2_unlock(&el2_memory_lock);
}

/* ---- the calls, under el2_memory_lock ---- */

static int64_t create_vm(uint64_t ipa_bits, uint32_t user)
{
	struct el2_vm *vm;
	uint32_t handle;

	if (ipa_bits < IPA_BITS_MIN || ipa_bits > el2_machine.pa_bits || user == EL2_ANY_USER)
		return EL2_INVALID;
	/* Seen as a VM only when it is whole. */
	vm = el2_page_new(user, EL2_TABLE, &handle);
	if (!vm)
		return EL2_NOMEM;
	vm->handle = handle;
	vm->user = user;
	/* Before the first vcpu runs: all of it is set by then. */
	el2_machine_host();
	if (el2_s2_init(vm, (unsigned int)ipa_bits)) {
		el2_page_free(vm);
		return EL2_NOMEM;
	}
	/* There may be none: it gets one when it runs. */
	el2_vmid_set(vm, el2_vmid_free());
	el2_set_held(handle, EL2_VM);
	return handle;
}

static int64_t destroy_vm(uint64_t handle)
{
	struct el2_vm *vm = el2_held(handle, EL2_VM);

	if (!vm)
		vm = el2_held(handle, EL2_VM_GOES);
	if (!vm)
		return EL2_INVALID;
	if (vm->users || vm->mapped)
		return EL2_BUSY;
	/* From here on no other call finds it. */
	el2_set_held(handle, EL2_VM_GOES);
	if (!el2_s2_destroy(vm))
		return 1;
	el2_set_held(handle, EL2_TABLE);
	el2_vmid_drop(vm);
	el2_page_free(vm);
	return 0;
}

/* EL2 writes to the page at each run: it must stay the host's own. */
static int share_page(uint64_t page, uint32_t user)
{
	int err;

	if (!IS_ALIGNED(page, EL2_PAGE) || !el2_host_has(page, EL2_PAGE, true))
		return -EINVAL;
	err = el2_block_add(page, 1, user);
	if (err)
		return err;
	err = el2_see(page);
	if (err)
		el2_block_drop(page, 1);
	return err;
}

static int64_t create_vcpu(uint64_t vm_handle, uint64_t page)
{
	struct el2_vm *vm = el2_held(vm_handle, EL2_VM);
	struct el2_vcpu_own *v;
	uint32_t handle;
	int err;

	if (!vm)
		return EL2_INVALID;
	v = el2_page_new(vm->user, EL2_TABLE, &handle);
	if (!v)
		return EL2_NOMEM;
	err = share_page(page, vm->user);
	if (err) {
		el2_page_free(v);
		return answer_of(err);
	}
	*v = (struct el2_vcpu_own){ vm, el2_at(page), vm->vcpus, handle };
	vm->vcpus = v;
	vm->users++;
	el2_set_held(handle, EL2_VCPU);
	return handle;
}

static int64_t destroy_vcpu(uint64_t handle)
{
	struct el2_vcpu_own *v = el2_vcpu_take(handle), **link;
	uint64_t page;

	if (!v)
		return el2_held(handle, EL2_VCPU_RUNS) ? EL2_BUSY : EL2_INVALID;
	page = el2_address(v->page);
	el2_unsee(page);
	el2_block_drop(page, 1);
	/* The number may be another's soon, whose translations are not this one's. */
	for (unsigned int i = 0; i < MPIDR_SLOTS; i++)
		v->vm->last[i] = 0;
	link = &v->vm->vcpus;
	while (*link != v)
		link = &(*link)->next;
	*link = v->next;
	v->vm->users--;
	el2_page_free(v);
	return 0;
}

static int64_t tell_info(uint64_t what)
{
	switch (what) {
	case EL2_INFO_VERSION: return EL2_CALLS_VERSION;
	case EL2_INFO_IPA_BITS: return el2_machine.pa_bits;
	case EL2_INFO_COHERENT: return el2_machine.has_fwb;
	case EL2_INFO_VTR: return el2_machine.has_gicv3 ? (int64_t)READ_SYSREG_S(ICH_VTR_EL2) : 0;
	default: return EL2_INVALID;
	}
}

static int64_t call_locked(uint32_t fn, const uint64_t x[5])
{
	uint64_t pa;

	switch (fn) {
	case EL2_DONATE: return answer_of(el2_chunk_add(x[1], (uint32_t)x[2]));
	case EL2_RECLAIM: pa = el2_chunk_remove(); return pa ? (int64_t)pa : EL2_INVALID;
	case EL2_VM_CREATE: return create_vm(x[1], (uint32_t)x[2]);
	case EL2_VM_DESTROY: return destroy_vm(x[1]);
	case EL2_VCPU_CREATE: return create_vcpu(x[1], x[2]);
	case EL2_GUESSES: return el2_machine_guesses(x[1], x[2]);
	default: return destroy_vcpu(x[1]);
	}
}

/* A VM's memory: its own lock, and it cannot go meanwhile. */
static int64_t call_vm(uint32_t fn, const uint64_t x[5])
{
	struct el2_vm *vm = el2_vm_get(x[1]);
	int64_t ret = 0;

	if (!vm)
		return EL2_INVALID;
	switch (fn) {
	case EL2_MAP: ret = el2_s2_map(vm, x[2], x[3], x[4]); break;
	case EL2_UNMAP: ret = el2_s2_unmap(vm, x[2], x[3]); break;
	case EL2_PROTECT: ret = el2_s2_protect(vm, x[2], x[3]); break;
	default: el2_s2_flush(vm);
	}
	el2_vm_put(vm);
	return ret;
}

int64_t el2_guest_call(uint32_t fn, const uint64_t x[5])
{
	int64_t ret;

	if (!el2_machine.present)
		return SMCCC_NOT_SUPPORTED;
	switch (fn) {
	case EL2_INFO: return tell_info(x[1]);
	case EL2_DONATE:
	case EL2_RECLAIM:
	case EL2_VM_CREATE:
	case EL2_VM_DESTROY:
	case EL2_VCPU_CREATE:
	case EL2_VCPU_DESTROY:
	case EL2_GUESSES:
		el2_lock(&el2_memory_lock);
		ret = call_locked(fn, x);
		el2_unlock(&el2_memory_lock);
		return ret;
	case EL2_MAP:
	case EL2_UNMAP:
	case EL2_PROTECT:
	case EL2_FLUSH: return call_vm(fn, x);
	default: return SMCCC_NOT_SUPPORTED;
	}
}
