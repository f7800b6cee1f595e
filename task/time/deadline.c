/*
 * deadline.c - a queue of deadlines is a balanced tree that knows its first.
 *
 * Used by timer.c and cpu_alarm.c, each under its own lock.  Invariant: `first` is the leftmost of
 * the tree; of equal deadlines the one that was added first comes first.
 */
#include "task/time/deadline.h"

#include "lib/util.h"

void deadlines_add(struct deadlines *q, struct deadline *d)
{
	struct avl_node *parent = NULL, *at = q->tree.root;
	bool first = true;
	unsigned int side = 0;

	while (at) {
		parent = at;
		side = d->ns >= container_of(at, struct deadline, node)->ns;
		first &= !side;
		at = at->child[side];
	}
	avl_insert(&q->tree, &d->node, parent, side);
	if (first)
		q->first = d;
	d->queued = true;
}

void deadlines_remove(struct deadlines *q, struct deadline *d)
{
	struct avl_node *next = d->node.child[1];

	if (q->first == d) { /* the next one is above it, or the first of those behind it */
		if (!next)
			next = d->node.parent;
		else
			while (next->child[0])
				next = next->child[0];
		q->first = next ? container_of(next, struct deadline, node) : NULL;
	}
	avl_erase(&q->tree, &d->node);
	d->queued = false;
}
