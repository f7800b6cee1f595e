/*
 * memmap.c - the map of RAM that the device tree gives, before there is an allocator.
 *
 * Short sorted lists: what is RAM, what of it is taken, and what must not even be mapped.
 * el1/memory.c fills them, mm/kmap.c and mm/page.c walk the difference; later they change under
 * page.c's lock only (page_release).
 * Invariant: each list is sorted, its ranges are page-aligned, not empty, and do not overlap or
 * touch.
 */
#include "mm/memmap.h"

#include "abi/errno.h"
#include "lib/string.h"

struct range {
	uint64_t start, end;
};

struct ranges {
	struct range r[MEMMAP_MAX];
	unsigned int n;
};

static struct ranges ram, taken, unmapped; /* unmapped is part of taken */

static void remove_at(struct ranges *l, unsigned int i)
{
	l->n--;
	memmove(&l->r[i], &l->r[i + 1], (l->n - i) * sizeof(l->r[0]));
}

/* Adds [start, end), swallowing every range that it overlaps or touches. */
static int add(struct ranges *l, uint64_t start, uint64_t end)
{
	unsigned int i = 0;

	while (i < l->n && l->r[i].end < start)
		i++;
	while (i < l->n && l->r[i].start <= end) {
		start = min(start, l->r[i].start);
		end = max(end, l->r[i].end);
		remove_at(l, i);
	}
	if (l->n == MEMMAP_MAX)
		return -ENOSPC;
	memmove(&l->r[i + 1], &l->r[i], (l->n - i) * sizeof(l->r[0]));
	l->r[i] = (struct range){ start, end };
	l->n++;
	return 0;
}

int memmap_add_ram(uint64_t pa, uint64_t size)
{
	uint64_t start, end;

	/* From the device tree, so hostile: compared so that nothing wraps. */
	if (size > LINEAR_SIZE || pa > LINEAR_SIZE - size)
		return -EINVAL;
	start = ALIGN_UP(pa, PAGE_SIZE);
	end = ALIGN_DOWN(pa + size, PAGE_SIZE);
	return start < end ? add(&ram, start, end) : 0;
}

void memmap_limit_ram(uint64_t size)
{
	unsigned int i = 0;

	for (; i < ram.n && ram.r[i].end - ram.r[i].start <= size; i++)
		size -= ram.r[i].end - ram.r[i].start;
	if (i == ram.n)
		return;
	ram.r[i].end = ram.r[i].start + ALIGN_DOWN(size, PAGE_SIZE);
	ram.n = ram.r[i].end == ram.r[i].start ? i : i + 1;
}

int memmap_reserve(uint64_t pa, uint64_t size, bool nomap)
{
	int err;

	/* What lies out of reach is never RAM; what reaches beyond is cut, not forgotten. */
	if (pa >= LINEAR_SIZE)
		return 0;
	size = min(size, LINEAR_SIZE - pa);
	if (!size)
		return 0;
	err = add(&taken, ALIGN_DOWN(pa, PAGE_SIZE), ALIGN_UP(pa + size, PAGE_SIZE));
	if (!err && nomap)
		err = add(&unmapped, ALIGN_DOWN(pa, PAGE_SIZE), ALIGN_UP(pa + size, PAGE_SIZE));
	return err;
}

int memmap_unreserve(uint64_t pa, uint64_t end)
{
	for (unsigned int i = 0; i < taken.n; i++) {
		struct range *r = &taken.r[i];
		uint64_t tail = r->end;

		if (pa < r->start || end > r->end)
			continue;
		/* The range is cut in two; what is behind becomes a range of its own below. */
		r->end = pa;
		if (r->start == r->end)
			remove_at(&taken, i);
		return end < tail ? add(&taken, end, tail) : 0;
	}
	return -EINVAL;
}

/* The first run at or after *pa that is in @in and not in @out. */
static bool next_difference(const struct ranges *in, const struct ranges *out, uint64_t *pa,
			    uint64_t *end)
{
	for (unsigned int i = 0; i < in->n; i++) {
		uint64_t at = max(*pa, in->r[i].start), stop = in->r[i].end;

		for (unsigned int j = 0; at < stop && j < out->n; j++) {
			if (out->r[j].end <= at)
				continue;
			if (out->r[j].start > at) {
				stop = min(stop, out->r[j].start);
				break;
			}
			at = out->r[j].end;
		}
		if (at < stop) {
			*pa = at;
			*end = stop;
			return true;
		}
	}
	return false;
}

bool memmap_next_free(uint64_t *pa, uint64_t *end)
{
	return next_difference(&ram, &taken, pa, end);
}

bool memmap_next_mapped(uint64_t *pa, uint64_t *end)
{
	return next_difference(&ram, &unmapped, pa, end);
}

bool memmap_next_ram(uint64_t *pa, uint64_t *end)
{
	static const struct ranges none;

	return next_difference(&ram, &none, pa, end);
}

bool memmap_any_ram(void)
{
	return ram.n > 0;
}

bool memmap_is_ram(uint64_t pa)
{
	for (unsigned int i = 0; i < ram.n; i++)
		if (pa >= ram.r[i].start && pa < ram.r[i].end)
			return true;
	return false;
}

bool memmap_range_is_ram(uint64_t pa, uint64_t size)
{
	for (unsigned int i = 0; i < ram.n; i++)
		if (pa >= ram.r[i].start && pa < ram.r[i].end)
			return size <= ram.r[i].end - pa;
	return false;
}
