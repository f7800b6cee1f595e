/*
 * crossing.c - each crossing of the boundary to the kernel, and of those above it: a record.
 *
 * Comes from el1/trap.c with a saved frame.  Invariant: between entry and exit the frame itself
 * remembers what is needed (its trace_ words), so that tasks may block, migrate and nest
 * exceptions.
 */
#include "trace/crossing.h"

#include "abi/syscall.h"
#include "arm/counter.h"
#include "arm/irqflags.h"
#include "arm/slots.h"
#include "lib/string.h"
#include "trace/levels.h"

/* The head of a record from one level to another. */
#define CROSSING(NAME, name, from_level, to_level)                       \
	{                                                                \
		.kind = TRACE_KIND_##NAME,                               \
		.words = sizeof(struct trace_##name) / sizeof(uint64_t), \
		.levels = (uint8_t)TRACE_LEVELS(from_level, to_level),   \
	}

static unsigned int level_of(const struct trapframe *tf)
{
	return tf->pstate >> 2 & 3;
}

/* ---- in and out of EL1 ---- */

/* Whether @tf remembers its entry: what lay on the stack where it now is can be any number. */
static bool came_in(const struct trapframe *tf)
{
	return tf->trace_ticks > trace_started && tf->trace_ticks <= counter_read();
}

/*
 * @r is of the entry of @tf, which came at @ticks: it is kept in the frame, not on the core, as the
 * task may sleep, and leave EL1 on another one.
 */
static void entry(struct trapframe *tf, struct trace_head *r, uint64_t ticks)
{
	r->ticks = tf->trace_ticks = ticks;
	r->levels = (uint8_t)TRACE_LEVELS(level_of(tf), this_el());
	r->slot |= frame_from_el0(tf) ? SLOT_LOWER64 : SLOT_SPX;
	if (frame_from_el0(tf) && trace_ops)
		/* The exit shares its test for work: this flag makes it come by trace_exit. */
		trace_ops->watch();
}

/* A record and room for what its arguments point to. */
struct long_svc {
	struct trace_svc svc;
	uint64_t chunks[TRACE_CHUNKS_MAX / sizeof(uint64_t)];
};
_Static_assert(sizeof(struct long_svc) <= 8 * TRACE_WORDS_MAX, "fits a record");

static bool captures(void)
{
	return trace_takes_args() && trace_ops;
}

/* Behind the record: whom this wakes, that is recorded, and later. */
static void captured(void)
{
	if (trace_ops)
		trace_ops->capture_done();
}

/* The call that @tf came in with; x0 was @x0 then.  captured() follows. */
static void fill_svc(struct long_svc *r, const struct trapframe *tf, uint64_t x0)
{
	r->svc = (struct trace_svc){
		.head = CROSSING(SVC, svc, 0, this_el()),
		.elr = tf->pc,
		.esr = tf->esr,
		.nr = (uint32_t)tf->x[8],
	};
	r->svc.head.slot = SLOT_LOWER64 + SLOT_SYNC;
	memcpy(r->svc.arg, tf->x, sizeof(r->svc.arg));
	r->svc.arg[0] = x0;
	if (captures())
		r->svc.head.words += trace_ops->capture_enter(tf, r->chunks) / 8;
}

void trace_svc_enter(struct trapframe *tf)
{
	uint64_t now = counter_read();
	struct long_svc r;

	tf->trace_ticks = now;
	fill_svc(&r, tf, tf->x[0]);
	entry(tf, &r.svc.head, now);
	tf->trace_what = TRACE_WHAT(TRACE_KIND_SVC, r.svc.nr);
	trace_put_masked(&r.svc.head);
	captured();
}

/* Whether the registers of @tf, whose call answered @answer, are no longer those it came with. */
static bool frame_replaced(const struct trapframe *tf, int64_t answer)
{
	int32_t nr = TRACE_WHAT_NR(tf->trace_what);

	return nr == NR_rt_sigreturn || ((nr == NR_execve || nr == NR_execveat) && !answer);
}

/*
 * The call of @tf, which has answered @answer: now that the filters know it, it is recorded as it
 * came in.  Interrupts masked or not.
 */
static void record_late(struct trapframe *tf, int64_t answer)
{
	struct trace_return way_back = {
		.head = CROSSING(RETURN, return, this_el(), 0),
		.nr = TRACE_WHAT_NR(tf->trace_what),
		.cause = TRACE_KIND_SVC,
		.result = answer,
	};
	unsigned long flags = irq_save();
	struct long_svc r;

	way_back.head.pid = trace_pid();
	if (!frame_replaced(tf, answer) && trace_passes(&way_back.head)) {
		fill_svc(&r, tf, tf->orig_x0);
		r.svc.nr = (uint32_t)way_back.nr;
		r.svc.head.slot |= TRACE_LATE;
		r.svc.head.ticks = tf->trace_ticks;
		trace_put_masked(&r.svc.head);
		captured();
	}
	irq_restore(flags);
}

void trace_answer_keep(struct trapframe *tf, int64_t answer)
{
	if (tf->trace_what & TRACE_WHAT_ANSWERED)
		return;
	/*
	 * The frame's x0 will be another's when it returns: a handler's argument, or that of a call
	 * made again.
	 */
	tf->trace_answer = answer;
	tf->trace_what |= TRACE_WHAT_ANSWERED;
	if (trace_decides_late() && came_in(tf))
		record_late(tf, answer);
}

void trace_fault_record(struct trapframe *tf)
{
	struct trace_fault r = {
		.head = CROSSING(FAULT, fault, 0, this_el()),
		.elr = tf->pc,
		.esr = tf->esr,
		.far = tf->far,
	};

	/* What EL2 or EL3 has refused came to it first. */
	trace_levels(trace_pid());
	entry(tf, &r.head, counter_read());
	tf->trace_what = TRACE_WHAT(TRACE_KIND_FAULT, 0);
	trace_put_masked(&r.head);
}

void trace_fault_result(struct trapframe *tf, int signo)
{
	/* For the exit's record: the signal, or 0: the fault was resolved. */
	tf->trace_what = TRACE_WHAT(TRACE_KIND_FAULT, signo);
}

void trace_irq_stamp(struct trapframe *tf)
{
	tf->trace_ticks = counter_read();
}

void trace_irq_record(struct trapframe *tf, int irq)
{
	struct trace_irq r = { .head = CROSSING(IRQ, irq, 0, this_el()), .elr = tf->pc, .nr = irq };

	r.head.slot = SLOT_IRQ;
	/* A call that nobody was told of, right before. */
	trace_levels(trace_pid());
	entry(tf, &r.head, tf->trace_ticks);
	tf->trace_what = TRACE_WHAT(TRACE_KIND_IRQ, irq);
	trace_put_masked(&r.head);
}

/* The way back of @tf, with what it remembers of its entry. */
static void record_return(struct trapframe *tf, struct trace_return *r)
{
	uint64_t what = tf->trace_what;

	*r = (struct trace_return){
		.head = CROSSING(RETURN, return, this_el(), level_of(tf)),
		.elr = tf->pc,
		.result = (int64_t)tf->x[0],
	};
	if (came_in(tf)) {
		r->since = tf->trace_ticks;
		r->cause = TRACE_WHAT_KIND(what);
		r->nr = TRACE_WHAT_NR(what);
		if (what & TRACE_WHAT_ANSWERED)
			r->result = tf->trace_answer;
	}
	/*
	 * The frame may be the same one at the next entry: nothing of this one must be taken for
	 * it.
	 */
	tf->trace_ticks = 0;
}

void trace_return_begin(struct trapframe *tf, struct trace_way_out *out)
{
	if (!came_in(tf) || TRACE_WHAT_KIND(tf->trace_what) != TRACE_KIND_SVC)
		return;
	trace_answer_keep(tf, (int64_t)tf->x[0]);
	if (captures()) {
		out->bytes = trace_ops->capture_exit(tf, tf->trace_answer, out->chunks);
		captured();
	}
}

static void put_return(struct trace_return *r)
{
	trace_put_masked(&r->head);
	if (r->cause == TRACE_KIND_IRQ && trace_ops &&
	    (trace_kinds() & (TRACE_IRQ | TRACE_QUIET)) == TRACE_IRQ)
		trace_ops->irq_printed();
}

void trace_return_record(struct trapframe *tf, struct trace_way_out *out)
{
	record_return(tf, &out->ret);
	out->ret.head.words += out->bytes / sizeof(uint64_t);
	put_return(&out->ret);
}

void trace_return_kernel(struct trapframe *tf)
{
	struct trace_return r;

	record_return(tf, &r);
	put_return(&r);
}

/* ---- up to EL2 and EL3, and back ---- */

/* When this core recorded its last call; 0: that has come back.  It does nothing in between. */
static DEFINE_PERCPU(uint64_t, called_at);

/* @conduit: 2: an hvc has come back, 3: an smc; from @level. */
static void smccc_returned(unsigned int conduit, unsigned int level, uint32_t fn, uint64_t elr,
			   const struct smccc_result *result)
{
	struct trace_call_return r = {
		.head = CROSSING(CALL_RETURN, call_return, level, this_el()),
		.elr = elr,
		.result = (int64_t)result->x0,
		.since = this_cpu(called_at),
		.fn = fn,
	};

	if (conduit == 3)
		r.head.slot |= TRACE_BY_SMC;
	trace_levels_take(trace_pid(), r.since ? level : 0, r.since);
	this_cpu(called_at) = 0;
	trace_put(&r.head);
}

/* In whatever context the caller is: trace_put masks interrupts itself. */
void trace_smccc(unsigned int conduit, uint32_t fn, const uint64_t arg[3], uint64_t elr,
		 const struct smccc_result *result)
{
	uint64_t ec = conduit == 3 ? ESR_EC_SMC64 : ESR_EC_HVC64;
	/* EL2 sees an smc first, if there is one; and then its ELR is at it, not behind it. */
	unsigned int level = conduit == 3 ? trace_smc_level() : 2;
	struct trace_call r = {
		.head = CROSSING(CALL, call, this_el(), level),
		.elr = level < conduit ? elr - 4 : elr,
		.esr = (ec << ESR_EC_SHIFT) | ESR_IL,
		.fn = fn,
	};

	if (!trace_on(level == 3 ? TRACE_EL3 : TRACE_EL2))
		return;
	if (result) {
		smccc_returned(conduit, level, fn, elr, result);
		return;
	}
	/* What the levels have done meanwhile, that the trace has not seen. */
	trace_levels(trace_pid());
	r.head.slot = SLOT_LOWER64 + SLOT_SYNC;
	memcpy(r.arg, arg, sizeof(r.arg));
	trace_put(&r.head);
	this_cpu(called_at) = r.head.ticks;
}
