/*
 * signal_action.c - the actions of a process, which several may share.
 *
 * Comes from fork and exec.  Invariant: a process's actions are read and written under its
 * signals.lock; where several share them (CLONE_SIGHAND) under the actions' own lock, too, which is
 * inside it.  The pointer to them changes under proc_lock and signals.lock.
 */
#include "task/signal_action.h"

#include "abi/errno.h"
#include "abi/sched.h"
#include "lib/string.h"
#include "task/signal_queue.h"

static struct signal_actions *actions_new(void)
{
	struct signal_actions *a = kzalloc(sizeof(*a));

	if (!a)
		return NULL;
	ref_init(&a->refs);
	spin_init(&a->lock);
	return a;
}

static void actions_put(struct signal_actions *a)
{
	if (ref_put(&a->refs))
		kfree(a);
}

/* All of @p's, as they are at one time. */
static void actions_copy(struct signal_actions *to, struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);
	bool several = actions_lock(p);

	memcpy(to->of, p->signals.actions->of, sizeof(to->of));
	actions_unlock(p, several);
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

bool signal_init(struct signals *s)
{
	spin_init(&s->lock);
	pending_init(&s->shared);
	list_init(&s->dropped);
	list_init(&s->to_tell);
	s->stop.count = 1; /* no thread is counted: task_signals.stops is 0 */
	s->actions = actions_new();
	return s->actions;
}

void signal_end(struct signals *s)
{
	CHECK(list_empty(&s->shared.queue) && list_empty(&s->dropped));
	actions_put(s->actions);
}

int signal_unshare(void)
{
	struct process *p = current->process;
	struct signal_actions *old = p->signals.actions, *own;
	unsigned long flags;

	if (READ_ONCE(old->refs.n) == 1)
		return 0;
	own = actions_new();
	if (!own)
		return -ENOMEM;
	actions_copy(own, p);
	flags = spin_lock_irqsave(&proc_lock); /* for family_tell_end, which has this alone */
	spin_lock(&p->signals.lock);
	p->signals.actions = own;
	spin_unlock(&p->signals.lock);
	spin_unlock_irqrestore(&proc_lock, flags);
	/* After both locks: no task looks at the old ones through @p any more. */
	actions_put(old);
	return 0;
}

void signal_fork(struct task *child, uint64_t flags)
{
	struct signals *s = &current->process->signals, *to = &child->process->signals;
	unsigned long irq;

	if (to != s && (flags & CLONE_SIGHAND)) {
		actions_put(to->actions);
		irq = spin_lock_irqsave(&s->lock);
		to->actions = s->actions;
		/* Under the lock: signal_unshare by another thread puts the old ones only after. */
		ref_get(&to->actions->refs);
		spin_unlock_irqrestore(&s->lock, irq);
	} else if (to != s) {
		actions_copy(to->actions, current->process);
	}
	/* No lock: only current changes its mask, and no other task can find the child yet. */
	child->signals.blocked = current->signals.blocked;
	if ((flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		return;
	child->signals.altstack_sp = current->signals.altstack_sp;
	child->signals.altstack_size = current->signals.altstack_size;
	child->signals.altstack_flags = current->signals.altstack_flags;
}

void signal_exec(struct task *t)
{
	struct process *p = t->process;
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	/*
	 * A sender reads the actions under this lock; no other process has them (signal_unshare).
	 */
	for (int i = 0; i < _NSIG; i++) {
		struct sigaction *a = &p->signals.actions->of[i];
		bool ignored = a->sa_handler == SIG_HANDLER_IGN;

		*a = (struct sigaction){ .sa_handler =
						 ignored ? SIG_HANDLER_IGN : SIG_HANDLER_DFL };
	}
	t->signals.altstack_sp = t->signals.altstack_size = 0;
	t->signals.altstack_flags = SS_DISABLE;
	t->signals.restore_blocked = false;
	spin_unlock_irqrestore(&p->signals.lock, flags);
}

void signal_init_task(struct task_signals *s)
{
	pending_init(&s->own);
	queued_signal_init(&s->first);
	s->first.in_task = true;
	s->altstack_flags = SS_DISABLE;
}
