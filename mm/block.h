/*
 * block.h - user memory in blocks: 2 MiB that one entry of a level-2 table maps.  For mm/ alone;
 * the caller holds mm->lock.
 *
 * Only private anonymous memory gets blocks, when it is written, and a block belongs to one address
 * space.  fork, and a munmap, mprotect, mremap or madvise of a part of it, split it into pages
 * first.  That cannot fail: each block keeps the table that it will need then.
 * Invariant: a block lies in one VMA.
 */
#pragma once

#include "mm/vm.h"

/* block_fits - may the write fault at @addr in @v be answered with a block? */
bool block_fits(struct mm *mm, const struct vma *v, uintptr_t addr);

/*
 * block_new - memory for one, or NULL.  block_clear - with zeros, which takes so long that mm->lock
 * is not held.  block_show - it is shown at @addr if it still belongs there, and else given back.
 */
struct page *block_new(void) __must_check;
void block_clear(struct page *head);
void block_show(struct mm *mm, uintptr_t addr, struct page *head);

/*
 * block_split_at - no block reaches across @addr any more.  block_split - nor is there one in
 * [@start, @end).
 */
void block_split_at(struct mm *mm, uintptr_t addr);
void block_split(struct mm *mm, uintptr_t start, uintptr_t end);

/* block_zap - drop the blocks of [@start, @end), none of which reaches out of it. */
void block_zap(struct mm *mm, uintptr_t start, uintptr_t end);

/* block_protect - the blocks of @v after its rights changed. */
void block_protect(struct mm *mm, const struct vma *v);

/* block_free_all - of an address space that no core runs in, nor will. */
void block_free_all(struct mm *mm);

/* block_pages - how many pages of [@start, @end) are in blocks. */
size_t block_pages(struct mm *mm, uintptr_t start, uintptr_t end);
