/*
 * decode.c - newel-trace-decode: a stream of the trace as lines of text, or as columns for a
 * program.
 *
 *	newel-trace-decode [--text | --columns | --strace] [--quiet] FILE	(-: standard input)
 *
 * --text	a line a record, by time; what is missing is said behind them, on standard error
 * --columns	a line of JSON that says what follows: the columns of tools/trace/model.py, one
 *		behind the other as numbers of this machine, then the INFO and TASKS frames' texts
 * --strace	a line a system call, as strace -f shows it, by when it came
 *
 * The lines are made by the kernel's own code (trace/format.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/trace_stream.h"
#include "tools/trace/stream.h"
#include "tools/trace/strace.h"
#include "trace/format.h"

#define HZ_UNKNOWN 62500000 /* QEMU's */

/* A record by the numbers that most tools want; which field is which: model.py. */
struct row {
	int64_t ns, since;
	uint64_t ticks, since_ticks, elr, esr, at;
	int64_t nr, value;
	uint32_t extra, order;
	int32_t pid;
	uint8_t cpu, kind, levels, slot;
};

struct rows {
	struct row *row;
	size_t n, room;
};

struct texts {
	char *text;
	size_t n;
};

static void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("newel-trace-decode: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static void *must_grow(void *p, size_t bytes)
{
	p = realloc(p, bytes);
	if (!p)
		die("no memory for %zu bytes", bytes);
	return p;
}

static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	uint8_t *data = NULL;
	size_t room = 0, n;

	if (!f)
		die("%s: %s", path, strerror(errno));
	*size = 0;
	do {
		if (room - *size < 1 << 16)
			data = must_grow(data, room = room * 2 + (1 << 20));
		n = fread(data + *size, 1, room - *size, f);
		*size += n;
	} while (n);
	if (ferror(f))
		die("%s: %s", path, strerror(errno));
	if (f != stdin)
		fclose(f);
	return data;
}

/* ---- rows ---- */

/* What of the record goes into the columns nr, value, elr, esr, since, extra. */
static void take_fields(struct row *r, const struct trace_head *h)
{
#define IS(NAME, name, p)                                       \
	case TRACE_KIND_##NAME:;                                \
		const struct trace_##name *p = (const void *)h; \
		if (h->words * sizeof(uint64_t) < sizeof(*p))   \
		return

	switch (h->kind) {
		IS(SVC, svc, svc);
		r->elr = svc->elr, r->esr = svc->esr, r->nr = svc->nr;
		r->value = (int64_t)svc->arg[0];
		return;
		IS(FAULT, fault, fault);
		r->elr = fault->elr, r->esr = fault->esr, r->value = (int64_t)fault->far;
		return;
		IS(IRQ, irq, irq);
		r->elr = irq->elr, r->nr = irq->nr;
		return;
		IS(RETURN, return, ret);
		r->elr = ret->elr, r->nr = ret->nr, r->value = ret->result;
		r->since_ticks = ret->since, r->extra = ret->cause;
		return;
		IS(CALL, call, call);
		r->elr = call->elr, r->esr = call->esr, r->nr = call->fn;
		r->value = (int64_t)call->arg[0];
		return;
		IS(CALL_RETURN, call_return, call_return);
		r->elr = call_return->elr, r->nr = call_return->fn;
		r->value = call_return->result, r->since_ticks = call_return->since;
		return;
		IS(LEVEL, level, level);
		r->elr = level->elr, r->esr = level->esr, r->nr = level->fn;
		r->value = level->answer, r->since_ticks = level->until, r->extra = level->did;
		return;
		IS(SCHED, sched, sched);
		r->nr = sched->next, r->extra = sched->why;
		return;
		IS(WAKE, wake, wake);
		r->nr = wake->task, r->value = wake->target;
		return;
		IS(FORK, fork, fork);
		r->nr = fork->child, r->value = (int64_t)fork->flags;
		return;
		IS(EXEC, exec, exec);
		r->nr = exec->process;
		return;
		IS(NAME, name, name);
		r->nr = name->task;
		return;
		IS(EXIT, exit, exit);
		r->nr = exit->process, r->extra = exit->status;
		return;
		IS(SIGNAL_SEND, signal_send, signal_send);
		r->nr = signal_send->nr, r->value = signal_send->to, r->extra = signal_send->did;
		return;
		IS(SIGNAL_TAKE, signal_take, signal_take);
		r->nr = signal_take->nr, r->value = (int64_t)signal_take->handler;
		r->extra = signal_take->did;
		return;
		IS(COPY, copy, copy);
		r->elr = copy->pc, r->esr = copy->esr, r->value = (int64_t)copy->address;
		r->extra = copy->access;
		return;
		IS(BLOCK, block, block);
		r->nr = block->op, r->value = (int64_t)block->sector;
		r->since_ticks = block->since, r->extra = block->did;
		return;
		IS(GUEST, guest, guest);
		r->elr = guest->elr, r->esr = guest->esr, r->nr = guest->vm;
		r->value = guest->vcpu, r->since_ticks = guest->since, r->extra = guest->did;
		return;
	}
#undef IS
}

static void add_row(struct rows *rows, const struct trace_head *h, unsigned int cpu, size_t at)
{
	struct row *r;

	if (rows->n == rows->room) {
		rows->room = rows->room * 2 + 4096;
		rows->row = must_grow(rows->row, rows->room * sizeof(*r));
	}
	r = &rows->row[rows->n];
	*r = (struct row){
		.ticks = h->ticks,
		.pid = h->pid,
		.cpu = (uint8_t)cpu,
		.kind = h->kind,
		.levels = h->levels,
		.slot = h->slot,
		.order = (uint32_t)rows->n,
		.at = at,
	};
	take_fields(r, h);
	rows->n++;
}

/* Nanoseconds since the log's time 0; a forged record has any time, so it is bounded. */
static int64_t ns_of(uint64_t ticks, uint64_t start, uint64_t hz)
{
	const __int128 most = ((__int128)1 << 62) - 1;
	__int128 ns = ((__int128)ticks - start) * 1000000000;

	/* Rounded down, also below 0. */
	ns = ns >= 0 ? ns / hz : -((-ns + hz - 1) / hz);
	return (int64_t)(ns > most ? most : ns < -most - 1 ? -most - 1 : ns);
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	bool late_x = x->slot & TRACE_LATE, late_y = y->slot & TRACE_LATE;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	if (late_x != late_y) /* what was written late came before all else of its time */
		return late_x ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void to_time(struct rows *rows, struct stream *s)
{
	uint64_t hz = s->hz ? s->hz : HZ_UNKNOWN, first = UINT64_MAX;

	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].ticks < first)
			first = rows->row[i].ticks;
	if (!s->has_start)
		s->start = rows->n ? first : 0;
	for (size_t i = 0; i < rows->n; i++) {
		struct row *r = &rows->row[i];

		r->ns = ns_of(r->ticks, s->start, hz);
		r->since = r->since_ticks ? ns_of(r->since_ticks, s->start, hz) : -1;
		if (r->since_ticks && r->since < 0)
			r->since = 0;
	}
	qsort(rows->row, rows->n, sizeof(*rows->row), by_time);
}

/* ---- interrupts by name ---- */

#define IRQS	 1024
#define IRQ_NAME 41 /* with its NUL */

struct irqs {
	char name[IRQS][IRQ_NAME];
};

/* "27:arch_timer".  The stream may be forged: a name that a terminal might obey is none. */
static void take_irq(struct irqs *irqs, const char *word, size_t n)
{
	unsigned int nr = 0;
	size_t i = 0;

	while (i < n && i < 4 && word[i] >= '0' && word[i] <= '9')
		nr = nr * 10 + (unsigned int)(word[i++] - '0');
	if (!i || i == n || word[i] != ':' || nr >= IRQS)
		return;
	word += i + 1;
	n -= i + 1;
	if (!n || n >= IRQ_NAME)
		return;
	for (i = 0; i < n; i++)
		if (word[i] <= ' ' || word[i] > '~')
			return;
	memcpy(irqs->name[nr], word, n);
	irqs->name[nr][n] = '\0';
}

/* The words of INFO's lines "irqs 3:ipi_call 27:arch_timer". */
static void take_irqs(struct irqs *irqs, const struct texts *info)
{
	static const char key[] = "irqs ";
	const char *line = info->text, *end = line + info->n;

	while (line < end) {
		const char *last = memchr(line, '\n', (size_t)(end - line));
		const char *word = line + strlen(key);

		if (!last)
			last = end;
		if (last - line > (long)strlen(key) && memcmp(line, key, strlen(key)) == 0)
			while (word < last) {
				const char *space = memchr(word, ' ', (size_t)(last - word));

				if (!space)
					space = last;
				take_irq(irqs, word, (size_t)(space - word));
				word = space + 1;
			}
		line = last + 1;
	}
}

/* What the interrupt of @r is called; NULL: it has none, or no name. */
static const char *irq_name(const struct irqs *irqs, const struct row *r)
{
	bool is = r->kind == TRACE_KIND_IRQ ||
		  (r->kind == TRACE_KIND_RETURN && r->extra == TRACE_KIND_IRQ);

	return is && r->nr >= 0 && r->nr < IRQS && *irqs->name[r->nr] ? irqs->name[r->nr] : NULL;
}

/* ---- what comes out ---- */

/* The record of @row, aligned. */
static size_t get_record(const struct stream *s, const struct row *row, void *record)
{
	size_t bytes = s->data[row->at + offsetof(struct trace_head, words)] * 8;

	memcpy(record, s->data + row->at, bytes);
	return bytes;
}

static void put_lines(const struct rows *rows, const struct stream *s, const struct texts *info)
{
	static struct irqs irqs;
	_Alignas(uint64_t) uint8_t record[8 * TRACE_WORDS_MAX];
	char line[TRACE_LINE_MAX];

	take_irqs(&irqs, info);
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->row[i];
		const struct trace_place at = { .cpu = r->cpu,
						.ns = r->ns < 0 ? 0 : (uint64_t)r->ns,
						.hz = s->hz,
						.irq = irq_name(&irqs, r) };
		size_t bytes = get_record(s, r, record);

		trace_format(line, sizeof(line), (const void *)record, bytes, &at);
		fputs(line, stdout);
		putchar('\n');
	}
}

#define PIDS (1 << 22) /* that a kernel gives at the most */

/* For each row with a call, the row with its end: a return that knows when the call came; or 0. */
static uint32_t *ends_of_calls(const struct rows *rows)
{
	uint32_t *end = must_grow(NULL, (rows->n + 1) * sizeof(*end));
	uint32_t *behind = calloc(PIDS, sizeof(*behind)); /* a thread's next row of either kind */

	if (!behind)
		die("no memory for the ends of calls");
	for (size_t i = rows->n; i-- > 0;) {
		const struct row *r = &rows->row[i], *next;
		uint32_t *b = &behind[(uint32_t)r->pid % PIDS];

		end[i] = 0;
		if (r->kind != TRACE_KIND_SVC && r->kind != TRACE_KIND_RETURN)
			continue;
		next = &rows->row[*b];
		if (*b && next->pid == r->pid && next->kind == TRACE_KIND_RETURN &&
		    next->since_ticks == r->ticks)
			end[i] = *b;
		/* A fault or an interrupt on the way is no end of a call. */
		if (r->kind == TRACE_KIND_SVC || r->extra == TRACE_KIND_SVC)
			*b = (uint32_t)i;
	}
	free(behind);
	return end;
}

static void put_strace(const struct rows *rows, const struct stream *s)
{
	_Alignas(uint64_t) uint8_t svc[8 * TRACE_WORDS_MAX], back[8 * TRACE_WORDS_MAX];
	uint32_t *ends = ends_of_calls(rows);
	char line[8192];

	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = &rows->row[i];
		const struct row *end = ends[i] ? &rows->row[ends[i]] : NULL;
		size_t bytes, back_bytes;

		if (r->kind != TRACE_KIND_SVC)
			continue;
		bytes = get_record(s, r, svc);
		back_bytes = end ? get_record(s, end, back) : 0;
		if (trace_strace_line(line, sizeof(line), (const void *)svc, bytes,
				      end ? (const void *)back : NULL, back_bytes))
			printf("%d %s\n", r->pid, line);
	}
	free(ends);
}

static void put_column(const struct rows *rows, size_t offset, size_t size)
{
	static char buf[1 << 16];
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		if (n + size > sizeof(buf)) {
			fwrite(buf, 1, n, stdout);
			n = 0;
		}
		memcpy(buf + n, (const char *)&rows->row[i] + offset, size);
		n += size;
	}
	fwrite(buf, 1, n, stdout);
}

static void put_account(const struct stream *s)
{
	const char *comma = "";

	printf("\"frames\":%" PRIu64 ",\"damaged\":%" PRIu64 ",\"skipped\":%" PRIu64
	       ",\"ended\":%s,\"cores\":{",
	       s->frames, s->damaged, s->skipped, s->ended ? "true" : "false");
	for (unsigned int cpu = 0; cpu < STREAM_CORES; cpu++) {
		const struct stream_core *c = &s->core[cpu];

		if (!c->first && !c->ended && !c->malformed)
			continue;
		printf("%s\"%u\":{\"records\":%" PRIu64 ",\"first\":%" PRIu64 ",\"next\":%" PRIu64
		       ",\"gaps\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"malformed\":%" PRIu64,
		       comma, cpu, c->records, c->first, c->next, c->gaps, c->repeated,
		       c->malformed);
		if (c->ended)
			printf(",\"written\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"cleared\":%" PRIu64,
			       c->written, c->lost, c->cleared);
		printf("}");
		comma = ",";
	}
	printf("}");
}

static void put_columns(const struct rows *rows, const struct stream *s, const struct texts *info,
			const struct texts *tasks)
{
	static const struct {
		const char *name;
		char code;
		size_t offset, size;
	} columns[] = {
#define COLUMN(name, code) \
	{ #name, code, offsetof(struct row, name), sizeof(((struct row *)0)->name) }
		COLUMN(ns, 'q'),     COLUMN(cpu, 'B'),	COLUMN(pid, 'i'),   COLUMN(kind, 'B'),
		COLUMN(levels, 'B'), COLUMN(slot, 'B'), COLUMN(nr, 'q'),    COLUMN(value, 'q'),
		COLUMN(elr, 'Q'),    COLUMN(esr, 'Q'),	COLUMN(since, 'q'), COLUMN(extra, 'I'),
		COLUMN(at, 'Q'),
#undef COLUMN
	};
	const size_t n = sizeof(columns) / sizeof(columns[0]);

	printf("{\"rows\":%zu,\"columns\":[", rows->n);
	for (size_t i = 0; i < n; i++)
		printf("%s[\"%s\",\"%c\"]", i ? "," : "", columns[i].name, columns[i].code);
	printf("],\"info\":%zu,\"tasks\":%zu,\"start\":%" PRIu64 ",", info->n, tasks->n, s->start);
	put_account(s);
	printf("}\n");
	for (size_t i = 0; i < n; i++)
		put_column(rows, columns[i].offset, columns[i].size);
	fwrite(info->text, 1, info->n, stdout);
	fwrite(tasks->text, 1, tasks->n, stdout);
}

/* What is missing, for a person. */
static void say_losses(const struct stream *s)
{
	if (s->damaged)
		fprintf(stderr, "%" PRIu64 " damaged places in the stream, %" PRIu64 " bytes\n",
			s->damaged, s->skipped);
	if (!s->ended)
		fprintf(stderr, "the stream has no end: what came behind is unknown\n");
	for (unsigned int cpu = 0; cpu < STREAM_CORES; cpu++) {
		const struct stream_core *c = &s->core[cpu];
		uint64_t known = c->records + c->lost + c->cleared;
		uint64_t lost = !c->ended ? c->gaps : c->written > known ? c->written - known : 0;

		if (!c->ended && c->first > 1)
			fprintf(stderr, "cpu%u: %" PRIu64 " records before the first of these\n",
				cpu, c->first - 1);
		if (c->lost)
			fprintf(stderr,
				"cpu%u: %" PRIu64 " of %" PRIu64
				" records overwritten before they were read\n",
				cpu, c->lost, c->written);
		if (lost)
			fprintf(stderr, "cpu%u: %" PRIu64 " records lost on the way\n", cpu, lost);
		if (c->malformed)
			fprintf(stderr,
				"cpu%u: %" PRIu64 " frames with bytes that are no records\n", cpu,
				c->malformed);
		if (c->repeated)
			fprintf(stderr, "cpu%u: %" PRIu64 " records came twice\n", cpu,
				c->repeated);
	}
}

static void add_text(struct texts *t, const struct stream_frame *f)
{
	t->text = must_grow(t->text, t->n + f->bytes + 1);
	memcpy(t->text + t->n, f->body, f->bytes);
	t->n += f->bytes;
	t->text[t->n++] = '\n'; /* a frame's last line ends with it */
}

int main(int argc, char **argv)
{
	static struct stream s;
	_Alignas(uint64_t) uint8_t record[8 * TRACE_WORDS_MAX];
	struct texts info = { 0 }, tasks = { 0 };
	struct rows rows = { 0 };
	struct stream_frame f;
	bool columns = false, strace = false, quiet = false;
	const char *path = NULL;
	size_t size, at;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--columns") == 0)
			columns = true;
		else if (strcmp(argv[i], "--strace") == 0)
			strace = true;
		else if (strcmp(argv[i], "--quiet") == 0)
			quiet = true;
		else if (strcmp(argv[i], "--text") != 0 && !path &&
			 (argv[i][0] != '-' || !argv[i][1]))
			path = argv[i];
		else if (strcmp(argv[i], "--text") != 0)
			die("usage: newel-trace-decode [--text | --columns | --strace] [--quiet] "
			    "FILE");
	if (!path)
		die("usage: newel-trace-decode [--text | --columns | --strace] [--quiet] FILE");
	const uint8_t *data = read_all(path, &size);

	stream_init(&s, data, size);
	while (stream_next(&s, &f))
		if (f.kind == TRACE_FRAME_RECORDS)
			while (stream_record(&s, &f, record, &at))
				add_row(&rows, (const void *)record, f.cpu, at);
		else if (f.kind == TRACE_FRAME_INFO)
			add_text(&info, &f);
		else if (f.kind == TRACE_FRAME_TASKS)
			add_text(&tasks, &f);
	to_time(&rows, &s);
	if (columns)
		put_columns(&rows, &s, &info, &tasks);
	else if (strace)
		put_strace(&rows, &s);
	else
		put_lines(&rows, &s, &info);
	if (!columns && !quiet)
		say_losses(&s);
	if (fflush(stdout) || ferror(stdout))
		die("cannot write: %s", strerror(errno));
	return 0;
}
