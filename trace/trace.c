/*
 * trace.c - from what happened to its record: into this core's ring, and to the log.
 *
 * Comes from el1/trap.c with a saved frame, and from all that records by trace/record.h.
 * Invariants: a ring is written by its own core alone, with interrupts masked; between entry and
 * exit the frame itself remembers what is needed (its trace_ words), so that tasks may block,
 * migrate and nest exceptions.
 */
#include "trace/trace.h"

#include "arm/counter.h"
#include "arm/irqflags.h"
#include "arm/slots.h"
#include "arm/smccc.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/ksym.h"
#include "log/printk.h"
#include "trace/format.h"
#include "trace/ring.h"

uint32_t trace_mask;
static uint32_t configured; /* TRACE_WORDS: what goes to the ring and the log */
static uint32_t observed;   /* TRACE_ALL: what is told to `tell` */
static trace_tell_fn *tell;
static const struct trace_ops *ops;
static uint64_t
	started; /* in ticks: what a frame remembers from before that is no memory of ours */

/* The head of a record from one level to another. */
#define CROSSING(NAME, name, from_level, to_level)                       \
	{                                                                \
		.kind = TRACE_KIND_##NAME,                               \
		.words = sizeof(struct trace_##name) / sizeof(uint64_t), \
		.levels = (uint8_t)TRACE_LEVELS(from_level, to_level),   \
	}

/* ---- writing ---- */

/* Behind a line of @n bytes: the function of a module that @elr is in.  Interrupts masked. */
static void add_module(char *line, size_t n, uint64_t elr)
{
	char symbol[KSYM_TEXT_MAX];
	size_t at = strlen(line);

	if (!ksym_module_of(elr))
		return;
	ksym_describe(symbol, sizeof(symbol), elr, 0);
	scnprintf(line + at, n - at, " (%s)", symbol);
}

/* Where the crossing @r comes from or goes to: the first field of each. */
static uint64_t elr_of(const struct trace_head *r)
{
	return r->kind <= TRACE_KIND_LEVEL ? ((const struct trace_irq *)r)->elr : 0;
}

/* The kinds (TRACE_*) that must all be recorded for an entry of kind @kind to be wanted. */
static uint32_t entry_kinds(uint32_t kind)
{
	switch (kind) {
	case TRACE_KIND_SVC: return TRACE_SVC;
	case TRACE_KIND_FAULT: return TRACE_FAULT;
	case TRACE_KIND_IRQ: return TRACE_IRQ;
	/*
	 * The return of a frame that remembers nothing: a new program's, if every entry is
	 * recorded; else it may be from one that is not.
	 */
	default: return TRACE_SVC | TRACE_FAULT | TRACE_IRQ;
	}
}

/* The same for @r. */
static uint32_t kinds_of(const struct trace_head *r)
{
	switch (r->kind) {
	case TRACE_KIND_RETURN: return entry_kinds(((const struct trace_return *)r)->cause);
	case TRACE_KIND_CALL:
	case TRACE_KIND_CALL_RETURN:
	case TRACE_KIND_LEVEL:
		return TRACE_FROM(r->levels) == 3 || TRACE_TO(r->levels) == 3 ? TRACE_EL3
									      : TRACE_EL2;
	case TRACE_KIND_SCHED: return TRACE_SCHED;
	case TRACE_KIND_WAKE: return TRACE_WAKE;
	case TRACE_KIND_FORK:
	case TRACE_KIND_EXEC:
	case TRACE_KIND_EXIT: return TRACE_TASK;
	case TRACE_KIND_SIGNAL_SEND:
	case TRACE_KIND_SIGNAL_TAKE: return TRACE_SIGNAL;
	case TRACE_KIND_COPY: return TRACE_COPY;
	default: return entry_kinds(r->kind);
	}
}

/* Into this core's ring. */
static void keep(const struct trace_head *r)
{
	struct trace_ring *ring = &this_cpu(trace_ring);
	size_t bytes = 8 * (size_t)r->words;
	void *to = ring_reserve(ring, bytes);

	if (!to)
		return;
	memcpy(to, r, bytes);
	ring_commit(ring, bytes);
}

/* To the log. */
static void print_record(const struct trace_head *r)
{
	struct trace_place at = {
		.cpu = cpu_id(),
		.ns = log_time_of(r->ticks),
		.hz = counter_hz(),
	};
	char line[TRACE_LINE_MAX + KSYM_TEXT_MAX];
	/* Printing is long, and masked: it is not what the measuring of stretches is about. */
	uint64_t hidden = stretch_hide();

	trace_format(line, TRACE_LINE_MAX, r, 8 * (size_t)r->words, &at);
	add_module(line, sizeof(line), elr_of(r));
	pr_info("trace: %s", line);
	stretch_show(hidden);
}

/* @r is wanted, whole: to all that want it.  Interrupts masked. */
static void deliver(const struct trace_head *r)
{
	trace_tell_fn *told = READ_ONCE(tell);
	uint32_t kinds = kinds_of(r);

	if (told)
		told(r, kinds);
	if ((configured & kinds) != kinds)
		return;
	keep(r);
	if (!(configured & TRACE_QUIET))
		print_record(r);
}

static int record_pid(void)
{
	return ops ? ops->pid() : 0;
}

void trace_put_as(int32_t pid, struct trace_head *r)
{
	/* The ring is this core's: an interrupt's record must not come into the middle of ours. */
	unsigned long flags = irq_save();

	r->pid = pid;
	if (!r->ticks)
		r->ticks = counter_read();
	deliver(r);
	irq_restore(flags);
}

void trace_put(struct trace_head *r)
{
	trace_put_as(record_pid(), r);
}

static unsigned int level_of(const struct trapframe *tf)
{
	return tf->pstate >> 2 & 3;
}

/* ---- in and out of EL1 ---- */

/*
 * What the frame remembers of the entry until the exit: its kind, and the number that belongs to
 * it.
 */
static void remember(struct trapframe *tf, unsigned int kind, int32_t nr)
{
	tf->trace_what = kind | (uint64_t)(uint32_t)nr << 32;
}

/*
 * @r is of the entry of @tf, which came at @ticks: it is kept in the frame, not on the core, as the
 * task may sleep, and leave EL1 on another one.
 */
static void entry(struct trapframe *tf, struct trace_head *r, uint64_t ticks)
{
	r->ticks = tf->trace_ticks = ticks;
	r->levels = (uint8_t)TRACE_LEVELS(level_of(tf), 1);
	r->slot += frame_from_el0(tf) ? SLOT_LOWER64 : SLOT_SPX;
	tf->trace_answered = false;
	if (frame_from_el0(tf) && ops)
		/* The exit shares its test for work: this flag makes it come by trace_exit. */
		ops->watch();
}

void trace_svc_enter(struct trapframe *tf)
{
	struct trace_svc r = {
		.head = CROSSING(SVC, svc, 0, 1),
		.elr = tf->pc,
		.esr = tf->esr,
		.nr = (uint32_t)tf->x[8],
	};

	memcpy(r.arg, tf->x, sizeof(r.arg));
	entry(tf, &r.head, counter_read());
	remember(tf, TRACE_KIND_SVC, (int32_t)r.nr);
	trace_put(&r.head);
}

void trace_answer_keep(struct trapframe *tf, int64_t answer)
{
	if (tf->trace_answered)
		return;
	/*
	 * The frame's x0 will be another's when it returns: a handler's argument, or that of a call
	 * made again.
	 */
	tf->trace_answer = answer;
	tf->trace_answered = true;
}

void trace_fault_record(struct trapframe *tf)
{
	struct trace_fault r = {
		.head = CROSSING(FAULT, fault, 0, 1),
		.elr = tf->pc,
		.esr = tf->esr,
		.far = tf->far,
	};

	entry(tf, &r.head, counter_read());
	remember(tf, TRACE_KIND_FAULT, 0);
	trace_put(&r.head);
}

void trace_fault_result(struct trapframe *tf, int signo)
{
	/* For the exit's record: the signal, or 0: the fault was resolved. */
	remember(tf, TRACE_KIND_FAULT, signo);
}

void trace_irq_stamp(struct trapframe *tf)
{
	tf->trace_ticks = counter_read();
}

/*
 * The number is known only now; nothing else can have been recorded on this core since the stamp.
 */
void trace_irq_record(struct trapframe *tf, int irq)
{
	struct trace_irq r = { .head = CROSSING(IRQ, irq, 0, 1), .elr = tf->pc, .nr = irq };

	r.head.slot = SLOT_IRQ;
	entry(tf, &r.head, tf->trace_ticks);
	remember(tf, TRACE_KIND_IRQ, irq);
	trace_put(&r.head);
}

void trace_exit_record(struct trapframe *tf)
{
	uint64_t now = counter_read(), came = tf->trace_ticks;
	struct trace_return r = {
		.head = CROSSING(RETURN, return, 1, level_of(tf)),
		.elr = tf->pc,
		.result = (int64_t)tf->x[0],
	};

	/* What lay on the stack where the frame now is can be any number. */
	if (came > started && came <= now) {
		r.since = came;
		r.cause = tf->trace_what & 0xff;
		r.nr = (int32_t)(tf->trace_what >> 32);
		if (tf->trace_answered)
			r.result = tf->trace_answer;
	}
	/*
	 * The frame may be the same one at the next entry: nothing of this one must be taken for
	 * it.
	 */
	tf->trace_ticks = 0;
	r.head.ticks = now;
	trace_put(&r.head);
}

/* ---- up to EL2 and EL3, and back ---- */

static void smccc_returned(unsigned int level, uint32_t fn, uint64_t elr,
			   const struct smccc_result *result)
{
	struct trace_call_return r = {
		.head = CROSSING(CALL_RETURN, call_return, level, 1),
		.elr = elr,
		.result = (int64_t)result->x0,
		.fn = fn,
	};

	trace_put(&r.head);
}

/*
 * Called before and after the instruction, in whatever context the caller is: trace_put masks
 * interrupts itself.
 */
static void smccc_call(unsigned int level, uint32_t fn, const uint64_t arg[3], uint64_t elr,
		       const struct smccc_result *result)
{
	uint64_t ec = level == 3 ? ESR_EC_SMC64 : ESR_EC_HVC64;
	struct trace_call r = {
		.head = CROSSING(CALL, call, 1, level),
		.elr = elr,
		.esr = (ec << ESR_EC_SHIFT) | ESR_IL,
		.fn = fn,
	};

	if (!trace_on(level == 3 ? TRACE_EL3 : TRACE_EL2))
		return;
	if (result) {
		smccc_returned(level, fn, elr, result);
		return;
	}
	r.head.slot = SLOT_LOWER64 + SLOT_SYNC;
	memcpy(r.arg, arg, sizeof(r.arg));
	trace_put(&r.head);
}

/* ---- what is asked for ---- */

/* The mask follows what is configured and observed. */
static void update_mask(void)
{
	uint32_t mask = (configured & TRACE_ALL) | observed, levels = TRACE_EL2 | TRACE_EL3;

	if (observed || (configured & TRACE_ARGS) || !(configured & TRACE_QUIET))
		mask |= mask ? TRACE_SLOW : 0;
	/* What a frame holds from before is no time of ours, but what lay on the stack. */
	if (!trace_watches())
		started = counter_read();
	smccc_observe(mask & levels ? smccc_call : NULL);
	/* Last: from here on crossings are recorded. */
	WRITE_ONCE(trace_mask, mask);
}

void trace_configure(const char *cmdline)
{
	struct cmdline_word w;
	uint32_t kinds = 0;

	if (!cmdline_find(cmdline, "trace", &w) || !w.val_len)
		return;
	if (trace_kinds_parse(w.val, w.val_len, &kinds))
		pr_warn("trace=: %.*s is not known (all, svc, fault, irq, el2, el3, sched, wake, "
			"task, signal, copy, args, ring)",
			(int)w.val_len, w.val);
	trace_set(kinds);
}

void trace_set(uint32_t kinds)
{
	WRITE_ONCE(configured, kinds & TRACE_WORDS);
	update_mask();
}

uint32_t trace_kinds(void)
{
	return READ_ONCE(configured);
}

void trace_choose(uint32_t what, trace_tell_fn *fn)
{
	WRITE_ONCE(tell, fn);
	observed = what;
	update_mask();
}

void trace_apply(void)
{
	if (ops)
		ops->apply();
}

void trace_init(const struct trace_ops *o)
{
	ops = o;
}
