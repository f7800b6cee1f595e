/*
 * exec_elf.c - see exec_elf.h.  The file is hostile: every number of it has been through lib/elf.c,
 * and every range goes through mm_map()'s checks.
 */
#include "task/exec_elf.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/mmap.h"
#include "mm/slab.h"

#define PLACE_RANDOM UINT64_C(0x3ffff)	/* pages */
#define DYN_BASE     (USER_TOP / 3 * 2) /* of a position-independent program */

static const char zeros[PAGE_SIZE];

/* ---- the file ---- */

int exec_read_header(struct exec_file *f)
{
	uint8_t header[ELF_HEADER_SIZE];
	long n = object_read(f->from.object, 0, header, sizeof(header));
	int err;

	f->table = NULL;
	if (n < 0)
		return (int)n;
	/*
	 * On a copy: another process may be writing the file's pages, until it is denied
	 * (fs/program.c).
	 */
	err = elf_check_header(header, (size_t)n, &f->elf);
	if (err)
		return err;
	f->table = kmalloc(f->elf.table_size);
	if (!f->table)
		return -ENOMEM;
	n = object_read(f->from.object, f->elf.table_off, f->table, f->elf.table_size);
	if (n == (long)f->elf.table_size)
		err = elf_check_table(&f->elf, f->table);
	else
		err = n < 0 ? (int)n : -ENOEXEC;
	if (err)
		exec_free_header(f);
	return err;
}

void exec_free_header(struct exec_file *f)
{
	kfree(f->table);
	f->table = NULL;
}

long exec_interpreter(const struct exec_file *f, char *path)
{
	size_t size = f->elf.interp_size;
	long n;

	if (!size)
		return 0;
	n = object_read(f->from.object, f->elf.interp_off, path, size);
	if (n < 0)
		return n;
	if (n != (long)size || path[size - 1])
		return -ENOEXEC;
	return (long)strlen(path);
}

/* ---- the segments ---- */

/* Anonymous memory behind the file's part of a segment; writable whatever the segment says, as in
 * Linux. */
static int map_bss(struct mm *mm, uintptr_t start, uintptr_t end, uint32_t exec)
{
	long at;

	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_UP(end, PAGE_SIZE);
	if (start >= end)
		return 0;
	at = mm_map(mm, start, end - start, VM_READ | VM_WRITE | exec, MAP_FIXED, NULL);
	return at < 0 ? (int)at : 0;
}

/* The file's last page goes on into the bss: what the file has there is not the program's. */
static int clear_tail(struct mm *mm, uintptr_t at, uint32_t flags)
{
	size_t n = ALIGN_UP(at, PAGE_SIZE) - at;

	if (!n || !(flags & VM_WRITE))
		return 0;
	/* The page becomes the program's own by this: the file's is not changed. */
	return mm_write(mm, at, zeros, n);
}

static int map_segment(struct mm *mm, const struct exec_file *f, const struct elf_segment *s,
		       uintptr_t bias)
{
	uint32_t flags = (s->flags & ELF_PF_R ? VM_READ : 0) |
			 (s->flags & ELF_PF_W ? VM_WRITE : 0) | (s->flags & ELF_PF_X ? VM_EXEC : 0);
	uintptr_t va = bias + s->vaddr, start = ALIGN_DOWN(va, PAGE_SIZE),
		  end_of_file = va + s->filesz;
	uint64_t lead = va - start;
	const struct vm_source from = { f->from.object, f->from.file, s->offset - lead };
	long at;
	int err;

	if (!s->filesz)
		return map_bss(mm, start, va + s->memsz, flags & VM_EXEC);
	at = mm_map(mm, start, lead + s->filesz, flags, MAP_FIXED, &from);
	if (at < 0)
		return (int)at;
	if (s->memsz == s->filesz)
		return 0;
	err = clear_tail(mm, end_of_file, flags);
	return err ? err : map_bss(mm, end_of_file, va + s->memsz, flags & VM_EXEC);
}

static int map_segments(struct mm *mm, const struct exec_file *f, uintptr_t bias)
{
	struct elf_segment s;
	uint32_t i = 0;
	int err = 0;

	while (!err && elf_next_segment(&f->elf, &i, &s))
		err = map_segment(mm, f, &s, bias);
	return err;
}

/* A place for all of @elf among the mappings: found by reserving it. */
static int find_load_place(struct mm *mm, const struct elf_image *elf, uint64_t align,
			   uintptr_t *bias)
{
	size_t size = ALIGN_UP(elf->high, PAGE_SIZE) - elf->low;
	long at;

	if (align > USER_TOP || size > USER_TOP - align)
		return -ENOMEM;
	size += align - PAGE_SIZE;
	at = mm_map(mm, 0, size, 0, MAP_PRIVATE | MAP_ANONYMOUS, NULL);
	if (at < 0)
		return (int)at;
	*bias = ALIGN_UP((uintptr_t)at, align) - elf->low;
	/* Nobody else maps anything in @mm meanwhile: the place stays free. */
	return mm_unmap(mm, (uintptr_t)at, size);
}

/*
 * A program that may lie anywhere lies at two thirds of the address space, away from mappings and
 * stack, and its heap behind it.  One that names no interpreter is likely to be one: it lies among
 * the mappings, so that the program that it will load finds its place free, and only its heap at
 * two thirds.
 */
static int place_program(struct mm *mm, const struct elf_image *elf, const struct exec_random *r,
			 uintptr_t *bias, uintptr_t *heap)
{
	uintptr_t base = DYN_BASE + exec_random_pages(r, r->load, PLACE_RANDOM);
	int err = 0;

	*bias = 0;
	if (elf->dyn && elf->interp_size)
		*bias = ALIGN_DOWN(base, elf->align) - elf->low;
	else if (elf->dyn)
		err = find_load_place(mm, elf, elf->align, bias);
	*heap = elf->dyn && !elf->interp_size ? DYN_BASE : *bias + elf->high;
	return err;
}

int exec_map_interp(struct mm *mm, struct exec_file *f, uintptr_t *bias)
{
	int err = elf_check_segments(&f->elf, USER_TOP, PAGE_SIZE);

	*bias = 0;
	if (!err && f->elf.dyn)
		err = find_load_place(mm, &f->elf, PAGE_SIZE, bias);
	return err ? err : map_segments(mm, f, *bias);
}

int exec_map_program(struct mm *mm, struct exec_file *f, const struct exec_random *r,
		     uintptr_t *bias)
{
	uintptr_t heap;
	int err = elf_check_segments(&f->elf, USER_TOP, PAGE_SIZE);

	if (!err)
		err = place_program(mm, &f->elf, r, bias, &heap);
	if (!err)
		err = map_segments(mm, f, *bias);
	if (err)
		return err;
	mm->brk_start = mm->brk =
		ALIGN_UP(heap, PAGE_SIZE) + exec_random_pages(r, r->brk, PLACE_RANDOM);
	/* The address space holds its program: /proc/PID/exe leads there as long as it lives. */
	object_get(f->from.object);
	mm->exe = f->from.object;
	held_get(f->from.file);
	mm->exe_file = f->from.file;
	return 0;
}
