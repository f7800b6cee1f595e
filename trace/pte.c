/*
 * pte.c - descriptors of translation tables in words: for dumps, and for gdb's `pt` on the host.
 *
 * Invariant: nothing is believed of a descriptor: it may be garbage that a dump has found.
 */
#include "trace/pte.h"

#include "arm/pte.h"
#include "trace/text.h"

#define LAST_LEVEL	3

/* Bits that arm/pte.h has no use for. */
#define PTE_NS		SYSREG_BIT(5)
#define PTE_GP		SYSREG_BIT(50)
#define PTE_DBM		SYSREG_BIT(51)
#define PTE_CONTIGUOUS	SYSREG_BIT(52)
#define PTE_SOFTWARE(d) ((d) >> 55 & 15)
#define TABLE_PXN	SYSREG_BIT(59)
#define TABLE_UXN	SYSREG_BIT(60)
#define TABLE_AP(d)	((d) >> 61 & 3)
#define TABLE_NS	SYSREG_BIT(63)

bool pte_leads_on(uint64_t d, unsigned int level)
{
	return level < LAST_LEVEL && (d & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

bool pte_maps(uint64_t d, unsigned int level, uint64_t *size)
{
	/* A block at level 0 and what is no page at level 3 are reserved: they fault. */
	bool last = level == LAST_LEVEL;

	*size = UINT64_C(1) << PTE_LEVEL_SHIFT(level & 3);
	return level > 0 && level <= LAST_LEVEL && (d & PTE_VALID) && last == !!(d & PTE_PAGE);
}

/* ---- the attribute ---- */

static const char *device_words(unsigned int attr)
{
	static const char *const words[] = { "Device-nGnRnE", "Device-nGnRE", "Device-nGRE",
					     "Device-GRE" };

	return attr & 3 ? "Device, reserved" : words[attr >> 2 & 3];
}

/* Half of a byte of MAIR_EL1 that is for normal memory: of the outer or of the inner cache. */
static const char *cache_words(unsigned int half)
{
	if (half == 4)
		return "non-cacheable";
	if (half < 4)
		return "write-through transient";
	if (half < 8)
		return "write-back transient";
	return half < 12 ? "write-through" : "write-back";
}

static void describe_memory(struct text *t, unsigned int index, uint64_t mair)
{
	unsigned int attr = mair >> 8 * index & 0xff, outer = attr >> 4, inner = attr & 15;

	if (!outer)
		text_add(t, ", %s", device_words(attr));
	else if (outer == inner)
		text_add(t, ", Normal %s", cache_words(inner));
	else
		text_add(t, ", Normal outer %s inner %s", cache_words(outer), cache_words(inner));
	text_add(t, " (Attr%u)", index);
}

/* ---- leaves ---- */

static void describe_rights(struct text *t, uint64_t d, unsigned int el)
{
	bool writable = !(d & PTE_RDONLY), user = d & PTE_USER;
	/* What EL0 may write, the kernel never executes, whatever PXN says. */
	bool kernel_runs = !(d & PTE_PXN) && !(user && writable);

	text_add(t, ": EL%u r%c%c, EL0 %c%c%c", el, writable ? 'w' : '-', kernel_runs ? 'x' : '-',
		 user ? 'r' : '-', user && writable ? 'w' : '-', d & PTE_UXN ? '-' : 'x');
	text_add(t, ", AP %u%s%s", (unsigned int)(d >> 6 & 3), d & PTE_PXN ? ", PXN" : "",
		 d & PTE_UXN ? ", UXN" : "");
}

static void describe_leaf(struct text *t, uint64_t d, unsigned int level, uint64_t mair,
			  unsigned int el)
{
	static const char *const kind[] = { "", "1 GiB block", "2 MiB block", "page" };
	static const char *const shared[] = { "not shareable", "shareability reserved",
					      "outer shareable", "inner shareable" };
	uint64_t size;

	pte_maps(d, level, &size);
	text_add(t, "%s at 0x%llx", kind[level], (unsigned long long)(d & PTE_ADDR_MASK & -size));
	describe_rights(t, d, el);
	describe_memory(t, d >> 2 & 7, mair);
	text_add(t, ", %s, %s, %s", shared[d >> 8 & 3], d & PTE_AF ? "AF" : "not accessed (AF 0)",
		 d & PTE_nG ? "nG" : "global");
	text_add(t, "%s%s%s%s", d & PTE_CONTIGUOUS ? ", contiguous" : "",
		 d & PTE_DBM ? ", DBM" : "", d & PTE_GP ? ", guarded" : "",
		 d & PTE_NS ? ", NS" : "");
	if (PTE_SOFTWARE(d))
		text_add(t, ", software bits %u", (unsigned int)PTE_SOFTWARE(d));
}

static void describe_table(struct text *t, uint64_t d)
{
	text_add(t, "table at 0x%llx", (unsigned long long)(d & PTE_ADDR_MASK));
	if (TABLE_AP(d))
		text_add(t, ", APTable %u", (unsigned int)TABLE_AP(d));
	text_add(t, "%s%s%s", d & TABLE_PXN ? ", PXNTable" : "", d & TABLE_UXN ? ", UXNTable" : "",
		 d & TABLE_NS ? ", NSTable" : "");
}

int pte_describe(char *buf, size_t n, uint64_t d, unsigned int level, uint64_t mair,
		 unsigned int el)
{
	struct text t;
	uint64_t size;

	text_init(&t, buf, n);
	if (pte_leads_on(d, level))
		describe_table(&t, d);
	else if (pte_maps(d, level, &size))
		describe_leaf(&t, d, level, mair, el);
	else if (d & PTE_VALID)
		text_add(&t, "reserved (bits 1:0 are 01): as if not valid");
	else
		text_add(&t, "not valid");
	return (int)t.len;
}
