/*
 * host.h - what the host may not do, and what it gives up for good.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct resident_frame;

/* el2_is_kept - whether the host could not run code at @pa.  Under el2_memory_lock. */
bool el2_is_kept(uint64_t pa);

/*
 * el2_host_abort - the host's access was refused by its stage 2: an abort to it.  Takes
 * el2_memory_lock.  Return: false: it was made at no level that there is.
 */
bool el2_host_abort(struct resident_frame *f);

/*
 * The host's calls (arm/level_calls.h); each answers what the call's x0 becomes, and takes
 * el2_memory_lock.
 */
int64_t el2_set_arena(uint64_t pa, uint64_t size);
int64_t el2_seal_kernel(void);
int64_t el2_seal_module(uint64_t pa, uint64_t size, uint64_t executable);
int64_t el2_unseal_module(uint64_t pa, uint64_t size);
