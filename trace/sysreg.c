/*
 * sysreg.c - a system register or instruction by its encoding.
 *
 * Invariant: the list is sorted and nothing is in it twice (the unit test says so), so that it can
 * be searched by halving.
 */
#include "lib/export.h"
#include "trace/esr.h"

#include "trace/text.h"

struct sysreg {
	uint16_t enc;
	char name[18];
};

static const struct sysreg table[] = {
#define R(op0, op1, crn, crm, op2, text) { SYSREG_ENC(op0, op1, crn, crm, op2), text },
#include "trace/sysreg.def"
#undef R
};

/* Numbered registers: those whose encoding is @first but for the bits of @mask, which count. */
static const struct family {
	uint16_t first, mask;
	const char *prefix, *suffix;
} families[] = {
	{ SYSREG_ENC(2, 0, 0, 0, 4), SYSREG_ENC(0, 0, 0, 15, 0), "DBGBVR", "_EL1" },
	{ SYSREG_ENC(2, 0, 0, 0, 5), SYSREG_ENC(0, 0, 0, 15, 0), "DBGBCR", "_EL1" },
	{ SYSREG_ENC(2, 0, 0, 0, 6), SYSREG_ENC(0, 0, 0, 15, 0), "DBGWVR", "_EL1" },
	{ SYSREG_ENC(2, 0, 0, 0, 7), SYSREG_ENC(0, 0, 0, 15, 0), "DBGWCR", "_EL1" },
	{ SYSREG_ENC(3, 0, 12, 8, 4), SYSREG_ENC(0, 0, 0, 0, 3), "ICC_AP0R", "_EL1" },
	{ SYSREG_ENC(3, 0, 12, 9, 0), SYSREG_ENC(0, 0, 0, 0, 3), "ICC_AP1R", "_EL1" },
	{ SYSREG_ENC(3, 3, 14, 8, 0), SYSREG_ENC(0, 0, 0, 3, 7), "PMEVCNTR", "_EL0" },
	{ SYSREG_ENC(3, 3, 14, 12, 0), SYSREG_ENC(0, 0, 0, 3, 7), "PMEVTYPER", "_EL0" },
	{ SYSREG_ENC(3, 4, 12, 12, 0), SYSREG_ENC(0, 0, 0, 1, 7), "ICH_LR", "_EL2" },
};

const char *sysreg_name(uint32_t enc)
{
	size_t low = 0, high = ARRAY_SIZE(table);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (table[mid].enc == enc)
			return table[mid].name;
		if (table[mid].enc < enc)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}
EXPORT(sysreg_name);

static const struct family *family_of(uint32_t enc)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if ((enc & ~(uint32_t)families[i].mask) == families[i].first)
			return &families[i];
	return NULL;
}

int sysreg_format(char *buf, size_t n, uint32_t enc)
{
	const char *name = sysreg_name(enc);
	const struct family *f = family_of(enc);
	struct text t;

	text_init(&t, buf, n);
	if (name)
		text_add(&t, "%s", name);
	/* As the assembler takes it: op0, op1, CRn, CRm, op2. */
	else if (f)
		text_add(&t, "%s%u%s", f->prefix, (enc & f->mask) >> __builtin_ctz(f->mask),
			 f->suffix);
	else
		text_add(&t, "S%u_%u_C%u_C%u_%u", (enc >> 14) & 3, (enc >> 11) & 7, (enc >> 7) & 15,
			 (enc >> 3) & 15, enc & 7);
	return (int)t.len;
}
EXPORT(sysreg_format);
