/*
 * pl031.h - the registers of Arm's PL031 real-time clock (Arm DDI 0224C, 3.3): it counts seconds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

struct pl031 {
	uint32_t dr;   /* the time */
	uint32_t mr;   /* it interrupts when the time becomes this */
	uint32_t lr;   /* written: the time is this */
	uint32_t cr;   /* PL031_START */
	uint32_t imsc; /* 1: the interrupt is let out */
	uint32_t ris, mis;
	uint32_t icr; /* written PL031_INTERRUPT: it has been served */
};

_Static_assert(offsetof(struct pl031, icr) == 0x1c, "RTCICR");

#define PL031_START	BIT(0)
#define PL031_INTERRUPT BIT(0)
