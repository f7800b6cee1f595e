/*
 * park.c - a vcpu that waits for an interrupt: its task sleeps.
 *
 * Invariant: what makes something pending does so before it calls kvm_kick, and the task is in the
 * queue before it looks: no wake-up is lost.
 */
#include "drivers/timer/timer.h"
#include "kvm/kvm.h"
#include "task/signal_take.h"
#include "task/sleep.h"
#include "task/task.h"

/* With or without something to do, it may go on: a request may stop it. */
static bool has_reason(struct kvm_vcpu *v)
{
	return kvm_is_asked(v) || kvm_vgic_pending(v);
}

static void count_wait(struct kvm_waits *w, uint64_t ticks)
{
	uint64_t ns = counter_to_ns(ticks);

	w->n++;
	w->ticks += ticks;
	w->hist[ns ? min(64 - __builtin_clzll(ns), KVM_WAITS - 1) : 0]++;
}

void kvm_park(struct kvm_vcpu *v, uint64_t deadline_ns)
{
	struct waiter w;
	bool late = false;
	uint64_t since;

	if (has_reason(v))
		return;
	kvm_timer_park(v);
	since = counter_read();
	while (!late) {
		wait_prepare(&v->parked, &w, TASK_SLEEPING);
		if (has_reason(v) || signal_pending()) {
			wait_finish(&v->parked, &w);
			break;
		}
		late = sched_sleep_deadline(TIMER_MONOTONIC, deadline_ns);
		wait_finish(&v->parked, &w);
	}
	count_wait(&v->waits, counter_read() - since);
	kvm_timer_unpark(v);
}
