/*
 * module_file.h - a module's file as the tools make it, built in memory: the tests spoil copies.
 */
#pragma once

#include "unit.h"
#include "lib/elf64.h"
#include "kmod/module.h"
#include "kmod/reloc_names.h"

/* What the kernel has no use for (elf(5)). */
#define SHT_PROGBITS		   1
#define SHT_NOTE		   7
#define SHF_INFO_LINK		   0x40
#define SHN_XINDEX		   0xffff
#define STB_LOCAL		   0
#define STB_GLOBAL		   1
#define STT_NOTYPE		   0
#define ELF64_R_INFO(symbol, type) ((uint64_t)(symbol) << 32 | (type))

/* Sections of the file, by index. */
enum {
	F_TEXT = 1,
	F_RELA_TEXT,
	F_DATA,
	F_RELA_DATA,
	F_BSS,
	F_RODATA,
	F_INIT_TEXT,
	F_MODINFO,
	F_MODULE,
	F_NOTE,
	F_SYMTAB,
	F_STRTAB,
	F_SHSTRTAB,
	F_NR
};

/* Symbols, by index. */
enum { S_TEXT = 1, S_DATA, S_WANTED, S_WEAK, S_ABS, S_BSS, S_NOTE, S_NR };

#define F_NR_RELA 2

struct module_file {
	struct elf64_ehdr ehdr;
	struct elf64_shdr sh[F_NR];
	struct elf64_sym sym[S_NR];
	struct elf64_rela rela[F_NR_RELA]; /* of the text: CALL26 to wanted; NONE */
	struct elf64_rela rela_data[1];	   /* ABS64 to the text's second word */
	uint32_t text[16];
	uint64_t data[4];
	char rodata[24];
	uint32_t init_text[2];
	char modinfo[48];
	struct module module;
	char note[16];
	char strtab[64];
	char shstrtab[160];
};

/* The offset of @name in a table of strings. */
static inline uint32_t string_at(const char *table, size_t size, const char *name)
{
	for (size_t i = 0; i < size; i += __builtin_strlen(table + i) + 1)
		if (!__builtin_strcmp(table + i, name))
			return (uint32_t)i;
	fail_msg("no string %s", name);
	return 0;
}

#define SECTION(index, section_name, section_type, section_flags, field)                      \
	f.sh[index] = (struct elf64_shdr)                                                     \
	{                                                                                     \
		.sh_name = string_at(f.shstrtab, sizeof(f.shstrtab), section_name),           \
		.sh_type = section_type, .sh_flags = section_flags,                           \
		.sh_offset = offsetof(struct module_file, field), .sh_size = sizeof(f.field), \
		.sh_addralign = 8                                                             \
	}

#define SYMBOL(index, symbol_name, bind, type, section, value)                                     \
	f.sym[index] = (struct elf64_sym)                                                          \
	{                                                                                          \
		.st_name = string_at(f.strtab, sizeof(f.strtab), symbol_name),                     \
		.st_info = (uint8_t)((bind) << 4 | (type)), .st_shndx = section, .st_value = value \
	}

static inline struct module_file good_module(void)
{
	struct module_file f = {
		.ehdr = { .e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
			  .e_type = ELF64_ET_REL,
			  .e_machine = ELF64_EM_AARCH64,
			  .e_version = 1,
			  .e_shoff = offsetof(struct module_file, sh),
			  .e_ehsize = sizeof(struct elf64_ehdr),
			  .e_shentsize = sizeof(struct elf64_shdr),
			  .e_shnum = F_NR,
			  .e_shstrndx = F_SHSTRTAB },
		.rela = { { 4, ELF64_R_INFO(S_WANTED, R_AARCH64_CALL26), 0 },
			  { 0, ELF64_R_INFO(0, R_AARCH64_NONE), 0 } },
		.rela_data = { { 8, ELF64_R_INFO(S_TEXT, R_AARCH64_ABS64), 4 } },
		.text = { 0xd503201f, 0x94000000, 0xd65f03c0 },
		.data = { 1, 2, 3, 4 },
		.rodata = "read only",
		.init_text = { 0xd65f03c0, 0xd65f03c0 },
		.modinfo = "license=MIT\0alias=a\0alias=b\0aliases=c\0",
		.module = { .name = "tested" },
		.strtab = "\0text\0data\0wanted\0weak\0absolute\0bss\0",
		.shstrtab = "\0.text\0.rela.text\0.data\0.rela.data\0.bss\0.rodata\0.init.text\0"
			    ".modinfo\0.gnu.linkonce.this_module\0.note.x\0.symtab\0.strtab\0"
			    ".shstrtab\0",
	};

	SECTION(F_TEXT, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text);
	SECTION(F_RELA_TEXT, ".rela.text", SHT_RELA, SHF_INFO_LINK, rela);
	SECTION(F_DATA, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, data);
	SECTION(F_RELA_DATA, ".rela.data", SHT_RELA, SHF_INFO_LINK, rela_data);
	SECTION(F_BSS, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, note);
	SECTION(F_RODATA, ".rodata", SHT_PROGBITS, SHF_ALLOC, rodata);
	SECTION(F_INIT_TEXT, ".init.text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, init_text);
	SECTION(F_MODINFO, ".modinfo", SHT_PROGBITS, SHF_ALLOC, modinfo);
	SECTION(F_MODULE, ".gnu.linkonce.this_module", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, module);
	SECTION(F_NOTE, ".note.x", SHT_NOTE, SHF_ALLOC, note);
	SECTION(F_SYMTAB, ".symtab", SHT_SYMTAB, 0, sym);
	SECTION(F_STRTAB, ".strtab", SHT_STRTAB, 0, strtab);
	SECTION(F_SHSTRTAB, ".shstrtab", SHT_STRTAB, 0, shstrtab);
	f.sh[F_RELA_TEXT].sh_link = f.sh[F_RELA_DATA].sh_link = F_SYMTAB;
	f.sh[F_RELA_TEXT].sh_info = F_TEXT;
	f.sh[F_RELA_DATA].sh_info = F_DATA;
	f.sh[F_SYMTAB].sh_link = F_STRTAB;
	f.sh[F_SYMTAB].sh_info = S_WANTED; /* the first that is global */
	SYMBOL(S_TEXT, "text", STB_LOCAL, STT_FUNC, F_TEXT, 0);
	SYMBOL(S_DATA, "data", STB_LOCAL, STT_OBJECT, F_DATA, 8);
	SYMBOL(S_WANTED, "wanted", STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0);
	SYMBOL(S_WEAK, "weak", STB_WEAK, STT_NOTYPE, SHN_UNDEF, 0);
	SYMBOL(S_ABS, "absolute", STB_GLOBAL, STT_NOTYPE, SHN_ABS, 0);
	SYMBOL(S_BSS, "bss", STB_GLOBAL, STT_OBJECT, F_BSS, 0);
	SYMBOL(S_NOTE, "", STB_LOCAL, STT_SECTION, F_NOTE, 0);
	return f;
}
