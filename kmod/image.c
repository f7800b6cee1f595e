/*
 * image.c - is this file a module?  Header, sections, symbols.
 *
 * The checks come in Linux's order, so that a file with two faults gets the same answer.  What has
 * passed here is not looked at again: offsets and sizes lie in the file, indices name sections,
 * every name ends within its table.
 */
#include "abi/errno.h"
#include "lib/elf64.h"
#include "kmod/image_private.h"
#include "kmod/layout.h"
#include "kmod/modinfo.h"
#include "kmod/module.h"
#include "kmod/sections.h"
#include "lib/string.h"

#define IMAGE_ALIGN_MAX 4096 /* a part begins on a page, no further */

static bool in_file(const struct image *img, const struct elf64_shdr *s)
{
	return s->sh_offset <= img->file_size && s->sh_size <= img->file_size - s->sh_offset;
}

static const void *section_bytes(const struct image *img, uint32_t section)
{
	return img->file + img->sections[section].sh_offset;
}

/* Has this section bytes in the file? */
static bool has_bytes(const struct elf64_shdr *s)
{
	return s->sh_type != SHT_NULL && s->sh_type != SHT_NOBITS;
}

/* Linux asks neither the class nor the version: the machine and the sizes say enough. */
static int check_header(struct image *img)
{
	const struct elf64_ehdr *h = (const void *)img->file;

	if (img->file_size < sizeof(*h) || memcmp(h->e_ident, "\177ELF", 4))
		return image_fail(img, -ENOEXEC, "no ELF file", NULL);
	if (h->e_type != ELF64_ET_REL)
		return image_fail(img, -ENOEXEC, "not a relocatable file", NULL);
	if (h->e_machine != ELF64_EM_AARCH64)
		return image_fail(img, -ENOEXEC, "made for another machine", NULL);
	if (h->e_shentsize != sizeof(struct elf64_shdr))
		return image_fail(img, -ENOEXEC, "section headers of another size", NULL);
	/* On 8 bytes: the headers are read where they lie. */
	if (h->e_shoff >= img->file_size || !IS_ALIGNED(h->e_shoff, 8) ||
	    h->e_shnum > (img->file_size - h->e_shoff) / sizeof(struct elf64_shdr))
		return image_fail(img, -ENOEXEC, "section headers outside the file", NULL);
	if (!h->e_shstrndx || h->e_shstrndx >= h->e_shnum)
		return image_fail(img, -ENOEXEC, "no names of sections", NULL);
	img->sections = (const void *)(img->file + h->e_shoff);
	img->nr_sections = h->e_shnum;
	return 0;
}

/* A table of strings that ends with a NUL: every string that begins in it ends in it. */
static bool is_string_table(const struct image *img, const struct elf64_shdr *s)
{
	return s->sh_type == SHT_STRTAB && in_file(img, s) && s->sh_size &&
	       !img->file[s->sh_offset + s->sh_size - 1];
}

/* Does a name of bearable length begin at @offset of such a table of @size bytes? */
static bool is_name(const char *table, uint64_t offset, uint64_t size)
{
	uint64_t room = offset < size ? min(size - offset, (uint64_t)IMAGE_NAME_MAX) : 0;

	return room && strnlen(table + offset, room) < room;
}

static int check_section_names(struct image *img)
{
	const struct elf64_ehdr *h = (const void *)img->file;
	const struct elf64_shdr *names = &img->sections[h->e_shstrndx], *s = img->sections;

	if (!is_string_table(img, names))
		return image_fail(img, -ENOEXEC, "the names of sections do not end", NULL);
	if (s->sh_type != SHT_NULL || s->sh_size || s->sh_addr)
		return image_fail(img, -ENOEXEC, "section 0 is not empty", NULL);
	img->section_names = section_bytes(img, h->e_shstrndx);
	for (uint32_t i = 0; i < img->nr_sections; i++) {
		int err = image_pause(img, i, 64);

		if (err)
			return err;
		if (!is_name(img->section_names, s[i].sh_name, names->sh_size))
			return image_fail(img, -ENOEXEC, "a section's name is damaged", NULL);
	}
	return 0;
}

/* What is asked of a section that will be in memory. */
static int check_kept(struct image *img, const struct elf64_shdr *s, const char *name)
{
	uint64_t align = s->sh_addralign;

	if ((s->sh_flags & SHF_WRITE) && (s->sh_flags & SHF_EXECINSTR))
		return image_fail(img, -ENOEXEC, "section both writable and executable", name);
	if (align & (align - 1) || align > IMAGE_ALIGN_MAX)
		return image_fail(img, -ENOEXEC, "alignment that memory has not", name);
	/* The last two are tables of the kernel's image: there nobody would look. */
	if (s->sh_flags & (SHF_TLS | SHF_COMPRESSED) || !strcmp(name, ".percpu") ||
	    !strcmp(name, ".drivers"))
		return image_fail(img, -ENOEXEC, "section that is not for modules", name);
	return 0;
}

/* Sections that the loader reads: the field that gets the index. */
static uint32_t *special_section(struct image *img, const char *name)
{
	if (!strcmp(name, ".gnu.linkonce.this_module"))
		return &img->this_module;
	if (!strcmp(name, ".modinfo"))
		return &img->modinfo;
	if (!strcmp(name, "__param"))
		return &img->params;
	if (!strcmp(name, "__ksymtab"))
		return &img->exports;
	return strcmp(name, "__ex_table") ? NULL : &img->ex_table;
}

/* Note a section of which there is one. */
static int note_section(struct image *img, uint32_t i, const char *name)
{
	uint32_t *special = special_section(img, name);

	if (img->sections[i].sh_type == SHT_SYMTAB)
		special = &img->symtab;
	if (!special || (special != &img->modinfo && special != &img->symtab &&
			 !(img->sections[i].sh_flags & SHF_ALLOC)))
		return 0;
	if (*special)
		return image_fail(img, -ENOEXEC, "more than one section of this kind", name);
	/* Its records are believed once they are checked: nothing writes to them afterwards. */
	if (special != &img->this_module && img->sections[i].sh_flags & SHF_WRITE)
		return image_fail(img, -ENOEXEC, "a table that can be written", name);
	*special = i;
	return 0;
}

static int check_section(struct image *img, uint32_t i)
{
	const struct elf64_shdr *s = &img->sections[i];
	const char *name = image_section_name(img, i);
	int err = 0;

	if (has_bytes(s) && !in_file(img, s))
		return image_fail(img, -ENOEXEC, "section outside the file", name);
	if (has_bytes(s))
		err = note_section(img, i, name);
	if (!err && image_kept(img, i))
		err = check_kept(img, s, name);
	return err;
}

static int check_sections(struct image *img)
{
	for (uint32_t i = 1; i < img->nr_sections; i++) {
		int err = image_pause(img, i, 128);

		if (!err)
			err = check_section(img, i);
		if (err)
			return err;
	}
	return 0;
}

static int check_this_module(struct image *img)
{
	const struct elf64_shdr *s = &img->sections[img->this_module];

	if (!img->this_module)
		return image_fail(img, -ENOEXEC, "no .gnu.linkonce.this_module", NULL);
	if (s->sh_size != sizeof(struct module))
		return image_fail(img, -ENOEXEC, "struct module of another size", NULL);
	/* The loader counts in it. */
	if (!(s->sh_flags & SHF_WRITE))
		return image_fail(img, -ENOEXEC, "struct module is not writable", NULL);
	return image_find_name(img);
}

static int check_symbol(struct image *img, const struct elf64_sym *sym, uint64_t names_size)
{
	const char *name = img->strings + sym->st_name;

	if (!is_name(img->strings, sym->st_name, names_size))
		return image_fail(img, -ENOEXEC, "a symbol's name is damaged", NULL);
	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS)
		return 0;
	if (sym->st_shndx == SHN_COMMON)
		return image_fail(img, -ENOEXEC, "please compile with -fno-common", name);
	if (sym->st_shndx >= img->nr_sections)
		return image_fail(img, -ENOEXEC, "symbol of no section", name);
	/* One past the end is where an end label lies. */
	if (sym->st_value > img->sections[sym->st_shndx].sh_size)
		return image_fail(img, -ENOEXEC, "symbol outside its section", name);
	return 0;
}

static int check_symbols(struct image *img)
{
	const struct elf64_shdr *s = &img->sections[img->symtab], *names;

	if (!img->symtab)
		return image_fail(img, -ENOEXEC, "no symbols (stripped?)", NULL);
	if (!s->sh_link || s->sh_link >= img->nr_sections || !IS_ALIGNED(s->sh_offset, 8))
		return image_fail(img, -ENOEXEC, "the table of symbols is damaged", NULL);
	names = &img->sections[s->sh_link];
	if (!is_string_table(img, names))
		return image_fail(img, -ENOEXEC, "the names of symbols do not end", NULL);
	img->symbols = section_bytes(img, img->symtab);
	img->nr_symbols =
		(uint32_t)min(s->sh_size / sizeof(struct elf64_sym), (uint64_t)UINT32_MAX);
	img->strings = section_bytes(img, s->sh_link);
	for (uint32_t i = 1; i < img->nr_symbols; i++) {
		int err = image_pause(img, i, 64);

		if (!err)
			err = check_symbol(img, &img->symbols[i], names->sh_size);
		if (err)
			return err;
	}
	return 0;
}

int image_check(struct image *img, const void *file, size_t size, int (*pause)(void))
{
	int err;

	memset(img, 0, sizeof(*img));
	img->file = file;
	img->file_size = size;
	img->pause = pause;
	err = check_header(img);
	if (!err)
		err = check_section_names(img);
	if (!err)
		err = check_sections(img);
	if (!err)
		err = check_symbols(img);
	if (!err)
		err = check_this_module(img);
	if (!err)
		err = image_check_info(img);
	return err ? err : image_layout(img);
}
