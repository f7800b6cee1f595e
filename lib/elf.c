/*
 * elf.c - ELF headers into numbers that can be believed.
 *
 * Fields are fetched by memcpy from their offsets, so a header may lie at any address.  Invariant:
 * what a check has let pass cannot wrap: offset + filesz, vaddr + memsz and their page roundings
 * fit 64 bits.
 */
#include "abi/errno.h"
#include "lib/elf.h"
#include "lib/elf64.h"
#include "lib/string.h"

enum { ET_EXEC = 2, ET_DYN = 3 };
enum { PT_LOAD = 1, PT_INTERP = 3, PT_GNU_STACK = 0x6474e551 };

_Static_assert(sizeof(struct elf64_ehdr) == ELF_HEADER_SIZE, "Elf64_Ehdr");

struct phdr {
	uint32_t p_type;
	uint32_t p_flags;
	uint64_t p_offset;
	uint64_t p_vaddr;
	uint64_t p_paddr;
	uint64_t p_filesz;
	uint64_t p_memsz;
	uint64_t p_align;
};
_Static_assert(sizeof(struct phdr) == ELF_PHDR_SIZE, "Elf64_Phdr");

/* Linux asks neither the class nor the version: the machine and the sizes say enough. */
int elf_check_header(const void *hdr, size_t n, struct elf_image *img)
{
	struct elf64_ehdr h;

	memset(img, 0, sizeof(*img));
	if (n < sizeof(h))
		return -ENOEXEC;
	memcpy(&h, hdr, sizeof(h));
	if (memcmp(h.e_ident, "\177ELF", 4))
		return -ENOEXEC;
	if ((h.e_type != ET_EXEC && h.e_type != ET_DYN) || h.e_machine != ELF64_EM_AARCH64)
		return -ENOEXEC;
	/* Bounded before anything is multiplied by it. */
	if (h.e_phentsize != ELF_PHDR_SIZE || !h.e_phnum ||
	    h.e_phnum > ELF_TABLE_MAX / ELF_PHDR_SIZE)
		return -ENOEXEC;
	if (h.e_phoff > INT64_MAX - ELF_TABLE_MAX) /* no file has such an offset */
		return -ENOEXEC;
	img->dyn = h.e_type == ET_DYN;
	img->entry = h.e_entry;
	img->table_off = h.e_phoff;
	img->phnum = h.e_phnum;
	img->table_size = h.e_phnum * (uint32_t)ELF_PHDR_SIZE;
	return 0;
}

static struct phdr get_phdr(const struct elf_image *img, uint32_t i)
{
	struct phdr p;

	memcpy(&p, img->table + (size_t)i * ELF_PHDR_SIZE, sizeof(p));
	return p;
}

/* The first PT_INTERP counts, and the last PT_GNU_STACK. */
int elf_check_table(struct elf_image *img, const void *table)
{
	img->table = table;
	for (uint32_t i = 0; i < img->phnum; i++) {
		struct phdr p = get_phdr(img, i);

		if (p.p_type == PT_GNU_STACK)
			img->exec_stack = p.p_flags & ELF_PF_X;
		if (p.p_type != PT_INTERP || img->interp_size)
			continue;
		if (p.p_filesz < 2 || p.p_filesz > ELF_INTERP_MAX)
			return -ENOEXEC;
		img->interp_off = p.p_offset;
		img->interp_size = (uint32_t)p.p_filesz;
	}
	return 0;
}

bool elf_next_segment(const struct elf_image *img, uint32_t *index, struct elf_segment *seg)
{
	while (*index < img->phnum) {
		struct phdr p = get_phdr(img, (*index)++);

		if (p.p_type != PT_LOAD)
			continue;
		seg->vaddr = p.p_vaddr;
		seg->memsz = p.p_memsz;
		seg->offset = p.p_offset;
		seg->filesz = p.p_filesz;
		seg->flags = p.p_flags & (ELF_PF_R | ELF_PF_W | ELF_PF_X);
		return true;
	}
	return false;
}

static bool segment_fits(const struct elf_segment *s, uint64_t top, uint64_t page_size)
{
	uint64_t in_page = s->vaddr & (page_size - 1);

	/*
	 * Each comparison is one that cannot wrap: top - memsz is known to be no less than 0 by
	 * then.
	 */
	if (s->vaddr >= top || s->filesz > s->memsz || s->memsz > top || top - s->memsz < s->vaddr)
		return false;
	if (!s->filesz)
		return true;
	/* A page of the file becomes a page of memory, so both begin at the same place in it. */
	return (s->offset & (page_size - 1)) == in_page &&
	       s->offset <= INT64_MAX - s->filesz - page_size;
}

static void note_segment(struct elf_image *img, const struct elf_segment *s, uint64_t page_size)
{
	uint64_t file_end = s->vaddr + s->filesz;

	img->low = min(img->low, ALIGN_DOWN(s->vaddr, page_size));
	img->high = max(img->high, s->vaddr + s->memsz);
	if (s->flags & ELF_PF_X) {
		img->start_code = min(img->start_code, s->vaddr);
		img->end_code = max(img->end_code, file_end);
	}
	img->start_data = max(img->start_data, s->vaddr);
	img->end_data = max(img->end_data, file_end);
	/* The table is part of this segment: AT_PHDR gives its address to the program. */
	if (s->offset <= img->table_off && img->table_off - s->offset < s->filesz)
		img->phdr_addr = img->table_off - s->offset + s->vaddr;
}

static uint64_t largest_align(const struct elf_image *img, uint64_t page_size)
{
	uint64_t align = page_size;

	for (uint32_t i = 0; i < img->phnum; i++) {
		struct phdr p = get_phdr(img, i);

		if (p.p_type == PT_LOAD && p.p_align && !(p.p_align & (p.p_align - 1)))
			align = max(align, p.p_align);
	}
	return align;
}

int elf_check_segments(struct elf_image *img, uint64_t top, uint64_t page_size)
{
	struct elf_segment s;
	uint32_t i = 0;

	img->low = img->start_code = UINT64_MAX;
	img->high = img->end_code = img->start_data = img->end_data = 0;
	while (elf_next_segment(img, &i, &s)) {
		if (!segment_fits(&s, top, page_size))
			return -EINVAL;
		note_segment(img, &s, page_size);
	}
	/* No segment at all, or a start outside the program's half. */
	if (img->low == UINT64_MAX || img->entry >= top)
		return -EINVAL;
	img->align = largest_align(img, page_size);
	return 0;
}
