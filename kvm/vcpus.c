/*
 * vcpus.c - what is done to a vcpu by others than the task that runs it: it is told of something,
 * or kept from running.
 */
#include "kvm/vcpus.h"

#include "abi/errno.h"
#include "arm/atomic.h"
#include "arm/percpu.h"
#include "drivers/irq.h"
#include "kvm/kvm.h"

void kvm_kick(struct kvm_vcpu *v)
{
	int cpu;

	/* The caller's change is seen by whoever is not seen here. */
	dmb(ish);
	cpu = READ_ONCE(v->cpu);
	if (cpu >= 0 && cpu != (int)cpu_id())
		irq_send_ipi((unsigned int)cpu, IPI_RESCHED);
	else if (wait_is_awaited(&v->parked))
		wake_up(&v->parked);
}

void kvm_request(struct kvm_vcpu *v, uint32_t requests)
{
	atomic_or(&v->requests, requests);
	kvm_kick(v);
}

static void unlock_first(struct kvm_vm *vm, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (vm->vcpus[i])
			mutex_unlock(&vm->vcpus[i]->lock);
}

int kvm_lock_all(struct kvm_vm *vm)
{
	int err = mutex_lock_killable(&vm->lock);

	if (err)
		return err;
	/* Against the order of locks: so it does not wait for one that runs. */
	for (unsigned int i = 0; i < KVM_MAX_VCPUS; i++)
		if (vm->vcpus[i] && !mutex_trylock(&vm->vcpus[i]->lock)) {
			unlock_first(vm, i);
			mutex_unlock(&vm->lock);
			return -EBUSY;
		}
	return 0;
}

void kvm_unlock_all(struct kvm_vm *vm)
{
	unlock_first(vm, KVM_MAX_VCPUS);
	mutex_unlock(&vm->lock);
}
