/*
 * syscall.h - the form of a system call's handler, and the one table of them (el1/syscall.c).
 *
 * SYS(name) { … } defines sys_name.  All six argument registers come in as they were; the handler's
 * first lines give them their types: an int is the low half (Linux ignores the high one), a user
 * pointer becomes a uptr, and from there only mm/uaccess can follow it.  Return: what goes into x0,
 * a value or -errno.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"
#include "mm/uaccess.h"

#define SYS(name)                                                                                 \
	long sys_##name(uint64_t a0 __attribute__((unused)), uint64_t a1 __attribute__((unused)), \
			uint64_t a2 __attribute__((unused)), uint64_t a3 __attribute__((unused)), \
			uint64_t a4 __attribute__((unused)), uint64_t a5 __attribute__((unused)))

#define SYSCALL(nr, name, args) SYS(name);
#include "abi/syscall.def"
#undef SYSCALL

/*
 * syscall_dispatch - the SVC's registers as it found them, w8 last (Linux looks at no more of x8);
 * what x0 will be.  Interrupts on; may sleep.
 */
long syscall_dispatch(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
		      uint32_t nr);
