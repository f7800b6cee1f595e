/*
 * pvtime.c - stolen time (Arm DEN 0057): a guest is told how long each of its vcpus could have run
 * and waited for a core, in memory of the guest's that its VMM has chosen.
 *
 * It is what the thread that runs the vcpu has waited (sched_figures).  A vcpu that has a place for
 * it has KVM_STOLEN among its requests: run looks whether its thread was off its core since the
 * last time, and comes here before the guest goes on.  A vcpu without one pays nothing.
 */
#include "kvm/pvtime.h"

#include "abi/errno.h"
#include "abi/kvm.h"
#include "kvm/kvm.h"
#include "task/task.h"

/* The convention's: all little-endian, revision 0. */
struct stolen_time {
	uint32_t revision, attributes;
	uint64_t ns;
	uint8_t pad[48];
};
_Static_assert(sizeof(struct stolen_time) == 64, "DEN 0057");

/* Counts what has been stolen since the last time; the guest has not been told of all. */
static void count_stolen(struct kvm_vcpu *v)
{
	struct kvm_stolen *s = &v->stolen;
	struct sched_figures f = sched_figures(current);

	/* What another thread has waited before it ran this vcpu was not taken from the guest. */
	if (s->tid == current->tid)
		s->untold_ns += f.waited_ns - s->waited_ns;
	s->tid = current->tid;
	s->waited_ns = f.waited_ns;
	s->runs = f.runs;
}

void kvm_pvtime_tell(struct kvm_vcpu *v)
{
	uint64_t at = v->stolen.at + offsetof(struct stolen_time, ns), ns;

	count_stolen(v);
	if (!v->stolen.untold_ns || kvm_read_guest(v->vm, at, &ns, sizeof(ns)))
		return;
	ns += v->stolen.untold_ns;
	/* Where there is no memory now it is told later. */
	if (!kvm_write_guest(v->vm, at, &ns, sizeof(ns)))
		v->stolen.untold_ns = 0;
}

int64_t kvm_pvtime_features(const struct kvm_vcpu *v, uint32_t fn)
{
	bool has = v->stolen.at != KVM_NO_STOLEN && (fn == PV_TIME_FEATURES || fn == PV_TIME_ST);

	return has ? SMCCC_SUCCESS : SMCCC_NOT_SUPPORTED;
}

int64_t kvm_pvtime_begin(struct kvm_vcpu *v)
{
	static const struct stolen_time none;

	if (v->stolen.at == KVM_NO_STOLEN)
		return SMCCC_NOT_SUPPORTED;
	count_stolen(v);
	/* It begins with nothing; if its VMM has taken the memory away it finds that out itself. */
	if (!kvm_write_guest(v->vm, v->stolen.at, &none, sizeof(none)))
		v->stolen.untold_ns = 0;
	return (int64_t)v->stolen.at;
}

static int set_place(struct kvm_vcpu *v, uptr from)
{
	uint64_t at;

	if (get_user(at, from))
		return -EFAULT;
	if (at % sizeof(struct stolen_time))
		return -EINVAL;
	if (v->stolen.at != KVM_NO_STOLEN)
		return -EEXIST;
	if (!kvm_memory_has(v->vm, at))
		return -EINVAL;
	v->stolen.at = at;
	atomic_or(&v->requests, KVM_STOLEN);
	return 0;
}

int kvm_pvtime_attr(struct kvm_vcpu *v, enum kvm_attr_op op, const struct kvm_device_attr *a)
{
	uptr user = uptr_of(a->addr);

	if (a->attr != KVM_ARM_VCPU_PVTIME_IPA)
		return -ENXIO;
	switch (op) {
	case KVM_ATTR_SET: return set_place(v, user);
	case KVM_ATTR_GET: return put_user(v->stolen.at, user);
	default: return 0;
	}
}
