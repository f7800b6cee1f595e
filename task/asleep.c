/*
 * asleep.c - see asleep.h.
 *
 * Invariant: the lock of the run queue of the core that a task was on last is held while its stack
 * is read.  No core can switch to it meanwhile, so its registers and its stack stay as they are;
 * and the reference that the caller has keeps the stack mapped.  Every frame record is checked to
 * lie in that stack, above the one before: the last is EL0's x29, which a program chooses.
 */
#include "task/asleep.h"

#include "task/runqueue.h"
#include "task/signal.h"

extern const char __sched_start[], __sched_end[]; /* link.ld */

bool asleep_in_sched(uintptr_t pc)
{
	return pc - (uintptr_t)__sched_start < (uintptr_t)(__sched_end - __sched_start);
}

/* A frame record of AAPCS64: the one before it, and the return address. */
struct frame_record {
	uintptr_t next, back;
};

static void push_call(struct asleep *a, uintptr_t back, uintptr_t interrupted)
{
	a->call[a->calls++] = (struct asleep_call){ back, interrupted };
}

/* From the record at @fp on, upwards to the frame of EL0 at @top. */
static void walk_records(struct asleep *a, uintptr_t fp, uintptr_t top)
{
	uintptr_t low = top + 16 + sizeof(struct trapframe) - STACK_SIZE;

	while (a->calls < ASLEEP_CALLS && fp >= low && fp <= top - sizeof(struct frame_record) &&
	       IS_ALIGNED(fp, 8)) {
		const struct frame_record *r = (const struct frame_record *)fp;
		uintptr_t next = r->next, pc = 0;

		/* If an exception came in there, its frame's x29 and x30 are the next record. */
		if (next > fp && next <= top - (TF_PC - TF_X(29)) - sizeof(pc) &&
		    IS_ALIGNED(next, 8))
			pc = *(const uintptr_t *)(next - TF_X(29) + TF_PC);
		push_call(a, r->back, pc);
		if (next <= fp)
			return;
		fp = next;
	}
}

static bool is_to_be_restarted(const struct trapframe *tf)
{
	int64_t r = (int64_t)tf->x[0];

	return r == -ERESTARTSYS || r == -ERESTARTNOINTR || r == -ERESTARTNOHAND ||
	       r == -ERESTART_RESTARTBLOCK;
}

/* What EL0 came in with.  @stopped: it is in no call any more, and may make it again. */
static void read_frame(struct asleep *a, const struct trapframe *tf, bool stopped)
{
	a->nr = tf->syscall >= 0 && !stopped ? (int32_t)tf->syscall : -1;
	a->arg[0] = tf->orig_x0;
	for (int i = 1; i < 6; i++)
		a->arg[i] = tf->x[i];
	a->sp = tf->sp;
	a->pc = tf->pc;
	if (stopped && tf->syscall >= 0 && is_to_be_restarted(tf))
		a->pc -= 4;
}

/* The queue of @t's core, locked: cpu changes only under the lock of the queue that it leaves. */
static struct run_queue *lock_queue_of(struct task *t)
{
	for (;;) {
		struct run_queue *rq = rq_of(READ_ONCE(t->cpu));

		spin_lock(&rq->lock);
		if (rq == rq_of(t->cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

void asleep_look(struct task *t, struct asleep *a)
{
	const struct trapframe *tf = task_frame(t);
	struct run_queue *rq;
	unsigned long flags;

	*a = (struct asleep){ .nr = -1 };
	if (t == current) {
		a->sleeps = true;
		read_frame(a, tf, false);
		walk_records(a, (uintptr_t)__builtin_frame_address(0), (uintptr_t)tf);
		return;
	}
	flags = irq_save();
	rq = lock_queue_of(t);
	/* Off its core, its registers are in its context since cpu_switch(), under this lock. */
	if (rq->curr != t) {
		a->sleeps = !t->on_rq && t->state != TASK_RUNNING;
		read_frame(a, tf, t->state & TASK_STOPPED);
		push_call(a, t->context.pc, 0);
		walk_records(a, t->context.x29, (uintptr_t)tf);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}
