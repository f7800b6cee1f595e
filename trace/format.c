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
#include "trace/esr.h"
#include "trace/names.h"
#include "trace/text.h"

#define AT_FDCWD  (-100)
#define ERRNO_MAX 4095

/* The next string of the record's text; NULL where there is none, or it could not be read. */
static const char *next_string(const struct trace_record *r, size_t *at)
{
	const char *s = r->text + *at;
	size_t left = sizeof(r->text) - *at, len = 0;

	while (len < left && s[len])
		len++;
	/* A file may hold anything; the kernel's own records always end within their text. */
	if (len == left) /* not terminated: no text of ours */
		return NULL;
	*at += len + 1;
	return s[0] == TRACE_NO_STRING ? NULL : s;
}

/* As strace prints it: quotes, and escapes for what is not printable. */
static void add_quoted(struct text *t, const char *s)
{
	text_add(t, " \"");
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			text_add(t, "\\%c", *s);
		/*
		 * Control characters and bytes of UTF-8: a terminal must not obey what a program
		 * wrote.
		 */
		else if (*s == '\n')
			text_add(t, "\\n");
		else if (*s >= ' ' && *s <= '~')
			text_add(t, "%c", *s);
		else
			text_add(t, "\\x%02x", (unsigned char)*s);
	text_add(t, "\"");
}

static void add_pointer(struct text *t, uint64_t v)
{
	if (v)
		text_add(t, "%#lx", (unsigned long)v);
	else
		text_add(t, "NULL");
}

static void add_signal(struct text *t, int64_t nr)
{
	const char *name = nr == (int)nr ? signal_name((int)nr) : NULL;

	if (name)
		text_add(t, "%s", name);
	else
		text_add(t, "%lld", (long long)nr);
}

/* One argument by its letter (abi/syscall.def). */
static void add_arg(struct text *t, char letter, uint64_t v, const char *string)
{
	switch (letter) {
	case 'a':
		/* The register's upper half is not the argument's: the call looks at 32 bits. */
		if ((int32_t)v == AT_FDCWD) {
			text_add(t, "AT_FDCWD");
			break;
		}
		/* fall through */
	case 'i':
	case 'd': text_add(t, "%d", (int32_t)v); break;
	case 'l': text_add(t, "%lld", (long long)v); break;
	case 'n': text_add(t, "%u", (uint32_t)v); break;
	case 'u': text_add(t, "%llu", (unsigned long long)v); break;
	case 'm': text_add(t, "%#o", (uint32_t)v); break;
	case 'f': text_add(t, "%#x", (uint32_t)v); break;
	case 'g': add_signal(t, (int32_t)v); break;
	case 's':
		add_pointer(t, v);
		if (string)
			add_quoted(t, string);
		break;
	case 'p': add_pointer(t, v); break;
	default: text_add(t, "%#llx", (unsigned long long)v); break;
	}
}

static void add_call_name(struct text *t, int64_t nr)
{
	const char *name = syscall_name((uint64_t)nr);

	if (name)
		text_add(t, "%s", name);
	else
		text_add(t, "syscall_%lld", (long long)nr);
}

static void add_call(struct text *t, const struct trace_record *r)
{
	const char *letters = syscall_args((uint64_t)r->nr), *string;
	size_t at = 0;

	/* A number that is not served: all registers, as numbers. */
	if (!letters)
		letters = "vvvvvv";
	add_call_name(t, r->nr);
	text_add(t, "(");
	for (unsigned int i = 0; i < TRACE_ARGS_MAX && letters[i]; i++) {
		string = letters[i] == 's' ? next_string(r, &at) : NULL;
		text_add(t, i ? ", " : "");
		add_arg(t, letters[i], r->arg[i], string);
	}
	text_add(t, ")");
}

/* A call whose first argument is an address gives one. */
static void add_result(struct text *t, const struct trace_record *r)
{
	const char *name = r->result < 0 && r->result >= -ERRNO_MAX ? errno_name(-r->result) : NULL;
	const char *letters = syscall_args((uint64_t)r->nr);

	/* Only -1 to -4095 are errors: an address near the top of memory is none. */
	if (name)
		text_add(t, "-%s", name);
	else if (r->result && letters && letters[0] == 'v')
		text_add(t, "%#llx", (unsigned long long)r->result);
	else
		text_add(t, "%lld", (long long)r->result);
}

static void add_irq(struct text *t, int64_t nr)
{
	if (nr < 0)
		text_add(t, "irq spurious");
	else
		text_add(t, "irq %lld", (long long)nr);
}

static void add_fault(struct text *t, const struct trace_record *r)
{
	char words[ESR_TEXT_MAX];

	esr_describe(words, sizeof(words), r->esr);
	text_add(t, "fault %s", words);
}

static void add_return(struct text *t, const struct trace_record *r)
{
	text_add(t, "eret");
	/*
	 * Without a cause nothing is known: a new task's first return, or one that entered before
	 * tracing began.
	 */
	switch (r->cause) {
	case TRACE_KIND_SVC:
		text_add(t, " svc ");
		add_call_name(t, r->nr);
		text_add(t, " = ");
		add_result(t, r);
		break;
	case TRACE_KIND_FAULT:
		text_add(t, " fault ");
		if (r->nr)
			add_signal(t, r->nr);
		else
			text_add(t, "resolved");
		break;
	case TRACE_KIND_IRQ:
		text_add(t, " ");
		add_irq(t, r->nr);
		break;
	default: break;
	}
}

/* The level that the call goes to, or comes back from, says which instruction it was. */
static const char *conduit(const struct trace_record *r)
{
	return max(r->from, r->to) == 3 ? "smc" : "hvc";
}

static void add_what(struct text *t, const struct trace_record *r)
{
	switch (r->kind) {
	case TRACE_KIND_SVC:
		text_add(t, "svc ");
		add_call(t, r);
		break;
	case TRACE_KIND_FAULT: add_fault(t, r); break;
	case TRACE_KIND_IRQ: add_irq(t, r->nr); break;
	case TRACE_KIND_RETURN: add_return(t, r); break;
	case TRACE_KIND_CALL:
		text_add(t, "%s %#llx(%#llx, %#llx, %#llx)", conduit(r), (unsigned long long)r->nr,
			 (unsigned long long)r->arg[0], (unsigned long long)r->arg[1],
			 (unsigned long long)r->arg[2]);
		break;
	case TRACE_KIND_CALL_RETURN:
		text_add(t, "eret %s %#llx = %lld", conduit(r), (unsigned long long)r->nr,
			 (long long)r->result);
		break;
	case TRACE_KIND_SCHED: text_add(t, "sched to pid %lld", (long long)r->nr); break;
	case TRACE_KIND_SIGNAL:
		text_add(t, "signal ");
		add_signal(t, r->nr);
		break;
	default: text_add(t, "unknown record %u", r->kind); break;
	}
}

static bool is_crossing(const struct trace_record *r)
{
	return r->kind != TRACE_KIND_SCHED && r->kind != TRACE_KIND_SIGNAL;
}

int trace_format_record(char *buf, size_t n, const struct trace_record *r)
{
	struct text t;

	text_init(&t, buf, n);
	text_add(&t, "[%5llu.%09llu] cpu%u pid %d ", (unsigned long long)(r->time_ns / NS_PER_S),
		 (unsigned long long)(r->time_ns % NS_PER_S), r->cpu, r->pid);
	/* A record of the scheduler or of a signal stays in its level. */
	if (is_crossing(r))
		text_add(&t, "EL%u->EL%u ", r->from & 3, r->to & 3);
	else
		text_add(&t, "EL%u ", r->from & 3);
	add_what(&t, r);
	if (r->ns)
		text_add(&t, " %llu ns", (unsigned long long)r->ns);
	if (r->esr)
		text_add(&t, " esr=%#llx", (unsigned long long)r->esr);
	if (is_crossing(r) && r->elr)
		text_add(&t, " elr=%#llx", (unsigned long long)r->elr);
	if (r->far)
		text_add(&t, " far=%#llx", (unsigned long long)r->far);
	return (int)t.len;
}
