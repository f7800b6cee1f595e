/*
 * format.h - a record of the trace as a line of text.  Pure; built for the host too (tools, tests).
 */
#pragma once

#include <stddef.h>

#include "abi/trace.h"

#define TRACE_LINE_MAX 640 /* holds the longest, with its NUL */

/*
 * trace_format_record - @r as one of trace/trace.h's lines, without its "trace: "; any bytes in @r
 * will do.
 * Return: the length of what is in @buf, cut to @n, without the NUL.
 */
int trace_format_record(char *buf, size_t n, const struct trace_record *r);
