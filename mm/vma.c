/*
 * vma.c - the array of VMAs: sorted, never overlapping, neighbours that agree are one.
 *
 * An array, not a tree: a look-up is a binary search over memory that lies together, most often not even that (mm->last).
 * See mm/vma.h; used by mm/mmap.c, mm/fault.c and mm/vm.c.
 */
#include "mm/vma.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

#define VMAS_MAX 65530 /* vm.max_map_count of Linux */

static bool holds(const struct mm *mm, size_t i, uintptr_t addr)
{
	return i < mm->nr_vmas && addr < mm->vmas[i].end && (i == 0 || mm->vmas[i - 1].end <= addr);
}

size_t vma_index(struct mm *mm, uintptr_t addr)
{
	size_t low = 0, high = mm->nr_vmas;

	if (holds(mm, mm->last, addr))
		return mm->last;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (mm->vmas[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	mm->last = low;
	return low;
}

struct vma *mm_find(struct mm *mm, uintptr_t addr)
{
	size_t i = vma_index(mm, addr);

	return i < mm->nr_vmas && mm->vmas[i].start <= addr ? &mm->vmas[i] : NULL;
}

/* Room for one more. */
static int reserve(struct mm *mm)
{
	size_t cap = mm->cap_vmas ? mm->cap_vmas * 2 : 16;
	struct vma *n;

	if (mm->nr_vmas < mm->cap_vmas)
		return 0;
	if (mm->nr_vmas >= VMAS_MAX)
		return -ENOMEM;
	n = krealloc(mm->vmas, mm->nr_vmas * sizeof(*n), cap * sizeof(*n));
	if (!n)
		return -ENOMEM;
	mm->vmas = n;
	mm->cap_vmas = cap;
	return 0;
}

static void open_gap(struct mm *mm, size_t i)
{
	memmove(&mm->vmas[i + 1], &mm->vmas[i], (mm->nr_vmas - i) * sizeof(mm->vmas[0]));
	mm->nr_vmas++;
}

static void close_gap(struct mm *mm, size_t first, size_t last)
{
	memmove(&mm->vmas[first], &mm->vmas[last], (mm->nr_vmas - last) * sizeof(mm->vmas[0]));
	mm->nr_vmas -= last - first;
}

static bool agree(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->flags == b->flags && a->object == b->object &&
	       (!a->object || a->offset + (a->end - a->start) == b->offset) &&
	       !(a->flags & VM_GROWSDOWN);
}

/* Joins VMA i with the one after it, if they agree. */
static bool join(struct mm *mm, size_t i)
{
	if (i + 1 >= mm->nr_vmas || !agree(&mm->vmas[i], &mm->vmas[i + 1]))
		return false;
	mm->vmas[i].end = mm->vmas[i + 1].end;
	if (mm->vmas[i].object)
		object_drop(mm->vmas[i].object); /* two references became one; never the last */
	close_gap(mm, i + 1, i + 2);
	return true;
}

void vma_merge_around(struct mm *mm, size_t first, size_t last)
{
	if (first)
		first--;
	for (size_t i = first; i <= last && i < mm->nr_vmas;)
		if (join(mm, i))
			last = last ? last - 1 : 0;
		else
			i++;
}

int vma_insert(struct mm *mm, struct vma v)
{
	size_t i;
	int err = reserve(mm);

	if (err)
		return err;
	i = vma_index(mm, v.start);
	open_gap(mm, i);
	mm->vmas[i] = v;
	mm->total_vm += vma_pages(&v);
	vma_merge_around(mm, i, i);
	return 0;
}

int vma_split(struct mm *mm, uintptr_t addr)
{
	size_t i = vma_index(mm, addr);
	struct vma *v;
	int err;

	if (i == mm->nr_vmas || mm->vmas[i].start >= addr)
		return 0;
	err = reserve(mm);
	if (err)
		return err;
	open_gap(mm, i);
	v = &mm->vmas[i];
	v[1].offset += addr - v->start;
	v[1].start = addr;
	v->end = addr;
	if (v->object)
		object_get(v->object);
	return 0;
}

void vma_remove(struct mm *mm, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++) {
		mm->total_vm -= vma_pages(&mm->vmas[i]);
		if (mm->vmas[i].object)
			object_drop(mm->vmas[i].object);
	}
	close_gap(mm, first, last);
}
