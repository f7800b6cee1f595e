/*
 * early.c - what the loader left behind, gathered before the first step down.
 *
 * Runs with the MMU off at the level of entry: PC-relative code, aligned accesses, no lock.
 * Invariant: boot_info.dtb_size is 0, or at boot_info.dtb there is something that has a device
 * tree's magic and a size within bounds; nothing else of it is believed here.
 */
#include "start/early.h"

#include "start/cache.h"
#include "start/boot_info.h"
#include "start/checksum.h"
#include "start/early_led.h"
#include "start/early_uart.h"
#include "start/earlycon.h"
#include "start/errata.h"
#include "start/start.h"

#include "arm/id.h"
#include "lib/fdt_bindings.h"
#include "lib/parse.h"

/* dtb_at - take @pa as the device tree if it is one. */
static bool dtb_at(struct boot_info *boot, uint64_t pa)
{
	uint64_t magic, size;

	if (!IS_ALIGNED(pa, 8))
		return false;
	dcache_clean_range(pa, pa + FDT_H_SIZE); /* the loader may have left it in the cache */
	magic = probe_read32(pa);
	size = probe_read32(pa + FDT_H_TOTALSIZE);
	if (magic != __builtin_bswap32(FDT_MAGIC))
		return false;
	size = __builtin_bswap32((uint32_t)size);
	if (size < FDT_H_SIZE || size > BOOT_DTB_MAX)
		return false;
	boot->dtb = pa;
	boot->dtb_size = size;
	return true;
}

/*
 * The protocol says x0.  Where there is no protocol (an ELF, in QEMU) x0 is 0 and the tree lies at
 * the start of RAM: 0x40000000 on virt, 0 on raspi4b, although the same ELF is at 0x40200000 on
 * both.  (QEMU's raspi4b has RAM there, 2 GiB of it in one piece, although its tree shows 960 MiB:
 * the image needs no entry in the memory map.)
 */
static void find_dtb(struct boot_info *boot)
{
	const uint64_t candidates[] = { boot->x[0], ALIGN_DOWN(boot->image, UINT64_C(1) << 30), 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(candidates); i++)
		if (dtb_at(boot, candidates[i]))
			return;
	boot->dtb = 0;
	boot->dtb_size = 0;
}

/*
 * Bytes of the tree that hold something: QEMU claims a whole MiB.  Bounded by what is known to be
 * there.
 */
static uint64_t dtb_used(const struct boot_info *boot)
{
	const char *h = (const char *)boot->dtb;
	uint64_t structs =
		(uint64_t)fdt_be32(h + FDT_H_OFF_STRUCT) + fdt_be32(h + FDT_H_SIZE_STRUCT);
	uint64_t strings =
		(uint64_t)fdt_be32(h + FDT_H_OFF_STRINGS) + fdt_be32(h + FDT_H_SIZE_STRINGS);

	return min(max(structs, strings), boot->dtb_size);
}

/* The tree that was found, if all of it can be read. */
static bool read_tree(const struct boot_info *boot, struct fdt *fdt)
{
	if (!boot->dtb_size)
		return false;
	dcache_clean_range(boot->dtb, boot->dtb + dtb_used(boot)); /* we read past the caches */
	return fdt_check((const void *)boot->dtb, boot->dtb_size, fdt) == 0;
}

bool early_find_tree(struct boot_info *boot, struct fdt *fdt, struct fdt_chosen *chosen)
{
	boot->image = (uint64_t)__image_start;
	boot->nr_levels = 0;
	for (unsigned int i = 0; i < RAWUARTS; i++)
		boot->uarts[i] = (struct rawuart){ .kind = RAWUART_NONE };
	boot->led = (struct rawled){ .gpio = 0 };
	boot->earlycon = boot->checksum_wanted = false;
	boot->armstub = boot->v4_off = boot->cpuactlr_read = boot->stays_at_el2 = false;
	find_dtb(boot);
	if (!read_tree(boot, fdt))
		return false;
	/* An initrd that makes no sense is the kernel's to refuse. */
	(void)!fdt_read_chosen(fdt, chosen);
	return true;
}

/* Is the kernel to stay at EL2, and can it?  It comes there from EL3, or is there. */
static bool is_for_el2(const char *cmdline)
{
	uint64_t level = READ_SYSREG(CurrentEL);

	return cmdline_says(cmdline, "newel.el2", "vhe") && ID_FIELD(id_aa64mmfr1_el1, MMFR1_VH) &&
	       (level == CurrentEL_EL2 ||
		(level == CurrentEL_EL3 && ID_FIELD(id_aa64pfr0_el1, PFR0_EL2)));
}

void early_collect(struct boot_info *boot)
{
	struct fdt_chosen chosen;
	struct fdt fdt;

	if (!early_find_tree(boot, &fdt, &chosen)) {
		early_guess_uarts(boot);
		return;
	}
	boot->stays_at_el2 = is_for_el2(chosen.bootargs);
	early_find_uarts(boot, &fdt, chosen.stdout_node);
	early_find_led(boot, &fdt);
	early_read_errata(boot, &fdt, chosen.bootargs);
	early_checksum(boot, chosen.bootargs);
	earlycon_start(boot, &fdt, &chosen);
}
