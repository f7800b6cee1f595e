/*
 * syscall.h - the handlers of the system calls, one for each line of abi/syscall.def: the folders
 * of sys/ have them, el1/syscall.c calls them.
 *
 *	SYSCALL(64, write, d, p, u)	declares	long sys_write(int, uptr, uint64_t);
 *
 * An int or a uint32_t is the low half of its register (Linux ignores the high one); a user pointer
 * is a uptr, which only mm/uaccess can follow.  Return: what goes into x0, a value or -errno.  Each
 * is called in the task that asks, with interrupts on, and may sleep; the calls that replace the
 * frame (execve, rt_sigreturn) or copy it (clone) find it by task_frame(current).
 */
#pragma once

#include <stdint.h>

#include "abi/syscall.h"
#include "mm/uaccess.h"

/* The C type of an argument by its letter, @i is its place. */
#define SYSCALL_TYPE(letter, i) SYSCALL_TYPE_##letter
#define SYSCALL_TYPE_NONE	void
#define SYSCALL_TYPE_d		int
#define SYSCALL_TYPE_a		int
#define SYSCALL_TYPE_g		int
#define SYSCALL_TYPE_i		uint32_t
#define SYSCALL_TYPE_n		uint32_t
#define SYSCALL_TYPE_f		uint32_t
#define SYSCALL_TYPE_m		uint32_t
#define SYSCALL_TYPE_l		int64_t
#define SYSCALL_TYPE_u		uint64_t
#define SYSCALL_TYPE_x		uint64_t
#define SYSCALL_TYPE_v		uint64_t
#define SYSCALL_TYPE_p		uptr
#define SYSCALL_TYPE_s		uptr

/*
 * An argument by its letter, out of register a0 … a5: it stays where it is, so that a thunk is a
 * branch.
 */
#define SYSCALL_ARG(letter, i)	SYSCALL_ARG_##letter(a##i)
#define SYSCALL_ARG_NONE
#define SYSCALL_ARG_d(a) ((int)(a))
#define SYSCALL_ARG_a(a) ((int)(a))
#define SYSCALL_ARG_g(a) ((int)(a))
#define SYSCALL_ARG_i(a) ((uint32_t)(a))
#define SYSCALL_ARG_n(a) ((uint32_t)(a))
#define SYSCALL_ARG_f(a) ((uint32_t)(a))
#define SYSCALL_ARG_m(a) ((uint32_t)(a))
#define SYSCALL_ARG_l(a) ((int64_t)(a))
#define SYSCALL_ARG_u(a) a
#define SYSCALL_ARG_x(a) a
#define SYSCALL_ARG_v(a) a
#define SYSCALL_ARG_p(a) uptr_of(a)
#define SYSCALL_ARG_s(a) uptr_of(a)

#define SYSCALL(nr, name, ...) \
	long sys_##name(SYSCALL_MAP(SYSCALL_TYPE, SYSCALL_COMMA, ##__VA_ARGS__));
#include "abi/syscall.def"
#undef SYSCALL
