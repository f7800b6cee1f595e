/*
 * armstub.h - the image that the Raspberry Pi 4's firmware loads at 0 in place of its own stub
 * (config.txt: armstub=), and what its files share.
 *
 * The firmware finds the magic at 0xf0, clears it, and writes behind it where it has put the device
 * tree and the kernel (raspberrypi/tools, armstub8).  Then all cores begin at 0, at EL3.
 */
#pragma once

/*
 * All that EL3 keeps for itself: [0, ARMSTUB_SIZE).  The kernel comes to 0x80000 or above, so the
 * memory between belongs to nobody.
 */
#define ARMSTUB_SIZE	   0x10000
#define ARMSTUB_STACK_SIZE 0x1000 /* bytes, until el3/ has its own */

#define ARMSTUB_MAGIC_AT   0xf0
#define ARMSTUB_MAGIC	   0x5afe570b

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/* What stands at ARMSTUB_MAGIC_AT. */
struct armstub_handover {
	uint32_t magic; /* 0: the firmware has filled in the rest */
	uint32_t version;
	uint32_t dtb;	 /* physical address of the device tree, 0: there is none */
	uint32_t kernel; /* ... of the kernel's first instruction */
};

_Static_assert(offsetof(struct armstub_handover, dtb) == 0xf8 - ARMSTUB_MAGIC_AT, "dtb_ptr32");
_Static_assert(offsetof(struct armstub_handover, kernel) == 0xfc - ARMSTUB_MAGIC_AT,
	       "kernel_entry32");

#endif
