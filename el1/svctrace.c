/*
 * svctrace.c - see svctrace.h: a call and its return as two records, in as few instructions as it
 * takes.
 *
 * Here is what all calls need when nothing is asked for but records in the ring: written where they
 * will lie, one word after the other.  All else (trace_svc_plain is 0) is trace/trace.c's, which
 * makes the same records.
 */
#include "el1/svctrace.h"

#include "arm/counter.h"
#include "arm/slots.h"
#include "task/task.h"
#include "trace/ring.h"
#include "trace/crossing.h"

#define WORDS(r) (sizeof(*(r)) / sizeof(uint64_t)) /* of a record without chunks */

/*
 * The counter, where the core has just taken an exception: that is a context synchronization event
 * (Arm ARM, D1.3), so nothing of before it is still to come, and the read cannot have been made
 * early.
 */
static uint64_t counter_at_entry(void)
{
	return READ_SYSREG(cntvct_el0);
}

void svc_trace_enter(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
		     struct trapframe *tf, uint64_t nr)
{
	uint64_t now = counter_at_entry();
	struct ring_room room = ring_room(&this_cpu(trace_ring), sizeof(struct trace_svc));
	struct trace_svc *r = room.at;

	if (unlikely(!READ_ONCE(trace_svc_plain)) || unlikely(!r)) {
		trace_svc_enter(tf);
		return;
	}
	tf->trace_ticks = now;
	tf->trace_what = TRACE_WHAT(TRACE_KIND_SVC, nr);
	r->head.ticks = now;
	r->head.pid = current->tid;
	r->head.kind = TRACE_KIND_SVC;
	r->head.words = WORDS(r);
	r->head.levels = (uint8_t)TRACE_LEVELS(0, this_el());
	r->head.slot = SLOT_LOWER64 + SLOT_SYNC;
	r->elr = tf->pc;
	r->esr = tf->esr;
	r->nr = (uint32_t)nr;
	r->unused = 0;
	r->arg[0] = a0;
	r->arg[1] = a1;
	r->arg[2] = a2;
	r->arg[3] = a3;
	r->arg[4] = a4;
	r->arg[5] = a5;
	ring_commit(room, sizeof(*r));
	/* The way back shares its test for work: this flag makes it come by svc_trace_leave. */
	if (unlikely(!(READ_ONCE(current->work) & WORK_TRACE)))
		atomic_or(&current->work, WORK_TRACE);
}

/* The same where the page is full, or the entry was not recorded. */
static __attribute__((noinline)) int64_t leave_page(int64_t answer, struct trapframe *tf)
{
	tf->x[0] = (uint64_t)answer;
	trace_return_kernel(tf);
	return answer;
}

int64_t svc_trace_leave(int64_t answer, struct trapframe *tf)
{
	struct ring_room room = ring_room(&this_cpu(trace_ring), sizeof(struct trace_return));
	uint64_t since = tf->trace_ticks;
	struct trace_return *r = room.at;

	/* What the frame remembers is of this entry, if anything: the vector has written it. */
	if (unlikely(!r) || unlikely(!since))
		return leave_page(answer, tf);
	/* With the ISB: nothing has waited for what the call did, as an entry does. */
	r->head.ticks = counter_read();
	r->head.pid = current->tid;
	r->head.kind = TRACE_KIND_RETURN;
	r->head.words = WORDS(r);
	r->head.levels = (uint8_t)TRACE_LEVELS(this_el(), 0);
	r->head.slot = 0;
	r->elr = tf->pc;
	r->result = answer;
	r->since = since;
	r->nr = TRACE_WHAT_NR(tf->trace_what);
	r->cause = TRACE_KIND_SVC;
	ring_commit(room, sizeof(*r));
	/* The frame is the same one at the next entry, which may not be recorded. */
	tf->trace_ticks = 0;
	return answer;
}
