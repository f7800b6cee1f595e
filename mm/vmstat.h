/*
 * vmstat.h - an address space in numbers, and what /proc shows of its mappings.
 */
#pragma once

#include "mm/vm.h"

/* What mm_next_vma() tells besides. */
#define VMA_FILE   0x1u /* file, with a reference for the caller */
#define VMA_COUNTS 0x2u /* rss and what follows it: a walk through the tables */

/* One VMA, and how much of it is there.  Counts are pages. */
struct vma_info {
	uintptr_t start, end;
	uint32_t flags;	  /* VM_* */
	uint64_t offset;  /* in the object, bytes */
	const char *name; /* "[heap]", "[stack]", "[vdso]"; NULL: the file's, or none */
	/*
	 * The struct file it was mapped through (its `held`); NULL: there is none, or it was not
	 * asked for.
	 */
	struct vm_held *file;
	size_t rss, anon;     /* mapped now; of these, private copies */
	size_t shared, dirty; /* mapped by others too; written through this mapping or private */
	uint64_t pss;	      /* bytes: each page by the number of its mappers */
	size_t huge;	      /* of these, in 2 MiB blocks */
	size_t swap;	      /* not in RAM, but in a swap area */
	uint64_t swap_pss;    /* bytes: of them, as pss */
};

/*
 * mm_next_vma - the first VMA of @mm that ends above @from; the next call's @from is info->end.
 * @want: VMA_FILE and VMA_COUNTS, or 0: its place, flags and name only.  Who wants the file drops
 * it with held_put(), if it is not NULL.
 * Return: false: there is no more, or current is to die.  Takes mm->lock, may sleep.
 */
bool mm_next_vma(struct mm *mm, uintptr_t from, unsigned int want, struct vma_info *info);

/* An address space in numbers, pages. */
struct mm_stat {
	size_t total, peak_total; /* VmSize, VmPeak */
	size_t rss, peak_rss;	  /* VmRSS, VmHWM */
	size_t anon, file;	  /* RssAnon, RssFile (all objects; RssShmem is in it) */
	size_t swap;		  /* VmSwap */
	size_t data, stack, text; /* VmData, VmStk; executable file mappings */
	size_t locked;		  /* VmLck */
	size_t tables;		  /* VmPTE */
};
/* mm_peak_rss - VmHWM, in pages.  No lock. */
size_t mm_peak_rss(const struct mm *mm);
/* mm_stat - by a walk through the VMAs and their tables.  Takes mm->lock. */
void mm_stat(struct mm *mm, struct mm_stat *st);

/*
 * mm_weigh - what would be freed with @mm, in pages: all that it maps, tables and VMAs; *@own: of
 * it what no other process maps.  Approximate; no lock is needed.
 */
size_t mm_weigh(const struct mm *mm, size_t *own);
