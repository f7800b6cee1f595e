/*
 * filter.c - see filter.h.  Invariants: a text that is not understood changes nothing; what is
 * printed is taken, and printed the same again.
 */
#include "trace/filter.h"

#include "abi/errno.h"
#include "arm/percpu.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "trace/list.h"
#include "trace/names.h"

#define ERRNO_MAX   4095
#define ERRNO_NAMES 520 /* no number from here on has a name */
#define LEVELS	    4

/* ---- texts to filters ---- */

/* A "!" before the list, taken off it. */
static bool take_not(struct trace_list *l)
{
	while (l->next < l->end && (*l->next == ' ' || *l->next == '\t'))
		l->next++;
	if (l->next == l->end || *l->next != '!')
		return false;
	l->next++;
	return true;
}

static int item_number(const struct trace_list *l, uint64_t most, uint64_t *value)
{
	int err = parse_whole_u64(l->item, l->len, 0, value);

	return err || *value > most ? -EINVAL : 0;
}

static int filter_pid_of(struct trace_filter_pid *f, struct trace_list *l)
{
	uint64_t pid;
	unsigned int i;
	int more;

	f->but = take_not(l);
	while ((more = trace_list_next(l)) == 1) {
		if (item_number(l, INT32_MAX, &pid))
			return -EINVAL;
		for (i = f->n; i && f->pid[i - 1] > (int32_t)pid; i--)
			;
		if (i && f->pid[i - 1] == (int32_t)pid)
			continue;
		if (f->n == TRACE_PIDS_MAX)
			return -E2BIG;
		memmove(&f->pid[i + 1], &f->pid[i], (f->n - i) * sizeof(f->pid[0]));
		f->pid[i] = (int32_t)pid;
		f->n++;
	}
	return more ? more : f->n ? 0 : -EINVAL;
}

static int item_call(const struct trace_list *l, uint64_t *nr)
{
	const char *name;

	for (*nr = 0; *nr < TRACE_CALLS; ++*nr) {
		name = syscall_name(*nr);
		if (name && trace_list_is(l, name))
			return 0;
	}
	return item_number(l, TRACE_CALLS - 1, nr);
}

static int filter_nr_of(struct trace_filter_nr *f, struct trace_list *l)
{
	uint64_t nr;
	int more;

	f->but = take_not(l);
	while ((more = trace_list_next(l)) == 1) {
		if (item_call(l, &nr))
			return -EINVAL;
		f->calls[nr / 64] |= BIT(nr % 64);
		f->asks = true;
	}
	return more ? more : f->asks ? 0 : -EINVAL;
}

/* A number with a sign, or an error's name, which stands for what a call answers then. */
static int item_result(const struct trace_list *l, int64_t *value)
{
	bool minus = l->item[0] == '-';
	const char *name;
	uint64_t n;

	for (long err = 1; err < ERRNO_NAMES; err++) {
		name = errno_name(err);
		if (name && trace_list_is(l, name)) {
			*value = -err;
			return 0;
		}
	}
	if (parse_whole_u64(l->item + minus, l->len - minus, 0, &n))
		return -EINVAL;
	/* Without a sign all 64 bits: an address is an answer, too. */
	if (minus && n > (uint64_t)INT64_MAX + 1)
		return -EINVAL;
	*value = (int64_t)(minus ? -n : n);
	return 0;
}

static int add_value(struct trace_filter_result *f, int64_t value)
{
	unsigned int i;

	for (i = f->n; i && f->value[i - 1] > value; i--)
		;
	if (i && f->value[i - 1] == value)
		return 0;
	if (f->n == TRACE_RESULTS_MAX)
		return -E2BIG;
	memmove(&f->value[i + 1], &f->value[i], (f->n - i) * sizeof(f->value[0]));
	f->value[i] = value;
	f->n++;
	return 0;
}

static int filter_result_of(struct trace_filter_result *f, struct trace_list *l)
{
	int64_t value;
	int more, err = 0;

	f->but = take_not(l);
	while (!err && (more = trace_list_next(l)) == 1) {
		if (trace_list_is(l, "ok"))
			f->ok = true;
		else if (trace_list_is(l, "error"))
			f->error = true;
		else
			err = item_result(l, &value) ?: add_value(f, value);
	}
	if (err || more)
		return err ?: more;
	return f->ok || f->error || f->n ? 0 : -EINVAL;
}

/* A number below @count, or two with a '-' between them: their bits and those between. */
static int item_range(const struct trace_list *l, unsigned int count, uint32_t *bits)
{
	const char *dash = memchr(l->item, '-', l->len);
	size_t n = dash ? (size_t)(dash - l->item) : l->len;
	uint64_t first, last;

	if (parse_whole_u64(l->item, n, 10, &first))
		return -EINVAL;
	last = first;
	if (dash && parse_whole_u64(dash + 1, l->len - n - 1, 10, &last))
		return -EINVAL;
	if (first > last || last >= count)
		return -EINVAL;
	*bits |= (uint32_t)(BIT(last + 1) - BIT(first));
	return 0;
}

static int filter_bits_of(uint32_t *bits, unsigned int count, struct trace_list *l)
{
	const uint32_t all = (uint32_t)(BIT(count) - 1);
	bool but = take_not(l);
	int more;

	while ((more = trace_list_next(l)) == 1)
		if (item_range(l, count, bits))
			return -EINVAL;
	if (more || !*bits)
		return more ?: -EINVAL;
	if (but)
		*bits ^= all;
	if (!*bits) /* all but all: nothing at all is no filter's way to say that */
		return -EINVAL;
	if (*bits == all)
		*bits = 0;
	return 0;
}

int trace_filter_parse(struct trace_filter *f, enum trace_filter_name which, const char *s,
		       size_t n, int (*pause)(void))
{
	struct trace_list l = { .next = s, .end = s + n, .pause = pause };
	bool none = trace_list_only(s, n, "all");
	union {
		struct trace_filter_pid pid;
		struct trace_filter_nr nr;
		struct trace_filter_result result;
		uint32_t bits;
	} to;
	int err = 0;

	memset(&to, 0, sizeof(to));
	switch (which) {
	case TRACE_FILTER_PID:
		err = none ? 0 : filter_pid_of(&to.pid, &l);
		f->pid = err ? f->pid : to.pid;
		break;
	case TRACE_FILTER_NR:
		err = none ? 0 : filter_nr_of(&to.nr, &l);
		f->nr = err ? f->nr : to.nr;
		break;
	case TRACE_FILTER_RESULT:
		err = none ? 0 : filter_result_of(&to.result, &l);
		f->result = err ? f->result : to.result;
		break;
	case TRACE_FILTER_LEVEL:
		err = none ? 0 : filter_bits_of(&to.bits, LEVELS, &l);
		f->levels = err ? f->levels : to.bits;
		break;
	default:
		err = none ? 0 : filter_bits_of(&to.bits, NR_CPUS, &l);
		f->cores = err ? f->cores : to.bits;
	}
	return err;
}

/* ---- filters to texts ---- */

/* A text that grows: the first item follows "", or "!". */
struct out {
	char *buf;
	size_t size, len;
	bool some;
};

static void out_text(struct out *o, const char *before, const char *text)
{
	o->len += (size_t)scnprintf(o->buf + o->len, o->size - o->len, "%s%s", before, text);
}

static void out_item(struct out *o, const char *text)
{
	out_text(o, o->some ? "," : "", text);
	o->some = true;
}

/* An item by its name, or, where it has none, as a number. */
static void out_number(struct out *o, const char *name, int64_t value)
{
	char digits[24];

	scnprintf(digits, sizeof(digits), "%lld", (long long)value);
	out_item(o, name ?: digits);
}

static void out_not(struct out *o, bool but)
{
	if (but)
		out_text(o, "", "!");
}

static void print_pid(const struct trace_filter_pid *f, struct out *o)
{
	out_not(o, f->but);
	for (unsigned int i = 0; i < f->n; i++)
		out_number(o, NULL, f->pid[i]);
}

static void print_nr(const struct trace_filter_nr *f, struct out *o, bool by_name)
{
	const char *name;

	if (!f->asks)
		return;
	out_not(o, f->but);
	for (unsigned int nr = 0; nr < TRACE_CALLS; nr++) {
		if (!(f->calls[nr / 64] & BIT(nr % 64)))
			continue;
		name = by_name ? syscall_name(nr) : NULL;
		out_number(o, name, nr);
	}
}

static void print_result(const struct trace_filter_result *f, struct out *o)
{
	const char *name;

	out_not(o, f->but);
	if (f->ok)
		out_item(o, "ok");
	if (f->error)
		out_item(o, "error");
	for (unsigned int i = 0; i < f->n; i++) {
		/* The least of all numbers has no negative. */
		name = f->value[i] < -ERRNO_MAX ? NULL : errno_name((long)-f->value[i]);
		out_number(o, name, f->value[i]);
	}
}

static void print_bits(uint32_t bits, struct out *o)
{
	unsigned int last;
	char digits[12];

	for (unsigned int i = 0; i < 32; i = last + 1) {
		last = i;
		if (!(bits & BIT(i)))
			continue;
		while (last < 31 && bits & BIT(last + 1))
			last++;
		out_number(o, NULL, i);
		scnprintf(digits, sizeof(digits), "%u", last);
		if (last > i)
			out_text(o, "-", digits);
	}
}

size_t trace_filter_print(const struct trace_filter *f, enum trace_filter_name which, char *buf,
			  size_t size)
{
	struct out o = { .buf = buf, .size = size };

	switch (which) {
	case TRACE_FILTER_PID: print_pid(&f->pid, &o); break;
	case TRACE_FILTER_NR:
		print_nr(&f->nr, &o, true);
		if (o.len + 1 >= size) { /* the names of most calls are too long together */
			o = (struct out){ .buf = buf, .size = size };
			print_nr(&f->nr, &o, false);
		}
		break;
	case TRACE_FILTER_RESULT: print_result(&f->result, &o); break;
	case TRACE_FILTER_LEVEL: print_bits(f->levels, &o); break;
	default: print_bits(f->cores, &o);
	}
	if (!o.some)
		out_item(&o, "all");
	return o.len;
}

/* ---- the question ---- */

bool trace_filter_names(const struct trace_filter *f, int32_t pid)
{
	unsigned int i = 0;

	while (i < f->pid.n && f->pid.pid[i] < pid)
		i++;
	return i < f->pid.n && f->pid.pid[i] == pid;
}

bool trace_filter_asks(const struct trace_filter *f)
{
	return f->pid.n || f->nr.asks || trace_filter_late(f) || f->levels || f->cores;
}

/* Whether all that @size bytes hold is in @r. */
static bool has_fields(const struct trace_head *r, size_t size)
{
	return r->words * sizeof(uint64_t) >= size;
}

static bool match_pid(const struct trace_filter *f, const struct trace_head *r, bool marked)
{
	/* The kernel's own tasks have no number of their own, and no mark. */
	bool in = marked || (!r->pid && trace_filter_names(f, 0));

	return !f->pid.n || in != f->pid.but;
}

static bool match_result(const struct trace_filter_result *f, int64_t x0)
{
	bool error = x0 < 0 && x0 >= -ERRNO_MAX;
	bool in = error ? f->error : f->ok;

	for (unsigned int i = 0; i < f->n && !in; i++)
		in = f->value[i] == x0;
	return in != f->but;
}

static bool match_nr(const struct trace_filter_nr *f, uint32_t nr)
{
	bool in = nr < TRACE_CALLS && f->calls[nr / 64] & BIT(nr % 64);

	return !f->asks || in != f->but;
}

/* The return of a frame that remembers nothing (cause 0) is no call's that was asked for. */
static bool match_return(const struct trace_filter *f, const struct trace_return *r)
{
	if (r->cause && r->cause != TRACE_KIND_SVC)
		return true;
	if (!r->cause)
		return !f->nr.asks && !trace_filter_late(f);
	return match_nr(&f->nr, (uint32_t)r->nr) &&
	       (!trace_filter_late(f) || match_result(&f->result, r->result));
}

static bool match_call(const struct trace_filter *f, const struct trace_head *r)
{
	if (r->kind == TRACE_KIND_RETURN)
		return has_fields(r, sizeof(struct trace_return)) &&
		       match_return(f, container_of(r, struct trace_return, head));
	if (r->kind != TRACE_KIND_SVC)
		return true;
	return has_fields(r, sizeof(struct trace_svc)) &&
	       match_nr(&f->nr, container_of(r, struct trace_svc, head)->nr) &&
	       (!trace_filter_late(f) || r->slot & TRACE_LATE);
}

bool trace_filter_match(const struct trace_filter *f, const struct trace_head *r, unsigned int cpu,
			bool marked)
{
	uint32_t ends = (uint32_t)(BIT(TRACE_FROM(r->levels)) | BIT(TRACE_TO(r->levels)));

	return match_pid(f, r, marked) && (!f->cores || (cpu < 32 && f->cores & BIT(cpu))) &&
	       (!f->levels || f->levels & ends) && match_call(f, r);
}
