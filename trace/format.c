/*
 * format.c - a record as a line of text.
 *
 * Used by trace.c when it prints, by a reader of the ring, and by host tools.  Invariant: any bytes
 * at all in the record give a line, terminated and within its buffer: a host tool reads files.
 */
#include "trace/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "abi/nanoseconds.h"
#include "lib/string.h"
#include "trace/chunk.h"
#include "trace/esr.h"
#include "trace/names.h"
#include "trace/words.h"

#define ERRNO_MAX 4095

/* A char[] ends at its NUL, or is full. */
static void add_comm(struct text *t, const char *s, size_t n)
{
	size_t len = strnlen(s, n);

	trace_add_string(t, s, len, len);
}

static void add_call_name(struct text *t, int64_t nr)
{
	const char *name = syscall_name((uint64_t)nr);

	if (name)
		text_add(t, "%s", name);
	else
		text_add(t, "syscall_%lld", (long long)nr);
}

/* Only -1 to -4095 are errors: an address near the top of memory is none. */
static void add_result(struct text *t, int64_t result, bool address)
{
	const char *name = result < 0 && result >= -ERRNO_MAX ? errno_name((long)-result) : NULL;

	if (name)
		text_add(t, "-%s", name);
	else if (result && address)
		text_add(t, "%#llx", (unsigned long long)result);
	else
		text_add(t, "%lld", (long long)result);
}

static void add_irq(struct text *t, int32_t nr, const char *name)
{
	if (nr < 0)
		text_add(t, "irq spurious");
	else
		text_add(t, name ? "irq %d %s" : "irq %d", nr, name);
}

/* How long it took: between two readings of the counter. */
static void add_duration(struct text *t, uint64_t from, uint64_t to, uint64_t hz)
{
	uint64_t ticks = to - from;

	/* A counter of more than 1 GHz, or one that went back, is what a damaged file says. */
	if (!from || !hz || hz > NS_PER_S || to < from)
		return;
	text_add(t, " %llu ns",
		 (unsigned long long)(ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz));
}

static void add_address(struct text *t, const char *what, uint64_t v)
{
	if (v)
		text_add(t, " %s=%#llx", what, (unsigned long long)v);
}

/* ---- a kind each ---- */

static void add_svc(struct text *t, const struct trace_svc *r)
{
	text_add(t, "svc ");
	trace_add_call(t, &(struct trace_call_pair){ .svc = r });
	add_address(t, "esr", r->esr);
	add_address(t, "elr", r->elr);
}

static void add_fault(struct text *t, const struct trace_fault *r)
{
	char words[ESR_TEXT_MAX];

	esr_describe(words, sizeof(words), r->esr);
	text_add(t, "fault %s", words);
	add_address(t, "esr", r->esr);
	add_address(t, "elr", r->elr);
	add_address(t, "far", r->far);
}

static void add_call_return(struct text *t, const struct trace_return *r)
{
	const char *letters = syscall_args((uint64_t)r->nr);

	text_add(t, " svc ");
	add_call_name(t, r->nr);
	text_add(t, " = ");
	/* A call whose first argument is an address gives one. */
	add_result(t, r->result, letters && letters[0] == 'v');
	trace_add_late(t, r);
}

static void add_return(struct text *t, const struct trace_return *r, const struct trace_place *at)
{
	text_add(t, "eret");
	/*
	 * Without a cause nothing is known: a new task's first return, or one that entered before
	 * tracing began.
	 */
	switch (r->cause) {
	case TRACE_KIND_SVC: add_call_return(t, r); break;
	case TRACE_KIND_FAULT:
		text_add(t, " fault ");
		if (r->nr)
			trace_add_signal(t, r->nr);
		else
			text_add(t, "resolved");
		break;
	case TRACE_KIND_IRQ:
		text_add(t, " ");
		add_irq(t, r->nr, at->irq);
		break;
	default: break;
	}
	add_duration(t, r->since, r->head.ticks, at->hz);
	add_address(t, "elr", r->elr);
}

/* An smc is one also where EL2 takes it. */
static bool is_smc(const struct trace_head *r)
{
	switch (r->kind) {
	case TRACE_KIND_CALL: return ESR_EC(((const struct trace_call *)r)->esr) != ESR_EC_HVC64;
	case TRACE_KIND_LEVEL: return ESR_EC(((const struct trace_level *)r)->esr) != ESR_EC_HVC64;
	case TRACE_KIND_GUEST: return ESR_EC(((const struct trace_guest *)r)->esr) != ESR_EC_HVC64;
	default: return r->slot & TRACE_BY_SMC;
	}
}

/* "smc PSCI_CPU_ON"; the number where it has no name. */
static void add_function(struct text *t, const struct trace_head *r, uint32_t fn)
{
	const char *name = function_name(fn);

	text_add(t, "%s ", is_smc(r) ? "smc" : "hvc");
	if (name)
		text_add(t, "%s", name);
	else
		text_add(t, "%#x", fn);
}

static void add_up(struct text *t, const struct trace_call *r)
{
	add_function(t, &r->head, r->fn);
	text_add(t, "(%#llx, %#llx, %#llx)", (unsigned long long)r->arg[0],
		 (unsigned long long)r->arg[1], (unsigned long long)r->arg[2]);
	add_address(t, "esr", r->esr);
	add_address(t, "elr", r->elr);
}

static void add_down(struct text *t, const struct trace_call_return *r, uint64_t hz)
{
	text_add(t, "eret ");
	add_function(t, &r->head, r->fn);
	text_add(t, " = %lld", (long long)r->result);
	add_duration(t, r->since, r->head.ticks, hz);
	add_address(t, "elr", r->elr);
}

static void add_levels(struct text *t, const struct trace_level *r, uint64_t hz)
{
	char words[ESR_TEXT_MAX];

	switch (r->did) {
	case TRACE_LEVEL_LOST: text_add(t, "lost %lld of its notes", (long long)r->answer); return;
	case TRACE_LEVEL_ANSWERED:
	case TRACE_LEVEL_ANSWERED | TRACE_LEVEL_SEEN:
		text_add(t, "answered ");
		add_function(t, &r->head, r->fn);
		text_add(t, " = %lld", (long long)r->answer);
		break;
	default:
		esr_describe(words, sizeof(words), r->esr);
		text_add(t, "%s %s", r->did == TRACE_LEVEL_BOUNCED ? "bounced" : "did", words);
	}
	add_duration(t, r->head.ticks, r->until, hz);
	add_address(t, "esr", r->esr);
	add_address(t, "elr", r->elr);
	/* It has a line of its own already, as the call that it was. */
	if (r->did & TRACE_LEVEL_SEEN)
		text_add(t, " (seen)");
}

/* One of a list of words that count from 1. */
static void add_word(struct text *t, const char *const *words, size_t n, uint32_t at)
{
	if (at && at <= n)
		text_add(t, " %s", words[at - 1]);
	else
		text_add(t, " %u", at);
}

static void add_sched(struct text *t, const struct trace_sched *r)
{
	static const char *const why[] = { "preempted", "yielded", "sleeps", "blocked",
					   "stopped",	"ended",   "idle" };

	text_add(t, "sched to pid %d ", r->next);
	add_comm(t, r->comm, sizeof(r->comm));
	text_add(t, ":");
	add_word(t, why, ARRAY_SIZE(why), r->why);
}

static void add_fork(struct text *t, const struct trace_fork *r)
{
	text_add(t, "fork pid %d process %d ", r->child, r->process);
	add_comm(t, r->comm, sizeof(r->comm));
	text_add(t, " flags=");
	trace_add_clone_flags(t, r->flags);
}

static void add_exec(struct text *t, const struct trace_exec *r)
{
	struct trace_chunks all = trace_chunks_of(&r->head);
	const struct trace_chunk *path = trace_chunk_next(&all);

	text_add(t, "exec ");
	if (path)
		trace_add_string(t, trace_chunk_data(path), path->bytes, path->whole);
	text_add(t, "%sprocess %d ", path ? " " : "", r->process);
	add_comm(t, r->comm, sizeof(r->comm));
}

static void add_new_name(struct text *t, const struct trace_name *r)
{
	text_add(t, "name ");
	if (r->task != r->head.pid)
		text_add(t, "of pid %d ", r->task);
	add_comm(t, r->comm, sizeof(r->comm));
}

static void add_signal_send(struct text *t, const struct trace_signal_send *r)
{
	static const char *const did[] = { "queued", "ignored", "pending", "failed", "gone" };

	text_add(t, "signal ");
	trace_add_signal(t, r->nr);
	text_add(t, " (");
	trace_add_signal_code(t, r->nr, r->code);
	text_add(t, ") to pid %d:", r->to);
	add_word(t, did, ARRAY_SIZE(did), r->did);
}

static void add_signal_take(struct text *t, const struct trace_signal_take *r)
{
	static const char *const did[] = { "handler", "ignored", "ends", "stops" };

	text_add(t, "takes ");
	trace_add_signal(t, r->nr);
	text_add(t, ":");
	add_word(t, did, ARRAY_SIZE(did), r->did);
	if (r->handler)
		text_add(t, " %#llx", (unsigned long long)r->handler);
}

static void add_copy(struct text *t, const struct trace_copy *r)
{
	static const char *const access[] = { "read", "write" };

	text_add(t, "copy refused:");
	add_word(t, access, ARRAY_SIZE(access), r->access);
	add_address(t, "esr", r->esr);
	add_address(t, "pc", r->pc);
	add_address(t, "far", r->address);
}

static void add_block(struct text *t, const struct trace_block *r, uint64_t hz)
{
	static const char *const ops[] = { "read", "write", "flush", "discard", "zero" };
	static const char *const flags[] = { " fua", " meta", " ahead" };

	text_add(t, "block ");
	if (r->op < ARRAY_SIZE(ops))
		text_add(t, "%s", ops[r->op]);
	else
		text_add(t, "op %u", r->op);
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
		if (r->flags & 1u << i)
			text_add(t, "%s", flags[i]);
	text_add(t, " ");
	add_comm(t, r->disk, sizeof(r->disk));
	if (r->op != TRACE_BLOCK_FLUSH)
		text_add(t, " sector %llu, %u bytes", (unsigned long long)r->sector, r->bytes);
	if (r->did == TRACE_BLOCK_STARTED)
		return;
	text_add(t, " = ");
	add_result(t, r->error, false);
	add_duration(t, r->since, r->head.ticks, hz);
}

/* An exception that the guest made, in words: a call by its name. */
static void add_guest_sync(struct text *t, const struct trace_guest *r)
{
	char words[ESR_TEXT_MAX];

	if (ESR_EC(r->esr) == ESR_EC_HVC64 || ESR_EC(r->esr) == ESR_EC_SMC64) {
		add_function(t, &r->head, r->fn);
		return;
	}
	esr_describe(words, sizeof(words), r->esr);
	text_add(t, "%s", words);
}

static void add_guest(struct text *t, const struct trace_guest *r, uint64_t hz)
{
	text_add(t, "guest vm %u vcpu %u ", r->vm, r->vcpu);
	switch (r->did) {
	case TRACE_GUEST_ENTERS: text_add(t, "enters"); break;
	case TRACE_GUEST_SYNC: add_guest_sync(t, r); break;
	case TRACE_GUEST_IRQ: text_add(t, "interrupt of the host's"); break;
	case TRACE_GUEST_SERROR: text_add(t, "SError"); break;
	case TRACE_GUEST_REFUSED: text_add(t, "refused: no PSTATE of EL0's or EL1's"); break;
	default: text_add(t, "did %u", r->did);
	}
	add_duration(t, r->since, r->head.ticks, hz);
	add_address(t, "esr", r->esr);
	add_address(t, "elr", r->elr);
	add_address(t, "far", r->far);
	add_address(t, "ipa", r->ipa);
	add_address(t, "value", r->value);
}

/* The record is whole, and as long as its kind at least. */
static void add_what(struct text *t, const struct trace_head *r, const struct trace_place *at)
{
	const struct trace_wake *wake = (const struct trace_wake *)r;
	const struct trace_exit *exit = (const struct trace_exit *)r;
	const struct trace_irq *irq = (const struct trace_irq *)r;

	switch (r->kind) {
	case TRACE_KIND_SVC: add_svc(t, (const struct trace_svc *)r); break;
	case TRACE_KIND_FAULT: add_fault(t, (const struct trace_fault *)r); break;
	case TRACE_KIND_IRQ:
		add_irq(t, irq->nr, at->irq);
		add_address(t, "elr", irq->elr);
		break;
	case TRACE_KIND_RETURN: add_return(t, (const struct trace_return *)r, at); break;
	case TRACE_KIND_CALL: add_up(t, (const struct trace_call *)r); break;
	case TRACE_KIND_CALL_RETURN:
		add_down(t, (const struct trace_call_return *)r, at->hz);
		break;
	case TRACE_KIND_LEVEL: add_levels(t, (const struct trace_level *)r, at->hz); break;
	case TRACE_KIND_SCHED: add_sched(t, (const struct trace_sched *)r); break;
	case TRACE_KIND_WAKE: text_add(t, "wake pid %d for cpu%u", wake->task, wake->target); break;
	case TRACE_KIND_FORK: add_fork(t, (const struct trace_fork *)r); break;
	case TRACE_KIND_EXEC: add_exec(t, (const struct trace_exec *)r); break;
	case TRACE_KIND_NAME: add_new_name(t, (const struct trace_name *)r); break;
	case TRACE_KIND_EXIT:
		text_add(t, "exit process %d status=%#x", exit->process, exit->status);
		break;
	case TRACE_KIND_SIGNAL_SEND: add_signal_send(t, (const struct trace_signal_send *)r); break;
	case TRACE_KIND_SIGNAL_TAKE: add_signal_take(t, (const struct trace_signal_take *)r); break;
	case TRACE_KIND_COPY: add_copy(t, (const struct trace_copy *)r); break;
	case TRACE_KIND_BLOCK: add_block(t, (const struct trace_block *)r, at->hz); break;
	case TRACE_KIND_GUEST: add_guest(t, (const struct trace_guest *)r, at->hz); break;
	default: break;
	}
}

int trace_format(char *buf, size_t n, const struct trace_head *r, size_t bytes,
		 const struct trace_place *at)
{
	struct text t;

	text_init(&t, buf, n);
	text_add(&t, "[%5llu.%09llu] cpu%u ", (unsigned long long)(at->ns / NS_PER_S),
		 (unsigned long long)(at->ns % NS_PER_S), at->cpu);
	if (bytes < sizeof(*r)) {
		text_add(&t, "damaged record");
		return (int)t.len;
	}
	text_add(&t, "pid %d EL%u", r->pid, TRACE_FROM(r->levels));
	/* What stays in its level is an event between two crossings; an exception may, too. */
	if (r->kind <= TRACE_KIND_LEVEL || r->kind == TRACE_KIND_GUEST)
		text_add(&t, "->EL%u", TRACE_TO(r->levels));
	text_add(&t, " ");
	if (trace_record_bytes(r, bytes))
		add_what(&t, r, at);
	else
		text_add(&t, "%s record %u", trace_kind_size(r->kind) ? "damaged" : "unknown",
			 r->kind);
	if (r->slot & TRACE_LATE)
		text_add(&t, " (late)");
	return (int)t.len;
}
