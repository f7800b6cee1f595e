/*
 * elf64.h - the records of an ELF64 file (elf(5)), as they lie in a program's or a module's.
 *
 * Little-endian, as the kernel is; a reader makes sure that a table begins on 8 bytes.
 */
#pragma once

#include <stdint.h>

struct elf64_ehdr {
	uint8_t e_ident[16];
	uint16_t e_type;
	uint16_t e_machine;
	uint32_t e_version;
	uint64_t e_entry;
	uint64_t e_phoff;
	uint64_t e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize;
	uint16_t e_phentsize;
	uint16_t e_phnum;
	uint16_t e_shentsize;
	uint16_t e_shnum;
	uint16_t e_shstrndx;
};
_Static_assert(sizeof(struct elf64_ehdr) == 64, "Elf64_Ehdr");

struct elf64_shdr {
	uint32_t sh_name; /* offset in the section names */
	uint32_t sh_type;
	uint64_t sh_flags;
	uint64_t sh_addr;
	uint64_t sh_offset;
	uint64_t sh_size;
	uint32_t sh_link;
	uint32_t sh_info;
	uint64_t sh_addralign;
	uint64_t sh_entsize;
};
_Static_assert(sizeof(struct elf64_shdr) == 64, "Elf64_Shdr");

struct elf64_sym {
	uint32_t st_name; /* offset in the string table */
	uint8_t st_info;
	uint8_t st_other;
	uint16_t st_shndx;
	uint64_t st_value; /* in a relocatable file: offset in the section */
	uint64_t st_size;
};
_Static_assert(sizeof(struct elf64_sym) == 24, "Elf64_Sym");

struct elf64_rela {
	uint64_t r_offset; /* in the section that is relocated */
	uint64_t r_info;
	int64_t r_addend;
};
_Static_assert(sizeof(struct elf64_rela) == 24, "Elf64_Rela");

#define ELF64_ET_REL	    1
#define ELF64_EM_AARCH64    183

#define SHT_NULL	    0
#define SHT_SYMTAB	    2
#define SHT_STRTAB	    3
#define SHT_RELA	    4
#define SHT_NOBITS	    8
#define SHT_REL		    9

#define SHF_WRITE	    0x1u
#define SHF_ALLOC	    0x2u
#define SHF_EXECINSTR	    0x4u
#define SHF_TLS		    0x400u
#define SHF_COMPRESSED	    0x800u

#define SHN_UNDEF	    0
#define SHN_ABS		    0xfff1
#define SHN_COMMON	    0xfff2

#define STB_WEAK	    2
#define STT_OBJECT	    1
#define STT_FUNC	    2
#define STT_SECTION	    3
#define STT_FILE	    4

#define ELF64_ST_BIND(info) ((info) >> 4)
#define ELF64_ST_TYPE(info) ((info)&15)
#define ELF64_R_SYM(info)   ((uint32_t)((info) >> 32))
#define ELF64_R_TYPE(info)  ((uint32_t)(info))
