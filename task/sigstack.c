/*
 * sigstack.c - see sigstack.h.  All of it is current's own: no lock.
 */
#include "task/sigstack.h"

#include "abi/errno.h"
#include "abi/signal.h"
#include "task/task.h"

bool sigstack_is_on(uint64_t sp)
{
	const struct task_signals *s = &current->signals;

	/*
	 * With SS_AUTODISARM a handler may set another one: its frame has the old one to restore.
	 */
	if (s->altstack_flags & (SS_DISABLE | SS_AUTODISARM))
		return false;
	return sp > s->altstack_sp && sp - s->altstack_sp <= s->altstack_size;
}

int sigstack_set(const struct sigaltstack *new_stack, uint64_t sp)
{
	struct task_signals *s = &current->signals;
	uint32_t flags = (uint32_t)new_stack->ss_flags, mode = flags & ~SS_AUTODISARM;

	/* A handler that runs on it would lose the frame to which it returns. */
	if (sigstack_is_on(sp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		s->altstack_sp = s->altstack_size = 0;
	} else {
		if (new_stack->ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		s->altstack_sp = new_stack->ss_sp;
		s->altstack_size = new_stack->ss_size;
	}
	s->altstack_flags = flags;
	return 0;
}

void sigstack_get(struct sigaltstack *old, uint64_t sp)
{
	const struct task_signals *s = &current->signals;

	*old = (struct sigaltstack){ .ss_sp = s->altstack_sp, .ss_size = s->altstack_size };
	if (!s->altstack_size)
		old->ss_flags = SS_DISABLE;
	else if (sigstack_is_on(sp))
		old->ss_flags = SS_ONSTACK;
	old->ss_flags |= (int32_t)(s->altstack_flags & SS_AUTODISARM);
}
