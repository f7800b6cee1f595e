/*
 * levels.c - asks every level for its CurrentEL: our own by MRS, EL2 by HVC, EL3 by SMC.
 *
 * Only levels that are Newel's own are asked: those that it came down through, and an EL3 that the
 * tree names, that follows the SMC Calling Convention, and that says by its UUID that it is ours
 * (the armstub).  An SMC that nobody serves is undefined.
 */
#include "el1/levels.h"

#include "arm/level_calls.h"
#include "arm/level_notes.h"
#include "arm/pte.h"
#include "drivers/psci/psci.h"
#include "mm/kmap.h"
#include "mm/modarea.h"
#include "trace/levels.h"
#include "lib/printf.h"
#include "log/printk.h"
#include "start/boot_info.h"

static const struct boot_info *boot;

static bool el3_says_it_is_newel(void)
{
	static const uint32_t uid[4] = NEWEL_UID;
	struct smccc_result r;

	if (psci_smc_version() < SMCCC_VERSION_1_1)
		return false;
	r = smccc_smc(NEWEL_SMC_UID, 0, 0, 0);
	return (uint32_t)r.x0 == uid[0] && (uint32_t)r.x1 == uid[1] && (uint32_t)r.x2 == uid[2] &&
	       (uint32_t)r.x3 == uid[3];
}

extern char __resident_rings_start[], __resident_end[];
extern const struct level_ring __resident_el2_rings[], __resident_el3_rings[];

/* The rings of what the levels note, and nothing else of theirs: arm/level_notes.h. */
static void map_rings(void)
{
	uintptr_t at = (uintptr_t)__resident_rings_start;

	kmap_range(at, paddr_of(boot->image + (at - KERNEL_VA)), (uintptr_t)__resident_end - at,
		   PTE_DEVICE_AS_MMU_OFF | PTE_RDONLY);
	trace_levels_init(__resident_el2_rings, __resident_el3_rings, boot_has_el2(boot));
}

void levels_init(struct boot_info *b)
{
	b->own_el3 = boot_has_el3(b) || el3_says_it_is_newel();
	boot = b;
	map_rings();
	if (b->el3_moved)
		pr_info("levels: EL3 is in secure memory\n");
}

void levels_seal(void)
{
	if (!boot_has_el2(boot))
		return;
	/* In this order: EL2 takes no arena once the kernel is sealed. */
	modarea_guard();
	if (smccc_hvc(NEWEL_HVC_SEAL_KERNEL, 0, 0, 0).x0 != SMCCC_SUCCESS)
		pr_err("levels: EL2 could not seal the kernel's text\n");
}

bool levels_note(unsigned int level, bool on)
{
	if (!boot || !(level == 3 ? boot->own_el3 : boot_has_el2(boot)))
		return false;
	/* An armstub has no rings, or is older than the call. */
	return (level == 3 ? smccc_smc(NEWEL_SMC_NOTE, on, 0, 0)
			   : smccc_hvc(NEWEL_HVC_NOTE, on, 0, 0))
		       .x0 == SMCCC_SUCCESS;
}

/* Appends to a buffer of @size bytes that holds @len; returns the new whole length. */
static size_t add_level(char *buf, size_t size, size_t len, unsigned int el, bool there,
			uint64_t value, const char *how)
{
	size_t room = len < size ? size - len : 0;
	char *at = room ? buf + len : NULL;
	int n = there ? snprintf(at, room, "EL%u 0x%llx%s\n", el, (unsigned long long)value, how)
		      : snprintf(at, room, "EL%u absent\n", el);

	return len + (size_t)n;
}

static size_t add_path(char *buf, size_t size)
{
	size_t len =
		(size_t)snprintf(buf, size, "entry EL%u\npath", (unsigned int)boot->levels[0] >> 2);

	for (unsigned int i = 0; i < boot->nr_levels; i++)
		len += (size_t)snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0,
					" EL%u", (unsigned int)boot->levels[i] >> 2);
	return len +
	       (size_t)snprintf(len < size ? buf + len : NULL, len < size ? size - len : 0, "\n");
}

long levels_text(char *buf, size_t size)
{
	bool el2 = boot_has_el2(boot), el3 = boot->own_el3;
	size_t len = add_path(buf, size);

	/* The kernel is at one of the two. */
	len = add_level(buf, size, len, 1, !boot->stays_at_el2, READ_SYSREG(CurrentEL), "");
	if (boot->stays_at_el2)
		len = add_level(buf, size, len, 2, true, READ_SYSREG(CurrentEL), "");
	else
		len = add_level(buf, size, len, 2, el2,
				el2 ? smccc_hvc(NEWEL_HVC_CURRENTEL, 0, 0, 0).x0 : 0, " hvc");
	len = add_level(buf, size, len, 3, el3,
			el3 ? smccc_smc(NEWEL_SMC_CURRENTEL, 0, 0, 0).x0 : 0, " smc");
	return (long)len;
}
