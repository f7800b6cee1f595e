/*
 * test_list.c - lib/list.h against an array that is moved about in the same way.
 */
#include "unit.h"
#include "lib/list.h"

struct item {
	int value;
	struct list_node link;
};

static void expect(struct list_node *head, const int *values, size_t n)
{
	struct item *it;
	struct list_node *l = head;
	size_t i = 0;

	list_for_each(it, head, link) {
		assert_true(i < n);
		assert_int_equal(it->value, values[i++]);
	}
	assert_int_equal(i, n);
	for (i = n; i--;) { /* and backwards */
		l = l->prev;
		assert_int_equal(list_entry(l, struct item, link)->value, values[i]);
	}
	assert_ptr_equal(l->prev, head);
}

static void adding_and_removing(void **state)
{
	struct list_node head = LIST_INIT(head);
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };

	assert_true(list_empty(&head));
	assert_null(list_first(&head, struct item, link));
	assert_null(list_last(&head, struct item, link));
	assert_null(list_pop(&head, struct item, link));
	list_add_tail(&head, &b.link);
	list_add_head(&head, &a.link);
	list_add_tail(&head, &c.link);
	expect(&head, (int[]){ 1, 2, 3 }, 3);
	assert_ptr_equal(list_first(&head, struct item, link), &a);
	assert_ptr_equal(list_last(&head, struct item, link), &c);
	assert_true(list_is_linked(&b.link));
	list_del(&b.link);
	assert_false(list_is_linked(&b.link));
	expect(&head, (int[]){ 1, 3 }, 2);
	list_del(&b.link); /* harmless the second time */
	assert_ptr_equal(list_pop(&head, struct item, link), &a);
	assert_ptr_equal(list_pop(&head, struct item, link), &c);
	assert_true(list_empty(&head));
}

static void removing_while_walking(void **state)
{
	struct list_node head = LIST_INIT(head);
	struct item *it, *next;
	int left[50], n = 0;

	for (int i = 0; i < 100; i++) {
		it = malloc(sizeof(*it));
		it->value = i;
		list_add_tail(&head, &it->link);
	}
	list_for_each_safe(it, next, &head, link) {
		if (it->value % 2) {
			list_del(&it->link);
			free(it);
		} else {
			left[n++] = it->value;
		}
	}
	expect(&head, left, 50);
	while ((it = list_pop(&head, struct item, link)))
		free(it);
}

static void splicing(void **state)
{
	struct list_node head = LIST_INIT(head), more = LIST_INIT(more);
	struct item items[4];

	for (int i = 0; i < 4; i++) {
		items[i].value = i;
		list_add_tail(i < 2 ? &head : &more, &items[i].link);
	}
	list_splice_tail(&head, &more);
	expect(&head, (int[]){ 0, 1, 2, 3 }, 4);
	assert_true(list_empty(&more));
	list_splice_tail(&head, &more);
	expect(&head, (int[]){ 0, 1, 2, 3 }, 4);
	list_splice_tail(&more, &head);
	expect(&more, (int[]){ 0, 1, 2, 3 }, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_and_removing),
		cmocka_unit_test(removing_while_walking),
		cmocka_unit_test(splicing),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
