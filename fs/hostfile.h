/*
 * hostfile.h - /dev/hostfile: one file of the machine that emulates us, to be written.
 */
#pragma once

/*
 * hostfile_init - the device is there only if @cmdline names the host's file
 * (drivers/semihosting/semihosting.h).  Boot core.
 */
void hostfile_init(const char *cmdline);
