/*
 * charge.c - what the kernel holds for a process: its end.  See charge.h.
 *
 * Invariant: once the process has ended, what its heir was told adds up to the bytes in the word;
 * the caller that leaves nothing but CHARGE_ENDED in the word is the last user of the charge, and
 * frees it.
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
	do { /* the heir first: so no drop can take from it what it was not given */
		if (charge_left_hook)
			charge_left_hook(heir, (int64_t)(bytes - told), false);
		told = bytes;
	} while (!atomic_cmpxchg(&c->word, &bytes, bytes | CHARGE_ENDED));
	if (bytes)
		return; /* charge_drop of the last byte frees it */
	if (charge_left_hook)
		charge_left_hook(heir, 0, true);
	kfree(c);
}
