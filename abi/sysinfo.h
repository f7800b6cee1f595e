/*
 * sysinfo.h - what sysinfo(2) writes.
 */
#pragma once

#include <stdint.h>

#define SI_LOAD_SHIFT 16 /* loads are fixed point numbers with this many bits of fraction */

struct sysinfo {
	int64_t uptime; /* seconds */
	uint64_t loads[3];
	uint64_t totalram, freeram; /* of mem_unit bytes, as the next five */
	uint64_t sharedram, bufferram;
	uint64_t totalswap, freeswap;
	uint16_t procs;
	uint16_t pad;
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit;
};

_Static_assert(sizeof(struct sysinfo) == 112, "struct sysinfo");
