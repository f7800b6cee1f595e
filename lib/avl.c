/*
 * avl.c - balanced binary trees.  See avl.h; used for VMAs, timers, threads and lock waiters, each
 * under its owner's lock.
 *
 * Invariant: the heights of two siblings differ by one at most, so n elements are at most 1.45
 * log2(n) deep.
 */
#include "lib/avl.h"

#include "lib/util.h"

static uint32_t height(const struct avl_node *n)
{
	return n ? n->height : 0;
}

/* @n's subtrees are @left and @right high.  True when those above it have to know. */
static inline bool set(const struct avl_tree *t, struct avl_node *n, uint32_t left, uint32_t right)
{
	uint32_t old = n->height;

	n->height = 1 + max(left, right);
	return (t->update && t->update(n)) || n->height != old;
}

static void update(const struct avl_tree *t, struct avl_node *n)
{
	(void)set(t, n, height(n->child[0]), height(n->child[1]));
}

static void set_child(struct avl_node *n, unsigned int side, struct avl_node *child)
{
	n->child[side] = child;
	if (child)
		child->parent = n;
}

/* @with (or nothing) takes the place of @n below its parent. */
static void replace_node(struct avl_tree *t, const struct avl_node *n, struct avl_node *with)
{
	if (n->parent) {
		set_child(n->parent, n->parent->child[1] == n, with);
		return;
	}
	t->root = with;
	if (with)
		with->parent = NULL;
}

/* @n's child of @side rises above it; returns it. */
static struct avl_node *rotate(struct avl_tree *t, struct avl_node *n, unsigned int side)
{
	struct avl_node *up = n->child[side];

	replace_node(t, n, up);
	set_child(n, side, up->child[!side]);
	set_child(up, !side, n);
	/* The lower one first: the upper one's height, and what the user keeps, is made of it. */
	update(t, n);
	update(t, up);
	return up;
}

/* From @n up as far as something changes: balances, updates. */
static void fix(struct avl_tree *t, struct avl_node *n)
{
	for (; n; n = n->parent) {
		uint32_t left = height(n->child[0]), right = height(n->child[1]);
		unsigned int side = right > left;

		if (left - right + 1 <= 2) { /* -1, 0 or 1 */
			/* Nothing has changed for those above: the way up ends here. */
			if (!set(t, n, left, right))
				break;
			continue;
		}
		/*
		 * The inner grandchild is the higher one: one rotation alone would only move the
		 * fault to the other side.
		 */
		if (height(n->child[side]->child[!side]) > height(n->child[side]->child[side]))
			rotate(t, n->child[side], !side);
		n = rotate(t, n, side);
	}
}

void avl_refresh(struct avl_tree *t, struct avl_node *n)
{
	fix(t, n);
}

void avl_insert(struct avl_tree *t, struct avl_node *n, struct avl_node *parent, unsigned int side)
{
	n->child[0] = n->child[1] = NULL;
	n->parent = parent;
	if (parent)
		parent->child[side] = n;
	else
		t->root = n;
	n->height = 0; /* so that it is new to those above */
	fix(t, n);
}

void avl_erase(struct avl_tree *t, struct avl_node *n)
{
	struct avl_node *from = n->parent, *next = n->child[1];

	if (n->child[0] && next) { /* the one behind it takes its place */
		while (next->child[0])
			next = next->child[0];
		from = next->parent == n ? next : next->parent;
		replace_node(t, next, next->child[1]);
		next->height = 0; /* what it says is of its old place: those above have to look */
		set_child(next, 0, n->child[0]);
		set_child(next, 1, n->child[1]);
		replace_node(t, n, next);
		fix(t, from);
		/* From below first; then `next`, which stands where @n stood. */
		if (from != next)
			fix(t, next);
	} else {
		replace_node(t, n, n->child[0] ? n->child[0] : next);
		fix(t, from);
	}
}
