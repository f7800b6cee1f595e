/*
 * image.h - a module's file (ELF64, ET_REL, AArch64): checked here, laid out by layout.h, relocated
 * by reloc.h; what it says of itself is in modinfo.h.  Pure C, built for the host too.
 *
 * The file is hostile: image_check looks at every number and every string before anything else
 * does, and changes nothing.  The answers are Linux's for the same damage; where Linux trusts the
 * file (a symbol's name outside its table, a place outside its section), -ENOEXEC.
 *
 * How much is in a file is up to whoever made it, so nothing here looks at it twice for each of
 * something else, and @pause is called in between: give_way() in the kernel.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/elf64.h"
#include "lib/util.h"

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

#define IMAGE_NAME_MAX 512 /* bytes of a symbol's or a section's name, with its NUL */

struct image {
	const uint8_t *file; /* the caller's, unchanged as long as the image is used */
	size_t file_size;
	const struct elf64_shdr *sections;
	uint32_t nr_sections;
	uint32_t nr_symbols;
	const char *section_names;
	const struct elf64_sym *symbols; /* the one symbol table; all their names are terminated */
	const char *strings;		 /* of the symbols */
	/*
	 * Section indices, 0: there is none.  All but modinfo and symtab are kept, have bytes in
	 * the file, begin on 8 bytes in memory, and all but this_module are read only.
	 */
	uint32_t modinfo, this_module, params, exports, ex_table;
	uint32_t symtab;
	/*
	 * The module's, within @file: terminated, printable, no '/'.  The copy in memory may be
	 * another: relocations are applied there.
	 */
	const char *name;
	size_t part_size[NR_IMAGE_PARTS]; /* bytes, multiples of a page; 0: no such part */
	int (*pause)(void);

	const char *error; /* what is wrong, in words, for the log; NULL: only the errno tells */
	char detail[128];  /* of what: a section's or a symbol's name, cut; may be empty */
};

/*
 * image_check - is @file (@size bytes, on 8 bytes) a module that can be loaded?  Fills @img.
 * @pause: called at least every few thousand steps, may sleep; what it returns but 0 ends this and
 *         what comes after it on @img with that -errno.  NULL: nothing to call.
 *
 * 0; -ENOEXEC: not such a file, or damaged; -ENOMEM: sections that no memory can hold.
 * img->error says why.
 */
int image_check(struct image *img, const void *file, size_t size, int (*pause)(void)) __must_check;
