/*
 * fuzz_elf.c - the input is a header with its table behind it, wherever e_phoff says; what is let
 * pass cannot wrap.
 */
#include "fuzz.h"
#include "lib/elf.h"

#define TOP  (1ull << 48)
#define PAGE 4096ull

static void check_image(const struct elf_image *img)
{
	struct elf_segment s;
	uint32_t i = 0;

	MUST(img->low < TOP && img->low <= img->high && img->high <= TOP && img->entry < TOP);
	MUST(img->low % PAGE == 0 && img->align >= PAGE && !(img->align & (img->align - 1)));
	while (elf_next_segment(img, &i, &s)) {
		MUST(s.vaddr >= img->low && s.vaddr < TOP && s.memsz <= TOP - s.vaddr);
		MUST(s.vaddr + s.memsz <= img->high && s.filesz <= s.memsz);
		MUST(!s.filesz || (s.vaddr - s.offset) % PAGE == 0);
		MUST(!s.filesz || s.offset + s.filesz + PAGE <= INT64_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size < ELF_HEADER_SIZE ? size : ELF_HEADER_SIZE;
	void *hdr = fuzz_copy(data, n), *table;
	struct elf_image img;

	if (!elf_check_header(hdr, n, &img)) {
		MUST(img.table_size && img.table_size <= ELF_TABLE_MAX);
		table = calloc(1, img.table_size);
		n = size - n < img.table_size ? size - n : img.table_size;
		__builtin_memcpy(table, data + ELF_HEADER_SIZE, n);
		if (!elf_check_table(&img, table)) {
			MUST(!img.interp_size ||
			     (img.interp_size >= 2 && img.interp_size <= ELF_INTERP_MAX));
			if (!elf_check_segments(&img, TOP, PAGE))
				check_image(&img);
		}
		free(table);
	}
	free(hdr);
	return 0;
}
