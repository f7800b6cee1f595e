/*
 * signal_queue.c - what is pending: queues, lines in them, and the user who is charged.
 *
 * Comes from signal.c and signal_take.c with the process's signals.lock held.  Invariant: set has
 * the bit of each signal that is in the queue, or that came without a place in it (from_kernel,
 * from_nobody).  The queue has the first of each number; more of the same stand in line behind it.
 */
#include "task/signal_queue.h"

void pending_init(struct pending *p)
{
	p->set = p->from_kernel = p->from_nobody = 0;
	list_init(&p->queue);
}

/* @q's place in a line, where it is not alone: if it was the first, the next one is. */
static void queued_leave_others(struct queued_signal *q)
{
	struct queued_signal *next = list_entry(q->line.next, struct queued_signal, line);

	if (list_is_linked(&q->link))
		list_insert(&next->link, &q->link);
	list_del(&q->line);
}

void queued_leave_line(struct queued_signal *q)
{
	if (unlikely(list_is_linked(&q->line)))
		queued_leave_others(q);
	list_del(&q->link);
}

void pending_discard(struct process *p, struct pending *pending, uint64_t set)
{
	struct queued_signal *q, *next;

	if (likely(!(pending->set & set)))
		return;
	pending->set &= ~set;
	pending->from_kernel &= ~set;
	pending->from_nobody &= ~set;
	list_for_each_safe(q, next, &pending->queue, link) {
		if (!(SIGBIT(q->info.signo) & set))
			continue;
		/*
		 * Not freed here: for each a timer may start again, which takes too long under this
		 * lock.
		 */
		list_del(&q->link);
		list_add_tail(&p->signals.dropped, &q->link);
	}
}

uint64_t signal_dropped_since(const struct task *t, uint64_t set)
{
	uint64_t gone = 0;

	for (; set; set &= set - 1)
		if (t->process->signals.dropped_at[__builtin_ctzl(set)] > t->signals.drops)
			gone |= set & -set;
	return gone;
}

void pending_take(struct pending *pending, int signo, struct signal_info *info)
{
	struct queued_signal *q = pending_first(pending, signo);
	bool alone = !q || !list_is_linked(&q->line);
	uint64_t bit = SIGBIT(signo);

	/* More of the same number are in line: the signal stays pending. */
	if (likely(alone))
		pending->set &= ~bit;
	if (unlikely(pending->from_kernel | pending->from_nobody)) {
		int code = pending->from_nobody & bit ? SI_USER : SI_KERNEL;

		if (!q)
			*info = (struct signal_info){ .signo = signo, .code = code };
		pending->from_kernel &= pending->set;
		pending->from_nobody &= pending->set;
	}
	if (!q)
		return;
	signal_info_copy(info, &q->info);
	if (unlikely(!alone))
		queued_leave_others(q);
	list_del(&q->link);
	queued_release(q, info);
}
