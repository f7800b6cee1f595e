/*
 * sections.h - the sections and symbols of a module's file that has been checked: what they are
 * called, and which sections are kept in memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kmod/image.h"

/* image_section_name - below IMAGE_NAME_MAX bytes. */
static inline const char *image_section_name(const struct image *img, uint32_t section)
{
	return img->section_names + img->sections[section].sh_name;
}

/* image_symbol_name - of symbol @i, below IMAGE_NAME_MAX bytes. */
static inline const char *image_symbol_name(const struct image *img, uint32_t i)
{
	return img->strings + img->symbols[i].st_name;
}

/*
 * image_kept - is this section in memory?  image_section_part - in which part, if so.
 * image_section - the index of the kept section called @name, 0: none.
 */
bool image_kept(const struct image *img, uint32_t section);
enum image_part image_section_part(const struct image *img, uint32_t section);
uint32_t image_section(const struct image *img, const char *name);
