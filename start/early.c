/*
 * early.c - what the loader left behind, gathered before the first step down.
 *
 * Runs with the MMU off at the level of entry: PC-relative code, aligned accesses, no lock.
 * Invariant: boot_info.dtb_size is 0, or at boot_info.dtb there is something that has a device
 * tree's magic and a size within bounds; nothing else of it is believed here.
 */
#include "start/cache.h"
#include "start/boot_info.h"
#include "start/start.h"

#include "arm/rawreport.h"
#include "lib/fdt_bindings.h"

__attribute__((section(".early"), aligned(64))) struct boot_info boot_info;

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

static bool uart_from(const struct fdt *fdt, int node, struct rawuart *u)
{
	struct fdt_range range;

	u->kind = RAWUART_NONE;
	if (node < 0 || !fdt_enabled(fdt, node) || fdt_reg(fdt, node, 0, &range) < 0)
		return false;
	if (fdt_is_compatible(fdt, node, "arm,pl011"))
		u->kind = RAWUART_PL011;
	else if (fdt_is_compatible(fdt, node, "brcm,bcm2835-aux-uart"))
		u->kind = RAWUART_MINI;
	u->base = range.addr;
	return u->kind != RAWUART_NONE;
}

/*
 * The console that stdout-path names; and on a Raspberry Pi 4 the other UART too, because the tree
 * does not say which of them is connected to a terminal.
 */
static void find_uarts(struct boot_info *boot)
{
	static const char kinds[][24] = { "arm,pl011", "brcm,bcm2835-aux-uart" };
	struct fdt_chosen chosen;
	struct fdt fdt;

	for (unsigned int i = 0; i < RAWUARTS; i++)
		boot->uarts[i].kind = RAWUART_NONE;
	if (!boot->dtb_size)
		return;
	dcache_clean_range(boot->dtb, boot->dtb + dtb_used(boot)); /* we read past the caches */
	if (fdt_check((const void *)boot->dtb, boot->dtb_size, &fdt) < 0)
		return;
	/* An initrd that makes no sense is the kernel's to refuse. */
	(void)!fdt_read_chosen(&fdt, &chosen);
	uart_from(&fdt, chosen.stdout_node, &boot->uarts[0]);
	if (boot->uarts[0].kind != RAWUART_NONE &&
	    !fdt_is_compatible(&fdt, fdt_root(&fdt), "brcm,bcm2711"))
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		if (i + 1 != boot->uarts[0].kind &&
		    uart_from(&fdt, fdt_find_compatible(&fdt, -1, kinds[i]), &boot->uarts[1]))
			break;
}

/*
 * Without a tree that can be read there is one thing left to do, to say so: on the PL011 of QEMU's
 * virt or of the Raspberry Pi 4, if its identification registers (DDI 0183, PeriphID0 and 1) are
 * there.
 */
static void guess_uart(struct boot_info *boot)
{
	static const uint32_t bases[] = { 0x09000000, 0xfe201000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(bases); i++) {
		if (probe_read32(bases[i] + 0xfe0) != 0x11 ||
		    probe_read32(bases[i] + 0xfe4) != 0x10)
			continue;
		boot->uarts[0].base = bases[i];
		boot->uarts[0].kind = RAWUART_PL011;
		return;
	}
}

void early_collect(struct boot_info *boot)
{
	boot->image = (uint64_t)__image_start;
	boot->nr_levels = 0;
	find_dtb(boot);
	find_uarts(boot);
	if (boot->uarts[0].kind == RAWUART_NONE && boot->uarts[1].kind == RAWUART_NONE)
		guess_uart(boot);
}

void early_report(unsigned int slot, uint64_t esr, uint64_t elr, uint64_t far)
{
	const struct rawreport r = {
		.current_el = (unsigned int)READ_SYSREG(CurrentEL),
		.slot = slot,
		.esr = esr,
		.elr = elr,
		.far = far,
		.mpidr = READ_SYSREG(mpidr_el1),
	};

	for (unsigned int i = 0; i < RAWUARTS; i++)
		rawreport_print(&boot_info.uarts[i], &r);
}
