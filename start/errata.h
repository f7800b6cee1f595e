/*
 * errata.h - what errata.c and errata.S have for the way down.
 */
#pragma once

#include <stdint.h>

struct boot_info;
struct fdt;

/* early_read_errata - what early_errata needs of tree and command line: boot->armstub, v4_off. */
void early_read_errata(struct boot_info *boot, const struct fdt *fdt, const char *cmdline);

/*
 * early_errata - at EL2, on each core, before el2_start, under early_vectors.
 * @first: the boot_info on the first core, which keeps what CPUACTLR_EL1 is then; NULL on others
 */
void early_errata(struct boot_info *first);

/*
 * early_cpuactlr - set and clear these bits of CPUACTLR_EL1, if they are not so already.  Under
 * early_vectors only.
 * Return: what it is now, or EARLY_CPUACTLR_NONE: an access to it is undefined.
 */
#define EARLY_CPUACTLR_NONE UINT64_MAX
uint64_t early_cpuactlr(uint64_t set, uint64_t clear);
