/*
 * park.c - a vcpu that waits for an interrupt: its task sleeps.
 *
 * Invariant: what makes something pending does so before it calls kvm_kick, and the task is in the
 * queue before it looks: no wake-up is lost.
 */
#include "kvm/kvm.h"
#include "task/signal_take.h"
#include "task/sleep.h"
#include "task/task.h"

/* With or without something to do, it may go on: a request may stop it. */
static bool has_reason(struct kvm_vcpu *v)
{
	return kvm_is_asked(v) || kvm_vgic_pending(v);
}

void kvm_park(struct kvm_vcpu *v, uint64_t deadline_ns)
{
	struct waiter w;
	bool late = false;

	if (has_reason(v))
		return;
	kvm_timer_park(v);
	while (!late) {
		wait_prepare(&v->parked, &w, TASK_SLEEPING);
		if (has_reason(v) || signal_pending()) {
			wait_finish(&v->parked, &w);
			break;
		}
		late = sched_sleep_deadline(TIMER_MONOTONIC, deadline_ns);
		wait_finish(&v->parked, &w);
	}
	kvm_timer_unpark(v);
}
