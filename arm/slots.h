/*
 * slots.h - the sixteen slots of a vector table, at every level: where an exception came from, and
 * its kind (DDI 0487, D1.3.1.5).  A slot's number is the sum of the two.  Read by C and assembly.
 */
#pragma once

#define SLOT_SP0	0  /* from this level itself, running on SP_EL0 */
#define SLOT_SPX	4  /* from this level itself, running on its own SP */
#define SLOT_LOWER64	8  /* from a lower level, in AArch64 */
#define SLOT_LOWER32	12 /* from a lower level, in AArch32 */

#define SLOT_SYNC	0
#define SLOT_IRQ	1
#define SLOT_FIQ	2
#define SLOT_SERROR	3

#define SLOT_FROM(slot) ((slot) >> 2 & 3) /* for a table of words: 0..3, in the order above */
#define SLOT_KIND(slot) ((slot)&3)

#define SLOT_SIZE	0x80 /* bytes: 32 instructions */
#define SLOTS		16
