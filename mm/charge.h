/*
 * charge.h - memory that the kernel holds for a process, but which is in no address space: the OOM
 * killer (task/oom.c) counts it besides the pages that are mapped.
 *
 * The code that makes such a thing (a pipe's page, a message, a file's page, an open file) charges
 * it to the process that asked, and keeps the pointer in the thing: when the memory is freed the
 * same process is credited, whichever has the thing by then.  What is left when the process has
 * ended is charged to its user.
 *
 * There is no lock: the bytes and the mark CHARGE_ENDED are in one word.  A charge is freed when
 * its process has ended and nothing is charged to it any more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "lib/util.h"

#define CHARGE_ENDED BIT(63) /* the process has */

struct charge {
	uint64_t word; /* atomic: bytes, CHARGE_ENDED */
	void *heir;    /* the user who bears what is left; set before CHARGE_ENDED */
};

/* What a thing costs beside its own size: kmalloc's rounding, and small parts of it. */
#define CHARGE_SMALL 64

/* charge_left - for the two below: the process has ended, and the word went from @was to @is. */
void charge_left(struct charge *c, uint64_t was, uint64_t is);

/*
 * charge_add - @n bytes more; @c NULL: nobody's (the kernel's own tasks).  The caller is the
 * process, or has charged something before.
 */
static inline void charge_add(struct charge *c, size_t n)
{
	uint64_t was = c ? __atomic_fetch_add(&c->word, n, __ATOMIC_ACQ_REL) : 0;

	if (unlikely(was & CHARGE_ENDED))
		charge_left(c, was, was + n);
}

/* charge_drop - @n of the bytes are given back; with the last ones @c may be gone. */
static inline void charge_drop(struct charge *c, size_t n)
{
	uint64_t was = c ? __atomic_fetch_sub(&c->word, n, __ATOMIC_ACQ_REL) : 0;

	if (unlikely(was & CHARGE_ENDED))
		charge_left(c, was, was - n);
}

static inline size_t charge_bytes(const struct charge *c)
{
	return c ? READ_ONCE(c->word) & ~CHARGE_ENDED : 0;
}

/*
 * charge_new - for a new process, which holds it until charge_end.  NULL: no memory.
 * charge_end - the process has ended: what is left, and each change of it, is told to @heir, whose
 * reference the charge takes over.
 */
struct charge *charge_new(void) __must_check;
void charge_end(struct charge *c, void *heir);

/*
 * Called, if not NULL, when @n bytes more (fewer) belong to @heir; @last: and the charge gives back
 * its reference.
 */
extern void (*charge_left_hook)(void *heir, int64_t n, bool last);
