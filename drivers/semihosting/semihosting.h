/*
 * semihosting.h - asking the emulator or debugger that runs us to end, with a status.
 *
 * Without one the request is an undefined instruction or a halt: it is made only when the command
 * line holds the word newel.semihosting.  Source: Arm "Semihosting for AArch32 and AArch64",
 * SYS_EXIT.
 */
#pragma once

/* semihosting_init - look for the word.  Boot core. */
void semihosting_init(const char *cmdline);

/* semihosting_exit - end the emulator with @status (0..255); returns if the word is missing. */
void semihosting_exit(int status);
