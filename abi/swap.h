/*
 * swap.h - swapon(2)'s flags.
 */
#pragma once

/* (As an enum: the kernel's own headers for programs do not have them.) */
enum {
	SWAP_FLAG_PRIO_MASK = 0x7fff,
	SWAP_FLAG_PREFER = 0x8000,
	SWAP_FLAG_DISCARD = 0x10000,
	SWAP_FLAG_DISCARD_ONCE = 0x20000,
	SWAP_FLAG_DISCARD_PAGES = 0x40000,
};
