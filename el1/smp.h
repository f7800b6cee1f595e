/*
 * smp.h - the other cores.
 */
#pragma once

struct fdt;

/*
 * smp_start_others - bring up every core that the device tree lists and enables, as its
 * enable-method says, until @cores run, and wait until each runs its idle task.  One that does not
 * come is named in the log and left out.  Boot core, with everything else ready.
 */
void smp_start_others(const struct fdt *fdt, unsigned int cores);
