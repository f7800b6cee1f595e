/*
 * syscall.h - the numbers of abi/syscall.def as constants, and what its readers make of a line.
 *
 * NR_name is what EL0 puts into x8 to ask for name.  NR_SYSCALLS is one more than the greatest
 * number in the list: the size of a table that x8 indexes.
 */
#pragma once

enum syscall_nr {
#define SYSCALL(nr, name, ...) NR_##name = nr,
#include "abi/syscall.def"
#undef SYSCALL
};

#define NR_SYSCALLS	 453
#define SYSCALL_ARGS_MAX 6

/*
 * SYSCALL_MAP - for a line's arguments d, p, u: f(d, 0) s() f(p, 1) s() f(u, 2); f_NONE for a
 * line that has none.
 */
#define SYSCALL_MAP(f, s, ...) \
	SYSCALL_PASTE(SYSCALL_MAP_, SYSCALL_COUNT(__VA_ARGS__))(f, s, ##__VA_ARGS__)
#define SYSCALL_COMMA() ,
#define SYSCALL_NOTHING()

/* How many arguments there are. */
#define SYSCALL_COUNT(...)			 SYSCALL_NTH(0, ##__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
#define SYSCALL_NTH(_, a, b, c, d, e, f, n, ...) n
#define SYSCALL_PASTE(a, b)			 SYSCALL_PASTE_(a, b)
#define SYSCALL_PASTE_(a, b)			 a##b

#define SYSCALL_MAP_0(f, s)			 f##_NONE
#define SYSCALL_MAP_1(f, s, a)			 f(a, 0)
#define SYSCALL_MAP_2(f, s, a, b)		 f(a, 0) s() f(b, 1)
#define SYSCALL_MAP_3(f, s, a, b, c)		 SYSCALL_MAP_2(f, s, a, b) s() f(c, 2)
#define SYSCALL_MAP_4(f, s, a, b, c, d)		 SYSCALL_MAP_3(f, s, a, b, c) s() f(d, 3)
#define SYSCALL_MAP_5(f, s, a, b, c, d, e)	 SYSCALL_MAP_4(f, s, a, b, c, d) s() f(e, 4)
#define SYSCALL_MAP_6(f, s, a, b, c, d, e, g)	 SYSCALL_MAP_5(f, s, a, b, c, d, e) s() f(g, 5)

/* SYSCALL_LETTERS - the letters of a line's arguments as a string: "dpu". */
/* clang-format off */
#define SYSCALL_LETTERS(...) \
	"" SYSCALL_MAP(SYSCALL_LETTER, SYSCALL_NOTHING, ##__VA_ARGS__)
/* clang-format on */
#define SYSCALL_LETTER(letter, nr)		 #letter
#define SYSCALL_LETTER_NONE			 ""

#define SYSCALL(nr, name, ...)                                                               \
	_Static_assert(nr < NR_SYSCALLS &&                                                   \
			       sizeof(SYSCALL_LETTERS(__VA_ARGS__)) <= SYSCALL_ARGS_MAX + 1, \
		       #name);
#include "abi/syscall.def"
#undef SYSCALL
