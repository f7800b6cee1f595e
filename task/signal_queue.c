/*
 * signal_queue.c - what is pending: queues, lines in them, and who is charged.
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

bool pending_holds(const struct pending *pending, const struct queued_signal *q)
{
	const struct queued_signal *first = pending_first(pending, q->info.signo);

	return first && first->line_id == q->line_id;
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

bool signal_charge_own(struct queued_signal *q)
{
	return queued_charge(q, user_get(current_cred()->user),
			     READ_ONCE(current->process->rlimit[RLIMIT_SIGPENDING].cur));
}

void signal_uncharge_own(struct queued_signal *q)
{
	queued_uncharge(q);
}

/* What is shown of one that is not in the queue. */
static struct signal_info bare_info(const struct pending *pending, int signo)
{
	struct signal_info info = { .signo = signo, .code = SI_KERNEL };

	if (pending->from_nobody & SIGBIT(signo))
		info.code = SI_USER;
	return info;
}

void pending_take(struct pending *pending, int signo, struct signal_info *info)
{
	struct queued_signal *q = pending_first(pending, signo);
	bool alone = !q || !list_is_linked(&q->line);
	uint64_t bit = SIGBIT(signo);

	if (likely(alone))
		pending->set &= ~bit;
	if (unlikely(pending->from_kernel | pending->from_nobody)) {
		if (!q)
			*info = bare_info(pending, signo);
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
