/*
 * trace.c - from a crossing to its record: into this core's ring, and to the log.
 *
 * Comes from el1/trap.c with a saved frame.  Invariants: a ring is written by its own core alone,
 * with interrupts masked; a record's seq is 0 while it is being written, so that a reader on
 * another core can tell; between entry and exit the frame itself remembers what is needed (its
 * trace_ words), so that tasks may block, migrate and nest exceptions.
 */
#include "trace/trace.h"

#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "arm/slots.h"
#include "arm/smccc.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/ksym.h"
#include "log/printk.h"
#include "trace/format.h"
#include "trace/names.h"

#define RING_SIZE    (UINT64_C(128) << 10) /* of each core, bytes: a power of two of pages */
#define RING_RECORDS ((RING_SIZE - sizeof(uint64_t)) / sizeof(struct trace_record))

struct ring {
	uint64_t written; /* the last seq */
	struct trace_record record[RING_RECORDS];
};
_Static_assert(sizeof(struct ring) <= RING_SIZE, "RING_RECORDS");

uint32_t trace_mask;
static uint32_t configured; /* of it, what trace= says: it goes to the ring and the log */
static trace_tell_fn *tell;
static const struct trace_ops *ops;
static struct ring *rings[NR_CPUS]; /* NULL: only printed */
static uint64_t started_ns; /* what a frame remembers from before that is no memory of ours */

/* ---- writing ---- */

static void keep(struct ring *ring, struct trace_record *r)
{
	struct trace_record *slot = &ring->record[ring->written % RING_RECORDS];

	r->seq = 0;
	/*
	 * First 0, then the record, then its number: a reader on another core that copies meanwhile
	 * finds 0 or another number behind its copy, and drops it (fetch_record).
	 */
	WRITE_ONCE(slot->seq, 0);
	dmb(ishst);
	*slot = *r;
	r->seq = ring->written + 1;
	store_release(&slot->seq, r->seq);
	/*
	 * After the record: whoever reads `written` (load_acquire) finds all up to it, unless it
	 * was overwritten since.
	 */
	store_release(&ring->written, r->seq);
}

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

/* The kinds (TRACE_*) that must all be recorded for @r to be wanted. */
static uint32_t kinds_of(const struct trace_record *r)
{
	switch (r->kind == TRACE_KIND_RETURN ? r->cause : r->kind) {
	case TRACE_KIND_SVC: return TRACE_SVC;
	case TRACE_KIND_FAULT:
	case TRACE_KIND_SIGNAL: return TRACE_FAULT;
	case TRACE_KIND_IRQ: return TRACE_IRQ;
	case TRACE_KIND_CALL: return r->to == 3 ? TRACE_EL3 : TRACE_EL2;
	case TRACE_KIND_CALL_RETURN: return r->from == 3 ? TRACE_EL3 : TRACE_EL2;
	case TRACE_KIND_SCHED: return TRACE_SCHED;
	/*
	 * The return of a frame that remembers nothing: a new program's, if every entry is
	 * recorded; else it may be from one that is not.
	 */
	default: return TRACE_SVC | TRACE_FAULT | TRACE_IRQ;
	}
}

/* Into this core's ring, and to the log. */
static void record(struct trace_record *r)
{
	char line[TRACE_LINE_MAX + KSYM_TEXT_MAX];
	uint64_t hidden;

	if (rings[r->cpu])
		keep(rings[r->cpu], r);
	if (configured & TRACE_QUIET)
		return;
	/* Printing is long, and masked: it is not what the measuring of stretches is about. */
	hidden = stretch_hide();
	trace_format_record(line, TRACE_LINE_MAX, r);
	add_module(line, sizeof(line), r->elr);
	pr_info("trace: %s", line);
	stretch_show(hidden);
}

/*
 * The record begins with where and when; a caller that saw the event earlier sets time_ns itself.
 */
static void emit(struct trace_record *r)
{
	/* The ring is this core's: an interrupt's record must not come into the middle of ours. */
	unsigned long flags = irq_save();
	trace_tell_fn *told = READ_ONCE(tell);
	uint32_t kinds = kinds_of(r);

	r->cpu = (uint16_t)cpu_id();
	if (!r->time_ns)
		r->time_ns = log_time_ns();
	/* Before the record has a seq. */
	if (told)
		told(r, kinds);
	if ((configured & kinds) == kinds)
		record(r);
	irq_restore(flags);
}

static int record_pid(void)
{
	return ops ? ops->pid() : 0;
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
static void remember(struct trapframe *tf, unsigned int kind, int64_t nr)
{
	tf->trace_what = kind | (uint64_t)nr << 8;
}

static struct trace_record entry(struct trapframe *tf, unsigned int kind)
{
	struct trace_record r = {
		.time_ns = log_time_ns(),
		.pid = record_pid(),
		.kind = (uint8_t)kind,
		.from = (uint8_t)level_of(tf),
		.to = 1,
		.slot = frame_from_el0(tf) ? SLOT_LOWER64 : SLOT_SPX,
		.elr = tf->pc,
	};

	/* Kept in the frame, not on the core: the task may sleep, and leave EL1 on another core. */
	tf->trace_ns = r.time_ns;
	tf->trace_answered = false;
	if (frame_from_el0(tf) && ops)
		/* The exit shares its test for work: this flag makes it come by trace_exit. */
		ops->watch();
	return r;
}

static void record_string(struct trace_record *r, size_t *at, uint64_t va)
{
	const size_t each = TRACE_TEXT_SIZE / 2; /* no call has more than two */
	char *s = r->text + *at;

	if (*at + each > sizeof(r->text))
		return;
	/*
	 * Not in memory now, or its lock is taken: a fault on the way would be a crossing that the
	 * program did not make.
	 */
	if (!ops || !ops->string(va, s, each)) {
		s[0] = TRACE_NO_STRING;
		s[1] = 0;
	}
	s[each - 1] = 0;
	*at += strlen(s) + 1;
}

void trace_svc_enter(struct trapframe *tf)
{
	struct trace_record r = entry(tf, TRACE_KIND_SVC);
	const char *letters;
	size_t at = 0;

	r.esr = tf->esr;
	r.nr = (uint32_t)tf->x[8];
	memcpy(r.arg, tf->x, sizeof(r.arg));
	letters = syscall_args((uint64_t)r.nr);
	for (unsigned int i = 0; letters && letters[i]; i++)
		if (letters[i] == 's')
			record_string(&r, &at, r.arg[i]);
	remember(tf, TRACE_KIND_SVC, r.nr);
	emit(&r);
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
	struct trace_record r = entry(tf, TRACE_KIND_FAULT);

	r.esr = tf->esr;
	r.far = tf->far;
	remember(tf, TRACE_KIND_FAULT, 0);
	emit(&r);
}

void trace_fault_result(struct trapframe *tf, int signo)
{
	struct trace_record r = {
		.pid = record_pid(),
		.kind = TRACE_KIND_SIGNAL,
		.from = 1,
		.to = 1,
		.nr = signo,
	};

	/* For the exit's record: the signal, or 0: the fault was resolved. */
	remember(tf, TRACE_KIND_FAULT, signo);
	if (signo)
		emit(&r);
}

void trace_irq_stamp(struct trapframe *tf)
{
	tf->trace_ns = log_time_ns();
}

/*
 * The number is known only now; nothing else can have been recorded on this core since the stamp.
 */
void trace_irq_record(struct trapframe *tf, int irq)
{
	uint64_t came = tf->trace_ns;
	struct trace_record r = entry(tf, TRACE_KIND_IRQ);

	r.time_ns = tf->trace_ns = came;
	r.slot += SLOT_IRQ;
	r.nr = irq;
	remember(tf, TRACE_KIND_IRQ, irq);
	emit(&r);
}

void trace_exit_record(struct trapframe *tf)
{
	bool known = tf->trace_ns > started_ns;
	uint64_t now = log_time_ns();
	struct trace_record r = {
		.time_ns = now,
		.pid = record_pid(),
		.kind = TRACE_KIND_RETURN,
		.from = 1,
		.to = (uint8_t)level_of(tf),
		.cause = known ? tf->trace_what & 0xff : 0,
		.nr = known ? (int64_t)tf->trace_what >> 8 : 0,
		.elr = tf->pc,
		.result = known && tf->trace_answered ? tf->trace_answer : (int64_t)tf->x[0],
		.ns = known ? now - tf->trace_ns : 0,
	};

	/*
	 * The frame may be the same one at the next entry: nothing of this one must be taken for
	 * it.
	 */
	tf->trace_ns = 0;
	emit(&r);
}

/* ---- up to EL2 and EL3, and back ---- */

static void smccc_call(unsigned int level, uint32_t fn, const uint64_t arg[3], uint64_t elr,
		       const struct smccc_result *result)
{
	uint64_t ec = level == 3 ? ESR_EC_SMC64 : ESR_EC_HVC64;
	struct trace_record r = {
		.pid = record_pid(),
		.kind = result ? TRACE_KIND_CALL_RETURN : TRACE_KIND_CALL,
		.from = (uint8_t)(result ? level : 1),
		.to = (uint8_t)(result ? 1 : level),
		.slot = SLOT_LOWER64 + SLOT_SYNC,
		.esr = result ? 0 : (ec << ESR_EC_SHIFT) | ESR_IL,
		.elr = elr,
		.nr = fn,
		.result = result ? (int64_t)result->x0 : 0,
	};

	memcpy(r.arg, arg, 3 * sizeof(arg[0]));
	/*
	 * Called before and after the instruction, in whatever context the caller is: emit masks
	 * interrupts itself.
	 */
	if (trace_on(level == 3 ? TRACE_EL3 : TRACE_EL2))
		emit(&r);
}

/* ---- the scheduler ---- */

void trace_sched_record(int prev, int next)
{
	struct trace_record r = {
		.pid = prev,
		.kind = TRACE_KIND_SCHED,
		.from = 1,
		.to = 1,
		.nr = next,
	};

	emit(&r);
}

/* ---- reading ---- */

/* The record of @ring that @next asks for, or the oldest after it that is left; false: none. */
static bool fetch_record(const struct ring *ring, uint64_t *next, struct trace_record *out)
{
	uint64_t last = load_acquire(&ring->written);

	for (*next = max(*next, UINT64_C(1)); *next <= last; (*next)++) {
		const struct trace_record *slot = &ring->record[(*next - 1) % RING_RECORDS];

		/*
		 * The writer has gone round: what was asked for is overwritten, so go on at the
		 * oldest that is left.
		 */
		if (last - *next >= RING_RECORDS)
			*next = last - RING_RECORDS + 1;
		slot = &ring->record[(*next - 1) % RING_RECORDS];
		if (load_acquire(&slot->seq) != *next)
			continue;
		/*
		 * Copied while the writer may be at it; only the second look at seq says whether
		 * the copy is whole. dmb(ishld) keeps that look behind the copy.
		 */
		*out = *slot;
		dmb(ishld);
		if (READ_ONCE(slot->seq) == *next) /* not overwritten while we copied */
			return true;
	}
	return false;
}

size_t trace_read(struct trace_cursor *c, struct trace_record *out, size_t max_records)
{
	struct trace_record r;
	size_t n;

	for (n = 0; n < max_records; n++) {
		int oldest = -1;

		/*
		 * The oldest of all cores' next records, so that the readers see one order.  They
		 * are fetched anew for each: another one may have been overwritten.
		 */
		for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
			if (rings[cpu] && fetch_record(rings[cpu], &c->next[cpu], &r) &&
			    (oldest < 0 || r.time_ns < out[n].time_ns)) {
				out[n] = r;
				oldest = (int)cpu;
			}
		if (oldest < 0)
			break;
		c->next[oldest]++;
	}
	return n;
}

/* ---- the command line ---- */

static uint32_t word_mask(const char *s, size_t n)
{
	static const struct {
		const char *name;
		uint32_t mask;
	} words[] = {
		{ "all", TRACE_ALL },	 { "svc", TRACE_SVC },	   { "fault", TRACE_FAULT },
		{ "irq", TRACE_IRQ },	 { "el2", TRACE_EL2 },	   { "el3", TRACE_EL3 },
		{ "ring", TRACE_QUIET }, { "sched", TRACE_SCHED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].name) == n && !memcmp(words[i].name, s, n))
			return words[i].mask;
	pr_warn("trace=: %.*s is not known (all, svc, fault, irq, el2, el3, sched, ring)", (int)n,
		s);
	return 0;
}

void trace_configure(const char *cmdline)
{
	struct cmdline_word w;
	const char *s, *end, *comma;
	uint32_t mask = 0;

	if (!cmdline_find(cmdline, "trace", &w) || !w.val_len)
		return;
	for (s = w.val, end = s + w.val_len; s < end; s = comma + 1) {
		comma = memchr(s, ',', (size_t)(end - s));
		if (!comma)
			comma = end;
		mask |= word_mask(s, (size_t)(comma - s));
	}
	configured = mask;
	trace_choose(0, NULL);
}

void trace_choose(uint32_t what, trace_tell_fn *fn)
{
	uint32_t mask = configured | what, levels = TRACE_EL2 | TRACE_EL3;

	/* What a frame holds from before is no time of ours, but what lay on the stack. */
	if (!trace_watches())
		started_ns = log_time_ns();
	WRITE_ONCE(tell, fn);
	smccc_observe(mask & levels ? smccc_call : NULL);
	/* Last: from here on crossings are recorded. */
	WRITE_ONCE(trace_mask, mask);
}

void trace_apply(void)
{
	if (ops)
		ops->apply();
}

void trace_init(const struct trace_ops *o)
{
	ops = o;
	if (!trace_on(TRACE_ALL))
		return;
	/*
	 * For all cores that there can be, before the others start.  Without memory a core only
	 * prints.
	 */
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		rings[cpu] = o->memory(RING_SIZE);
}
