/*
 * charge.c - what the kernel holds for a process: its end.  See charge.h.
 *
 * Invariant: of an ended one its heir has been told all of the word's bytes, in sum; whoever makes it zero but for the mark is the
 * last that knows it.
 */
#include "mm/charge.h"

#include "mm/slab.h"

void (*charge_left_hook)(void *heir, int64_t n, bool last);

struct charge *charge_new(void)
{
	return kzalloc(sizeof(struct charge));
}

void charge_left(struct charge *c, uint64_t was, uint64_t is)
{
	bool last = is == CHARGE_ENDED;

	if (charge_left_hook)
		charge_left_hook(c->heir, (int64_t)(is - was), last);
	if (last)
		kfree(c);
}

void charge_end(struct charge *c, void *heir)
{
	uint64_t was;

	c->heir = heir;
	was = __atomic_fetch_or(&c->word, CHARGE_ENDED, __ATOMIC_ACQ_REL);
	/* the caller keeps @heir, whatever becomes of @c meanwhile */
	if (charge_left_hook)
		charge_left_hook(heir, (int64_t)was, !was);
	if (!was)
		kfree(c);
}
