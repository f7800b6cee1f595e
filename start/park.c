/*
 * park.c - where cores meet before there are caches: who boots, and what those that wait are told.
 *
 * A page of its own (link.ld) in the file, all zeros: it is written by the first instructions of
 * each core, before anything could clear it.
 */
#include "start/park.h"

#define PARK __attribute__((section(".park")))

PARK __attribute__((aligned(PARK_SLOT_SIZE))) uint64_t park_claim = 0;
PARK __attribute__((aligned(PARK_SLOT_SIZE))) struct park_slot park_slots[MPIDR_SLOTS] = { 0 };
