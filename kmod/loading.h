/*
 * loading.h - one module on its way in, for the parts of kmod/ that its load consists of.
 */
#pragma once

#include "kmod/image.h"
#include "kmod/loaded.h"

/* Of one task, on its stack. */
struct loading {
	struct image img;
	uint64_t *address; /* image_place's and image_relocate's */
	size_t address_size;
	struct loaded *m;
	uint32_t finds; /* symbols looked for: now and then others run */
};

/* module_stays - is @at in the memory that is still there when init has returned? */
static inline bool module_stays(const struct loading *l, const void *at)
{
	return module_half_of(l->m, (uintptr_t)at) == HALF_CORE;
}

/* module_in_part - do @size bytes at @va lie in that part of it? */
static inline bool module_in_part(const struct loading *l, enum image_part part, uint64_t va,
				  uint64_t size)
{
	uint64_t at = (uintptr_t)l->m->part[part], room = l->img.part_size[part];

	return at && va >= at && size <= room && va - at <= room - size;
}
