/*
 * checksum.h - is the image in memory the one that was built?
 */
#pragma once

struct boot_info;

/*
 * early_checksum - boot->image_crc, if newel.checksum is on the command line.  MMU off, at the
 * level of entry, before any other level runs.
 */
void early_checksum(struct boot_info *boot, const char *cmdline);
