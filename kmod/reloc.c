/*
 * reloc.c - a module's relocations: values of symbols, and what they do to the places that name
 * them.
 *
 * A table says of each kind how its value is made, which bits of it go where, and how it is
 * checked, as AAELF64 has it; with Linux, PREL16 and PREL32 are signed and ABS16 and ABS32 unsigned
 * (the document leaves both open).  The value is checked before anything is written.
 */
#include "abi/errno.h"
#include "lib/elf64.h"
#include "kmod/image_private.h"
#include "kmod/reloc.h"
#include "kmod/reloc_names.h"
#include "kmod/sections.h"
#include "lib/printf.h"
#include "lib/string.h"

#define ADRP_MASK (~0xfffull)

/* How the value is made: S, A, P as in AAELF64. */
enum value { ABS, PREL, PAGE };
/* Where its bits go: data of so many bytes, or a field of an instruction. */
enum field { DATA2, DATA4, DATA8, IMM12, IMM14, IMM16, IMM16_SIGN, IMM19, IMM26, IMM_ADR };
enum check { NO_CHECK, SIGNED, UNSIGNED };

/* Bits [@bits - 1 : @low] of the value go to @field; below @low they must be 0 if @aligned. */
struct howto {
	uint16_t type;
	uint8_t value, field, low, bits, check;
	bool aligned;
};

static const struct howto howtos[] = {
	{ R_AARCH64_ABS64, ABS, DATA8, 0, 64, NO_CHECK, false },
	{ R_AARCH64_ABS32, ABS, DATA4, 0, 32, UNSIGNED, false },
	{ R_AARCH64_ABS16, ABS, DATA2, 0, 16, UNSIGNED, false },
	{ R_AARCH64_PREL64, PREL, DATA8, 0, 64, NO_CHECK, false },
	{ R_AARCH64_PREL32, PREL, DATA4, 0, 32, SIGNED, false },
	{ R_AARCH64_PREL16, PREL, DATA2, 0, 16, SIGNED, false },
	{ R_AARCH64_PLT32, PREL, DATA4, 0, 32, SIGNED, false },
	{ R_AARCH64_MOVW_UABS_G0, ABS, IMM16, 0, 16, UNSIGNED, false },
	{ R_AARCH64_MOVW_UABS_G0_NC, ABS, IMM16, 0, 16, NO_CHECK, false },
	{ R_AARCH64_MOVW_UABS_G1, ABS, IMM16, 16, 32, UNSIGNED, false },
	{ R_AARCH64_MOVW_UABS_G1_NC, ABS, IMM16, 16, 32, NO_CHECK, false },
	{ R_AARCH64_MOVW_UABS_G2, ABS, IMM16, 32, 48, UNSIGNED, false },
	{ R_AARCH64_MOVW_UABS_G2_NC, ABS, IMM16, 32, 48, NO_CHECK, false },
	{ R_AARCH64_MOVW_UABS_G3, ABS, IMM16, 48, 64, NO_CHECK, false },
	/* The sign is in the instruction, MOVZ or MOVN: one more bit of range. */
	{ R_AARCH64_MOVW_SABS_G0, ABS, IMM16_SIGN, 0, 17, SIGNED, false },
	{ R_AARCH64_MOVW_SABS_G1, ABS, IMM16_SIGN, 16, 33, SIGNED, false },
	{ R_AARCH64_MOVW_SABS_G2, ABS, IMM16_SIGN, 32, 49, SIGNED, false },
	{ R_AARCH64_MOVW_PREL_G0, PREL, IMM16_SIGN, 0, 17, SIGNED, false },
	{ R_AARCH64_MOVW_PREL_G0_NC, PREL, IMM16, 0, 16, NO_CHECK, false },
	{ R_AARCH64_MOVW_PREL_G1, PREL, IMM16_SIGN, 16, 33, SIGNED, false },
	{ R_AARCH64_MOVW_PREL_G1_NC, PREL, IMM16, 16, 32, NO_CHECK, false },
	{ R_AARCH64_MOVW_PREL_G2, PREL, IMM16_SIGN, 32, 49, SIGNED, false },
	{ R_AARCH64_MOVW_PREL_G2_NC, PREL, IMM16, 32, 48, NO_CHECK, false },
	{ R_AARCH64_MOVW_PREL_G3, PREL, IMM16_SIGN, 48, 64, NO_CHECK, false },
	{ R_AARCH64_LD_PREL_LO19, PREL, IMM19, 2, 21, SIGNED, true },
	{ R_AARCH64_ADR_PREL_LO21, PREL, IMM_ADR, 0, 21, SIGNED, false },
	{ R_AARCH64_ADR_PREL_PG_HI21, PAGE, IMM_ADR, 12, 33, SIGNED, false },
	{ R_AARCH64_ADR_PREL_PG_HI21_NC, PAGE, IMM_ADR, 12, 33, NO_CHECK, false },
	{ R_AARCH64_ADD_ABS_LO12_NC, ABS, IMM12, 0, 12, NO_CHECK, false },
	{ R_AARCH64_LDST8_ABS_LO12_NC, ABS, IMM12, 0, 12, NO_CHECK, false },
	{ R_AARCH64_LDST16_ABS_LO12_NC, ABS, IMM12, 1, 12, NO_CHECK, true },
	{ R_AARCH64_LDST32_ABS_LO12_NC, ABS, IMM12, 2, 12, NO_CHECK, true },
	{ R_AARCH64_LDST64_ABS_LO12_NC, ABS, IMM12, 3, 12, NO_CHECK, true },
	{ R_AARCH64_LDST128_ABS_LO12_NC, ABS, IMM12, 4, 12, NO_CHECK, true },
	{ R_AARCH64_TSTBR14, PREL, IMM14, 2, 16, SIGNED, true },
	{ R_AARCH64_CONDBR19, PREL, IMM19, 2, 21, SIGNED, true },
	{ R_AARCH64_JUMP26, PREL, IMM26, 2, 28, SIGNED, true },
	{ R_AARCH64_CALL26, PREL, IMM26, 2, 28, SIGNED, true },
};

/* One relocation on its way: what it is, where, and with which value. */
struct work {
	const struct elf64_rela *rela;
	const struct howto *how;
	uint32_t target; /* the section that is relocated */
	uint64_t place, value;
};

static const struct howto *find_howto(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(howtos); i++)
		if (howtos[i].type == type)
			return &howtos[i];
	return NULL;
}

/* What a symbol is called in a message: a section's has the section's name. */
static const char *symbol_words(const struct image *img, uint32_t i)
{
	const struct elf64_sym *sym = &img->symbols[i];

	if (ELF64_ST_TYPE(sym->st_info) == STT_SECTION && sym->st_shndx < img->nr_sections)
		return image_section_name(img, sym->st_shndx);
	return image_symbol_name(img, i);
}

/* -ENOEXEC, and "R_AARCH64_CALL26 at .text+0x1c to memcpy" */
static int refuse(struct image *img, const struct work *w, const char *error)
{
	uint32_t type = ELF64_R_TYPE(w->rela->r_info), sym = ELF64_R_SYM(w->rela->r_info);
	const char *name = reloc_name(type);
	char number[16];

	if (!name)
		snprintf(number, sizeof(number), "%u", type);
	img->error = error;
	snprintf(img->detail, sizeof(img->detail), "%s at %s+0x%llx to %s", name ? name : number,
		 image_section_name(img, w->target), (unsigned long long)w->rela->r_offset,
		 sym && sym < img->nr_symbols ? symbol_words(img, sym) : "no symbol");
	return -ENOEXEC;
}

static uint64_t value_of(const struct howto *how, uint64_t to, uint64_t place)
{
	if (how->value == ABS)
		return to;
	return how->value == PREL ? to - place : (to & ADRP_MASK) - (place & ADRP_MASK);
}

static bool value_fits(const struct howto *how, uint64_t x)
{
	if (how->aligned && x & ((1ull << how->low) - 1))
		return false;
	if (how->check == NO_CHECK)
		return true;
	if (how->check == UNSIGNED)
		return !(x >> how->bits);
	/* All bits from the sign up are the same. */
	return (int64_t)x >> (how->bits - 1) == 0 || (int64_t)x >> (how->bits - 1) == -1;
}

static uint32_t put_bits(uint32_t insn, uint64_t x, unsigned at, unsigned bits)
{
	uint32_t mask = (1u << bits) - 1;

	return (insn & ~(mask << at)) | (((uint32_t)x & mask) << at);
}

/* @x: the value without the bits below how->low. */
static uint32_t encode(const struct howto *how, uint32_t insn, uint64_t x)
{
	switch (how->field) {
	case IMM12: return put_bits(insn, x & (0xfffu >> how->low), 10, 12);
	case IMM14: return put_bits(insn, x, 5, 14);
	case IMM19: return put_bits(insn, x, 5, 19);
	case IMM26: return put_bits(insn, x, 0, 26);
	case IMM_ADR: return put_bits(put_bits(insn, x, 29, 2), x >> 2, 5, 19);
	case IMM16_SIGN:
		/* opc 10 is MOVZ, 00 MOVN, which writes the complement of its immediate */
		insn = put_bits(insn, (int64_t)x < 0 ? 0 : 2, 29, 2);
		return put_bits(insn, (int64_t)x < 0 ? ~x : x, 5, 16);
	default: return put_bits(insn, x, 5, 16);
	}
}

static size_t field_width(const struct howto *how)
{
	return how->field == DATA8 ? 8 : how->field == DATA2 ? 2 : 4;
}

/* The place may lie at any address: bytes are copied. */
static void write_place(const struct work *w)
{
	void *at = (void *)(uintptr_t)w->place;
	uint32_t insn;

	if (w->how->field <= DATA8) {
		memcpy(at, &w->value, field_width(w->how));
		return;
	}
	memcpy(&insn, at, sizeof(insn));
	insn = encode(w->how, insn, (uint64_t)((int64_t)w->value >> w->how->low));
	memcpy(at, &insn, sizeof(insn));
}

/*
 * Erratum 843419: behind an ADRP in the last two words of a page, a load may go elsewhere.  As an
 * ADR of the page's address it is another instruction with the same result, within 1 MiB.
 */
static int write_as_adr(struct image *img, struct work *w, uint64_t to)
{
	uint32_t insn;

	w->how = find_howto(R_AARCH64_ADR_PREL_LO21);
	w->value = value_of(w->how, to & ADRP_MASK, w->place);
	if (!value_fits(w->how, w->value))
		return refuse(img, w, "an ADRP that erratum 843419 forbids");
	write_place(w);
	memcpy(&insn, (void *)(uintptr_t)w->place, sizeof(insn));
	insn &= ~(1u << 31); /* op: ADRP, ADR */
	memcpy((void *)(uintptr_t)w->place, &insn, sizeof(insn));
	return 0;
}

/* What the relocation refers to, S + A. */
static int find_target(struct image *img, const struct work *w, const uint64_t *address,
		       uint64_t *to)
{
	uint32_t i = ELF64_R_SYM(w->rela->r_info), section;

	if (i >= img->nr_symbols)
		return refuse(img, w, "relocation of no symbol");
	section = img->symbols[i].st_shndx;
	if (i && section && section < img->nr_sections && !address[section])
		return refuse(img, w, "relocation to a section that is not loaded");
	*to = address[img->nr_sections + i] + (uint64_t)w->rela->r_addend;
	return 0;
}

static int relocate_one(struct image *img, struct work *w, const uint64_t *address, uint32_t errata)
{
	uint64_t size = img->sections[w->target].sh_size, offset = w->rela->r_offset, to = 0;
	uint32_t type = ELF64_R_TYPE(w->rela->r_info);
	int err;

	if (type == R_AARCH64_NONE || type == R_AARCH64_WITHDRAWN)
		return 0;
	w->how = find_howto(type);
	if (!w->how)
		return refuse(img, w, "a relocation that is not for modules");
	if (offset > size || size - offset < field_width(w->how))
		return refuse(img, w, "relocation outside its section");
	err = find_target(img, w, address, &to);
	if (err)
		return err;
	w->place = address[w->target] + offset;
	if (w->how->value == PAGE && errata & IMAGE_A53_843419 && (w->place & 0xfff) >= 0xff8)
		return write_as_adr(img, w, to);
	w->value = value_of(w->how, to, w->place);
	if (!value_fits(w->how, w->value))
		return refuse(img, w, "relocation out of range");
	write_place(w);
	return 0;
}

static int relocate_section(struct image *img, const struct elf64_shdr *s, const uint64_t *address,
			    uint32_t errata)
{
	const struct elf64_rela *rela = (const void *)(img->file + s->sh_offset);
	struct work w = { .target = s->sh_info };

	/* In each table of relocations there is a section's, of the one table of symbols. */
	if (s->sh_type == SHT_REL || s->sh_link != img->symtab || !IS_ALIGNED(s->sh_offset, 8) ||
	    s->sh_size % sizeof(*rela))
		return image_fail(img, -ENOEXEC, "a damaged table of relocations",
				  image_section_name(img, w.target));
	for (uint32_t i = 0; i < s->sh_size / sizeof(*rela); i++) {
		int err = image_pause(img, i, 256);

		w.rela = &rela[i];
		if (!err)
			err = relocate_one(img, &w, address, errata);
		if (err)
			return err;
	}
	return 0;
}

/* A weak symbol that nobody has is 0. */
static int find_undefined(struct image *img, const struct elf64_sym *sym, uint64_t *value,
			  image_find_fn *find, void *ctx)
{
	const char *name = img->strings + sym->st_name;
	int err;

	*value = 0;
	err = find(ctx, name, value);
	if (!err || (err == -ENOENT && ELF64_ST_BIND(sym->st_info) == STB_WEAK))
		return 0;
	return image_fail(img, err, "unknown symbol", name);
}

static int find_values(struct image *img, uint64_t *address, image_find_fn *find, void *ctx)
{
	uint64_t *value = address + img->nr_sections;

	if (img->nr_symbols)
		value[0] = 0;
	for (uint32_t i = 1; i < img->nr_symbols; i++) {
		const struct elf64_sym *sym = &img->symbols[i];
		int err = image_pause(img, i, 32);

		if (!err && sym->st_shndx == SHN_UNDEF)
			err = find_undefined(img, sym, &value[i], find, ctx);
		else if (sym->st_shndx == SHN_ABS)
			value[i] = sym->st_value;
		else
			value[i] =
				address[sym->st_shndx] ? address[sym->st_shndx] + sym->st_value : 0;
		if (err)
			return err;
	}
	return 0;
}

int image_relocate(struct image *img, uint64_t *address, image_find_fn *find, void *ctx,
		   uint32_t errata)
{
	int err = find_values(img, address, find, ctx);

	for (uint32_t i = 1; !err && i < img->nr_sections; i++) {
		const struct elf64_shdr *s = &img->sections[i];

		err = image_pause(img, i, 256);
		/* Debug information and the like has relocations too: for those who read it. */
		if (!err && (s->sh_type == SHT_RELA || s->sh_type == SHT_REL) &&
		    s->sh_info < img->nr_sections && address[s->sh_info])
			err = relocate_section(img, s, address, errata);
	}
	return err;
}
