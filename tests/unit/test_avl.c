/*
 * test_avl.c - lib/avl.c: order, balance, parents and what is kept about subtrees, after each of
 * many random changes.
 */
#include "unit.h"

#include "lib/avl.h"
#include "lib/util.h"

enum { ELEMENTS = 300 };

struct element {
	struct avl_node node;
	uint32_t value, largest;
	bool in;
};

static struct element elements[ELEMENTS]; /* ordered as they lie */

static struct element *of(struct avl_node *n)
{
	return container_of(n, struct element, node);
}

static bool update(struct avl_node *n)
{
	uint32_t largest = of(n)->value, old = of(n)->largest;

	for (int i = 0; i < 2; i++)
		if (n->child[i] && of(n->child[i])->largest > largest)
			largest = of(n->child[i])->largest;
	of(n)->largest = largest;
	return largest != old;
}

/* Elements below @n, which must all lie in (low, high). */
static size_t check(struct avl_node *n, const struct element *low, const struct element *high)
{
	uint32_t height[2] = { 0, 0 };
	uint32_t largest;
	size_t count = 1;

	if (!n)
		return 0;
	assert_true(of(n)->in && of(n) > low && of(n) < high);
	for (int i = 0; i < 2; i++) {
		if (!n->child[i])
			continue;
		assert_ptr_equal(n->child[i]->parent, n);
		height[i] = n->child[i]->height;
		count += check(n->child[i], i ? of(n) : low, i ? high : of(n));
	}
	assert_int_equal(n->height, 1 + max(height[0], height[1]));
	assert_true(max(height[0], height[1]) - min(height[0], height[1]) <= 1);
	largest = of(n)->largest;
	update(n);
	assert_int_equal(of(n)->largest, largest);
	return count;
}

static void insert(struct avl_tree *t, struct element *e)
{
	struct avl_node *parent = NULL, *n = t->root;
	unsigned int side = 0;

	while (n) {
		parent = n;
		side = e > of(n);
		n = n->child[side];
	}
	e->in = true;
	avl_insert(t, &e->node, parent, side);
}

static void random_changes(void **state)
{
	struct avl_tree t = { .update = update };
	size_t count = 0;

	for (int step = 0; step < 20000; step++) {
		struct element *e = &elements[random_below(ELEMENTS)];

		e->value = random_below(1000);
		if (!e->in) {
			insert(&t, e);
			count++;
		} else if (random_below(3)) {
			avl_erase(&t, &e->node);
			e->in = false;
			count--;
		} else {
			avl_refresh(&t, &e->node);
		}
		assert_int_equal(check(t.root, elements - 1, elements + ELEMENTS), count);
		assert_true(!t.root || !t.root->parent);
	}
}

static void ascending(void **state)
{
	static struct element many[1 << 16];
	struct avl_tree t = { .update = NULL };

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		insert(&t, &many[i]);
	assert_true(t.root->height <= 17);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		avl_erase(&t, &many[i].node);
	assert_null(t.root);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_changes),
					    cmocka_unit_test(ascending) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
