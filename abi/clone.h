/*
 * clone.h - clone3(2)'s argument, which may grow at its end.
 */
#pragma once

#include <stdint.h>

struct clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack; /* its lowest byte */
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

#define CLONE_ARGS_SIZE_VER0 64
#define CLONE_SET_TID_MAX    32

/* Beyond clone(2)'s 32 bits */
#define CLONE_CLEAR_SIGHAND  0x100000000ULL
#define CLONE_LEGACY_FLAGS   0xffffffffULL
