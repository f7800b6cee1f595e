/*
 * strace.c - a call and its end in one line, as strace has it.
 */
#include "tools/trace/strace.h"

#include "abi/fcntl.h"
#include "trace/chunk.h"
#include "trace/names.h"

static void add_end(struct text *t, const struct trace_svc *svc, const struct trace_return *back)
{
	const char *letters = syscall_args(svc->nr);
	const char *error = NULL;

	if (back->result < 0 && back->result >= -4095)
		error = errno_name((long)-back->result);
	if (error)
		text_add(t, back->result <= -512 ? " = ? %s" : " = -1 %s", error);
	else if ((letters && letters[0] == 'v' && back->result) ||
		 (svc->nr == NR_fcntl && back->result > 0 &&
		  ((uint32_t)svc->arg[1] == F_GETFD || (uint32_t)svc->arg[1] == F_GETFL)))
		text_add(t, " = %#llx", (unsigned long long)back->result);
	else if (svc->nr == NR_umask)
		text_add(t, " = %#03llo", (unsigned long long)back->result);
	else
		text_add(t, " = %lld", (long long)back->result);
}

/* What poll found. */
static void add_found(struct text *t, const struct trace_svc *svc, const struct trace_return *back)
{
	struct trace_chunks all = trace_chunks_of(&back->head);
	const struct trace_chunk *c;

	while (svc->nr == NR_ppoll && back->result > 0 && (c = trace_chunk_next(&all)))
		if (c->arg == 0 && c->flags == TRACE_CHUNK_AFTER) {
			text_add(t, " (");
			trace_add_pollfds(t, trace_chunk_data(c), c->bytes, true);
			text_add(t, ")");
		}
}

int trace_strace_line(char *buf, size_t n, const struct trace_head *svc, size_t svc_bytes,
		      const struct trace_head *back, size_t back_bytes)
{
	struct trace_call_pair call = { .svc = (const void *)svc, .back = (const void *)back };
	struct text t;

	text_init(&t, buf, n);
	if (svc->kind != TRACE_KIND_SVC || !trace_record_bytes(svc, svc_bytes))
		return 0;
	if (back && (back->kind != TRACE_KIND_RETURN || !trace_record_bytes(back, back_bytes)))
		call.back = NULL;
	trace_add_call(&t, &call);
	if (call.back) {
		add_end(&t, call.svc, call.back);
		add_found(&t, call.svc, call.back);
	} else {
		text_add(&t, " = ?");
	}
	return (int)t.len;
}
