/*
 * boot_info.h - what the way down learned, handed to kmain: one struct, filled with the MMU off.
 *
 * It lies in the image (start/early.c), so the higher half sees the same bytes that the levels
 * above wrote. Physical addresses throughout: nothing here is a pointer.
 */
#pragma once

/* Offsets that head.S uses; asserted below. */
#define BOOT_X		  0
#define BOOT_NR_LEVELS	  64
#define BOOT_LEVELS	  68
#define BOOT_STAYS_AT_EL2 72

#define BOOT_LEVELS_MAX	  4

/*
 * How far it came: each stage has its line (earlycon on the command line) and, where no UART takes
 * a byte, its number in blinks of the ACT LED.  docs/serial.md has the table.
 */
#define STAGE_ENTERED	  1
#define STAGE_EL3	  2
#define STAGE_EL2	  3
#define STAGE_EL1	  4
#define STAGE_TABLES	  5
#define STAGE_MMU	  6
#define STAGE_CONSOLE	  7
#define STAGE_DEVICES	  8
#define STAGE_INIT	  9

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/rawled.h"
#include "arm/rawuart.h"
#include "arm/sysreg.h"

struct boot_info {
	uint64_t x[4]; /* x0..x3 as the loader left them */
	/* The device tree, 8-byte aligned, its magic and size checked; may well be at address 0. */
	uint64_t dtb;
	uint64_t dtb_size; /* its totalsize, bytes; at most BOOT_DTB_MAX; 0: none was found */
	uint64_t image;	   /* where KERNEL_VA is in physical memory */
	/* How far el3/ is from its place in the image, in secure RAM; 0: it is there. */
	uint64_t el3_moved;
	uint32_t nr_levels; /* how many of levels[] were seen */
	/* CurrentEL, by MRS, at each level on the way; the last is the kernel's. */
	uint8_t levels[BOOT_LEVELS_MAX];
	/*
	 * The kernel does not go below EL2 (newel.el2=vhe, and the cores have VHE): EL1's names of
	 * registers mean EL2's own there, and EL0 is right below.
	 */
	bool stays_at_el2;
	/* EL3 is Newel's own: el3/ stayed there, or came first, as an image of its own. */
	bool own_el3;
	/* For lines that cannot wait for a driver (physical addresses). */
	struct rawuart uarts[RAWUARTS];
	struct rawled led; /* the board's ACT LED, if it is at a pin that we know */
	bool earlycon;	   /* each stage says a line on uarts[] */
	/* start/errata.c */
	bool armstub; /* the Pi's own stub was at EL3, and lets EL2 write CPUACTLR_EL1 */
	bool v4_off;  /* the command line wants no mitigation of Spectre v4 */
	bool cpuactlr_read;
	bool checksum_wanted;
	uint64_t cpuactlr;  /* CPUACTLR_EL1 of the first core, if it was read */
	uint32_t image_crc; /* crc32 of the image's file, as it came (start/checksum.c) */
};

#define BOOT_DTB_MAX (UINT64_C(2) << 20) /* as the arm64 boot protocol bounds it */

_Static_assert(offsetof(struct boot_info, x) == BOOT_X, "BOOT_X");
_Static_assert(offsetof(struct boot_info, nr_levels) == BOOT_NR_LEVELS, "BOOT_NR_LEVELS");
_Static_assert(offsetof(struct boot_info, levels) == BOOT_LEVELS, "BOOT_LEVELS");
_Static_assert(offsetof(struct boot_info, stays_at_el2) == BOOT_STAYS_AT_EL2, "BOOT_STAYS_AT_EL2");

/* The one boot_info; kmain is given its address. */
extern struct boot_info boot_info;

/*
 * boot_has_el2, boot_has_el3 - whether el2/, el3/ stayed resident on the way down: above the
 * kernel, which can ask them.
 */
static inline bool boot_has_level(const struct boot_info *boot, unsigned int current_el)
{
	for (unsigned int i = 0; i < boot->nr_levels; i++)
		if (boot->levels[i] == current_el)
			return true;
	return false;
}

static inline bool boot_has_el2(const struct boot_info *boot)
{
	return boot_has_level(boot, CurrentEL_EL2) && !boot->stays_at_el2;
}

static inline bool boot_has_el3(const struct boot_info *boot)
{
	return boot_has_level(boot, CurrentEL_EL3);
}

/*
 * kmain - el1/main.c: the kernel, in the higher half, interrupts masked, on the boot stack.  Never
 * returns.
 */
void kmain(struct boot_info *boot);

/*
 * boot_line - the log's "boot: entered at …" line (DESIGN.md, contract 3).
 * @psci: who serves PSCI, as psci_conduit() says.  @buf, @size: where the line goes, without a
 * newline.
 */
void boot_line(const struct boot_info *boot, const char *psci, char *buf, size_t size);

#endif
