/*
 * trace.c - what becomes of a record: into this core's ring, to the log, to who observes; and what
 * is asked for.
 *
 * Comes from trace/crossing.c, and from all that records by trace/record.h.  Invariant: a ring is
 * written by its own core alone, with interrupts masked.
 */
#include "trace/trace.h"

#include "arm/counter.h"
#include "arm/spinlock.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/ksym.h"
#include "log/printk.h"
#include "trace/filter.h"
#include "trace/format.h"
#include "trace/ring.h"

uint32_t trace_mask;
uint32_t trace_svc_plain;
/* of who changes the next four and the mask that follows: root and observers at a time; a leaf */
static struct spinlock asked_lock = SPINLOCK_INIT;
static uint32_t configured;		  /* TRACE_WORDS: what goes to the ring and the log */
static uint32_t observed;		  /* TRACE_ALL: what is told to `tell` */
static const struct trace_filter *filter; /* NULL: none */
static trace_tell_fn *tell;
const struct trace_ops *trace_ops;
/* hvc and smc are told to this one while they are recorded */
static smccc_observer calls;
uint64_t trace_started;

/* Of the task that this core ran when it changed tasks last: trace_ops->marked(). */
static DEFINE_PERCPU(bool, was_marked);

/* This core makes something of a record. */
static DEFINE_PERCPU(bool, delivering);

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
	case TRACE_KIND_NAME:
	case TRACE_KIND_EXIT: return TRACE_TASK;
	case TRACE_KIND_SIGNAL_SEND:
	case TRACE_KIND_SIGNAL_TAKE: return TRACE_SIGNAL;
	case TRACE_KIND_COPY: return TRACE_COPY;
	case TRACE_KIND_BLOCK: return TRACE_BLOCK;
	case TRACE_KIND_GUEST: return TRACE_GUEST;
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
	bool now = f->generation && trace_ops && trace_ops->marked && trace_ops->marked(f), before;

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
bool trace_passes(const struct trace_head *r)
{
	const struct trace_filter *f = READ_ONCE(filter);

	return !f || trace_filter_match(f, r, cpu_id(), is_marked(f, r));
}

static void hand_out(const struct trace_head *r)
{
	trace_tell_fn *told = READ_ONCE(tell);
	uint32_t kinds = kinds_of(r), wanted = READ_ONCE(configured);

	/* Not twice: a call that its filter lets through late was told when it came in. */
	if (told && (r->kind != TRACE_KIND_SVC || !(r->slot & TRACE_LATE)))
		told(r, kinds);
	if ((wanted & kinds) != kinds || !trace_passes(r))
		return;
	keep(r);
	if (!(wanted & TRACE_QUIET))
		print_record(r);
}

/* @r, whole, to all that want it.  Interrupts masked. */
static void deliver(const struct trace_head *r)
{
	bool within = this_cpu(delivering);

	/* A fault in here is a bug of the kernel's; to record it would be the next one. */
	if (within && r->kind == TRACE_KIND_FAULT)
		return;
	this_cpu(delivering) = true;
	hand_out(r);
	this_cpu(delivering) = within;
}

int trace_pid(void)
{
	return trace_ops ? trace_ops->pid() : 0;
}

static void put_by(int32_t pid, struct trace_head *r)
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

	put_by(pid, r);
	irq_restore(flags);
}

void trace_put(struct trace_head *r)
{
	trace_put_as(trace_pid(), r);
}

void trace_put_masked(struct trace_head *r)
{
	put_by(trace_pid(), r);
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
		trace_started = counter_read();
	smccc_observe(mask & levels ? calls : NULL);
	/* Last: from here on crossings are recorded. */
	WRITE_ONCE(trace_mask, mask);
	WRITE_ONCE(trace_svc_plain, (mask & (TRACE_SVC | TRACE_SLOW)) == TRACE_SVC);
}

void trace_configure(const char *cmdline, smccc_observer fn)
{
	struct cmdline_word w;
	uint32_t kinds = 0;

	calls = fn;
	if (!cmdline_find(cmdline, "trace", &w) || !w.val_len)
		return;
	if (trace_kinds_parse(w.val, w.val_len, &kinds))
		pr_warn("trace=: %.*s is not known (all, svc, fault, irq, el2, el3, sched, wake, "
			"task, signal, copy, block, guest, args, ring)",
			(int)w.val_len, w.val);
	trace_set(kinds, NULL);
}

void trace_set(uint32_t kinds, const struct trace_filter *f)
{
	spin_lock(&asked_lock);
	/* Behind what is in it. */
	store_release(&filter, f && trace_filter_asks(f) ? f : NULL);
	WRITE_ONCE(configured, kinds & TRACE_WORDS);
	update_mask();
	spin_unlock(&asked_lock);
}

uint32_t trace_kinds(void)
{
	return READ_ONCE(configured);
}

bool trace_takes_args(void)
{
	return READ_ONCE(configured) & TRACE_ARGS;
}

bool trace_decides_late(void)
{
	const struct trace_filter *f = READ_ONCE(filter);

	return f && trace_filter_late(f);
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
	if (trace_ops)
		trace_ops->apply();
}

void trace_init(const struct trace_ops *o)
{
	trace_ops = o;
}
