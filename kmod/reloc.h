/*
 * reloc.h - the relocations of a module.
 */
#pragma once

#include <stdint.h>

#include "kmod/image.h"

/*
 * How the image's undefined symbols are found: called once for each, in the order of the table.
 * @name is terminated and below IMAGE_NAME_MAX.  0: *@value is its address; -ENOENT: nobody exports
 * it, which a weak one need not mind; or another -errno, which ends the work.
 */
typedef int image_find_fn(void *ctx, const char *name, uint64_t *value);

/* What the core that runs this has wrong. */
#define IMAGE_A53_843419 1u

/*
 * image_relocate - all relocations of the sections that are kept, written through their addresses.
 * @address: as image_place left it; what lies behind the sections' gets the symbols' values: of
 *           symbol i, address[nr_sections + i]; 0 where its section is not kept.
 * @errata:  IMAGE_*
 *
 * 0; -ENOENT: a symbol nobody exports; -ENOEXEC: a relocation that is not for modules, or out of
 * range, or an ADRP that erratum 843419 forbids; or what @find or pause returned.  img->error and
 * detail say which.
 * Source: ELF for the Arm 64-bit Architecture (AAELF64), Relocation.
 */
int image_relocate(struct image *img, uint64_t *address, image_find_fn *find, void *ctx,
		   uint32_t errata) __must_check;
