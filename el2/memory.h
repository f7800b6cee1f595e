/*
 * memory.h - which memory is whose: EL2's own tables, and the host's stage 2.
 *
 * The host, EL1 and its programs, sees all of the machine's addresses as they are, but what EL2 and
 * EL3 keep and what was taken from it (el2_host_take).  EL2 sees its own image, its tables, the
 * UARTs for its one line, and what it was given.  VMID 0 is the host's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "el2/lock.h"
#include "el2/table.h"

/* Of both tables, and of whatever has to change together with them. */
extern struct el2_lock el2_memory_lock;

/*
 * el2_memory_start - build both.  On the first core, MMU off, before anyone else is at EL2.
 * @vhe: HCR_EL2.E2H is set and stays so
 */
void el2_memory_start(bool vhe);

/*
 * el2_host_take - the 2 MiB at @block, a multiple of 2 MiB, leave the host's stage 2 and every TLB,
 * and EL2 may read and write them from now on.  Under el2_memory_lock.
 * Return: 0; -EINVAL: not all of it is RAM that the host can write, or EL2 sees some of it already;
 * -ENOMEM: no page for a table.
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
 * Return: 0; -EBUSY: EL2 sees it already; -ENOMEM.
 */
int el2_see(uint64_t page) __must_check;
void el2_unsee(uint64_t page);

/*
 * el2_memory_spare - where pages for tables come from, zeroed, when there are no others; and where
 * they go.  Under el2_memory_lock.
 */
void el2_memory_spare(uint64_t (*page_new)(void), void (*page_free)(uint64_t page));

/* What el2/host.c needs of it; all under el2_memory_lock. */

/* el2_host_lets - whether the host's leaf for @ipa has all of the bits @set and none of @clear. */
bool el2_host_lets(uint64_t ipa, uint64_t set, uint64_t clear);
bool el2_is_ram(uint64_t pa, uint64_t size);
/* el2_host_protect - el2_table_protect of the host's; el2_own_map: EL2 may read and write it. */
int el2_host_protect(uint64_t pa, uint64_t size, uint64_t set, uint64_t clear) __must_check;
int el2_own_map(uint64_t pa, uint64_t size) __must_check;
/* el2_clear - zeros, which EL2 can write; a multiple of 16 bytes. */
void el2_clear(void *at, uint64_t size);
