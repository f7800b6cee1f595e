/*
 * memory.c - see memory.h.
 */
#include "el2/memory.h"

#include "abi/errno.h"

extern char __resident_start[], __resident_end[];

struct el2_lock el2_memory_lock;

bool el2_is_kept(uint64_t pa)
{
	return pa >= (uintptr_t)__resident_start && pa < (uintptr_t)__resident_end;
}

bool el2_host_has(uint64_t pa, uint64_t size, bool write)
{
	uint64_t start = (uintptr_t)__resident_start, end = (uintptr_t)__resident_end;

	return pa + size <= start || pa >= end;
}

int el2_host_take(uint64_t block)
{
	return el2_host_has(block, UINT64_C(2) << 20, true) ? 0 : -EINVAL;
}

void el2_host_give(uint64_t block)
{
}

int el2_see(uint64_t page)
{
	return 0;
}

void el2_unsee(uint64_t page)
{
}
