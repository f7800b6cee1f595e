/*
 * kinds.h - what is recorded, as bits and as words: `trace=` and /sys/kernel/newel/trace/kinds.
 *
 * Pure: any context, host too.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

#define TRACE_SVC	0x001u
#define TRACE_FAULT	0x002u
#define TRACE_IRQ	0x004u
#define TRACE_EL2	0x008u
#define TRACE_EL3	0x010u
#define TRACE_SCHED	0x020u
#define TRACE_WAKE	0x040u
#define TRACE_TASK	0x080u /* fork, exec, exit */
#define TRACE_SIGNAL	0x100u
#define TRACE_COPY	0x200u
#define TRACE_BLOCK	0x400u /* requests to disks */
#define TRACE_GUEST	0x800u /* guests, into them and out */
#define TRACE_ALL	0xfffu
#define TRACE_ARGS	0x10000u /* with what the arguments of calls point to */
#define TRACE_QUIET	0x20000u /* "ring": into the ring, not to the log */
#define TRACE_SLOW	0x40000u /* something else is asked than records in the ring; no word */
#define TRACE_WORDS	(TRACE_ALL | TRACE_ARGS | TRACE_QUIET)

#define TRACE_KINDS_MAX 80 /* bytes of the words of any mask, with a NUL */

/*
 * trace_kinds_parse - the words of @s, @n bytes of anything, between commas or white space: "all",
 * the kinds by name, "args", "ring"; "none" or nothing: 0
 * Return: 0 and *@mask, TRACE_*; or -EINVAL, and *@mask is as it was.
 */
int trace_kinds_parse(const char *s, size_t n, uint32_t *mask) __must_check;

/*
 * trace_kinds_print - @mask as trace_kinds_parse takes it, cut to @size with its NUL; the length.
 * Bits that have no word are left out.
 */
size_t trace_kinds_print(char *buf, size_t size, uint32_t mask);
