/*
 * image.h - a module's file (ELF64, ET_REL, AArch64), checked, laid out and relocated: pure C,
 * built for the host too.
 *
 * The file is hostile: image_check looks at every number and every string before anything else
 * does, and changes nothing.  The answers are Linux's for the same damage.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/module.h"

/*
 * The parts of a module in memory, each on pages of its own: what the code does not write is
 * sealed.
 */
enum image_part {
	IMAGE_TEXT,
	IMAGE_RODATA,
	IMAGE_DATA,
	/* freed when init has returned */
	IMAGE_INIT_TEXT,
	IMAGE_INIT_RODATA,
	IMAGE_INIT_DATA,
	NR_IMAGE_PARTS
};

struct elf64_shdr;
struct elf64_sym;

struct image {
	const uint8_t *file; /* the caller's, unchanged as long as the image is used */
	size_t file_size;
	const struct elf64_shdr *sections;
	uint32_t nr_sections;
	const char *section_names;
	const struct elf64_sym *symbols; /* the one symbol table */
	uint32_t nr_symbols;
	const char *strings;					  /* of the symbols */
	uint32_t modinfo, this_module, params, exports, ex_table; /* section indices, 0: none */
	const char *name;		  /* the module's, terminated, within file */
	size_t part_size[NR_IMAGE_PARTS]; /* bytes, multiples of a page; 0: no such part */
	const char *error; /* what is wrong, in words, for the log; NULL: only the errno tells */
	char detail[64];   /* of what: a section's or a symbol's name, cut */
};

/*
 * image_check - is @file (@size bytes) a module that can be loaded?  Fills @img.
 * 0, -ENOEXEC, -EINVAL, -ENOMEM as Linux answers; img->error says why.
 */
int image_check(struct image *img, const void *file, size_t size) __must_check;

/* image_info - the value of @key in .modinfo, or NULL; @from: the one after that value, or NULL. */
const char *image_info(const struct image *img, const char *key, const char *from);

/*
 * image_place - copy the sections to their places.
 * @part: where each part is written now, part_size bytes, zeroed; it is also where it will run.
 * @address: nr_sections entries, gets each section's address, 0: it is not kept.
 */
void image_place(const struct image *img, void *const part[NR_IMAGE_PARTS], uint64_t *address);

/* How the image's undefined symbols are found.  Returns the address, 0: nobody exports @name. */
typedef uint64_t image_find_fn(void *ctx, const char *name);

/* What the core that runs this has wrong: of struct image_core.errata. */
#define IMAGE_A53_843419 1u

/*
 * image_relocate - all relocations of the sections that are kept; @address as image_place filled
 * it. The places are written through the addresses themselves.
 * 0; -ENOENT: a symbol nobody exports; -ENOEXEC: a relocation that is not for modules, or out of
 * range, or an ADRP that erratum 843419 forbids.  img->error and detail say which.
 */
int image_relocate(struct image *img, const uint64_t *address, image_find_fn *find, void *ctx,
		   uint32_t errata) __must_check;

/* image_section - the index of the kept section called @name, 0: none.  image_kept - is it kept? */
uint32_t image_section(const struct image *img, const char *name);
bool image_kept(const struct image *img, uint32_t section);
const char *image_section_name(const struct image *img, uint32_t section);
