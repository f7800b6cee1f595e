/*
 * memory.h - which memory is whose: the host's, or EL2's and EL3's.
 *
 * So far there is no stage 2 for the host, and EL2's MMU is off: what EL1 is to leave alone it is
 * told, and could reach all the same.
 */
#pragma once

#include <stdbool.h>

#include "el2/lock.h"
#include "lib/util.h"

/* Of who has what memory. */
extern struct el2_lock el2_memory_lock;

/*
 * el2_host_take - the 2 MiB at @block, a multiple of 2 MiB, leave the host's stage 2 and every TLB,
 * and EL2 may read and write them from now on.  Under el2_memory_lock.
 * Return: 0; -EINVAL: not all of it is RAM that the host can write; -ENOMEM: no page for a table.
 */
int el2_host_take(uint64_t block) __must_check;

/* el2_host_give - the reverse.  Under el2_memory_lock.  The caller has zeroed it. */
void el2_host_give(uint64_t block);

/*
 * el2_host_has - whether all of [@pa, @pa + @size) is RAM that the host can read, and write if
 * @write, now.  @size: bounded by the caller.  Under el2_memory_lock.
 */
bool el2_host_has(uint64_t pa, uint64_t size, bool write);

/*
 * el2_see - EL2 may read and write the 4 KiB page at @page, which the host has, too.  Once, until
 * el2_unsee().  Under el2_memory_lock.
 * Return: 0 or -ENOMEM.
 */
int el2_see(uint64_t page) __must_check;
void el2_unsee(uint64_t page);

/* el2_is_kept - whether @pa is memory that is not the host's. */
bool el2_is_kept(uint64_t pa);
