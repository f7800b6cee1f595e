/*
 * deadline.h - points in time, soonest first: of a core's timers, of a process's alarms.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/avl.h"

struct deadline {
	struct avl_node node;
	uint64_t ns;
	bool queued;
};

/* Those that wait for one clock; the owner says which lock. */
struct deadlines {
	struct avl_tree tree;
	struct deadline *first; /* the soonest, NULL: there is none */
};

/*
 * deadlines_add - @d, which is in no queue and whose ns is set, goes behind those of its time.
 * deadlines_remove - it is in @q, and leaves.
 */
void deadlines_add(struct deadlines *q, struct deadline *d);
void deadlines_remove(struct deadlines *q, struct deadline *d);
