/*
 * kinds.c - see kinds.h.  Invariant: what is printed here is taken here, and gives the same bits.
 */
#include "trace/kinds.h"

#include "abi/errno.h"
#include "lib/printf.h"
#include "trace/list.h"

static const struct {
	const char *name;
	uint32_t bits;
} words[] = {
	/* First: it is printed in the place of the twelve. */
	{ "all", TRACE_ALL },	  { "svc", TRACE_SVC },	      { "fault", TRACE_FAULT },
	{ "irq", TRACE_IRQ },	  { "el2", TRACE_EL2 },	      { "el3", TRACE_EL3 },
	{ "sched", TRACE_SCHED }, { "wake", TRACE_WAKE },     { "task", TRACE_TASK },
	{ "copy", TRACE_COPY },	  { "signal", TRACE_SIGNAL }, { "block", TRACE_BLOCK },
	{ "guest", TRACE_GUEST }, { "args", TRACE_ARGS },     { "ring", TRACE_QUIET },
};

static uint32_t word_bits(const struct trace_list *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (trace_list_is(l, words[i].name))
			return words[i].bits;
	return 0;
}

int trace_kinds_parse(const char *s, size_t n, uint32_t *mask)
{
	struct trace_list l = trace_list_of(s, n);
	uint32_t all = 0, bits;
	int more;

	if (trace_list_only(s, n, "none")) {
		*mask = 0;
		return 0;
	}
	while ((more = trace_list_next(&l)) == 1) {
		bits = word_bits(&l);
		if (!bits)
			return -EINVAL;
		all |= bits;
	}
	if (!more)
		*mask = all;
	return more;
}

size_t trace_kinds_print(char *buf, size_t size, uint32_t mask)
{
	size_t at = 0;

	if (!(mask & TRACE_WORDS))
		return (size_t)scnprintf(buf, size, "none");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if ((mask & words[i].bits) != words[i].bits)
			continue;
		at += (size_t)scnprintf(buf + at, size - at, "%s%s", at ? "," : "", words[i].name);
		mask &= ~words[i].bits;
	}
	return at;
}
