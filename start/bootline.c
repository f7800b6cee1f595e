/*
 * bootline.c - the way down, in one line of words.  Runs in the higher half, for kmain.
 */
#include "start/boot_info.h"

#include "lib/printf.h"

static unsigned int level_number(uint8_t current_el)
{
	return current_el >> 2;
}

void boot_line(const struct boot_info *boot, const char *psci, char *buf, size_t size)
{
	size_t n;

	n = scnprintf(buf, size, "boot: entered at EL%u, path ", level_number(boot->levels[0]));
	for (unsigned int i = 0; i < boot->nr_levels; i++)
		n += scnprintf(buf + n, size - n, "%sEL%u", i ? " -> " : "",
			       level_number(boot->levels[i]));
	scnprintf(buf + n, size - n, ", CurrentEL 0x%x, image 0x%lx, dtb 0x%lx, psci %s",
		  boot->levels[boot->nr_levels - 1], boot->image, boot->dtb, psci);
}
