/*
 * test_vma.c - mm/vma.c, the tree of VMAs, against a model: the flags of each page.
 */
#include "unit.h"

#include <stdlib.h>

#include "lib/string.h"
#include "mm/vma.c"
#include "mm/vma.h"

enum { PAGES = 256, BASE = 0x10 };

int give_way(void)
{
	return 0;
}

void *kmalloc(size_t size)
{
	return malloc(size);
}

void kfree(void *p)
{
	free(p);
}

void held_drop(struct vm_held *h, struct vm_held **dead)
{
	(void)dead;
	assert_false(ref_put(&h->refs)); /* the test keeps one */
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

/* The highest place for @n pages below page @top, by the model; 0: none. */
static uintptr_t model_place(const struct model_page *model, size_t n, size_t top)
{
	size_t run = 0;

	for (size_t i = top; i-- > 0;) {
		run = model[i].flags ? 0 : run + 1;
		if (run == n)
			return page_va(i);
	}
	return 0;
}

/* Places are asked for below PAGES only; what is below page_va(0) is taken by a VMA. */
static void check_places(struct mm *mm, const struct model_page *model)
{
	for (int i = 0; i < 8; i++) {
		size_t n = 1 + random_below(20), top = 1 + random_below(PAGES);
		uintptr_t from = page_va(random_below(PAGES - 20));

		assert_int_equal(vma_place(mm, n * PAGE_SIZE, page_va(top)),
				 model_place(model, n, top));
		assert_int_equal(vma_is_free(mm, from, n * PAGE_SIZE, true),
				 model_place(model + (from / PAGE_SIZE - BASE), n, n) != 0);
	}
}

static void check(struct mm *mm, const struct model_page *model)
{
	struct vma *v, *below = NULL;
	size_t pages = 0, count = 0;

	list_for_each(v, &mm->vma_list, link) {
		assert_true(v->start < v->end && (!below || v->start >= below->end));
		assert_ptr_equal(vma_prev(v), below);
		if (below)
			assert_false(agree(below, v));
		below = v;
		pages += vma_pages(v);
		count++;
	}
	assert_int_equal(pages, mm->total_vm);
	assert_int_equal(count, mm->nr_vmas);
	for (size_t i = 0; i < PAGES; i++) {
		v = mm_find(mm, page_va(i) + random_below(PAGE_SIZE));
		assert_int_equal(v ? v->flags : 0, model[i].flags);
		if (!v)
			continue;
		assert_ptr_equal(v->object, model[i].object);
		if (v->object)
			assert_int_equal(v->offset + page_va(i) - v->start, model[i].offset);
	}
	check_places(mm, model);
}

static void unmap(struct mm *mm, struct model_page *model, size_t from, size_t to)
{
	struct vma *v, *next;

	assert_int_equal(vma_split(mm, page_va(from)), 0);
	assert_int_equal(vma_split(mm, page_va(to)), 0);
	for (v = vma_above(mm, page_va(from)); v && v->start < page_va(to); v = next) {
		next = vma_next(v);
		vma_remove(mm, v);
	}
	memset(&model[from], 0, (to - from) * sizeof(*model));
}

static void map(struct mm *mm, struct model_page *model, size_t from, size_t to,
		struct vm_object *object)
{
	struct vma v = { .start = page_va(from), .end = page_va(to), .flags = 1 + random_below(3) };

	if (object) {
		v.object = object;
		v.offset = random_below(4) ? page_va(from) : 0;
	}
	assert_int_equal(vma_insert(mm, &v), 0);
	for (size_t i = from; i < to; i++)
		model[i] = (struct model_page){ v.flags, object, v.offset + page_va(i) - v.start };
}

/* Everything gets flags 1: what was cut apart by flags alone is joined again. */
static void same_flags(struct mm *mm, struct model_page *model)
{
	struct vma *v;

	list_for_each(v, &mm->vma_list, link)
		if (v->start >= page_va(0))
			v->flags = 1;
	for (size_t i = 0; i < PAGES; i++)
		model[i].flags = model[i].flags != 0;
	vma_merge(mm, page_va(0), page_va(PAGES));
}

static void init_object(struct vm_object *o)
{
	*o = (struct vm_object){ .held.refs.n = 1 };
	list_init(&o->maps);
}

static void random_changes(void **state)
{
	struct vm_object objects[2];

	for (int round = 0; round < 200; round++) {
		struct model_page model[PAGES] = { { 0 } };
		struct mm mm = { .nr_vmas = 0 };

		vma_init(&mm);
		init_object(&objects[0]);
		init_object(&objects[1]);
		assert_int_equal(vma_insert(&mm, &(struct vma){ .start = USER_BOTTOM,
								.end = page_va(0),
								.flags = 16 }),
				 0);
		for (int step = 0; step < 100; step++) {
			size_t from = random_below(PAGES - 1),
			       to = from + 1 + random_below((uint32_t)(PAGES - from));

			unmap(&mm, model, from, to);
			check(&mm, model);
			if (random_below(20) == 0)
				same_flags(&mm, model);
			else if (random_below(3))
				map(&mm, model, from, to,
				    random_below(2) ? &objects[random_below(2)] : NULL);
			check(&mm, model);
		}
		unmap(&mm, model, 0, PAGES);
		vma_remove_all(&mm);
		assert_int_equal(mm.nr_vmas, 0);
		assert_int_equal(mm.total_vm, 0);
		assert_int_equal(objects[0].held.refs.n, 1);
		assert_int_equal(objects[1].held.refs.n, 1);
		assert_true(list_empty(&objects[0].maps));
	}
}

/* As many as there may be, each at the highest place; one too many is refused. */
static void many(void **state)
{
	struct mm mm = { .nr_vmas = 0 };
	struct vma v = { .flags = 1 };

	vma_init(&mm);
	for (size_t i = 0; i < VMAS_MAX; i++) {
		v.start = vma_place(&mm, PAGE_SIZE, USER_TOP / 2);
		assert_int_equal(v.start, USER_TOP / 2 - (i + 1) * PAGE_SIZE);
		v.end = v.start + PAGE_SIZE;
		v.flags ^= 3;
		assert_int_equal(vma_insert(&mm, &v), 0);
	}
	assert_int_equal(vma_split(&mm, v.start), 0);
	v = (struct vma){ .start = USER_TOP / 2, .end = USER_TOP / 2 + PAGE_SIZE, .flags = 4 };
	assert_int_equal(vma_insert(&mm, &v), -ENOMEM);
	vma_remove_all(&mm);
}

/* Gaps beyond ROOM_MAX, where the tree does not say which is the largest. */
static void large(void **state)
{
	struct mm mm = { .nr_vmas = 0 };
	struct vma v = { .flags = 1 };

	vma_init(&mm);
	for (uintptr_t i = 1; i < 20; i++) { /* gap i is i TiB and 4 pages */
		v.start = v.end + i * ROOM_MAX + 4 * PAGE_SIZE;
		v.end = v.start + PAGE_SIZE;
		assert_int_equal(vma_insert(&mm, &v), 0);
	}
	for (uintptr_t i = 2; i < 20; i++) {
		uintptr_t at = vma_place(&mm, i * ROOM_MAX + 2 * PAGE_SIZE, v.start);

		assert_int_equal(at, v.start - i * ROOM_MAX - 2 * PAGE_SIZE);
		v.end = vma_prev(mm_find(&mm, v.start))->end;
		at = vma_place(&mm, i * ROOM_MAX + 2 * PAGE_SIZE, v.end);
		assert_true(i == 19 ? !at : at && !mm_find(&mm, at));
	}
	vma_remove_all(&mm);
}

/* Nothing is placed in the guard below a stack, but a fixed address may. */
static void guard(void **state)
{
	struct mm mm = { .nr_vmas = 0 };
	struct vma v = { .start = 0x40000000, .end = 0x40001000, .flags = 3 | VM_GROWSDOWN };

	vma_init(&mm);
	assert_int_equal(vma_insert(&mm, &v), 0);
	assert_int_equal(vma_place(&mm, PAGE_SIZE, v.start), v.start - STACK_GUARD - PAGE_SIZE);
	assert_false(vma_is_free(&mm, v.start - PAGE_SIZE, PAGE_SIZE, true));
	assert_true(vma_is_free(&mm, v.start - PAGE_SIZE, PAGE_SIZE, false));
	vma_grow_down(&mm, mm_find(&mm, v.start), v.start - STACK_GUARD);
	assert_int_equal(vma_place(&mm, PAGE_SIZE, v.start), v.start - 2 * STACK_GUARD - PAGE_SIZE);
	vma_remove_all(&mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_changes),
					    cmocka_unit_test(many), cmocka_unit_test(large),
					    cmocka_unit_test(guard) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
