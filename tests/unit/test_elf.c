/*
 * test_elf.c - ELF headers: a good one, and every way to be a bad one.
 */
#include <elf.h>
#include "unit.h"
#include "abi/errno.h"
#include "lib/elf.h"
#include "lib/string.h"

#define TOP  (1ull << 48)
#define PAGE 4096

/* A file as a linker makes it; the tests spoil a copy. */
struct file {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdrs[6];
};

static struct file good_file(void)
{
	struct file f = {
		.ehdr = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			  .e_type = ET_EXEC,
			  .e_machine = EM_AARCH64,
			  .e_version = EV_CURRENT,
			  .e_entry = 0x400100,
			  .e_phoff = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 4 },
		.phdrs = { { .p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_vaddr = 0x400000,
			     .p_filesz = 0x1234,
			     .p_memsz = 0x1234,
			     .p_align = 0x10000 },
			   { .p_type = PT_LOAD,
			     .p_flags = PF_R | PF_W,
			     .p_offset = 0x1ff0,
			     .p_vaddr = 0x411ff0,
			     .p_filesz = 0x100,
			     .p_memsz = 0x2000,
			     .p_align = 0x10000 },
			   { .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W },
			   { .p_type = PT_NOTE, .p_filesz = UINT64_MAX, .p_vaddr = UINT64_MAX } },
	};

	return f;
}

/* The three steps; the first that fails decides. */
static int check(const struct file *f, struct elf_image *img)
{
	char *hdr = exact_copy(&f->ehdr, sizeof(f->ehdr)), *table = NULL;
	int err = elf_check_header(hdr, sizeof(f->ehdr), img);

	if (!err) {
		assert_true(img->table_size <= sizeof(f->phdrs));
		table = exact_copy(f->phdrs, img->table_size);
		err = elf_check_table(img, table);
	}
	if (!err)
		err = elf_check_segments(img, TOP, PAGE);
	free(hdr);
	free(table);
	return err;
}

static void a_good_one(void **state)
{
	struct file f = good_file();
	struct elf_image img;
	struct elf_segment s;
	uint32_t i = 0;

	assert_int_equal(check(&f, &img), 0);
	assert_false(img.dyn);
	assert_false(img.exec_stack);
	assert_int_equal(img.interp_size, 0);
	assert_int_equal(img.entry, 0x400100);
	assert_int_equal(img.low, 0x400000);
	assert_int_equal(img.high, 0x413ff0);
	assert_int_equal(img.align, 0x10000);
	assert_int_equal(img.phdr_addr, 0x400040);
	assert_int_equal(img.start_code, 0x400000);
	assert_int_equal(img.end_code, 0x401234);
	assert_int_equal(img.start_data, 0x411ff0);
	assert_int_equal(img.end_data, 0x4120f0);
	img.table = (const uint8_t *)f.phdrs;
	assert_true(elf_next_segment(&img, &i, &s));
	assert_int_equal(s.flags, ELF_PF_R | ELF_PF_X);
	assert_true(elf_next_segment(&img, &i, &s));
	assert_int_equal(s.vaddr, 0x411ff0);
	assert_int_equal(s.offset, 0x1ff0);
	assert_false(elf_next_segment(&img, &i, &s));
	assert_false(elf_next_segment(&img, &i, &s));
}

static void position_independent(void **state)
{
	struct file f = good_file();
	struct elf_image img;

	f.ehdr.e_type = ET_DYN;
	f.phdrs[0].p_vaddr = 0;
	f.phdrs[1].p_vaddr = 0x11ff0;
	f.phdrs[2].p_flags |= PF_X;
	f.phdrs[3] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = 0x200, .p_filesz = 27 };
	assert_int_equal(check(&f, &img), 0);
	assert_true(img.dyn);
	assert_true(img.exec_stack);
	assert_int_equal(img.interp_off, 0x200);
	assert_int_equal(img.interp_size, 27);
	assert_int_equal(img.low, 0);
	assert_int_equal(img.phdr_addr, 0x40);
}

/* SPOIL: one assignment to a good file, and what comes of it. */
#define SPOIL(change, result)                               \
	do {                                                \
		struct file f = good_file();                \
		struct elf_image img_;                      \
		f.change;                                   \
		assert_int_equal(check(&f, &img_), result); \
	} while (0)

static void not_executable(void **state)
{
	struct file f = good_file();
	struct elf_image img;

	for (size_t n = 0; n < sizeof(f.ehdr); n++) {
		char *p = exact_copy(&f.ehdr, n);

		assert_int_equal(elf_check_header(p, n, &img), -ENOEXEC);
		free(p);
	}
	SPOIL(ehdr.e_ident[0] = 'E', -ENOEXEC);
	SPOIL(ehdr.e_ident[3] = 'f', -ENOEXEC);
	SPOIL(ehdr.e_type = ET_REL, -ENOEXEC);
	SPOIL(ehdr.e_type = ET_CORE, -ENOEXEC);
	SPOIL(ehdr.e_type = ET_NONE, -ENOEXEC);
	SPOIL(ehdr.e_machine = EM_X86_64, -ENOEXEC);
	SPOIL(ehdr.e_machine = EM_ARM, -ENOEXEC);
	SPOIL(ehdr.e_phentsize = 32, -ENOEXEC);
	SPOIL(ehdr.e_phentsize = 57, -ENOEXEC);
	SPOIL(ehdr.e_phnum = 0, -ENOEXEC);
	SPOIL(ehdr.e_phnum = 65536 / 56 + 1, -ENOEXEC);
	SPOIL(ehdr.e_phnum = 65535, -ENOEXEC);
	SPOIL(ehdr.e_phoff = UINT64_MAX, -ENOEXEC);
	SPOIL(ehdr.e_phoff = INT64_MAX, -ENOEXEC);
}

static void interpreters(void **state)
{
	SPOIL(phdrs[3] = ((Elf64_Phdr){ .p_type = PT_INTERP, .p_filesz = 1 }), -ENOEXEC);
	SPOIL(phdrs[3] = ((Elf64_Phdr){ .p_type = PT_INTERP, .p_filesz = 2 }), 0);
	SPOIL(phdrs[3] = ((Elf64_Phdr){ .p_type = PT_INTERP, .p_filesz = 4096 }), 0);
	SPOIL(phdrs[3] = ((Elf64_Phdr){ .p_type = PT_INTERP, .p_filesz = 4097 }), -ENOEXEC);
	SPOIL(phdrs[3] = ((Elf64_Phdr){ .p_type = PT_INTERP, .p_filesz = UINT64_MAX }), -ENOEXEC);
}

static void segments_that_cannot_be(void **state)
{
	SPOIL(phdrs[0].p_filesz = 0x1235, -EINVAL);
	SPOIL(phdrs[0].p_memsz = 0, -EINVAL);
	SPOIL(phdrs[0].p_memsz = UINT64_MAX, -EINVAL);
	SPOIL(phdrs[0].p_memsz = TOP, -EINVAL);
	SPOIL(phdrs[0].p_vaddr = TOP, -EINVAL);
	SPOIL(phdrs[0].p_vaddr = TOP - PAGE, -EINVAL);
	SPOIL(phdrs[0].p_vaddr = UINT64_MAX - 0xfff, -EINVAL);
	SPOIL(phdrs[0].p_vaddr = 0xffff000000000000, -EINVAL);
	SPOIL(phdrs[0].p_vaddr = 0x400001, -EINVAL);
	SPOIL(phdrs[0].p_offset = 8, -EINVAL);
	SPOIL(phdrs[0].p_offset = UINT64_MAX - 0xfff, -EINVAL);
	SPOIL(phdrs[0].p_offset = INT64_MAX & ~0xfffull, -EINVAL);
	SPOIL(phdrs[1].p_memsz = TOP - 0x411ff0, 0);
	SPOIL(phdrs[1].p_memsz = TOP - 0x411ff0 + 1, -EINVAL);
	SPOIL(ehdr.e_entry = TOP, -EINVAL);
	SPOIL(ehdr.e_entry = 0, 0); /* the program's own fault, later */
	SPOIL(ehdr.e_phnum = 1, 0);
}

static void no_segment_at_all(void **state)
{
	struct file f = good_file();
	struct elf_image img;

	f.phdrs[0].p_type = PT_NOTE;
	f.phdrs[1].p_type = PT_NULL;
	assert_int_equal(check(&f, &img), -EINVAL);
}

static void oddities_that_linux_takes(void **state)
{
	SPOIL(ehdr.e_ident[EI_CLASS] = ELFCLASS32, 0);
	SPOIL(ehdr.e_version = 77, 0);
	SPOIL(phdrs[0].p_align = 3, 0);
	SPOIL(phdrs[1].p_vaddr = 0x400ff0, 0); /* overlaps the first */
	SPOIL(phdrs[1].p_vaddr = 0x300ff0, 0); /* lies below it */
	SPOIL(phdrs[0].p_filesz = 0, 0);       /* only zeros */
}

/* Whatever the bytes are: an answer, and if it is yes, then nothing wraps. */
static void random_headers(void **state)
{
	for (int i = 0; i < 300000; i++) {
		struct file f = good_file();
		struct elf_image img;
		struct elf_segment s;
		uint32_t at = 0;

		for (int k = 1 + random_below(6); k; k--) {
			uint8_t *p = (uint8_t *)&f + random_below(sizeof(f) / 8) * 8;
			uint64_t v = random_below(2) ? 1ull << random_below(64) : random_u32();

			v -= random_below(3);
			__builtin_memcpy(p, &v, 1u << random_below(4));
		}
		if (f.ehdr.e_phnum > 6)
			f.ehdr.e_phnum = 6;
		if (check(&f, &img))
			continue;
		img.table = (const uint8_t *)f.phdrs;
		while (elf_next_segment(&img, &at, &s)) {
			assert_true(s.vaddr >= img.low && s.vaddr + s.memsz <= img.high);
			assert_true(img.high <= TOP && s.filesz <= s.memsz);
			assert_true(!s.filesz || (s.offset + s.filesz + PAGE > s.offset &&
						  (s.offset - s.vaddr) % PAGE == 0));
		}
		assert_int_equal(img.align & (img.align - 1), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one),
		cmocka_unit_test(position_independent),
		cmocka_unit_test(not_executable),
		cmocka_unit_test(interpreters),
		cmocka_unit_test(segments_that_cannot_be),
		cmocka_unit_test(no_segment_at_all),
		cmocka_unit_test(oddities_that_linux_takes),
		cmocka_unit_test(random_headers),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
