/*
 * words.h - what the arguments of a call are (abi/syscall_args.def), and a call in words, as strace
 * spells it.  Pure; built for the host too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/syscall.h"
#include "abi/trace_stream.h"
#include "trace/text.h"

/*
 * The structs that arguments point to, and how many bytes of them are captured.  The kernel knows
 * no more of them; tools/trace/structs.c has their fields.
 */
/* clang-format off */
#define TRACE_STRUCTS(X) \
	X(bytes, 1) X(int, 4) X(id, 4) X(pid, 4) X(fds, 8) X(length, 4) X(size, 8) X(offset, 8) \
	X(pointer, 8) X(signal, 4) X(status, 4) X(cpus, 1) X(option, 1) \
	X(sockaddr, 1) X(fd_set, 128) X(sigset, 8) X(sigset_ref, 16) X(pollfd, 8) \
	X(epoll_event, 16) X(timespec, 16) X(timeval, 16) X(timezone, 8) X(utimes, 32) \
	X(itimerspec, 32) X(itimerval, 32) X(stat, 128) X(statx, 256) X(statfs, 120) \
	X(open_how, 24) X(flock, 32) X(f_owner_ex, 8) X(termios, 36) X(winsize, 8) \
	X(dirent64, 1) X(msghdr, 56) X(iovec, 16) X(cap_header, 8) X(cap_data, 24) \
	X(siginfo, 128) X(rusage, 144) X(sched_param, 4) X(sched_attr, 56) X(rlimit, 16) \
	X(clone_args, 88) X(sigaltstack, 24) X(sigaction, 32) X(sigevent, 64) X(tms, 32) \
	X(timex, 208) X(new_utsname, 390) X(sysinfo, 112) X(fsid, 8) X(loads, 24)
/* clang-format on */

enum trace_struct {
#define TRACE_STRUCT(name, bytes) STRUCT_##name,
	TRACE_STRUCTS(TRACE_STRUCT)
#undef TRACE_STRUCT
		NR_STRUCTS
};

enum trace_words {
#define WORDS(set, unknown) WORDS_##set,
#include "trace/words.def"
	NR_WORDS
};

/* clang-format off */
enum arg_kind {
	ARG_END, ARG_INT, ARG_UINT, ARG_LONG, ARG_ULONG, ARG_HEX, ARG_ID, ARG_DIRFD, ARG_SIG, ARG_MODE,
	ARG_FILEMODE, ARG_DEV, ARG_ADDR, ARG_SKIP,
	ARG_FLAGS,  /* of: enum trace_words */
	ARG_STRUCT, /* of: enum trace_struct; and count */
	/* The kinds from here on have more than one chunk, or one of no fixed length. */
	ARG_STRING, ARG_IOV, ARG_MSG, ARG_ARGV, ARG_ENVP,
};
/* clang-format on */

#define ARG_IN	   1 /* read by the call */
#define ARG_OUT	   2 /* written */

/* count: how many structs there are: as argument 0 to 5 says, or */
#define ARG_ONE	   6
#define ARG_RESULT 7
#define ARG_AT	   8 /* | the argument that points to an int that says so */

struct arg {
	uint8_t kind, of, count, dir;
};

#define TRACE_PATH_MAX	 256 /* bytes of a path that are captured */
#define TRACE_STRING_MAX 32  /* of another string or a buffer, as strace -s has it */

/*
 * syscall_arguments - SYSCALL_ARGS_MAX of them, ended by ARG_END if there are less; what some are
 * depends on others, whose values are @arg.  NULL: @nr is not served.
 * trace_struct_size - bytes of one.
 */
const struct arg *syscall_arguments(uint32_t nr, const uint64_t *arg);
size_t trace_struct_size(unsigned int of);

/* A call: how it came in, and (or NULL) how it went out.  Both are whole records. */
struct trace_call_pair {
	const struct trace_svc *svc;
	const struct trace_return *back;
};

/* What was captured of an argument. */
struct trace_memory {
	const struct arg *arg;
	uint64_t address;
	const struct trace_chunk *in, *out; /* NULL: not captured; inner chunks may be behind */
	const void *end;		    /* behind the record that holds the first of them */
	bool back, failed;		    /* the call's end is known; it ended in an error */
};

/*
 * trace_struct_words - @m's struct in words.  false: the address says it all, as it does in the
 * kernel, which knows no structs.
 */
bool trace_struct_words(struct text *t, const struct trace_memory *m);

/* trace_add_call - "openat(AT_FDCWD, "/etc/motd", O_RDONLY)". */
void trace_add_call(struct text *t, const struct trace_call_pair *call);

/* trace_add_late - of @r, the return of a call: ` arg1="..."` for each string it brought along. */
void trace_add_late(struct text *t, const struct trace_return *r);

/* trace_inner - the chunk behind @c if it belongs to it, else NULL. */
const struct trace_chunk *trace_inner(const struct trace_chunk *c, const void *end);

/* The pieces. */
void trace_add_words(struct text *t, enum trace_words set, uint64_t v);
void trace_add_string(struct text *t, const char *s, size_t n, size_t whole);
void trace_add_signal(struct text *t, int64_t nr);
void trace_add_clone_flags(struct text *t, uint64_t flags); /* with the signal of the end */
void trace_add_signal_code(struct text *t, int signo, int code);
void trace_add_pointer(struct text *t, uint64_t v);
void trace_add_mode(struct text *t, uint32_t mode);
void trace_add_filemode(struct text *t, uint32_t mode);
