/*
 * observe.c - see observe.h.  Invariant (lock): an entry that is not NULL is called; readers, on
 * each core with interrupts masked, take no lock, so what was taken out is still called until every
 * core has been interrupted once (trace_apply).
 */
#include "trace/observe.h"

#include "abi/errno.h"
#include "arm/spinlock.h"
#include "lib/export.h"

static struct spinlock observers_lock = SPINLOCK_INIT; /* inside it trace_choose's alone */
static const struct trace_observer *observers[TRACE_OBSERVERS];

static void tell(const struct trace_head *r, uint32_t what)
{
	for (unsigned int i = 0; i < TRACE_OBSERVERS; i++) {
		const struct trace_observer *o = load_acquire(&observers[i]);

		if (o && (o->what & what) == what)
			o->fn(r);
	}
}

/* The entry that holds @from becomes @to; false: there is none. */
static bool replace(const struct trace_observer *from, const struct trace_observer *to)
{
	bool found = false;
	uint32_t what = 0;

	spin_lock(&observers_lock);
	for (unsigned int i = 0; i < TRACE_OBSERVERS; i++) {
		if (!found && observers[i] == from) {
			store_release(&observers[i], to);
			found = true;
		}
		what |= observers[i] ? observers[i]->what : 0;
	}
	/* Inside: of two at a time the later one says what all of them ask for. */
	trace_choose(what, what ? tell : NULL);
	spin_unlock(&observers_lock);
	return found;
}

int trace_observe(const struct trace_observer *o)
{
	if (!o->what || o->what & ~TRACE_ALL)
		return -EINVAL;
	if (!replace(NULL, o))
		return -EBUSY;
	trace_apply();
	return 0;
}
EXPORT(trace_observe);

void trace_unobserve(const struct trace_observer *o)
{
	if (replace(o, NULL))
		trace_apply();
}
EXPORT(trace_unobserve);
