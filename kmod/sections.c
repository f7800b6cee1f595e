/*
 * sections.c - which sections of a module are in memory, and with which rights.
 */
#include "kmod/sections.h"
#include "lib/string.h"

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

bool image_kept(const struct image *img, uint32_t section)
{
	const struct elf64_shdr *s = &img->sections[section];
	const char *name = image_section_name(img, section);

	/*
	 * Unwinding goes by frame records, .modinfo is read in the file, and notes are for the
	 * programs that read files.
	 */
	return s->sh_type != SHT_NULL && (s->sh_flags & SHF_ALLOC) && section != img->modinfo &&
	       !begins(name, ".note") && !begins(name, ".eh_frame") && !begins(name, ".debug") &&
	       strcmp(name, ".comment");
}

enum image_part image_section_part(const struct image *img, uint32_t section)
{
	uint64_t flags = img->sections[section].sh_flags;
	bool init = begins(image_section_name(img, section), ".init");

	if (flags & SHF_EXECINSTR)
		return init ? IMAGE_INIT_TEXT : IMAGE_TEXT;
	if (flags & SHF_WRITE)
		return init ? IMAGE_INIT_DATA : IMAGE_DATA;
	return init ? IMAGE_INIT_RODATA : IMAGE_RODATA;
}

uint32_t image_section(const struct image *img, const char *name)
{
	for (uint32_t i = 1; i < img->nr_sections; i++) {
		/* Who is to end by a signal does so at the next point. */
		if (img->pause && i % 1024 == 0)
			(void)img->pause();
		if (!strcmp(image_section_name(img, i), name) && image_kept(img, i))
			return i;
	}
	return 0;
}
