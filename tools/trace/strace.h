/*
 * strace.h - calls as strace shows them, with the structs that their arguments point to.
 * Host only.
 */
#pragma once

#include "trace/words.h"

/*
 * trace_strace_line - `openat(AT_FDCWD, "/etc/motd", O_RDONLY) = 3`.
 * @svc: the call's SVC record; @back: its RETURN, or NULL: it did not come back.  Aligned to 8; any
 * bytes will do
 *
 * Return: the length of what is in @buf, cut to @n, without the NUL; 0: @svc is no call.
 */
int trace_strace_line(char *buf, size_t n, const struct trace_head *svc, size_t svc_bytes,
		      const struct trace_head *back, size_t back_bytes);

/* trace_add_pollfds - those of an array of @n bytes, before or after the call. */
void trace_add_pollfds(struct text *t, const char *p, size_t n, bool after);
