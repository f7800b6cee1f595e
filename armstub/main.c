/*
 * main.c - what the firmware left, and what the kernel is given.
 *
 * The first core, alone, at EL3 with the MMU off, on start/'s early vectors.  Invariant: nothing
 * the firmware says is believed before it was looked at; a tree that cannot be completed is handed
 * on as a tree, with words on the UART.
 */
#include "armstub/main.h"

#include "abi/errno.h"
#include "armstub/armstub.h"
#include "armstub/tree.h"
#include "el3/el3.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"
#include "start/early.h"
#include "start/early_uart.h"
#include "start/start.h"

/* In head.S, at 0xf0: the firmware writes it before any core runs. */
extern volatile struct armstub_handover armstub_handover;

/* [start, end) */
struct span {
	uint64_t start, end;
};

/* The Linux/arm64 Image header, of which the firmware itself reads these. */
#define IMAGE_SIZE_AT	 16
#define IMAGE_MAGIC_AT	 56
#define IMAGE_MAGIC	 0x644d5241 /* "ARM\x64" */
/* What a kernel without that header may be taken to use behind its entry. */
#define IMAGE_SIZE_GUESS (UINT64_C(32) << 20)

static void say_at_el3(struct boot_info *boot, const char *words)
{
	for (unsigned int i = 0; i < RAWUARTS; i++) {
		rawuart_puts(&boot->uarts[i], "newel: EL3: ");
		rawuart_puts(&boot->uarts[i], words);
		rawuart_puts(&boot->uarts[i], "\n");
	}
}

static __noreturn void stop(struct boot_info *boot, const char *words)
{
	say_at_el3(boot, words);
	for (;;)
		wfi();
}

static bool is_image(uint64_t at)
{
	return probe_read32(at + IMAGE_MAGIC_AT) == IMAGE_MAGIC;
}

/*
 * Where the kernel is.  A firmware that does not know the magic has put it where such a firmware
 * puts kernels: at 0x80000, or at 0x200000.  0: nowhere.
 */
static uint64_t find_kernel(void)
{
	static const uint32_t usual[] = { 0x80000, 0x200000 };
	uint64_t entry = armstub_handover.kernel;

	if (armstub_handover.magic == 0)
		return IS_ALIGNED(entry, 4) && entry >= ARMSTUB_SIZE ? entry : 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(usual); i++)
		if (is_image(usual[i]))
			return usual[i];
	return 0;
}

static struct span kernel_span(uint64_t entry)
{
	uint64_t size = 0;

	if (is_image(entry) && IS_ALIGNED(entry, 8))
		size = *(const volatile uint64_t *)(entry + IMAGE_SIZE_AT);
	/* A header of version 0 has no size; one that is no size of a kernel is no header. */
	if (!size || size > UINT32_MAX)
		size = IMAGE_SIZE_GUESS;
	return (struct span){ entry, entry + size };
}

static bool spans_overlap(struct span a, struct span b)
{
	return a.start < b.end && b.start < a.end;
}

static struct span span_of(struct fdt_range r)
{
	return (struct span){ r.addr, r.addr + r.size };
}

static bool is_in_memory(const struct fdt *fdt, struct span s)
{
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_range r;

	while (fdt_next_memory(fdt, &it, &r) > 0)
		if (s.start >= r.addr && s.end <= r.addr + r.size)
			return true;
	return false;
}

static bool is_reserved(const struct fdt *fdt, struct span s)
{
	struct fdt_iter entries = FDT_ITER_INIT, nodes = FDT_ITER_INIT;
	struct fdt_reserved res;
	struct fdt_range r;

	while (fdt_next_memreserve(fdt, &entries, &r) > 0)
		if (spans_overlap(s, span_of(r)))
			return true;
	while (fdt_next_reserved(fdt, &nodes, &res) > 0)
		if (spans_overlap(s, span_of(res.range)))
			return true;
	return false;
}

/* Is this RAM that nobody has, as far as the tree says? */
static bool is_free_ram(const struct fdt *fdt, struct span s, struct span kernel,
			struct span initrd)
{
	return s.start >= ARMSTUB_SIZE && is_in_memory(fdt, s) && !is_reserved(fdt, s) &&
	       !spans_overlap(s, kernel) && !spans_overlap(s, initrd);
}

/*
 * Room for what is added.  The firmware packs the tree close to the end of what it uses itself;
 * behind it is free RAM, as a rule.  Else the tree moves to right above us, below any kernel.
 * Return: how many bytes may be written from boot->dtb on.
 */
static uint32_t make_room(struct boot_info *boot, const struct fdt *fdt, struct span kernel,
			  struct span initrd)
{
	uint32_t size = (uint32_t)boot->dtb_size, room = size + ARMSTUB_TREE_GROWTH;
	struct span behind = { boot->dtb + size, boot->dtb + room };
	struct span above = { ARMSTUB_SIZE, ARMSTUB_SIZE + room };

	if (is_free_ram(fdt, behind, kernel, initrd))
		return room;
	if (!is_free_ram(fdt, above, kernel, initrd))
		return size;
	memmove((void *)above.start, (const void *)boot->dtb, size);
	boot->dtb = above.start;
	return room;
}

static void complete_tree(struct boot_info *boot, const struct fdt *fdt, uint64_t kernel,
			  struct span initrd)
{
	const char *words = "the device tree cannot be changed: this core alone will run";
	uint32_t room = make_room(boot, fdt, kernel_span(kernel), initrd);
	int err;

	err = armstub_complete_tree((void *)boot->dtb, (uint32_t)boot->dtb_size, room);
	if (err == -ENOSPC)
		words = "no room in the device tree for PSCI: not every core will run";
	if (err)
		say_at_el3(boot, words);
	boot->dtb_size = fdt_be32((const char *)boot->dtb + FDT_H_TOTALSIZE);
	boot->x[0] = boot->dtb;
}

uint64_t armstub_main(struct boot_info *boot)
{
	struct fdt_chosen chosen;
	struct fdt fdt;
	uint64_t kernel;
	bool has_tree;

	memset(boot->x, 0, sizeof(boot->x));
	if (armstub_handover.magic == 0)
		boot->x[0] = armstub_handover.dtb;
	has_tree = early_find_tree(boot, &fdt, &chosen);
	if (has_tree)
		early_find_uarts(boot, &fdt, chosen.stdout_node);
	else
		early_guess_uarts(boot);
	if (READ_SYSREG(CurrentEL) != CurrentEL_EL3)
		stop(boot, "the armstub was not entered at EL3");
	kernel = find_kernel();
	if (!kernel)
		stop(boot, "the firmware does not say where the kernel is");
	if (has_tree)
		complete_tree(boot, &fdt, kernel, span_of(chosen.initrd));
	else
		say_at_el3(boot, "no device tree that can be read: this core alone will run");
	el3_machine.from_reset = 1;
	return kernel;
}
