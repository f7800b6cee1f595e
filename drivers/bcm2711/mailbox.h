/*
 * mailbox.h - questions to the Raspberry Pi's firmware, which runs on the VideoCore: what board
 * this is, its memory, its clocks, how warm it is.
 *
 * Source: the Raspberry Pi firmware's wiki, "Mailbox property interface" (each tag's section is
 * named below) and "Accessing mailboxes"; Broadcom "BCM2835 ARM Peripherals", 1.2.3 (the addresses
 * that the VideoCore sees).
 *
 * All of it is polled: it works as soon as mailbox_init has returned, before interrupts, memory and
 * the console.  Context: any but an interrupt handler; a spinlock orders the callers, a leaf but
 * for the log's.  A question takes some 100 us; one that is not answered within MAILBOX_PATIENCE_MS
 * is the last that is asked: -ETIMEDOUT, and -ENODEV from then on.
 *
 * Each function: 0 and the answer; -ENODEV there is no such firmware (another board), or it is
 * dead; -ENOENT it does not know the tag; -EIO it answered what cannot be.  On an error nothing is
 * stored.  The numbers are the firmware's word: not checked beyond that.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

struct fdt;

#define MAILBOX_PATIENCE_MS 1000

/* "Clocks": the identifiers of "Get clock rate". */
enum mailbox_clock {
	MAILBOX_CLOCK_UART = 2, /* the PL011s' */
	MAILBOX_CLOCK_ARM = 3,
	MAILBOX_CLOCK_CORE = 4, /* the VPU's: the mini UART's, too */
};

/* "Get throttled" (0x00030046): what holds now; shifted by MAILBOX_HAPPENED: since power on. */
#define MAILBOX_UNDER_VOLTAGE	0x1
#define MAILBOX_FREQUENCY_CAP	0x2
#define MAILBOX_THROTTLED	0x4
#define MAILBOX_SOFT_TEMP_LIMIT 0x8
#define MAILBOX_HAPPENED	16

struct mailbox_memory {
	uint64_t base, size; /* bytes, in the ARM's physical addresses */
};

/*
 * mailbox_init - find the firmware's node (raspberrypi,bcm2835-firmware) and its mailbox in the
 * tree.  Boot core, once; where there is none all below answer -ENODEV.
 */
void mailbox_init(const struct fdt *fdt);

/* "Get firmware revision" (0x00000001): when it was built, seconds since 1970. */
int mailbox_firmware_revision(uint32_t *when) __must_check;
/* "Get board revision" (0x00010002): a revision code. */
int mailbox_board_revision(uint32_t *code) __must_check;
/* "Get board serial" (0x00010004). */
int mailbox_board_serial(uint64_t *serial) __must_check;
/*
 * "Get ARM memory" (0x00010005): the first bank alone, in the first GiB.  "Get VC memory"
 * (0x00010006).
 */
int mailbox_arm_memory(struct mailbox_memory *m) __must_check;
int mailbox_vc_memory(struct mailbox_memory *m) __must_check;
/* "Set clock state" (0x00038001): have the clock running; -ENOENT: it does not run, or is none. */
int mailbox_clock_on(enum mailbox_clock id) __must_check;
/* "Get clock rate" (0x00030002), in Hz; 0: there is no such clock. */
int mailbox_clock_rate(enum mailbox_clock id, uint32_t *hz) __must_check;
/*
 * "Get temperature" (0x00030006), "Get max temperature" (0x0003000a: where the firmware begins to
 * slow the cores down): thousandths of a degree Celsius, of the chip.
 */
int mailbox_temperature(uint32_t *millidegrees) __must_check;
int mailbox_max_temperature(uint32_t *millidegrees) __must_check;
/* "Get throttled" (0x00030046): MAILBOX_UNDER_VOLTAGE and the others. */
int mailbox_throttled(uint32_t *bits) __must_check;
