/*
 * test_kmod_reloc.c - relocations: each kind with the least and the greatest value that fits, and
 * the ones beside them; places, symbols and tables that are damaged.
 */
#include "module_file.h"
#include "abi/errno.h"
#include "kmod/layout.h"
#include "kmod/reloc.h"
#include "lib/string.h"

#define PART 65536

/* One after the other in memory, as the kernel's arena has them. */
static uint8_t memory[NR_IMAGE_PARTS][PART] __attribute__((aligned(4096)));
static uint64_t address[F_NR + S_NR];
static struct image img;
static uint64_t wanted; /* what the kernel exports */
static unsigned finds;

static int find_result = -ENOENT; /* of what is not there */

static int find_symbol(void *ctx, const char *name, uint64_t *value)
{
	finds++;
	if (strcmp(name, "wanted") || !wanted)
		return find_result;
	*value = wanted;
	return 0;
}

/* The sections of @f in their places; the caller still changes symbols and relocations. */
static void place(const struct module_file *f)
{
	void *part[NR_IMAGE_PARTS];

	for (int i = 0; i < NR_IMAGE_PARTS; i++)
		part[i] = memory[i];
	memset(memory, 0, sizeof(memory));
	assert_int_equal(image_check(&img, f, sizeof(*f), NULL), 0);
	assert_int_equal(image_place(&img, part, address), 0);
}

static int relocate(uint32_t errata)
{
	return image_relocate(&img, address, find_symbol, NULL, errata);
}

/*
 * One relocation of @type at the text's @offset, which holds @insn, to an absolute symbol; @x is
 * its value: S + A, or what is left when P is taken away.
 */
static int one(uint32_t type, uint64_t offset, uint32_t insn, uint64_t x, bool relative,
	       uint32_t errata)
{
	struct module_file f = good_module();

	f.text[offset / 4] = insn;
	f.rela[0] = (struct elf64_rela){ offset, ELF64_R_INFO(S_ABS, type), 0x1000 };
	wanted = 0x1000;
	place(&f);
	f.sym[S_ABS].st_value = x - 0x1000 + (relative ? address[F_TEXT] + offset : 0);
	return relocate(errata);
}

static uint32_t result(uint64_t offset)
{
	uint32_t insn;

	__builtin_memcpy(&insn, memory[IMAGE_TEXT] + offset, 4);
	return insn;
}

/* Instructions whose field is 0, and one whose field is full: what was there is overwritten. */
#define ADD  0x91000000u /* add x0, x0, #0 */
#define LDR  0xf9400000u /* ldr x0, [x0] */
#define LIT  0x58000003u /* ldr x3, . */
#define ADR  0x10000002u
#define ADRP 0x90000002u
#define TBZ  0x36080001u /* tbz w1, #1, . */
#define BEQ  0x54000000u
#define BL   0x94000000u
#define MOVK 0xf2800001u
#define MOVZ 0xd2800001u
#define MOVN 0x92800001u

static void good(uint32_t type, uint32_t insn, uint64_t x, bool relative, uint32_t want)
{
	if (one(type, 8, insn, x, relative, 0))
		fail_msg("%s of %#llx: %s", reloc_name(type), (unsigned long long)x, img.detail);
	if (result(8) != want)
		fail_msg("%s of %#llx: %#x, want %#x", reloc_name(type), (unsigned long long)x,
			 result(8), want);
}

static void bad(uint32_t type, uint32_t insn, uint64_t x, bool relative)
{
	if (one(type, 8, insn, x, relative, 0) != -ENOEXEC)
		fail_msg("%s of %#llx is taken", reloc_name(type), (unsigned long long)x);
	assert_string_equal(img.error, "relocation out of range");
	/* Nothing of it is written. */
	assert_int_equal(result(8), insn);
	assert_non_null(__builtin_strstr(img.detail, " at .text+0x8 to absolute"));
}

static void data(void **state)
{
	bad(R_AARCH64_ABS32, 7, 1ull << 32, false);
	bad(R_AARCH64_ABS32, 7, -1ull, false);
	good(R_AARCH64_ABS32, 7, UINT32_MAX, false, UINT32_MAX);
	good(R_AARCH64_ABS16, 0xabcd0000, 0xffff, false, 0xabcdffff);
	bad(R_AARCH64_ABS16, 7, 0x10000, false);
	bad(R_AARCH64_ABS16, 7, -1ull, false);
	for (int plt = 0; plt < 2; plt++) {
		uint32_t type = plt ? R_AARCH64_PLT32 : R_AARCH64_PREL32;

		good(type, 7, INT32_MAX, true, INT32_MAX);
		good(type, 7, -(1ull << 31), true, 1u << 31);
		bad(type, 7, 1ull << 31, true);
		bad(type, 7, -(1ull << 31) - 1, true);
	}
	good(R_AARCH64_PREL16, 0xabcd0000, -0x8000ull, true, 0xabcd8000);
	good(R_AARCH64_PREL16, 0, 0x7fff, true, 0x7fff);
	bad(R_AARCH64_PREL16, 7, 0x8000, true);
	bad(R_AARCH64_PREL16, 7, -0x8001ull, true);
	assert_int_equal(one(R_AARCH64_ABS64, 8, 0, 0x123456789abcdef0, false, 0), 0);
	assert_int_equal(result(8), 0x9abcdef0);
	assert_int_equal(result(12), 0x12345678);
	assert_int_equal(one(R_AARCH64_PREL64, 8, 0, -2ull, true, 0), 0);
	assert_int_equal(result(8), -2u);
	assert_int_equal(result(12), -1u);
}

/* @n bits at bit @at, for multiples of @unit; beyond them on either side nothing goes. */
static void branch(uint32_t type, uint32_t insn, unsigned at, unsigned n, uint64_t unit)
{
	uint64_t most = ((1ull << (n - 1)) - 1) * unit, least = -(1ull << (n - 1)) * unit;

	good(type, insn, most, true, insn | ((1u << (n - 1)) - 1) << at);
	good(type, insn, least, true, insn | 1u << (n - 1) << at);
	good(type, insn | 1u << at, 0, true, insn);
	bad(type, insn, most + unit, true);
	bad(type, insn, least - unit, true);
	bad(type, insn, 1ull << 63, true);
	if (unit > 1)
		bad(type, insn, 2, true);
}

static void branches(void **state)
{
	branch(R_AARCH64_LD_PREL_LO19, LIT, 5, 19, 4);
	branch(R_AARCH64_TSTBR14, TBZ, 5, 14, 4);
	branch(R_AARCH64_CONDBR19, BEQ, 5, 19, 4);
	branch(R_AARCH64_CALL26, BL, 0, 26, 4);
	branch(R_AARCH64_JUMP26, 0x14000000, 0, 26, 4);
}

static void pages(void **state)
{
	uint64_t in_page;

	good(R_AARCH64_ADR_PREL_LO21, ADR, 0xfffff, true, ADR | 3u << 29 | 0x3ffffu << 5);
	good(R_AARCH64_ADR_PREL_LO21, ADR, -0x100000ull, true, ADR | 0x40000u << 5);
	bad(R_AARCH64_ADR_PREL_LO21, ADR, 0x100000, true);
	bad(R_AARCH64_ADR_PREL_LO21, ADR, -0x100001ull, true);
	/* The place is 8 bytes into its page, so the target may lie that much nearer. */
	in_page = 8;
	good(R_AARCH64_ADR_PREL_PG_HI21, ADRP, 0x1000 - in_page, true, ADRP | 1u << 29);
	good(R_AARCH64_ADR_PREL_PG_HI21, ADRP, 0x4000 - in_page, true, ADRP | 1u << 5);
	good(R_AARCH64_ADR_PREL_PG_HI21, ADRP, -1 - in_page, true, ADRP | 3u << 29 | 0x7ffffu << 5);
	good(R_AARCH64_ADR_PREL_PG_HI21, ADRP, (1ull << 32) - 1 - in_page, true,
	     ADRP | 3u << 29 | 0x3ffffu << 5);
	good(R_AARCH64_ADR_PREL_PG_HI21, ADRP, -(1ull << 32) - in_page, true, ADRP | 0x40000u << 5);
	bad(R_AARCH64_ADR_PREL_PG_HI21, ADRP, (1ull << 32) - in_page, true);
	bad(R_AARCH64_ADR_PREL_PG_HI21, ADRP, -(1ull << 32) - in_page - 1, true);
	good(R_AARCH64_ADR_PREL_PG_HI21_NC, ADRP, (1ull << 40) + 0x1000 - in_page, true,
	     ADRP | 1u << 29);
}

static void low_bits(void **state)
{
	static const uint16_t types[] = { R_AARCH64_LDST8_ABS_LO12_NC, R_AARCH64_LDST16_ABS_LO12_NC,
					  R_AARCH64_LDST32_ABS_LO12_NC,
					  R_AARCH64_LDST64_ABS_LO12_NC,
					  R_AARCH64_LDST128_ABS_LO12_NC };

	good(R_AARCH64_ADD_ABS_LO12_NC, ADD, 0x123456789abcull, false, ADD | 0xabcu << 10);
	good(R_AARCH64_ADD_ABS_LO12_NC, ADD | 0xfffu << 10, 0x1000, false, ADD);
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		good(types[i], LDR, 0xfffffffffffffff0, false, LDR | (0xff0u >> i) << 10);
		if (i)
			bad(types[i], LDR, 0x5550 + (1u << (i - 1)), false);
	}
}

static void moves(void **state)
{
	static const struct {
		uint16_t type, no_check;
		unsigned low;
	} u[] = { { R_AARCH64_MOVW_UABS_G0, R_AARCH64_MOVW_UABS_G0_NC, 0 },
		  { R_AARCH64_MOVW_UABS_G1, R_AARCH64_MOVW_UABS_G1_NC, 16 },
		  { R_AARCH64_MOVW_UABS_G2, R_AARCH64_MOVW_UABS_G2_NC, 32 } },
	  s[] = { { R_AARCH64_MOVW_SABS_G0, R_AARCH64_MOVW_PREL_G0_NC, 0 },
		  { R_AARCH64_MOVW_SABS_G1, R_AARCH64_MOVW_PREL_G1_NC, 16 },
		  { R_AARCH64_MOVW_SABS_G2, R_AARCH64_MOVW_PREL_G2_NC, 32 },
		  { R_AARCH64_MOVW_PREL_G0, R_AARCH64_MOVW_PREL_G0_NC, 0 },
		  { R_AARCH64_MOVW_PREL_G1, R_AARCH64_MOVW_PREL_G1_NC, 16 },
		  { R_AARCH64_MOVW_PREL_G2, R_AARCH64_MOVW_PREL_G2_NC, 32 } };

	for (unsigned i = 0; i < ARRAY_SIZE(u); i++) {
		uint64_t most = (0x10000ull << u[i].low) - 1;

		good(u[i].type, MOVZ, most, false, MOVZ | 0xffffu << 5);
		good(u[i].type, MOVZ | 0xffffu << 5, 0x1234ull << u[i].low, false,
		     MOVZ | 0x1234u << 5);
		bad(u[i].type, MOVZ, most + 1, false);
		bad(u[i].type, MOVZ, -1ull, false);
		good(u[i].no_check, MOVK, most + 1, false, MOVK);
		good(u[i].no_check, MOVK, -1ull, false, MOVK | 0xffffu << 5);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(s); i++) {
		uint64_t most = (0x10000ull << s[i].low) - 1;
		bool relative = i >= 3;

		/* Which of the two it is, the value decides. */
		good(s[i].type, MOVN, most, relative, MOVZ | 0xffffu << 5);
		good(s[i].type, MOVZ, -most - 1, relative, MOVN | 0xffffu << 5);
		good(s[i].type, MOVZ, -1ull, relative, MOVN);
		bad(s[i].type, MOVZ, most + 1, relative);
		bad(s[i].type, MOVZ, -most - 2, relative);
		good(s[i].no_check, MOVK, most + 1, true, MOVK);
	}
	good(R_AARCH64_MOVW_UABS_G3, MOVZ, 0xfedc000000000000, false, MOVZ | 0xfedcu << 5);
	good(R_AARCH64_MOVW_PREL_G3, MOVZ, 0x7edc000000000000, true, MOVZ | 0x7edcu << 5);
	good(R_AARCH64_MOVW_PREL_G3, MOVZ, 0xfedc000000000000, true, MOVN | 0x0123u << 5);
}

/* The text of a module whose page holds an ADRP at each of its last words. */
static int adrp_at(uint64_t offset, uint64_t x, uint32_t errata)
{
	static struct {
		struct module_file f;
		uint32_t text[4096];
	} big;

	big.f = good_module();
	big.f.sh[F_TEXT].sh_offset = sizeof(big.f);
	big.f.sh[F_TEXT].sh_size = sizeof(big.text);
	for (unsigned i = 0; i < ARRAY_SIZE(big.text); i++)
		big.text[i] = ADRP;
	big.f.rela[0] =
		(struct elf64_rela){ offset, ELF64_R_INFO(S_ABS, R_AARCH64_ADR_PREL_PG_HI21), 0 };
	memset(memory, 0, sizeof(memory));
	assert_int_equal(image_check(&img, &big, sizeof(big), NULL), 0);
	assert_int_equal(image_place(&img,
				     (void *[NR_IMAGE_PARTS]){ memory[0], memory[1], memory[2],
							       memory[3], memory[4], memory[5] },
				     address),
			 0);
	big.f.sym[S_ABS].st_value = ALIGN_DOWN(address[F_TEXT] + offset, 4096) + x;
	return relocate(errata);
}

static void erratum(void **state)
{
	/* Without it, and elsewhere in a page, it stays an ADRP. */
	assert_int_equal(adrp_at(0xff8, 0x1234, 0), 0);
	assert_int_equal(result(0xff8), ADRP | 1u << 29);
	assert_int_equal(adrp_at(0xff4, 0x1234, IMAGE_A53_843419), 0);
	assert_int_equal(result(0xff4), ADRP | 1u << 29);
	for (uint64_t at = 0x1ff8; at <= 0x1ffc; at += 4) {
		uint32_t to_page = (uint32_t)(0x1000 - (at & 0xfff)); /* bytes to the next */

		assert_int_equal(adrp_at(at, 0x1234, IMAGE_A53_843419), 0);
		assert_int_equal(result(at), ADR | (to_page & 3) << 29 | to_page >> 2 << 5);
		/* The page's own address: the target's low bits come by another instruction. */
		assert_int_equal(adrp_at(at, 0x100fff, IMAGE_A53_843419), 0);
		assert_int_equal(adrp_at(at, 0x101000, IMAGE_A53_843419), -ENOEXEC);
		assert_string_equal(img.error, "an ADRP that erratum 843419 forbids");
		assert_int_equal(result(at), ADRP);
		assert_int_equal(adrp_at(at, -0xff000ull, IMAGE_A53_843419), 0);
		assert_int_equal(adrp_at(at, -0x100000ull, IMAGE_A53_843419), -ENOEXEC);
	}
}

static void names(void **state)
{
	static const struct {
		uint32_t type;
		const char *words;
	} not_ours[] = { { 311, "R_AARCH64_ADR_GOT_PAGE at " },
			 { 312, "R_AARCH64_LD64_GOT_LO12_NC at " },
			 { 549, "R_AARCH64_TLSLE_ADD_TPREL_HI12 at " },
			 { 1027, "R_AARCH64_RELATIVE at " },
			 { 281, "281 at " },
			 { 99999, "99999 at " },
			 { UINT32_MAX, "4294967295 at " } };

	for (unsigned i = 0; i < ARRAY_SIZE(not_ours); i++) {
		assert_int_equal(one(not_ours[i].type, 8, 7, 0, false, 0), -ENOEXEC);
		assert_string_equal(img.error, "a relocation that is not for modules");
		assert_ptr_equal(__builtin_strstr(img.detail, not_ours[i].words), img.detail);
		assert_int_equal(result(8), 7);
	}
	assert_int_equal(one(R_AARCH64_NONE, 8, 7, 0, false, 0), 0);
	assert_int_equal(one(R_AARCH64_WITHDRAWN, 8, 7, 0, false, 0), 0);
	assert_int_equal(result(8), 7);
}

/* A whole file: the kernel's symbol, its own, and one that may be missing. */
static void symbols(void **state)
{
	struct module_file f = good_module();
	uint64_t to_text;

	place(&f);
	wanted = address[F_TEXT] + 0x104;
	finds = 0;
	assert_int_equal(relocate(0), 0);
	assert_int_equal(finds, 2); /* each symbol once */
	assert_int_equal(result(4), BL | 0x100 / 4);
	__builtin_memcpy(&to_text, memory[IMAGE_DATA] + 8, 8);
	assert_int_equal(to_text, address[F_TEXT] + 4);
	assert_int_equal(address[F_NR + S_TEXT], address[F_TEXT]);
	assert_int_equal(address[F_NR + S_DATA], address[F_DATA] + 8);
	assert_int_equal(address[F_NR + S_WEAK], 0);
	assert_int_equal(address[F_NR + S_NOTE], 0);
	assert_int_equal(address[F_NR], 0);
	wanted = 0;
	place(&f);
	assert_int_equal(relocate(0), -ENOENT);
	assert_string_equal(img.error, "unknown symbol");
	assert_string_equal(img.detail, "wanted");
	/* Weak or not: what is not "nobody has it" ends the work. */
	wanted = address[F_TEXT] + 0x104;
	find_result = -EINTR;
	place(&f);
	assert_int_equal(relocate(0), -EINTR);
	find_result = -ENOENT;
}

/* SPOIL: one assignment to a good file, and what its relocation comes to. */
#define SPOIL(change, result_wanted)                          \
	do {                                                  \
		struct module_file f = good_module();         \
                                                              \
		change;                                       \
		place(&f);                                    \
		wanted = address[F_TEXT] + 4;                 \
		assert_int_equal(relocate(0), result_wanted); \
	} while (0)

static void damaged(void **state)
{
	SPOIL((void)0, 0);
	SPOIL(f.sh[F_RELA_TEXT].sh_type = SHT_REL, -ENOEXEC);
	SPOIL(f.sh[F_RELA_TEXT].sh_link = 0, -ENOEXEC);
	SPOIL(f.sh[F_RELA_TEXT].sh_link = F_STRTAB, -ENOEXEC);
	SPOIL(f.sh[F_RELA_TEXT].sh_link = UINT32_MAX, -ENOEXEC);
	SPOIL(f.sh[F_RELA_TEXT].sh_size--, -ENOEXEC);
	SPOIL(f.sh[F_RELA_TEXT].sh_offset -= 4, -ENOEXEC);
	SPOIL(f.sh[F_RELA_TEXT].sh_info = UINT32_MAX, 0); /* as in Linux: of nothing */
	SPOIL(f.sh[F_RELA_TEXT].sh_info = F_NOTE, 0);
	SPOIL(f.sh[F_RELA_TEXT].sh_size = 0, 0);
	SPOIL(f.rela[0].r_offset = sizeof(f.text) - 4, 0);
	SPOIL(f.rela[0].r_offset = sizeof(f.text) - 3, -ENOEXEC);
	SPOIL(f.rela[0].r_offset = sizeof(f.text), -ENOEXEC);
	SPOIL(f.rela[0].r_offset = UINT64_MAX, -ENOEXEC);
	SPOIL(f.rela[0].r_info = ELF64_R_INFO(S_NR, R_AARCH64_CALL26), -ENOEXEC);
	SPOIL(f.rela[0].r_info = ELF64_R_INFO(UINT32_MAX, R_AARCH64_CALL26), -ENOEXEC);
	/* Of no symbol, which is never looked at and may say anything. */
	SPOIL(f.sym[0].st_name = UINT32_MAX; f.rela[0].r_info = 549, -ENOEXEC);
	SPOIL(f.rela[0].r_info = ELF64_R_INFO(S_NOTE, R_AARCH64_CALL26), -ENOEXEC);
	SPOIL(f.rela[0].r_info = ELF64_R_INFO(S_BSS, R_AARCH64_PREL32), 0);
	SPOIL(f.rela_data[0].r_offset = sizeof(f.data) - 8, 0);
	SPOIL(f.rela_data[0].r_offset = sizeof(f.data) - 7, -ENOEXEC);
	/* Data may be packed. */
	SPOIL(f.rela_data[0].r_offset = 3, 0);
	SPOIL(f.rela_data[0].r_info = ELF64_R_INFO(S_WEAK, R_AARCH64_ABS64), 0);
	SPOIL(f.sh[F_SYMTAB].sh_size = 0, -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data),	    cmocka_unit_test(branches), cmocka_unit_test(pages),
		cmocka_unit_test(low_bits), cmocka_unit_test(moves),	cmocka_unit_test(erratum),
		cmocka_unit_test(names),    cmocka_unit_test(symbols),	cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
