/*
 * pte.c - descriptors of translation tables in words, as a program of this machine, for gdb's `pt`:
 * `pte [--el2|--stage2|--kernel-el1|--kernel-el2] MAIR LEVEL DESCRIPTOR [LEVEL DESCRIPTOR]...`, a
 * line for each.
 *
 * The kernel's own (EL1&0, with VHE EL2&0) by the kernel's decoder; EL2's stage 1 and stage 2 are
 * decoded here, as the kernel shows neither.  Source: Arm ARM (DDI 0487), D8.3.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/pte.h"
#include "trace/pte.h"
#include "trace/text.h"

#define WRITES	   SYSREG_BIT(7) /* of stage 2: S2AP */
#define READS	   SYSREG_BIT(6)
#define READ_ONLY  SYSREG_BIT(7) /* of EL2's stage 1: AP[2] */
#define NEVER_RUN  SYSREG_BIT(54)
#define CONTIGUOUS SYSREG_BIT(52)

/* Half of MemAttr that is for normal memory. */
static const char *const caches[] = { "", "non-cacheable", "write-through", "write-back" };

/* MemAttr of stage 2: the weaker of it and stage 1 counts; 6, 7: with FEAT_S2FWB. */
static void add_stage2_memory(struct text *t, unsigned int attr)
{
	static const char *const device[] = { "Device-nGnRnE", "Device-nGnRE", "Device-nGRE",
					      "Device-GRE" };

	if (attr == 6 || attr == 7)
		text_add(t, ", %s (FWB)",
			 attr == 6 ? "Normal write-back in any case" : "as stage 1");
	else if (attr < 4)
		text_add(t, ", %s", device[attr]);
	else if (!(attr & 3))
		text_add(t, ", MemAttr %u, reserved", attr);
	else if (attr >> 2 == (attr & 3))
		text_add(t, ", Normal %s", caches[attr & 3]);
	else
		text_add(t, ", Normal outer %s inner %s", caches[attr >> 2], caches[attr & 3]);
}

static void describe(char *buf, size_t n, uint64_t d, unsigned int level, uint64_t mair,
		     bool stage2)
{
	static const char *const kind[] = { "", "1 GiB block", "2 MiB block", "page" };
	static const char *const shared[] = { "not shareable", "shareability reserved",
					      "outer shareable", "inner shareable" };
	bool write = stage2 ? d & WRITES : !(d & READ_ONLY);
	char words[PTE_TEXT_MAX];
	const char *memory;
	struct text t;
	uint64_t size;

	if (!pte_maps(d, level, &size)) {
		pte_describe(buf, n, d, level, mair, 1);
		return;
	}
	text_init(&t, buf, n);
	text_add(&t, "%s at 0x%llx: %c%c%c", kind[level],
		 (unsigned long long)(d & PTE_ADDR_MASK & -size), !stage2 || d & READS ? 'r' : '-',
		 write ? 'w' : '-', d & NEVER_RUN ? '-' : 'x');
	if (stage2) {
		add_stage2_memory(&t, d >> 2 & 15);
	} else {
		/* MAIR's words are the kernel decoder's, between its rights and shareability. */
		pte_describe(words, sizeof(words), d, level, mair, 1);
		memory = strstr(words, ", Normal") ? strstr(words, ", Normal")
						   : strstr(words, ", Device");
		if (memory)
			text_add(&t, "%.*s", (int)(strchr(memory, ')') - memory + 1), memory);
	}
	text_add(&t, ", %s, %s%s", shared[d >> 8 & 3], d & PTE_AF ? "AF" : "not accessed (AF 0)",
		 d & CONTIGUOUS ? ", contiguous" : "");
}

int main(int argc, char **argv)
{
	const char *regime = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
	int at = *regime ? 2 : 1;
	bool kernel = !*regime || !strncmp(regime, "--kernel", 8);
	unsigned int el = strcmp(regime, "--kernel-el2") ? 1 : 2;
	uint64_t mair = argc > at ? strtoull(argv[at], NULL, 0) : 0;
	char text[PTE_TEXT_MAX];

	for (int i = at + 1; i + 1 < argc; i += 2) {
		unsigned int level = (unsigned int)strtoul(argv[i], NULL, 0);
		uint64_t d = strtoull(argv[i + 1], NULL, 0);

		if (kernel)
			pte_describe(text, sizeof(text), d, level, mair, el);
		else
			describe(text, sizeof(text), d, level, mair, !strcmp(regime, "--stage2"));
		puts(text);
	}
	return 0;
}
