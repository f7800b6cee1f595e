/*
 * semihosting.h - asking the emulator or debugger that runs us to end, with a status.
 *
 * Without one the request is an undefined instruction or a halt: it is made only when the command
 * line holds the word newel.semihosting, or newel.hostfile= for the file.  Source: Arm "Semihosting
 * for AArch32 and AArch64": SYS_EXIT, SYS_OPEN, SYS_WRITE, SYS_CLOSE.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/util.h"

/* semihosting_init - look for the word.  Boot core. */
void semihosting_init(const char *cmdline);

/* semihosting_exit - end the emulator with @status (0..255); returns if the word is missing. */
void semihosting_exit(int status);

/*
 * The host's file: one, which newel.hostfile=PATH names; nothing else ever chooses a path there.
 *
 * semihosting_has_file - is there such a word?  Boot core, before the others below.
 * semihosting_open - the file, empty from now on: a handle, or -EIO.
 * semihosting_write - @n bytes (not 0) of kernel memory: how many the host took, 1..@n; -EIO: none,
 *	for want of room or because it is closed there.
 * semihosting_close - no more.
 * The three stop all cores of the emulator for as long as the host takes; one caller at a time.
 */
bool semihosting_has_file(const char *cmdline);
int semihosting_open(void) __must_check;
long semihosting_write(int handle, const void *buf, size_t n) __must_check;
void semihosting_close(int handle);
