/*
 * test_kmod_image.c - a module's file: a good one, every way to be a bad one, and where its
 * sections go.
 */
#include "module_file.h"
#include "abi/errno.h"
#include "kmod/layout.h"
#include "kmod/modinfo.h"
#include "kmod/sections.h"
#include "lib/string.h"

static unsigned pauses;
static int pause_result;

static int count_pause(void)
{
	pauses++;
	return pause_result;
}

/* The sections' bytes behind the check are no longer there: only image_check sees the copy. */
static int check_file(const struct module_file *f, size_t size, struct image *img)
{
	void *file = exact_copy(f, size);
	int err = image_check(img, file, size, NULL);

	free(file);
	return err;
}

/* SPOIL: one assignment to a good file, and what comes of it. */
#define SPOIL(change, result)                                              \
	do {                                                               \
		struct module_file f = good_module();                      \
		struct image img;                                          \
                                                                           \
		change;                                                    \
		assert_int_equal(check_file(&f, sizeof(f), &img), result); \
		assert_true(!(result) || img.error);                       \
	} while (0)

static void a_good_one(void **state)
{
	struct module_file f = good_module();
	struct image img;

	assert_int_equal(image_check(&img, &f, sizeof(f), NULL), 0);
	assert_string_equal(img.name, "tested");
	assert_int_equal(img.nr_sections, F_NR);
	assert_int_equal(img.nr_symbols, S_NR);
	assert_int_equal(img.this_module, F_MODULE);
	assert_int_equal(img.modinfo, F_MODINFO);
	assert_int_equal(img.params, 0);
	assert_int_equal(image_section(&img, ".data"), F_DATA);
	assert_int_equal(image_section(&img, ".note.x"), 0);
	assert_int_equal(image_section(&img, "nothing"), 0);
	assert_string_equal(image_section_name(&img, F_BSS), ".bss");
	assert_string_equal(image_symbol_name(&img, S_WANTED), "wanted");
	assert_null(img.error);
}

static void modinfo(void **state)
{
	struct module_file f = good_module();
	struct image img;
	const char *value;

	assert_int_equal(image_check(&img, &f, sizeof(f), NULL), 0);
	assert_string_equal(image_info(&img, "license", NULL), "MIT");
	assert_null(image_info(&img, "lic", NULL));
	value = image_info(&img, "alias", NULL);
	assert_string_equal(value, "a");
	value = image_info(&img, "alias", value);
	assert_string_equal(value, "b");
	assert_null(image_info(&img, "alias", value));
	/* No such section: nothing is said. */
	f.sh[F_MODINFO].sh_type = SHT_NULL;
	assert_int_equal(image_check(&img, &f, sizeof(f), NULL), 0);
	assert_null(image_info(&img, "license", NULL));
	SPOIL(f.modinfo[sizeof(f.modinfo) - 1] = 'x', -ENOEXEC);
	SPOIL(f.sh[F_MODINFO].sh_size = 0, 0);
}

static void headers(void **state)
{
	struct module_file f = good_module();
	struct image img;

	/* Cut at every length: the last section's table of strings is never whole. */
	for (size_t n = 0; n < sizeof(f); n++)
		assert_int_equal(check_file(&f, n, &img), -ENOEXEC);
	SPOIL(f.ehdr.e_ident[0] = 0, -ENOEXEC);
	SPOIL(f.ehdr.e_type = 2, -ENOEXEC);
	SPOIL(f.ehdr.e_machine = 62, -ENOEXEC);
	SPOIL(f.ehdr.e_shentsize = 63, -ENOEXEC);
	SPOIL(f.ehdr.e_shoff = sizeof(f), -ENOEXEC);
	SPOIL(f.ehdr.e_shoff = UINT64_MAX - 7, -ENOEXEC);
	SPOIL(f.ehdr.e_shoff += 4, -ENOEXEC);
	SPOIL(f.ehdr.e_shnum = 0, -ENOEXEC);
	SPOIL(f.ehdr.e_shnum = UINT16_MAX, -ENOEXEC);
	SPOIL(f.ehdr.e_shstrndx = 0, -ENOEXEC);
	SPOIL(f.ehdr.e_shstrndx = F_NR, -ENOEXEC);
	SPOIL(f.ehdr.e_shstrndx = F_TEXT, -ENOEXEC);
	SPOIL(f.ehdr.e_ident[4] = 1, 0); /* as in Linux */
}

static void sections(void **state)
{
	for (int i = 1; i < F_NR; i++) {
		SPOIL(f.sh[i].sh_name = sizeof(f.shstrtab), -ENOEXEC);
		SPOIL(f.sh[i].sh_name = UINT32_MAX, -ENOEXEC);
		if (i == F_BSS)
			continue;
		SPOIL(f.sh[i].sh_offset = UINT64_MAX, -ENOEXEC);
		SPOIL(f.sh[i].sh_size = UINT64_MAX, -ENOEXEC);
		SPOIL(f.sh[i].sh_offset = sizeof(f) - 1, -ENOEXEC);
	}
	SPOIL(f.sh[0].sh_type = SHT_PROGBITS, -ENOEXEC);
	SPOIL(f.sh[0].sh_size = 1, -ENOEXEC);
	SPOIL(f.sh[0].sh_addr = 1, -ENOEXEC);
	SPOIL(f.shstrtab[sizeof(f.shstrtab) - 1] = 'x', -ENOEXEC);
	SPOIL(f.sh[F_SHSTRTAB].sh_size = 0, -ENOEXEC);
	SPOIL(f.sh[F_DATA].sh_flags |= SHF_EXECINSTR, -ENOEXEC);
	SPOIL(f.sh[F_TEXT].sh_flags |= SHF_WRITE, -ENOEXEC);
	SPOIL(f.sh[F_DATA].sh_flags |= SHF_TLS, -ENOEXEC);
	SPOIL(f.sh[F_DATA].sh_flags |= SHF_COMPRESSED, -ENOEXEC);
	SPOIL(f.sh[F_DATA].sh_addralign = 24, -ENOEXEC);
	SPOIL(f.sh[F_DATA].sh_addralign = 8192, -ENOEXEC);
	SPOIL(f.sh[F_DATA].sh_addralign = 1ull << 63, -ENOEXEC);
	SPOIL(f.sh[F_DATA].sh_addralign = 0, 0);
	SPOIL(f.sh[F_BSS].sh_size = 1ull << 32, -ENOMEM);
	SPOIL(f.sh[F_BSS].sh_size = UINT64_MAX, -ENOMEM);
	SPOIL(f.sh[F_BSS].sh_size = UINT32_MAX, -ENOMEM);
	SPOIL(f.sh[F_NOTE].sh_flags |= SHF_WRITE | SHF_EXECINSTR, 0); /* it is not kept */
}

/* Sections of which there is one. */
static void special_sections(void **state)
{
	SPOIL(f.sh[F_MODULE].sh_type = SHT_NULL, -ENOEXEC);
	SPOIL(f.sh[F_MODULE].sh_type = SHT_NOBITS, -ENOEXEC);
	SPOIL(f.sh[F_MODULE].sh_flags = SHF_WRITE, -ENOEXEC);
	SPOIL(f.sh[F_MODULE].sh_flags = SHF_ALLOC, -ENOEXEC);
	SPOIL(f.sh[F_MODULE].sh_size--, -ENOEXEC);
	SPOIL(f.sh[F_MODULE].sh_size++, -ENOEXEC);
	SPOIL(f.sh[F_RODATA].sh_name = f.sh[F_MODULE].sh_name, -ENOEXEC);
	SPOIL(f.sh[F_RODATA].sh_name = f.sh[F_MODINFO].sh_name, -ENOEXEC);
	SPOIL(f.sh[F_STRTAB].sh_type = SHT_SYMTAB, -ENOEXEC);
	SPOIL(f.sh[F_SYMTAB].sh_type = SHT_PROGBITS, -ENOEXEC);
	SPOIL(f.sh[F_MODINFO].sh_flags |= SHF_WRITE, -ENOEXEC);
	SPOIL(f.module.name[0] = 0, -ENOEXEC);
	SPOIL(f.module.name[3] = '/', -ENOEXEC);
	SPOIL(f.module.name[3] = ' ', -ENOEXEC);
	SPOIL(f.module.name[3] = '\n', -ENOEXEC);
	SPOIL(f.module.name[3] = (char)0xff, -ENOEXEC);
	SPOIL(memset(f.module.name, 'x', sizeof(f.module.name)), -ENOEXEC);
}

static void symbols(void **state)
{
	SPOIL(f.sh[F_SYMTAB].sh_link = 0, -ENOEXEC);
	SPOIL(f.sh[F_SYMTAB].sh_link = F_NR, -ENOEXEC);
	SPOIL(f.sh[F_SYMTAB].sh_link = UINT32_MAX, -ENOEXEC);
	SPOIL(f.sh[F_SYMTAB].sh_link = F_BSS, -ENOEXEC);
	SPOIL(f.sh[F_SYMTAB].sh_offset += 4, -ENOEXEC);
	SPOIL(f.strtab[sizeof(f.strtab) - 1] = 'x', -ENOEXEC);
	SPOIL(f.sh[F_STRTAB].sh_size = 0, -ENOEXEC);
	SPOIL(f.sym[S_DATA].st_name = sizeof(f.strtab), -ENOEXEC);
	SPOIL(f.sym[S_DATA].st_name = UINT32_MAX, -ENOEXEC);
	SPOIL(f.sym[S_DATA].st_shndx = F_NR, -ENOEXEC);
	SPOIL(f.sym[S_DATA].st_shndx = SHN_XINDEX, -ENOEXEC);
	SPOIL(f.sym[S_DATA].st_shndx = 0xff20, -ENOEXEC);
	SPOIL(f.sym[S_DATA].st_shndx = SHN_COMMON, -ENOEXEC);
	SPOIL(f.sym[S_DATA].st_value = sizeof(f.data), 0);
	SPOIL(f.sym[S_DATA].st_value = sizeof(f.data) + 1, -ENOEXEC);
	SPOIL(f.sym[S_DATA].st_value = UINT64_MAX, -ENOEXEC);
	SPOIL(f.sh[F_SYMTAB].sh_size = 0, 0);
}

/* A section of 20,000 strings, and of a longest and a too long one. */
static void long_modinfo(void **state)
{
	size_t room = 60000, most = IMAGE_INFO_SIZE, size = sizeof(struct module_file) + most + 1;
	struct module_file *f = calloc(1, size);
	char *info = (char *)(f + 1);
	struct image img;

	*f = good_module();
	f->sh[F_MODINFO].sh_offset = sizeof(*f);
	f->sh[F_MODINFO].sh_size = room;
	for (size_t i = 0; i < room; i += 3)
		__builtin_memcpy(info + i, "a=", 3);
	pauses = 0;
	assert_int_equal(image_check(&img, f, size, count_pause), 0);
	assert_null(image_info(&img, "b", NULL));
	assert_true(pauses >= 2 * room / 3 / 1024 - 1);
	__builtin_memset(info + 3, 'x', IMAGE_INFO_MAX - 1);
	info[3 + IMAGE_INFO_MAX - 1] = 0;
	assert_int_equal(image_check(&img, f, size, NULL), 0);
	info[3 + IMAGE_INFO_MAX - 1] = 'x';
	assert_int_equal(image_check(&img, f, size, NULL), -ENOEXEC);
	__builtin_memset(info, 0, most + 1);
	f->sh[F_MODINFO].sh_size = most;
	assert_int_equal(image_check(&img, f, size, NULL), 0);
	f->sh[F_MODINFO].sh_size++;
	assert_int_equal(image_check(&img, f, size, NULL), -ENOEXEC);
	free(f);
}

/* Names as long as the file: read no further than a name may be. */
static void long_names(void **state)
{
	size_t size = sizeof(struct module_file) + 4096;
	struct module_file *f = calloc(1, size);
	struct image img;

	*f = good_module();
	__builtin_memset(f + 1, 'x', 4095);
	f->sh[F_STRTAB].sh_size = size - f->sh[F_STRTAB].sh_offset;
	assert_int_equal(image_check(&img, f, size, NULL), 0);
	f->sym[S_DATA].st_name = (uint32_t)(size - f->sh[F_STRTAB].sh_offset) - IMAGE_NAME_MAX;
	assert_int_equal(image_check(&img, f, size, NULL), 0);
	f->sym[S_DATA].st_name--;
	assert_int_equal(image_check(&img, f, size, NULL), -ENOEXEC);
	*f = good_module();
	f->sh[F_SHSTRTAB].sh_size = size - f->sh[F_SHSTRTAB].sh_offset;
	f->sh[F_RODATA].sh_name = (uint32_t)f->sh[F_SHSTRTAB].sh_size - IMAGE_NAME_MAX - 1;
	assert_int_equal(image_check(&img, f, size, NULL), -ENOEXEC);
	f->sh[F_RODATA].sh_name++;
	assert_int_equal(image_check(&img, f, size, NULL), 0);
	free(f);
}

static void allocate_parts(const struct image *img, void *part[NR_IMAGE_PARTS])
{
	for (int i = 0; i < NR_IMAGE_PARTS; i++) {
		part[i] = NULL;
		if (img->part_size[i]) {
			part[i] = aligned_alloc(4096, img->part_size[i]);
			assert_non_null(part[i]);
			__builtin_memset(part[i], 0, img->part_size[i]);
		}
	}
}

static void free_parts(void *part[NR_IMAGE_PARTS])
{
	for (int i = 0; i < NR_IMAGE_PARTS; i++)
		free(part[i]);
}

static void places(void **state)
{
	struct module_file f = good_module();
	struct image img;
	void *part[NR_IMAGE_PARTS];
	uint64_t address[F_NR + S_NR];

	f.sh[F_MODULE].sh_addralign = 4096;
	f.sh[F_BSS].sh_size = 5000;
	assert_int_equal(image_check(&img, &f, sizeof(f), NULL), 0);
	assert_int_equal(image_addresses(&img), F_NR + S_NR);
	assert_int_equal(img.part_size[IMAGE_TEXT], 4096);
	assert_int_equal(img.part_size[IMAGE_RODATA], 4096);
	assert_int_equal(img.part_size[IMAGE_DATA], 3 * 4096);
	assert_int_equal(img.part_size[IMAGE_INIT_TEXT], 4096);
	assert_int_equal(img.part_size[IMAGE_INIT_RODATA], 0);
	assert_int_equal(img.part_size[IMAGE_INIT_DATA], 0);
	allocate_parts(&img, part);
	assert_int_equal(image_place(&img, part, address), 0);
	assert_int_equal(address[F_TEXT], (uintptr_t)part[IMAGE_TEXT]);
	assert_int_equal(address[F_DATA], (uintptr_t)part[IMAGE_DATA]);
	assert_int_equal(address[F_BSS], address[F_DATA] + sizeof(f.data));
	assert_int_equal(address[F_MODULE], (uintptr_t)part[IMAGE_DATA] + 8192);
	assert_int_equal(address[F_MODINFO], 0);
	assert_int_equal(address[F_NOTE], 0);
	assert_int_equal(address[F_SYMTAB], 0);
	assert_memory_equal(part[IMAGE_TEXT], f.text, sizeof(f.text));
	assert_memory_equal(part[IMAGE_INIT_TEXT], f.init_text, sizeof(f.init_text));
	assert_memory_equal(address[F_MODULE], &f.module, sizeof(f.module));
	assert_true(image_holds(&img, part, address[F_RODATA], 4096));
	assert_false(image_holds(&img, part, address[F_RODATA], 4097));
	assert_false(image_holds(&img, part, address[F_RODATA], UINT64_MAX));
	assert_false(image_holds(&img, part, 0, 0));
	assert_true(image_data(&img, part, address[F_BSS], 5000));
	assert_false(image_data(&img, part, address[F_RODATA], 1));
	assert_false(image_data(&img, part, address[F_BSS], UINT64_MAX));
	assert_true(image_string(&img, part, address[F_RODATA], 10));
	assert_false(image_string(&img, part, address[F_RODATA], 9));
	assert_false(image_string(&img, part, 1, 9));
	__builtin_memset(part[IMAGE_INIT_TEXT], 'x', 4096);
	assert_false(image_string(&img, part, (uintptr_t)part[IMAGE_INIT_TEXT], 1 << 20));
	assert_true(image_code(&img, part, address[F_TEXT] + 4));
	assert_false(image_code(&img, part, address[F_TEXT] + 2));
	assert_false(image_code(&img, part, address[F_DATA]));
	free_parts(part);
}

/* A signal ends the work wherever it is; many records are many pauses. */
static void pauses_come(void **state)
{
	size_t nr = 100000, size = sizeof(struct module_file) + nr * sizeof(struct elf64_sym);
	struct module_file *f = calloc(1, size);
	struct image img;

	*f = good_module();
	f->sh[F_SYMTAB].sh_offset = sizeof(*f);
	f->sh[F_SYMTAB].sh_size = nr * sizeof(struct elf64_sym);
	pauses = 0;
	assert_int_equal(image_check(&img, f, size, count_pause), 0);
	assert_true(pauses >= nr / 4096);
	pause_result = -EINTR;
	assert_int_equal(image_check(&img, f, size, count_pause), -EINTR);
	pause_result = 0;
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one),	    cmocka_unit_test(modinfo),
		cmocka_unit_test(headers),	    cmocka_unit_test(sections),
		cmocka_unit_test(special_sections), cmocka_unit_test(symbols),
		cmocka_unit_test(long_modinfo),	    cmocka_unit_test(long_names),
		cmocka_unit_test(places),	    cmocka_unit_test(pauses_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
