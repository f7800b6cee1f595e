/*
 * test_vma.c - mm/vma.c, the array of VMAs, against a model: the flags of each page.
 */
#include "unit.h"

#include <stdlib.h>

#include "mm/vma.c"

enum { PAGES = 256, BASE = 0x10 };

static size_t object_references;

void *krealloc(void *p, size_t old_size, size_t size)
{
	return realloc(p, size);
}

void object_drop(struct vm_object *o)
{
	assert_true(object_references > 0);
	object_references--;
	assert_false(ref_put(&o->refs)); /* the test keeps one */
}

struct model_page {
	uint32_t flags; /* 0: not mapped */
	struct vm_object *object;
	uint64_t offset;
};

static uintptr_t page_va(size_t i)
{
	return (BASE + i) * PAGE_SIZE;
}

static void check(struct mm *mm, const struct model_page *model)
{
	uintptr_t last = 0;
	size_t pages = 0;

	for (size_t i = 0; i < mm->nr_vmas; i++) {
		const struct vma *v = &mm->vmas[i];

		assert_true(v->start < v->end && v->start >= last);
		if (i)
			assert_false(agree(&v[-1], v));
		last = v->end;
		pages += vma_pages(v);
	}
	assert_int_equal(pages, mm->total_vm);
	for (size_t i = 0; i < PAGES; i++) {
		struct vma *v = mm_find(mm, page_va(i) + random_below(PAGE_SIZE));

		assert_int_equal(v ? v->flags : 0, model[i].flags);
		if (!v)
			continue;
		assert_ptr_equal(v->object, model[i].object);
		if (v->object)
			assert_int_equal(v->offset + page_va(i) - v->start, model[i].offset);
	}
}

static void unmap(struct mm *mm, struct model_page *model, size_t from, size_t to)
{
	size_t first, last;

	assert_int_equal(vma_split(mm, page_va(from)), 0);
	assert_int_equal(vma_split(mm, page_va(to)), 0);
	object_references = 0;
	for (size_t i = 0; i < mm->nr_vmas; i++)
		object_references += mm->vmas[i].object != NULL;
	first = last = vma_index(mm, page_va(from));
	while (last < mm->nr_vmas && mm->vmas[last].start < page_va(to))
		last++;
	vma_remove(mm, first, last);
	memset(&model[from], 0, (to - from) * sizeof(*model));
}

static void random_changes(void **state)
{
	struct vm_object objects[2];

	for (int round = 0; round < 200; round++) {
		struct model_page model[PAGES] = { { 0 } };
		struct mm mm = { .nr_vmas = 0 };

		ref_init(&objects[0].refs);
		ref_init(&objects[1].refs);
		for (int step = 0; step < 100; step++) {
			size_t from = random_below(PAGES - 1),
			       to = from + 1 + random_below((uint32_t)(PAGES - from));
			struct vma v = { page_va(from), page_va(to), 1 + random_below(3), NULL, 0 };

			unmap(&mm, model, from, to);
			check(&mm, model);
			if (random_below(3) == 0)
				continue;
			if (random_below(2)) {
				v.object = &objects[random_below(2)];
				v.offset = random_below(4) ? page_va(from) : 0;
				ref_get(&v.object->refs);
			}
			object_references = 1000; /* joins may drop some */
			assert_int_equal(vma_insert(&mm, v), 0);
			for (size_t i = from; i < to; i++)
				model[i] = (struct model_page){ v.flags, v.object,
								v.offset + page_va(i) - v.start };
			check(&mm, model);
		}
		unmap(&mm, model, 0, PAGES);
		assert_int_equal(mm.nr_vmas, 0);
		assert_int_equal(mm.total_vm, 0);
		assert_int_equal(objects[0].refs.n, 1);
		assert_int_equal(objects[1].refs.n, 1);
		free(mm.vmas);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_changes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
