/*
 * avl.h - balanced binary trees, the links inside the elements; the owner knows the order, and may
 * keep in each element something about all that are below it.
 *
 * An owner finds the place of a new element by walking down from the root.  No locking: the tree's
 * owner says which lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct avl_node {
	struct avl_node *parent, *child[2]; /* [0]: before it; [1]: behind it */
	uint32_t height;		    /* of the subtree that begins here, at least 1 */
};

struct avl_tree {
	struct avl_node *root;
	/*
	 * update - compute anew what @n keeps about its subtree, from itself and its children.
	 * True: it has changed.  Or NULL.
	 */
	bool (*update)(struct avl_node *n);
};

/*
 * avl_insert - @n becomes child @side of @parent, which has none there; @parent NULL: the root of
 * an empty tree
 */
void avl_insert(struct avl_tree *t, struct avl_node *n, struct avl_node *parent, unsigned int side);

/* avl_erase - take @n out */
void avl_erase(struct avl_tree *t, struct avl_node *n);

/*
 * avl_insert_first, avl_erase_last - the same for a tree without update that is empty, or has no
 * other: they are quick
 */
static inline void avl_insert_first(struct avl_tree *t, struct avl_node *n)
{
	*n = (struct avl_node){ .height = 1 };
	t->root = n;
}

static inline void avl_erase_last(struct avl_tree *t)
{
	t->root = NULL;
}

/* avl_refresh - @n's own part of that has changed: update it and the nodes above it */
void avl_refresh(struct avl_tree *t, struct avl_node *n);
