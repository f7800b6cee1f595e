/*
 * probe.h - reading kernel memory that may not be there, for dumps, which must not fault.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

/*
 * probe_u64, probe_u32 - read the naturally aligned word at kernel address @va, if it is mapped and
 * is normal memory (a device's register may change by being read).
 * Return false, with *@val untouched, when it cannot be read.  Any context, no lock: the address
 * must not be unmapped by another core meanwhile.
 */
bool probe_u64(uintptr_t va, uint64_t *val) __must_check;
bool probe_u32(uintptr_t va, uint32_t *val) __must_check;
