/*
 * syscall.h - the numbers of abi/syscall.def as constants, for C.
 *
 * NR_name is what EL0 puts into x8 to ask for name.  NR_SYSCALLS is one more than the greatest
 * number in the list: the size of a table that x8 indexes.
 */
#pragma once

enum syscall_nr {
#define SYSCALL(nr, name, args) NR_##name = nr,
#include "abi/syscall.def"
#undef SYSCALL
};

#define NR_SYSCALLS	 453
#define SYSCALL_ARGS_MAX 6

#define SYSCALL(nr, name, args) \
	_Static_assert(nr < NR_SYSCALLS && sizeof(args) - 1 <= SYSCALL_ARGS_MAX, #name);
#include "abi/syscall.def"
#undef SYSCALL
