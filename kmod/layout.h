/*
 * layout.h - where a module's sections lie in memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/image.h"

/*
 * image_layout - sum up the parts' sizes; of image_check, when the sections are checked.
 * 0; -ENOMEM: more than any memory; or what pause returned.
 */
int image_layout(struct image *img) __must_check;

/* image_addresses - how many uint64_t image_place and image_relocate need. */
static inline size_t image_addresses(const struct image *img)
{
	return (size_t)img->nr_sections + img->nr_symbols;
}

/*
 * image_place - copy the sections to their places.
 * @part:    where each part is written now, part_size bytes, zeroed, page-aligned; it is also
 *           where it will run.  NULL where part_size is 0.
 * @address: image_addresses() entries.  The first nr_sections get each section's address, 0: it is
 *           not kept.  0, or what pause returned.
 */
int image_place(const struct image *img, void *const part[NR_IMAGE_PARTS],
		uint64_t *address) __must_check;

/*
 * image_holds - do @size bytes at @va lie in one of the parts, as image_place got them?
 * image_data - the same, in one that stays writable.
 * image_string - does a string with its NUL, of at most @max bytes, lie there?
 * image_code - is @va an instruction's place in the text or the init text?
 * For pointers that relocations have made: the module's own tables are as hostile as the file.
 */
bool image_holds(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t va,
		 uint64_t size);
bool image_data(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t va,
		uint64_t size);
bool image_string(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t va,
		  size_t max);
bool image_code(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t va);
