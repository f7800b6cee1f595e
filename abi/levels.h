/*
 * levels.h - /dev/levels: what every exception level answers when it is asked for its CurrentEL.
 *
 * A read from the start gives text, one fact a line (the first word is the key), so that cat shows
 * it and levels(1) explains it:
 *
 * 	entry EL3			where the image was entered
 * 	path EL3 EL2 EL1		the levels it came down through
 * 	EL1 0x4				CurrentEL, read with MRS by the kernel
 * 	EL2 0x8 hvc			CurrentEL, read there now, and how it was called
 * 	EL3 0xc smc
 *
 * A level that is not there, or that is not ours to ask, says "EL2 absent".
 */
#pragma once

#define LEVELS_DEVICE "/dev/levels"
#define LEVELS_MAJOR  10
#define LEVELS_MINOR  240
