/*
 * hostile.h - pointers that a system call must refuse with EFAULT, and the checks that it does.
 *
 * 	CALL(-EBADF, close, -1);		the call itself must give this result
 * 	FAULTS(IN, sizeof(struct timespec), nanosleep, bad, 0);
 *						with every bad pointer in place of `bad` it gives
 *						EFAULT
 */
#pragma once

#include <stdint.h>
#include <sys/mman.h>

#include "tests/el0/libc/calls.h"

/* musl makes macros of some names, so it is not sys() that pastes them. */
#define CALL(want, name, ...) \
	check(sys_number(SYS_##name, ##__VA_ARGS__), want, "%s(%s)", #name, #__VA_ARGS__)
#define FAULTS(kind, size, name, ...)                                                              \
	for (int at_ = 0; hostile_pointer(&at_, size, kind);)                                      \
	check(sys_number(SYS_##name, __VA_ARGS__), -EFAULT, "%s(%s) with %s", #name, #__VA_ARGS__, \
	      bad_name)

/*
 * How the call uses the pointer: it may be good to read and not to write; NULL may mean something.
 */
enum hostile_kind { IN = 0, OUT = 1, OPT_IN = 2, OPT_OUT = 3 };

#define HOSTILE_PAGE 4096l

static void *bad;	     /* the pointer that is tried */
static const char *bad_name; /* in words */
/*
 * One page to write, one that is not mapped, one to read, one for nothing; far from where mmap(2)
 * looks for room: nothing else comes to lie in the hole.
 */
#define HOSTILE_AT ((void *)(1ul << 40))
MAY_BE_UNUSED char *hostile_pages;

/* hostile_edge - the last @n bytes before a page that is not mapped: good for @n bytes. */
MAY_BE_UNUSED void *hostile_edge(size_t n)
{
	if (!hostile_pages) {
		hostile_pages = mmap(HOSTILE_AT, 4 * HOSTILE_PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		munmap(hostile_pages + HOSTILE_PAGE, HOSTILE_PAGE);
		mprotect(hostile_pages + 2 * HOSTILE_PAGE, HOSTILE_PAGE, PROT_READ);
		mprotect(hostile_pages + 3 * HOSTILE_PAGE, HOSTILE_PAGE, PROT_NONE);
	}
	return hostile_pages + HOSTILE_PAGE - n;
}

/* The next bad pointer for @size bytes from number *@at on into `bad`; false after the last. */
MAY_BE_UNUSED bool hostile_pointer(int *at, size_t size, enum hostile_kind kind)
{
	/* Half of it, and aligned as a struct is: some calls look at the alignment first. */
	size_t half = size >= 16 ? size / 2 & ~7ul : size / 2;
	char *edge = hostile_edge(0);
	const struct {
		const char *name;
		uint64_t p;
		bool good;
	} all[] = {
		{ "NULL", 0, (kind & 2) != 0 },
		{ "a small number", 16 },
		{ "an unmapped page", (uint64_t)edge },
		{ "a page for nothing", (uint64_t)edge + 2 * HOSTILE_PAGE },
		{ "a read-only page", (uint64_t)edge + HOSTILE_PAGE, !(kind & 1) },
		{ "half of it mapped", (uint64_t)edge - half, half == 0 },
		{ "the kernel's memory", 0xffff800010000000 },
		{ "the end of EL0's memory", (1ull << 48) - half },
		{ "behind EL0's memory", 1ull << 52 },
		{ "what wraps", -(half ? half : 8) },
	};

	for (; *at < (int)(sizeof(all) / sizeof(all[0])); (*at)++) {
		if (all[*at].good)
			continue;
		bad = (void *)all[*at].p;
		bad_name = all[*at].name;
		(*at)++;
		return true;
	}
	return false;
}
