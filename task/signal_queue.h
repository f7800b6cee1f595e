/*
 * signal_queue.h - the signals that are pending for a process or for one of its threads.
 * signals.lock is held throughout.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mm/slab.h"
#include "task/process.h"

/* A queued_signal that is in no line. */
static inline void queued_signal_init(struct queued_signal *q)
{
	list_init(&q->link);
	list_init(&q->line);
}

static inline bool queued_signal_is_in_line(const struct queued_signal *q)
{
	return list_is_linked(&q->link) || list_is_linked(&q->line);
}

/* A copy word by word: as a struct's it would be a call of memcpy. */
static inline void signal_info_copy(struct signal_info *to, const struct signal_info *from)
{
	uint64_t *t = (uint64_t *)to;
	const uint64_t *f = (const uint64_t *)from;

	_Static_assert(sizeof(*to) == 7 * sizeof(*t), "the words below");
	t[0] = f[0], t[1] = f[1], t[2] = f[2], t[3] = f[3], t[4] = f[4], t[5] = f[5], t[6] = f[6];
}

/* The oldest in @pending's queue with number @signo; NULL: none. */
static inline struct queued_signal *pending_first(const struct pending *pending, int signo)
{
	struct queued_signal *q;

	list_for_each(q, &pending->queue, link)
		if (q->info.signo == signo)
			return q;
	return NULL;
}

static inline void pending_enqueue(struct process *p, struct pending *pending,
				   struct queued_signal *q)
{
	struct queued_signal *first = NULL;

	if (unlikely(!list_empty(&pending->queue)))
		first = pending_first(pending, q->info.signo);
	if (unlikely(first)) {
		list_add_tail(&first->line, &q->line);
		q->line_id = first->line_id;
	} else {
		list_add_tail(&pending->queue, &q->link);
		q->line_id = p->signals.next_line_id++;
	}
}

static inline void queued_uncharge(struct queued_signal *q)
{
	user_uncharge(q->user, USER_SIGNALS, 1);
	user_put(q->user);
}

/* @q has left its line; @info: what is shown of it.  Not in an interrupt. */
static inline void queued_release(struct queued_signal *q, struct signal_info *info)
{
	if (q->taken) {
		q->taken(q, info);
		return;
	}
	queued_uncharge(q);
	if (!q->in_task)
		kfree(q);
}

/*
 * @q is one more of @u's signals, to whom the caller has a reference, which @q gets; false: it has
 * none.
 */
static inline bool queued_charge(struct queued_signal *q, struct user *u, uint64_t limit)
{
	if (user_charge(u, USER_SIGNALS, 1, limit)) {
		q->user = u;
		return true;
	}
	user_put(u);
	return false;
}

/*
 * Room for @info in the queue of @t or (NULL) @p, charged to the receiver as in Linux: a standard
 * signal of the kernel's or of kill(2) is there once at most, and no limit applies.  NULL: none.
 */
static inline struct queued_signal *queued_new(struct process *p, struct task *t,
					       const struct signal_info *info)
{
	bool any = info->signo < SIGRTMIN && info->code >= 0;
	uint64_t limit = any ? USER_NO_LIMIT : READ_ONCE(p->rlimit[RLIMIT_SIGPENDING].rlim_cur);
	struct queued_signal *q = t ? &t->signals.first : NULL;

	if (!q || queued_signal_is_in_line(q)) {
		q = kmalloc(sizeof(*q));
		if (!q)
			return NULL;
		queued_signal_init(q);
		q->taken = NULL;
		q->in_task = false;
	}
	if (likely(queued_charge(q, cred_user_of(t ? &t->cred : &p->cred), limit)))
		return q;
	if (!q->in_task)
		kfree(q);
	return NULL;
}

void pending_init(struct pending *p);

/* Out of its line, if it is in one. */
void queued_leave_line(struct queued_signal *q);

/*
 * Takes the signals of @set out of @pending, a line at once: this may be a timer's interrupt, or
 * the terminal's.
 */
void pending_discard(struct process *p, struct pending *pending, uint64_t set);

/* Takes the oldest @signo out of @pending; its bit stays while there are more in the queue. */
void pending_take(struct pending *pending, int signo, struct signal_info *info);

/* Of @set, what was dropped since @t's own signals were last without. */
uint64_t signal_dropped_since(const struct task *t, uint64_t set);

/*
 * Was something dropped that may be among @t's own signals?  In a process that never had many
 * threads nothing was.
 */
static inline bool signals_dropped_since(const struct process *p, const struct task *t)
{
	return unlikely(p->signals.drops) && t->signals.drops != p->signals.drops;
}

static inline uint64_t signal_own_set(const struct task *t)
{
	uint64_t set = t->signals.own.set;

	return signals_dropped_since(t->process, t) ? set & ~signal_dropped_since(t, set) : set;
}
