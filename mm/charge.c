/*
 * charge.c - what the kernel holds for a process: its end.  See charge.h.
 *
 * Invariant: of an ended one its heir has been told all of the word's bytes, in sum; whoever makes
 * it zero but for the mark is the last that knows it.
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
	uint64_t bytes = READ_ONCE(c->word), told = 0;

	c->heir = heir;
	do { /* first: @heir never has less than is dropped */
		if (charge_left_hook)
			charge_left_hook(heir, (int64_t)(bytes - told), false);
		told = bytes;
	} while (!atomic_cmpxchg(&c->word, &bytes, bytes | CHARGE_ENDED));
	if (bytes)
		return; /* it is whose last thing it is that frees it */
	if (charge_left_hook)
		charge_left_hook(heir, 0, true);
	kfree(c);
}
