/*
 * checksum.c - newel.checksum: the CRC-32 of the image's file as it lies in memory, before anything
 * of it was used.
 *
 * A card that is worn out, a copy that was cut, a byte lost on a serial line: kernels that do not
 * start are often not the ones that were built.  The file is all that is linked up to __data_end;
 * .early and .bss are not in it.  By the time that the command line can be read a few words of it
 * were written, all of them zero in the file, and counted as zero here: who boots (head.S, elect),
 * who waits (head.S, park), and at EL3 the stacks and tables of el3/, whose other cores run by now.
 */
#include "start/boot_info.h"
#include "start/checksum.h"
#include "start/park.h"

#include "lib/crc32.h"
#include "lib/parse.h"

extern char __resident_el3_bss[], __resident_rings_start[];

static bool is_park_word(const uint64_t *p)
{
	uint64_t slots = (uint64_t)park_slots, at = (uint64_t)p;

	if (p == &park_claim)
		return true;
	return at >= slots && at < slots + sizeof(park_slots) &&
	       (at - slots) % PARK_SLOT_SIZE == PARK_MPIDR;
}

/* The word at @p as it is in the file. */
static uint64_t filed_word(const uint64_t *p, bool el3)
{
	bool resident_bss = (uint64_t)p >= (uint64_t)__resident_el3_bss &&
			    (uint64_t)p < (uint64_t)__resident_rings_start;

	return is_park_word(p) || (el3 && resident_bss) ? 0 : *(const volatile uint64_t *)p;
}

void early_checksum(struct boot_info *boot, const char *cmdline)
{
	uint64_t level = READ_SYSREG(CurrentEL);
	struct cmdline_word w;

	boot->checksum_wanted = cmdline_find(cmdline, "newel.checksum", &w);
	if (!boot->checksum_wanted)
		return;
	boot->image_crc = 0;
	for (const uint64_t *p = (const uint64_t *)__image_start;
	     (uint64_t)p < (uint64_t)__data_end; p++) {
		uint64_t word = filed_word(p, level == CurrentEL_EL3);

		boot->image_crc = crc32_update(boot->image_crc, &word, sizeof(word));
	}
}
