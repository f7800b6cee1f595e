/*
 * board.h - which Raspberry Pi this is, and how it is doing.
 *
 * By the firmware's word (mailbox.h), else by what it has written into the device tree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fdt;

struct board {
	char model[64];	   /* "Raspberry Pi 4 Model B Rev 1.4"; printable */
	char serial[17];   /* 16 digits; "": not known */
	uint32_t revision; /* the revision code; 0: not known */
};

/*
 * board_init - ask the firmware and the tree, and say in the log what they know: a line about the
 * board, one about its clocks, memory and temperature, and a warning where the power supply is or
 * was too weak, or the chip too hot.  Boot core, once, after mailbox_init.
 */
void board_init(const struct fdt *fdt);

/* board_known - the board, or NULL: it is no Raspberry Pi.  For /proc/cpuinfo; never changes. */
const struct board *board_known(void);

/*
 * board_describe_revision - a revision code in words, "4 Model B 1.4, 8 GiB, BCM2711, Sony UK";
 * what is not known of it is left out.  Source: Raspberry Pi documentation, "Raspberry Pi revision
 * codes", "New-style revision codes".
 * board_describe_throttled - what "Get throttled" says, "under-voltage now, throttled since power
 * on"; "" if that is nothing.
 * Into @text, cut to @size.
 */
void board_describe_revision(uint32_t code, char *text, size_t size);
void board_describe_throttled(uint32_t bits, char *text, size_t size);
