/*
 * process.c - a process: made, referred to, and its address space as others see it.
 *
 * Comes from fork and exit, and from /proc, ptrace's kin and the OOM killer for what is another's.
 * Invariant: a thread's mm changes under proc_lock (task_change_mm), so a task that holds that may
 * look at it, and takes a reference to keep it longer.
 */
#include "task/process.h"

#include "drivers/timer/timer.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vm.h"
#include "task/signal_action.h"

struct process *process_new(void)
{
	struct process *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->charge = charge_new();
	if (!p->charge || !signal_init(&p->signals)) {
		kfree(p->charge);
		kfree(p);
		return NULL;
	}
	p->cred = cred_get(current_cred());
	ref_init(&p->refs);
	list_init(&p->family.children);
	list_init(&p->family.mourners);
	list_init(&p->family.born);
	place_init(&p->family.sibling, p);
	list_init(&p->threads);
	wait_init(&p->family.wait);
	wait_init(&p->thread_wait);
	wait_init(&p->end.wait);
	mutex_init(&p->timers.lock);
	mutex_init(&p->program.lock);
	spin_init(&p->alarms.lock);
	p->start_ns = timer_now_ns();
	return p;
}

static __attribute__((noinline)) void process_free(struct process *p)
{
	signal_end(&p->signals);
	if (p->charge) /* it has never run */
		charge_end(p->charge, user_get(p->cred->user));
	cred_put(p->cred);
	kfree(p);
}

void process_put(struct process *p)
{
	if (ref_put(&p->refs))
		process_free(p);
}

struct process *process_copy(void)
{
	const struct process *old = current->process;
	struct process *p = process_new();
	uint32_t personality, mark;

	if (!p)
		return NULL;
	/* Without a lock: another thread's setrlimit(2) is in the copy or is not, word by word. */
	memcpy(p->rlimit, old->rlimit, sizeof(p->rlimit));
	personality = old->personality;
	mark = old->trace_mark;
	p->personality = personality;
	p->trace_mark = mark;
	p->oom.score_adj = old->oom.score_adj;
	p->oom.score_adj_min = old->oom.score_adj_min;
	return p;
}

struct charge *charge_mine(size_t n)
{
	struct charge *c = current->process ? current->process->charge : NULL;

	charge_add(c, n);
	return c;
}

/* ---- the address space, for others ---- */

struct mm *process_mm_peek(const struct process *p)
{
	/* Threads without an address space are at the end of the list (go_behind in exit.c). */
	const struct task *t = list_first(&p->threads, struct task, thread);

	return t ? t->mm : NULL;
}

struct mm *process_mm(struct process *p, const struct task *only)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct mm *mm = only ? only->mm : process_mm_peek(p);

	/*
	 * Under proc_lock: the thread still has its reference.  From here on ours keeps the address
	 * space.
	 */
	if (mm)
		ref_get(&mm->refs);
	spin_unlock_irqrestore(&proc_lock, flags);
	return mm;
}

bool process_is_dumpable(struct process *p, const struct task *only)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	const struct mm *mm = only ? only->mm : process_mm_peek(p);
	/*
	 * One word, which prctl(2) and cred_change store at any time: the answer is of this moment.
	 */
	bool is = mm && READ_ONCE(mm->dumpable);

	spin_unlock_irqrestore(&proc_lock, flags);
	return is;
}
