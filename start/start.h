/*
 * start.h - what the files of start/ share with one another.
 */
#pragma once

/*
 * elect (elect.S): how long a core that is not number 0 watches for it; a second or less in QEMU,
 * some on a board, where each look goes to memory.
 */
#define ELECT_POLLS	0x4000000

/* A parked core's slot (head.S, secondary.c): a cache line of its own on any core. */
#define PARK_SLOT_SHIFT 8
#define PARK_SLOT_SIZE	(1 << PARK_SLOT_SHIFT)
#define PARK_MPIDR	0
#define PARK_CONTEXT	8

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

struct boot_info;

struct park_slot {
	uint64_t mpidr; /* not 0: the core is here; written by it, with its cache off */
	/* Physical address of a struct secondary_boot: go; written by the kernel. */
	uint64_t context;
	uint8_t pad[PARK_SLOT_SIZE - 16];
};

_Static_assert(offsetof(struct park_slot, mpidr) == PARK_MPIDR, "PARK_MPIDR");
_Static_assert(offsetof(struct park_slot, context) == PARK_CONTEXT, "PARK_CONTEXT");
_Static_assert(sizeof(struct park_slot) == PARK_SLOT_SIZE, "PARK_SLOT_SIZE");

/* The linker's marks (link.ld). */
extern char __image_start[], __image_end[];
extern char __text_start[], __text_end[], __idmap_start[], __idmap_end[];
extern char __rodata_start[], __rodata_end[];
extern char __resident_start[], __resident_end[];
extern char __data_start[], __data_end[], __early_start[], __early_end[], __bss_end[];
extern char boot_stack_guard[], boot_stack[], boot_stack_top[];

/* Root tables that mmu.S puts into TTBR0_EL1: an identity map of one page, and nothing at all. */
extern uint64_t idmap_root[], empty_root[];

/*
 * early_map - the first translation tables: the image and the device tree.  MMU off.
 * Return: physical address of the root table for TTBR1_EL1.
 */
uint64_t early_map(const struct boot_info *boot);

/*
 * probe_read32 - the word at physical @pa, or PROBE_NOTHING if nothing answers there.  Under
 * early_vectors only.
 */
#define PROBE_NOTHING UINT64_MAX
uint64_t probe_read32(uint64_t pa);

#endif
