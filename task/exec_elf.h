/*
 * exec_elf.h - an ELF file's place in a new address space.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/elf.h"
#include "mm/object.h"

struct mm;

/* A program and, if it asks for one, its interpreter (the dynamic linker).  The table of each is
 * kmalloc'ed. */
struct exec_file {
	struct vm_source from; /* object and file, with references; object NULL: there is none */
	struct elf_image elf;
	void *table;
};

/* What the new program finds by AT_RANDOM, and where things are put if @on. */
struct exec_random {
	uint8_t at_random[16];
	uint64_t stack, mmap, load, brk, align;
	bool on;
};

/* exec_random_pages - up to @most pages of @random, in bytes. */
static inline uint64_t exec_random_pages(const struct exec_random *r, uint64_t random,
					 uint64_t most)
{
	return r->on ? (random & most) << PAGE_SHIFT : 0;
}

/*
 * exec_read_header - see what @f->object is; @f->elf is then known as far as elf_check_table goes.
 * 0 (exec_free_header in the end), -ENOEXEC, -ENOMEM, -EIO.  May sleep.
 */
int exec_read_header(struct exec_file *f) __must_check;
void exec_free_header(struct exec_file *f);

/* exec_interpreter - the path that PT_INTERP names, into @path of ELF_INTERP_MAX bytes: its length,
 * 0: none; -ENOEXEC, -EIO. */
long exec_interpreter(const struct exec_file *f, char *path) __must_check;

/*
 * exec_map_program, exec_map_interp - map the segments of @f, *@bias above where they say.  The
 * program's heap begins behind it, and its object becomes mm->exe.  0, -EINVAL, -ENOMEM, -EIO …
 */
int exec_map_program(struct mm *mm, struct exec_file *f, const struct exec_random *r,
		     uintptr_t *bias) __must_check;
int exec_map_interp(struct mm *mm, struct exec_file *f, uintptr_t *bias) __must_check;
