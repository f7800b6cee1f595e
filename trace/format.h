/*
 * format.h - a record of the trace as a line of text.  Pure; built for the host too (tools, tests).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "abi/trace_stream.h"

#define TRACE_LINE_MAX 960 /* with its NUL; what is longer is cut */

/* Where a record comes from, which it does not say itself. */
struct trace_place {
	unsigned int cpu;
	uint64_t ns;	 /* of its ticks, on the log's clock */
	uint64_t hz;	 /* of the ticks; 0: not known, so that no duration is shown */
	const char *irq; /* what the record's interrupt is called; NULL: not known */
};

/*
 * trace_format - @r as one of trace/trace.h's lines, without its "trace: ".
 * @r: any bytes will do, aligned to 8; @bytes: that there are
 *
 * Return: the length of what is in @buf, cut to @n, without the NUL.
 */
int trace_format(char *buf, size_t n, const struct trace_head *r, size_t bytes,
		 const struct trace_place *at);
