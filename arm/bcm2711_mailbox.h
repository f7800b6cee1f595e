/*
 * bcm2711_mailbox.h - the way to the Raspberry Pi's firmware, as start/ (without a driver) and
 * drivers/ know it: the mailboxes' registers, and the words of the property channel.
 * Source: the Raspberry Pi firmware's wiki, "Accessing mailboxes", "Mailboxes" and "Mailbox
 * property interface"; "BCM2835 ARM Peripherals", 1.2.3, for what the VideoCore sees of memory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Mailbox 0 is what the VideoCore writes and we read, mailbox 1 the other way round. */
struct mailbox_regs {
	uint32_t read;
	uint32_t reserved0[5];
	uint32_t status0;
	uint32_t config0;
	uint32_t write;
	uint32_t reserved1[5];
	uint32_t status1;
};

_Static_assert(offsetof(struct mailbox_regs, status0) == 0x18, "mailbox 0, status");
_Static_assert(offsetof(struct mailbox_regs, write) == 0x20, "mailbox 1, write");
_Static_assert(offsetof(struct mailbox_regs, status1) == 0x38, "mailbox 1, status");

#define MAILBOX_FULL		0x80000000u
#define MAILBOX_EMPTY		0x40000000u
#define MAILBOX_PROPERTY	8u /* the channel: property tags, ARM to VC */

#define PROPERTY_REQUEST	0u
#define PROPERTY_SUCCESS	0x80000000u
#define PROPERTY_ANSWERED	0x80000000u /* of a tag, with its answer's length */
#define PROPERTY_END		0u
#define PROPERTY_GET_CLOCK_RATE 0x00030002u
#define PROPERTY_SET_CLOCK	0x00038001u
#define PROPERTY_CLOCK_ON	0x1u
#define PROPERTY_CLOCK_MISSING	0x2u

/* The alias by which the VideoCore sees memory past its caches, and how much of it. */
#define VC_UNCACHED		0xc0000000u
#define VC_REACH		0x40000000u
