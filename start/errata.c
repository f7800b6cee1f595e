/*
 * errata.c - what a core's errata notice asks for, set at EL2 where no EL3 of ours has done so.
 *
 * Comes from start/head.S on each core that stands at EL2, MMU off, early_vectors in.  A firmware
 * that stays at EL3 does this itself, and may end the machine when EL2 tries (a write that
 * ACTLR_EL3 does not allow is trapped to it): so it is tried only where it is known to be allowed:
 * above us is our own EL3, or what a tree without PSCI on a BCM2711 says, the Raspberry Pi's
 * armstub8, which sets ACTLR_EL3 to 0x73 and leaves.  Such a tree may lie: one from a card, with
 * Trusted Firmware-A below it.  That has set the same bits, and what is set is not written again;
 * so a bit is taken back only where EL3 is ours.
 */
#include "start/boot_info.h"
#include "start/errata.h"

#include "arm/errata.h"
#include "lib/fdt_bindings.h"
#include "lib/parse.h"

void early_read_errata(struct boot_info *boot, const struct fdt *fdt, const char *cmdline)
{
	static const char psci[][16] = { "arm,psci-1.0", "arm,psci-0.2", "arm,psci" };

	boot->armstub = fdt_is_compatible(fdt, fdt_root(fdt), "brcm,bcm2711");
	for (unsigned int i = 0; boot->armstub && i < ARRAY_SIZE(psci); i++)
		boot->armstub = fdt_find_compatible(fdt, -1, psci[i]) < 0;
	boot->v4_off = cmdline_says(cmdline, "mitigations", "off") ||
		       cmdline_says(cmdline, "ssbd", "force-off");
}

void early_errata(struct boot_info *first)
{
	/* Written with the MMU off, before any cache was on: memory has it. */
	const struct boot_info *boot = &boot_info;
	uint64_t set = errata_cpuactlr(READ_SYSREG(midr_el1)), clear = 0, is;

	if (!set || !(boot->armstub || boot_has_el3(boot)))
		return;
	if (boot->v4_off) {
		clear = boot_has_el3(boot) ? set & A72_NO_LOAD_PASS : 0;
		set &= ~A72_NO_LOAD_PASS;
	}
	is = early_cpuactlr(set, clear);
	if (first) {
		first->cpuactlr = is;
		first->cpuactlr_read = is != EARLY_CPUACTLR_NONE;
	}
}
