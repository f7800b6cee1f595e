/*
 * dump_tables.c - the walk of the translation tables to an address that faulted, raw and in words.
 *
 * Called by el1/dump.c for the kernel's own faults, by el1/report.c for a program's.  Invariant: a
 * descriptor may be garbage: what it points to is read through el1/probe.h, and only in RAM's part
 * of the address space.
 */
#include "el1/dump_tables.h"

#include "arm/pte.h"
#include "el1/probe.h"
#include "lib/printf.h"
#include "mm/page.h"
#include "trace/pte.h"

#define LEVELS 4

struct walk {
	uint64_t desc[LEVELS];
	unsigned int nr; /* levels that were read */
	bool broken;	 /* the next one could not be */
};

static unsigned int step_index(uintptr_t va, unsigned int level)
{
	return va >> PTE_LEVEL_SHIFT(level) & (PTE_ENTRIES - 1);
}

static bool read_descriptor(uint64_t table, unsigned int index, uint64_t *d)
{
	/* Above it LINEAR_BASE + table would be another part's address. */
	return table < LINEAR_SIZE &&
	       probe_u64((uintptr_t)phys_to_virt(paddr_of(table)) + index * sizeof(*d), d);
}

static void walk_to(struct walk *w, uint64_t table, uintptr_t va)
{
	uint64_t d = 0;

	*w = (struct walk){ .nr = 0 };
	do {
		if (!read_descriptor(table, step_index(va, w->nr), &d)) {
			w->broken = true;
			return;
		}
		w->desc[w->nr] = d;
		table = d & PTE_ADDR_MASK;
	} while (pte_leads_on(d, w->nr++));
}

/* By Linux's names; the level it calls p4d is folded into the first. */
static void dump_raw(enum log_level log, const struct walk *w, uintptr_t va)
{
	static const char *const name[LEVELS] = { "pgd", "pud", "pmd", "pte" };
	char line[160];
	int n = scnprintf(line, sizeof(line), "[%016lx]", va);

	for (unsigned int i = 0; i < w->nr; i++) {
		n += scnprintf(line + n, sizeof(line) - n, "%s %s=%016lx", i ? "," : "", name[i],
			       w->desc[i]);
		if (i == 0)
			n += scnprintf(line + n, sizeof(line) - n, ", p4d=%016lx", w->desc[i]);
	}
	if (w->broken)
		scnprintf(line + n, sizeof(line) - n, "%s %s=(cannot be read)", w->nr ? "," : "",
			  name[w->nr]);
	printk(log, "%s", line);
}

void dump_tables(enum log_level log, uintptr_t va)
{
	bool kernel = va >> 55 & 1;
	uint64_t root = (kernel ? READ_SYSREG(ttbr1_el1) : READ_SYSREG(ttbr0_el1)) & PTE_ADDR_MASK;
	uint64_t mair = READ_SYSREG(mair_el1);
	char words[PTE_TEXT_MAX];
	struct walk w;

	/* Bit 0 is CnP. */
	root &= ~UINT64_C(1);
	walk_to(&w, root, va);
	printk(log, "%s pgtable: 4k pages, %u-bit VAs, pgdp=%016lx", kernel ? "swapper" : "user",
	       VA_BITS, root);
	dump_raw(log, &w, va);
	for (unsigned int i = 0; i < w.nr; i++) {
		pte_describe(words, sizeof(words), w.desc[i], i, mair, this_el());
		printk(log, "  level %u [%3u]: %s", i, step_index(va, i), words);
	}
	if (w.broken)
		printk(log, "  level %u [%3u]: the table cannot be read", w.nr,
		       step_index(va, w.nr));
}
