/*
 * elf.h - what an AArch64 ELF file asks for, checked (elf(5)); the answers are Linux's.
 *
 * The checks come in the order in which execve(2) makes them, in three steps, because their
 * outcomes differ:
 *
 *   elf_check_header()    the first bytes of the file                -ENOEXEC to the caller
 *   elf_check_table()     the program headers, read by the caller    -ENOEXEC to the caller
 *   elf_check_segments()  what they ask of memory.  Linux sees that only when the old program is
 *                         gone, and ends the task with SIGSEGV: exec does the same.
 *
 * Nothing is copied but the numbers; file data is not looked at, and a segment may reach beyond the
 * end of the file (touching it there is the program's SIGBUS).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/util.h"

#define ELF_HEADER_SIZE 64
#define ELF_PHDR_SIZE	56
#define ELF_TABLE_MAX	65536 /* bytes of program headers */
#define ELF_INTERP_MAX	4096  /* PATH_MAX: bytes of the interpreter's path, with its NUL */

enum elf_flags { ELF_PF_X = 1, ELF_PF_W = 2, ELF_PF_R = 4 };

struct elf_image {
	bool dyn;	     /* ET_DYN: may be loaded anywhere, by adding a bias; else ET_EXEC */
	uint64_t entry;	     /* without the bias, as all addresses here */
	uint64_t table_off;  /* program headers: where in the file ... */
	uint32_t table_size; /* ... and bytes, a multiple of ELF_PHDR_SIZE, 1..ELF_TABLE_MAX */
	uint32_t phnum;
	const uint8_t *table; /* the caller's copy of them */

	/* set by elf_check_table() */
	bool exec_stack;     /* PT_GNU_STACK asks for one */
	uint64_t interp_off; /* PT_INTERP: the path in the file ... */
	/* ... and its bytes, 2..ELF_INTERP_MAX; 0: none.  The last must be a NUL: -ENOEXEC. */
	uint32_t interp_size;

	/* set by elf_check_segments() */
	uint64_t low, high; /* all segments lie in [low, high), low on a page boundary */
	/* The largest alignment a segment asks for, a power of two, at least a page. */
	uint64_t align;
	uint64_t phdr_addr; /* where the table is in memory (AT_PHDR); 0: in no segment */
	uint64_t start_code, end_code, start_data, end_data; /* as /proc shows them */
};

/* A PT_LOAD segment.  @vaddr and @offset are equal modulo the page size where filesz is not 0. */
struct elf_segment {
	uint64_t vaddr;
	uint64_t memsz;
	uint64_t offset;
	uint64_t filesz; /* <= memsz */
	uint32_t flags;	 /* enum elf_flags */
};

/* elf_check_header - @n bytes (64 are looked at) from the start of a file.  0 or -ENOEXEC. */
int elf_check_header(const void *hdr, size_t n, struct elf_image *img) __must_check;

/*
 * elf_check_table - the program headers
 * @table:  img->table_size bytes read from img->table_off; stays in use as long as @img is.  A file
 *          that ends before that is -ENOEXEC too.
 */
int elf_check_table(struct elf_image *img, const void *table) __must_check;

/*
 * elf_check_segments - the PT_LOAD segments
 * @top:        the first address that is not the user's
 * @page_size:  a power of two
 *
 * 0, or -EINVAL: no segment at all, filesz > memsz, a range that wraps or passes @top, offset and
 * vaddr that cannot be mapped together, an entry beyond @top.  Segments may overlap and come in any
 * order, as in Linux: they are mapped in the order of the table, and a later one replaces what is
 * below it.
 */
int elf_check_segments(struct elf_image *img, uint64_t top, uint64_t page_size) __must_check;

/* elf_next_segment - walk the PT_LOADs: start with *index = 0; false at the end */
bool elf_next_segment(const struct elf_image *img, uint32_t *index, struct elf_segment *seg);
