/*
 * words.c - a system call and its arguments in words, as strace spells them.
 *
 * Reads only bytes that were captured (abi/trace_stream.h): never user memory.  Numbers, names of
 * flags, strings and lists of strings are put into words here, in the kernel's own lines too;
 * structs by the host's tools alone.
 */
#include "trace/words.h"

#include "abi/capability.h"
#include "abi/clone.h"
#include "abi/epoll.h"
#include "abi/futex.h"
#include "abi/itimer.h"
#include "abi/kvm.h"
#include "abi/membarrier.h"
#include "abi/memfd.h"
#include "abi/mman.h"
#include "abi/module.h"
#include "abi/mount.h"
#include "abi/personality.h"
#include "abi/pidfd.h"
#include "abi/prctl.h"
#include "abi/random.h"
#include "abi/reboot.h"
#include "abi/resource.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "abi/socket.h"
#include "abi/stat.h"
#include "abi/termios.h"
#include "abi/timer.h"
#include "abi/uio.h"
#include "abi/wait.h"
#include "abi/xattr.h"
#include "lib/string.h"
#include "trace/chunk.h"
#include "trace/names.h"

/* The host's tools have their own: tools/trace/structs.c. */
__attribute__((weak)) bool trace_struct_words(struct text *t, const struct trace_memory *m)
{
	(void)t;
	(void)m;
	return false;
}

/* ---- the tables ---- */

struct word {
	uint32_t mask, value; /* mask 0: the last one, which has the name of what has none */
	const char *name;
};

/* clang-format off */
#define WORDS(set, unknown)	static const struct word words_##set[] = {
#define WORD(mask, value, name)	{ (uint32_t)(mask), (uint32_t)(value), name },
#define END(set)		{ 0, 0, NULL } };
#include "trace/words.def"
/* clang-format on */

static const struct {
	const struct word *word;
	const char *unknown;
} words[NR_WORDS] = {
#define WORDS(set, unknown) [WORDS_##set] = { words_##set, unknown },
#include "trace/words.def"
};

size_t trace_struct_size(unsigned int of)
{
	static const uint16_t sizes[] = {
#define TRACE_STRUCT(name, bytes) bytes,
		TRACE_STRUCTS(TRACE_STRUCT)
#undef TRACE_STRUCT
	};

	return of < ARRAY_SIZE(sizes) ? sizes[of] : 0;
}

/* clang-format off */
/* The words of abi/syscall_args.def. */
#define INT	      { .kind = ARG_INT }
#define UINT	      { .kind = ARG_UINT }
#define LONG	      { .kind = ARG_LONG }
#define ULONG	      { .kind = ARG_ULONG }
#define HEX	      { .kind = ARG_HEX }
#define ID	      { .kind = ARG_ID }
#define FD	      INT
#define PID	      INT
#define DIRFD	      { .kind = ARG_DIRFD }
#define SIG	      { .kind = ARG_SIG }
#define MODE	      { .kind = ARG_MODE }
#define FILEMODE      { .kind = ARG_FILEMODE }
#define DEV	      { .kind = ARG_DEV }
#define ADDR	      { .kind = ARG_ADDR }
#define SKIP	      { .kind = ARG_SKIP }
#define FLAGS(set)    { .kind = ARG_FLAGS, .of = WORDS_##set }
#define PATH	      { ARG_STRING, 0, 0, ARG_IN }
#define STRING	      { ARG_STRING, 1, 0, ARG_IN }
#define OUTPATH	      { ARG_STRING, 0, 0, ARG_OUT }
#define RESULT	      ARG_RESULT
#define AT(n)	      (ARG_AT | (n))
#define INS(s, n)     { ARG_STRUCT, STRUCT_##s, n, ARG_IN }
#define OUTS(s, n)    { ARG_STRUCT, STRUCT_##s, n, ARG_OUT }
#define INOUTS(s, n)  { ARG_STRUCT, STRUCT_##s, n, ARG_IN | ARG_OUT }
#define IN(s)	      INS(s, ARG_ONE)
#define OUT(s)	      OUTS(s, ARG_ONE)
#define INOUT(s)      INOUTS(s, ARG_ONE)
#define IOV(n)	      { ARG_IOV, STRUCT_iovec, n, ARG_IN }
#define OUTIOV(n)     { ARG_IOV, STRUCT_iovec, n, ARG_OUT }
#define MSG	      { ARG_MSG, STRUCT_msghdr, ARG_ONE, ARG_IN }
#define OUTMSG	      { ARG_MSG, STRUCT_msghdr, ARG_ONE, ARG_OUT }
#define ARGV	      { ARG_ARGV, 0, 0, ARG_IN }
#define ENVP	      { ARG_ENVP, 0, 0, ARG_IN }
/* clang-format on */

#define ROW_IF(line)  ROW_IF_(line)
#define ROW_IF_(line) ROW_##line

/* The lines of abi/syscall_args.def by their place in it: a call's ARGS_IF are before its ARGS. */
enum {
#define ARGS(name, ...)	   ROW_##name,
#define ARGS_IF(name, ...) ROW_IF(__LINE__),
#include "abi/syscall_args.def"
#undef ARGS
#undef ARGS_IF
};

static const struct row {
	uint16_t nr, index; /* that the argument index is, of it mask, value */
	uint32_t mask, value;
	struct arg arg[SYSCALL_ARGS_MAX];
} rows[] = {
#define ARGS(name, ...)			       { NR_##name, 0, 0, 0, { __VA_ARGS__ } },
#define ARGS_IF(name, index, mask, value, ...) { NR_##name, index, mask, value, { __VA_ARGS__ } },
#include "abi/syscall_args.def"
#undef ARGS
#undef ARGS_IF
};

static const uint16_t last_row[NR_SYSCALLS] = {
#define ARGS(name, ...) [NR_##name] = ROW_##name + 1,
#define ARGS_IF(...)
#include "abi/syscall_args.def"
#undef ARGS
#undef ARGS_IF
};

const struct arg *syscall_arguments(uint32_t nr, const uint64_t *arg)
{
	const struct row *r;

	if (nr >= ARRAY_SIZE(last_row) || !last_row[nr])
		return NULL;
	r = &rows[last_row[nr] - 1];
	while (r > rows && r[-1].nr == nr)
		r--;
	/* The last one, of mask 0, always holds. */
	while (((uint32_t)arg[r->index] & r->mask) != r->value)
		r++;
	return r->arg;
}

/* ---- numbers ---- */

void trace_add_pointer(struct text *t, uint64_t v)
{
	if (v)
		text_add(t, "%#llx", (unsigned long long)v);
	else
		text_add(t, "NULL");
}

void trace_add_signal(struct text *t, int64_t nr)
{
	const char *name = nr == (int)nr ? signal_name((int)nr) : NULL;

	if (name)
		text_add(t, "%s", name);
	else if (nr == SIGRTMIN)
		text_add(t, "SIGRTMIN");
	else if (nr > SIGRTMIN && nr <= _NSIG)
		text_add(t, "SIGRT_%d", (int)nr - SIGRTMIN);
	else
		text_add(t, "%lld", (long long)nr);
}

void trace_add_signal_code(struct text *t, int signo, int code)
{
	const char *name = signal_code_name(signo, code);

	if (name)
		text_add(t, "%s", name);
	else if (signo == SIGCHLD && code >= CLD_EXITED && code <= CLD_CONTINUED)
		trace_add_words(t, WORDS_cld, (uint32_t)code);
	else
		trace_add_words(t, WORDS_si_code, (uint32_t)code);
}

void trace_add_words(struct text *t, enum trace_words set, uint64_t v)
{
	const char *unknown = words[set].unknown;
	uint64_t rest = v;
	const struct word *w;
	bool first = true, whole;

	for (w = words[set].word; w->mask; w++) {
		/* A name of the whole number is no name of what is left of it. */
		if (w->mask == UINT32_MAX ? v != w->value || !first : (rest & w->mask) != w->value)
			continue;
		text_add(t, "%s%s", first ? "" : "|", w->name);
		rest &= ~(uint64_t)w->mask;
		first = false;
		if (w->mask != w->value) /* the other values of the same bits */
			for (; w[1].mask == w->mask; w++)
				;
	}
	whole = w[-1].mask == UINT32_MAX; /* no flags: 0 too should have a name */
	if (rest || (first && whole))
		text_add(t, "%s%#llx", first ? "" : "|", (unsigned long long)rest);
	else if (first)
		text_add(t, "0");
	if (first && unknown[0] && (rest || whole))
		text_add(t, " /* %s */", unknown);
}

void trace_add_clone_flags(struct text *t, uint64_t flags)
{
	uint64_t rest = flags & ~(uint64_t)CSIGNAL;

	if (rest)
		trace_add_words(t, WORDS_clone, rest);
	if (flags & CSIGNAL || !rest) {
		text_add(t, rest ? "|" : "");
		trace_add_signal(t, (int64_t)(flags & CSIGNAL));
	}
}

void trace_add_mode(struct text *t, uint32_t mode)
{
	text_add(t, "%#03o", mode);
}

void trace_add_filemode(struct text *t, uint32_t mode)
{
	if (mode & S_IFMT) {
		trace_add_words(t, WORDS_filetype, mode & S_IFMT);
		text_add(t, "|");
	}
	if (mode & 07000) {
		trace_add_words(t, WORDS_filebits, mode & 07000);
		text_add(t, "|");
	}
	trace_add_mode(t, mode & ~(S_IFMT | 07000u));
}

static void add_number(struct text *t, const struct arg *a, uint64_t v, bool wide)
{
	switch (a->kind) {
	case ARG_DIRFD:
		if ((int32_t)v == AT_FDCWD) {
			text_add(t, "AT_FDCWD");
			break;
		}
		/* fall through */
	case ARG_INT: text_add(t, "%d", (int32_t)v); break;
	case ARG_UINT: text_add(t, "%u", (uint32_t)v); break;
	case ARG_LONG: text_add(t, "%lld", (long long)v); break;
	case ARG_ULONG: text_add(t, "%llu", (unsigned long long)v); break;
	case ARG_ID: text_add(t, "%lld", (uint32_t)v == UINT32_MAX ? -1LL : (uint32_t)v); break;
	case ARG_SIG: trace_add_signal(t, (int32_t)v); break;
	case ARG_MODE: trace_add_mode(t, (uint32_t)v); break;
	case ARG_FILEMODE: trace_add_filemode(t, (uint32_t)v); break;
	case ARG_DEV:
		text_add(t, "makedev(%#x, %#x)", dev_major((uint32_t)v), dev_minor((uint32_t)v));
		break;
	/* The register's upper half is not the argument's where the call looks at 32 bits. */
	case ARG_FLAGS: trace_add_words(t, a->of, wide ? v : (uint32_t)v); break;
	case ARG_HEX: text_add(t, "%#llx", (unsigned long long)v); break;
	default: trace_add_pointer(t, v); break;
	}
}

/* ---- strings ---- */

/*
 * As strace prints it: quotes, and escapes for what is not printable, because a terminal must not
 * obey what a program wrote.
 */
void trace_add_string(struct text *t, const char *s, size_t n, size_t whole)
{
	static const char names[] = "tnvfr"; /* of \t and the four behind it */

	text_add(t, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		bool digit = i + 1 < n && s[i + 1] >= '0' && s[i + 1] <= '7';

		if (c == '"' || c == '\\')
			text_add(t, "\\%c", c);
		else if (c >= '\t' && c <= '\r')
			text_add(t, "\\%c", names[c - '\t']);
		else if (c >= ' ' && c <= '~')
			text_add(t, "%c", c);
		else
			text_add(t, digit ? "\\%03o" : "\\%o", c);
	}
	text_add(t, whole > n ? "\"..." : "\"");
}

const struct trace_chunk *trace_inner(const struct trace_chunk *c, const void *end)
{
	struct trace_chunks rest = { .next = c,
				     .left = (size_t)((const char *)end - (const char *)c) };
	const struct trace_chunk *next;

	trace_chunk_next(&rest);
	next = trace_chunk_next(&rest);
	return next && next->flags & TRACE_CHUNK_INNER ? next : NULL;
}

static void add_strings(struct text *t, const struct trace_memory *m)
{
	const struct trace_chunk *c = m->in;
	uint32_t n = 0;

	text_add(t, "[");
	while ((c = trace_inner(c, m->end))) {
		text_add(t, n++ ? ", " : "");
		if (c->flags & (TRACE_CHUNK_NOT_IN | TRACE_CHUNK_BAD))
			text_add(t, "???");
		else
			trace_add_string(t, trace_chunk_data(c), c->bytes, c->whole);
	}
	text_add(t, n < m->in->whole ? ", ...]" : "]");
}

static void add_memory(struct text *t, const struct trace_memory *m)
{
	const struct trace_chunk *c = m->arg->dir & ARG_OUT ? m->out : m->in;
	bool bytes = m->arg->kind == ARG_STRING ||
		     (m->arg->kind == ARG_STRUCT && m->arg->of == STRUCT_bytes);

	if (!m->address || (!m->in && !m->out)) {
		trace_add_pointer(t, m->address);
	} else if (bytes && c) {
		trace_add_string(t, trace_chunk_data(c), c->bytes, c->whole);
	} else if (m->arg->kind == ARG_ARGV && c) {
		add_strings(t, m);
	} else if (m->arg->kind == ARG_ENVP && c) {
		text_add(t, "%#llx /* %u var%s */", (unsigned long long)m->address, c->whole,
			 c->whole == 1 ? "" : "s");
	} else if (!trace_struct_words(t, m)) {
		trace_add_pointer(t, m->address);
	}
}

/* ---- calls ---- */

/* What @r has of argument @i, as it was before or after the call; NULL: nothing. */
static const struct trace_chunk *chunk_of(const struct trace_head *r, unsigned int i, bool after)
{
	struct trace_chunks all = trace_chunks_of(r);
	const struct trace_chunk *c;

	while ((c = trace_chunk_next(&all)))
		if (c->arg == i && !(c->flags & TRACE_CHUNK_INNER) &&
		    !(c->flags & TRACE_CHUNK_AFTER) == !after)
			return c->flags & (TRACE_CHUNK_NOT_IN | TRACE_CHUNK_BAD) ? NULL : c;
	return NULL;
}

static const void *end_of(const struct trace_head *r)
{
	return (const char *)r + r->words * sizeof(uint64_t);
}

static struct trace_memory memory_of(const struct trace_call_pair *call, const struct arg *a,
				     unsigned int i)
{
	const struct trace_chunk *late = NULL;
	struct trace_memory m = {
		.arg = a,
		.address = call->svc->arg[i],
		.in = chunk_of(&call->svc->head, i, false),
		.end = end_of(&call->svc->head),
		.back = call->back,
		.failed = call->back && call->back->result < 0 && call->back->result >= -4095,
	};

	if (!call->back)
		return m;
	/* wait(2) that found none has written nothing. */
	if (call->back->result || call->svc->nr != NR_wait4)
		m.out = chunk_of(&call->back->head, i, true);
	/* What was not in memory when the call came, the kernel has brought in meanwhile. */
	late = chunk_of(&call->back->head, i, false);
	if (late)
		m.in = late;
	if (late || a->dir == ARG_OUT)
		m.end = end_of(&call->back->head);
	return m;
}

/* clone(2) is told by the names of its arguments, and of those the flags say which there are. */
static void add_clone(struct text *t, const struct trace_call_pair *call)
{
	const uint64_t *arg = call->svc->arg;
	uint32_t flags = (uint32_t)arg[0];
	struct trace_memory tid;

	text_add(t, "child_stack=");
	trace_add_pointer(t, arg[1]);
	text_add(t, ", flags=");
	trace_add_clone_flags(t, flags);
	if (flags & (CLONE_PARENT_SETTID | CLONE_PIDFD)) {
		tid = memory_of(call, &rows[ROW_clone].arg[2], 2);
		text_add(t, ", parent_tid=");
		add_memory(t, &tid);
	}
	if (flags & CLONE_SETTLS)
		text_add(t, ", tls=%#llx", (unsigned long long)arg[3]);
	if (flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) {
		text_add(t, ", child_tidptr=");
		trace_add_pointer(t, arg[4]);
	}
}

static void add_arguments(struct text *t, const struct trace_call_pair *call)
{
	static const struct arg plain[SYSCALL_ARGS_MAX] = { HEX, HEX, HEX, HEX, HEX, HEX };
	uint32_t nr = call->svc->nr;
	const struct arg *a = syscall_arguments(nr, call->svc->arg);
	const char *letters = syscall_args(nr);
	bool first = true;

	/* A number that is not served: all registers, as numbers. */
	if (!a)
		a = plain;
	for (unsigned int i = 0; i < SYSCALL_ARGS_MAX && a[i].kind; i++) {
		struct trace_memory m;

		if (a[i].kind == ARG_SKIP)
			continue;
		text_add(t, first ? "" : ", ");
		first = false;
		if (a[i].kind < ARG_STRUCT) {
			bool wide = letters && i < strlen(letters) && strchr("xuvp", letters[i]);

			add_number(t, &a[i], call->svc->arg[i], wide);
			continue;
		}
		m = memory_of(call, &a[i], i);
		add_memory(t, &m);
	}
}

void trace_add_call(struct text *t, const struct trace_call_pair *call)
{
	const char *name = syscall_name(call->svc->nr);

	if (name)
		text_add(t, "%s(", name);
	else
		text_add(t, "syscall_%u(", call->svc->nr);
	if (call->svc->nr == NR_clone)
		add_clone(t, call);
	else
		add_arguments(t, call);
	text_add(t, ")");
}

void trace_add_late(struct text *t, const struct trace_return *r)
{
	struct trace_chunks all = trace_chunks_of(&r->head);
	const struct trace_chunk *c;

	while ((c = trace_chunk_next(&all)))
		if (c->flags & TRACE_CHUNK_STRING && !(c->flags & TRACE_CHUNK_INNER)) {
			text_add(t, " arg%u=", c->arg);
			trace_add_string(t, trace_chunk_data(c), c->bytes, c->whole);
		}
}
