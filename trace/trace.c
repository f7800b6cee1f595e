/*
 * trace.c - from what happened to its record: into this core's ring, and to the log.
 *
 * Comes from el1/trap.c with a saved frame, and from all that records by trace/record.h.
 * Invariants: a ring is written by its own core alone, with interrupts masked; between entry and
 * exit the frame itself remembers what is needed (its trace_ words), so that tasks may block,
 * migrate and nest exceptions.
 */
#include "trace/trace.h"

#include "abi/syscall.h"
#include "arm/counter.h"
#include "arm/slots.h"
#include "arm/spinlock.h"
#include "arm/smccc.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/ksym.h"
#include "log/printk.h"
#include "trace/filter.h"
#include "trace/format.h"
#include "trace/levels.h"
#include "trace/ring.h"

uint32_t trace_mask;
uint32_t trace_svc_plain;
/* of who changes the next four and the mask that follows: root and observers at a time; a leaf */
static struct spinlock asked_lock = SPINLOCK_INIT;
static uint32_t configured;		  /* TRACE_WORDS: what goes to the ring and the log */
static uint32_t observed;		  /* TRACE_ALL: what is told to `tell` */
static const struct trace_filter *filter; /* NULL: none */
static trace_tell_fn *tell;
static const struct trace_ops *ops;
/* In ticks: what a frame remembers from before that is no memory of ours. */
static uint64_t started;

/* Of the task that this core ran when it changed tasks last: ops->marked(). */
static DEFINE_PERCPU(bool, was_marked);

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
	size_t bytes = 8 * (size_t)r->words;
	struct ring_room room = ring_reserve(&this_cpu(trace_ring), bytes);

	if (!room.at)
		return;
	memcpy(room.at, r, bytes);
	ring_commit(room, bytes);
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

/* Whether @f speaks of who made @r. */
static bool is_marked(const struct trace_filter *f, const struct trace_head *r)
{
	bool now = f->generation && ops && ops->marked && ops->marked(f), before;

	if (r->kind != TRACE_KIND_SCHED)
		return now;
	/*
	 * It is about two, the running task and the one that ran before: wanted if one of them is.
	 */
	before = this_cpu(was_marked);
	this_cpu(was_marked) = now;
	return f->pid.but ? now && before : now || before;
}

/* Whether the filters let @r through. */
static bool passes(const struct trace_head *r)
{
	const struct trace_filter *f = READ_ONCE(filter);

	return !f || trace_filter_match(f, r, cpu_id(), is_marked(f, r));
}

/* @r, whole, to all that want it.  Interrupts masked.  True: it is recorded. */
static bool deliver(const struct trace_head *r)
{
	trace_tell_fn *told = READ_ONCE(tell);
	uint32_t kinds = kinds_of(r), wanted = READ_ONCE(configured);

	if (told && !(r->slot & TRACE_LATE))
		told(r, kinds);
	if ((wanted & kinds) != kinds || !passes(r))
		return false;
	keep(r);
	if (!(wanted & TRACE_QUIET))
		print_record(r);
	return true;
}

static int record_pid(void)
{
	return ops ? ops->pid() : 0;
}

/* @r, of now if it does not say when, by task @pid.  Interrupts masked. */
static void put_masked(int32_t pid, struct trace_head *r)
{
	r->pid = pid;
	if (!r->ticks)
		r->ticks = counter_read();
	deliver(r);
}

void trace_put_as(int32_t pid, struct trace_head *r)
{
	/* The ring is this core's: an interrupt's record must not come into the middle of ours. */
	unsigned long flags = irq_save();

	put_masked(pid, r);
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

/* Whether @tf remembers its entry: what lay on the stack where it now is can be any number. */
static bool came_in(const struct trapframe *tf)
{
	return tf->trace_ticks > started && tf->trace_ticks <= counter_read();
}

/*
 * @r is of the entry of @tf, which came at @ticks: it is kept in the frame, not on the core, as the
 * task may sleep, and leave EL1 on another one.
 */
static void entry(struct trapframe *tf, struct trace_head *r, uint64_t ticks)
{
	r->ticks = tf->trace_ticks = ticks;
	r->levels = (uint8_t)TRACE_LEVELS(level_of(tf), 1);
	r->slot |= frame_from_el0(tf) ? SLOT_LOWER64 : SLOT_SPX;
	if (frame_from_el0(tf) && ops)
		/* The exit shares its test for work: this flag makes it come by trace_exit. */
		ops->watch();
}

/* A record and room for what its arguments point to. */
struct long_svc {
	struct trace_svc svc;
	uint64_t chunks[TRACE_CHUNKS_MAX / sizeof(uint64_t)];
};
struct long_return {
	struct trace_return ret;
	uint64_t chunks[TRACE_CHUNKS_MAX / sizeof(uint64_t)];
};
_Static_assert(sizeof(struct long_svc) <= 8 * TRACE_WORDS_MAX, "fits a record");

static bool captures(void)
{
	return configured & TRACE_ARGS && ops && ops->capture_enter;
}

/* The call that @tf came in with; x0 was @x0 then. */
static void fill_svc(struct long_svc *r, const struct trapframe *tf, uint64_t x0)
{
	r->svc = (struct trace_svc){
		.head = CROSSING(SVC, svc, 0, 1),
		.elr = tf->pc,
		.esr = tf->esr,
		.nr = (uint32_t)tf->x[8],
	};
	r->svc.head.slot = SLOT_LOWER64 + SLOT_SYNC;
	memcpy(r->svc.arg, tf->x, sizeof(r->svc.arg));
	r->svc.arg[0] = x0;
	if (captures())
		r->svc.head.words += ops->capture_enter(tf, r->chunks) / 8;
}

/* Whether what comes in is recorded or not is known when it goes out again. */
static bool decided_late(void)
{
	const struct trace_filter *f = READ_ONCE(filter);

	return f && trace_filter_late(f);
}

void trace_svc_enter(struct trapframe *tf)
{
	uint64_t now = counter_read();
	struct long_svc r;

	fill_svc(&r, tf, tf->x[0]);
	entry(tf, &r.svc.head, now);
	tf->trace_what = TRACE_WHAT(TRACE_KIND_SVC, r.svc.nr);
	put_masked(record_pid(), &r.svc.head);
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
		.head = CROSSING(RETURN, return, 1, 0),
		.nr = TRACE_WHAT_NR(tf->trace_what),
		.cause = TRACE_KIND_SVC,
		.result = answer,
	};
	unsigned long flags = irq_save();
	struct long_svc r;

	way_back.head.pid = record_pid();
	if (!frame_replaced(tf, answer) && passes(&way_back.head)) {
		fill_svc(&r, tf, tf->orig_x0);
		r.svc.nr = (uint32_t)way_back.nr;
		r.svc.head.slot |= TRACE_LATE;
		r.svc.head.ticks = tf->trace_ticks;
		r.svc.head.pid = way_back.head.pid;
		deliver(&r.svc.head);
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
	if (decided_late() && came_in(tf))
		record_late(tf, answer);
}

void trace_fault_record(struct trapframe *tf)
{
	struct trace_fault r = {
		.head = CROSSING(FAULT, fault, 0, 1),
		.elr = tf->pc,
		.esr = tf->esr,
		.far = tf->far,
	};

	/* What EL2 or EL3 has refused came to it first. */
	trace_levels(record_pid());
	entry(tf, &r.head, counter_read());
	tf->trace_what = TRACE_WHAT(TRACE_KIND_FAULT, 0);
	put_masked(record_pid(), &r.head);
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
	struct trace_irq r = { .head = CROSSING(IRQ, irq, 0, 1), .elr = tf->pc, .nr = irq };

	r.head.slot = SLOT_IRQ;
	entry(tf, &r.head, tf->trace_ticks);
	tf->trace_what = TRACE_WHAT(TRACE_KIND_IRQ, irq);
	put_masked(record_pid(), &r.head);
}

/* What @tf remembers of its entry into the record of its exit. */
static void fill_return(struct long_return *r, struct trapframe *tf)
{
	uint64_t what = tf->trace_what;

	r->ret.since = tf->trace_ticks;
	r->ret.cause = TRACE_WHAT_KIND(what);
	r->ret.nr = TRACE_WHAT_NR(what);
	if (r->ret.cause != TRACE_KIND_SVC)
		return;
	if (what & TRACE_WHAT_ANSWERED)
		r->ret.result = tf->trace_answer;
	else if (decided_late())
		record_late(tf, r->ret.result);
	if (captures() && ops->capture_exit)
		r->ret.head.words +=
			ops->capture_exit((uint32_t)r->ret.nr, r->ret.result, r->chunks) / 8;
}

void trace_exit_record(struct trapframe *tf)
{
	struct long_return r;

	r.ret = (struct trace_return){
		.head = CROSSING(RETURN, return, 1, level_of(tf)),
		.elr = tf->pc,
		.result = (int64_t)tf->x[0],
	};
	if (came_in(tf))
		fill_return(&r, tf);
	/*
	 * The frame may be the same one at the next entry: nothing of this one must be taken for
	 * it.
	 */
	tf->trace_ticks = 0;
	put_masked(record_pid(), &r.ret.head);
}

/* ---- up to EL2 and EL3, and back ---- */

/* When this core recorded its last call; 0: that has come back.  It does nothing in between. */
static DEFINE_PERCPU(uint64_t, called_at);

static void smccc_returned(unsigned int level, uint32_t fn, uint64_t elr,
			   const struct smccc_result *result)
{
	struct trace_call_return r = {
		.head = CROSSING(CALL_RETURN, call_return, level, 1),
		.elr = elr,
		.result = (int64_t)result->x0,
		.since = this_cpu(called_at),
		.fn = fn,
	};

	trace_levels_take(record_pid(), r.since ? level : 0, r.since);
	this_cpu(called_at) = 0;
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
	/* What the levels have done meanwhile, that the trace has not seen. */
	trace_levels(record_pid());
	r.head.slot = SLOT_LOWER64 + SLOT_SYNC;
	memcpy(r.arg, arg, sizeof(r.arg));
	trace_put(&r.head);
	this_cpu(called_at) = r.head.ticks;
}

/* ---- what is asked for ---- */

/* The mask follows what is configured and observed.  asked_lock held. */
static void update_mask(void)
{
	uint32_t mask = (configured & TRACE_ALL) | observed, levels = TRACE_EL2 | TRACE_EL3;

	if (observed || filter || (configured & TRACE_ARGS) || !(configured & TRACE_QUIET))
		mask |= mask ? TRACE_SLOW : 0;
	/* What a frame holds from before is no time of ours, but what lay on the stack. */
	if (!trace_watches())
		started = counter_read();
	smccc_observe(mask & levels ? smccc_call : NULL);
	/* Last: from here on crossings are recorded. */
	WRITE_ONCE(trace_mask, mask);
	WRITE_ONCE(trace_svc_plain, (mask & (TRACE_SVC | TRACE_SLOW)) == TRACE_SVC);
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
	trace_set(kinds, NULL);
}

void trace_set(uint32_t kinds, const struct trace_filter *f)
{
	spin_lock(&asked_lock);
	WRITE_ONCE(filter, f && trace_filter_asks(f) ? f : NULL);
	WRITE_ONCE(configured, kinds & TRACE_WORDS);
	update_mask();
	spin_unlock(&asked_lock);
}

uint32_t trace_kinds(void)
{
	return READ_ONCE(configured);
}

bool trace_is_filtered(void)
{
	return READ_ONCE(filter);
}

void trace_choose(uint32_t what, trace_tell_fn *fn)
{
	spin_lock(&asked_lock);
	WRITE_ONCE(tell, fn);
	observed = what;
	update_mask();
	spin_unlock(&asked_lock);
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
