/*
 * taint.c - the bits of a tainted kernel, and Linux's words for them.
 */
#include "log/taint.h"

#include <stdbool.h>

#include "arm/atomic.h"
#include "lib/export.h"
#include "lib/printf.h"

static uint64_t tainted; /* atomic: bits are only ever set */

/*
 * By bit; those that this kernel never sets itself may be set by root (/proc/sys/kernel/tainted).
 */
static const struct taint_flag {
	char set, clear;
	bool module;
	const char *name;
} flags[NR_TAINTS] = {
	{ 'P', 'G', true, "PROPRIETARY_MODULE" },
	{ 'F', ' ', true, "FORCED_MODULE" },
	{ 'S', ' ', false, "CPU_OUT_OF_SPEC" },
	{ 'R', ' ', false, "FORCED_RMMOD" },
	{ 'M', ' ', false, "MACHINE_CHECK" },
	{ 'B', ' ', false, "BAD_PAGE" },
	{ 'U', ' ', false, "USER" },
	{ 'D', ' ', false, "DIE" },
	{ 'A', ' ', false, "OVERRIDDEN_ACPI_TABLE" },
	{ 'W', ' ', false, "WARN" },
	{ 'C', ' ', true, "CRAP" },
	{ 'I', ' ', false, "FIRMWARE_WORKAROUND" },
	{ 'O', ' ', true, "OOT_MODULE" },
	{ 'E', ' ', true, "UNSIGNED_MODULE" },
	{ 'L', ' ', false, "SOFTLOCKUP" },
	{ 'K', ' ', true, "LIVEPATCH" },
	{ 'X', ' ', true, "AUX" },
	{ 'T', ' ', true, "RANDSTRUCT" },
	{ 'N', ' ', true, "TEST" },
};

void taint_add(enum taint bit)
{
	atomic_or(&tainted, UINT64_C(1) << bit);
}
EXPORT(taint_add);

uint64_t taint_mask(void)
{
	return READ_ONCE(tainted);
}

int taint_words(char *buf, size_t size, uint64_t mask)
{
	char letters[NR_TAINTS + 1] = "";

	if (!mask)
		return snprintf(buf, size, "Not tainted");
	for (unsigned int i = 0; i < NR_TAINTS; i++)
		letters[i] = mask >> i & 1 ? flags[i].set : flags[i].clear;
	return snprintf(buf, size, "Tainted: %s", letters);
}

void taint_names(char *buf, size_t size, uint64_t mask)
{
	size_t at = 0;

	*buf = '\0';
	for (unsigned int i = 0; i < NR_TAINTS; i++)
		if (mask >> i & 1)
			at += (size_t)scnprintf(buf + at, size - at, "%s[%c]=%s",
						at ? ", " : "Tainted: ", flags[i].set,
						flags[i].name);
}

void taint_module_letters(char *buf, size_t size, uint64_t mask)
{
	size_t at = 0;

	for (unsigned int i = 0; i < NR_TAINTS && at + 1 < size; i++)
		if (flags[i].module && mask >> i & 1)
			buf[at++] = flags[i].set;
	buf[at] = '\0';
}
